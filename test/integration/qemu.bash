# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# For tests of passt with QEMU, on top of lib.bash: a guest that is emulated, without KVM, so that it
# takes seconds to boot: one for several tests. Its serial line has a shell.
#
#	passt_start ARGS    the regular user's passt, in the background
#	boot NETDEV [ARG].. QEMU with that -netdev (id=net), as the regular user, until the guest is up
#	guest CMD           a line for the guest's shell: $status, $output
#	monitor CMD         a line for QEMU's monitor: $output
#	halt                end QEMU, by force
#	end_passt           end passt
#
# and what works however frames go: bodies of tests, for a passt with the ports of "${ports[@]}".

WAIT=240 # seconds, of wait_until: an emulated guest on a busy machine is slow
VM=/home/u/vm
SHARE=/usr/share/pasta-test
append='console=ttyS0 quiet panic=-1 reboot=t rodata=off mitigations=off nokaslr' # the last three: faster
ports=(-t 8080:80)
stream=stream,id=net,addr.type=unix,addr.path=$VM/socket,reconnect-ms=100 # a NETDEV, for passt_start's socket

# likewise, for passt --vhost-user: arguments of boot
vhost=(vhost-user,id=net,chardev=char -object memory-backend-memfd,id=mem,size=192M,share=on
	-machine memory-backend=mem -chardev "socket,id=char,path=$VM/socket,reconnect-ms=100")

passt_start() {
	user mkdir -p $VM
	user passt -q --socket $VM/socket --pid $VM/passt.pid --log-file $VM/passt.log "$@"
}

boot() {
	emulate "$@"
	wait_booted 1
}

# serial_line: $VM/tty is one, and what it says is in $VM/log
serial_line() {
	user mkdir -p $VM
	rm -f $VM/{tty.in,tty.out,log}
	user mkfifo $VM/tty.in $VM/tty.out
	: > $VM/log
	cat $VM/tty.out > $VM/log 3>&- &
}

# emulate ARGS: as boot, without waiting
emulate() {
	serial_line
	rm -f $VM/{monitor,qemu.pid}
	LIMIT=0 user qemu-system-x86_64 -M q35 -accel tcg -cpu max -m 192 -nodefaults -no-user-config -display none \
		-kernel $SHARE/kernel -initrd $SHARE/initrd -append "$append" \
		-chardev pipe,id=tty,path=$VM/tty -serial chardev:tty \
		-monitor unix:$VM/monitor,server=on,wait=off -pidfile $VM/qemu.pid \
		-netdev "$1" -device virtio-net-pci,netdev=net,romfile= "${@:2}" > $VM/qemu.log 2>&1 < /dev/null &
}

# wait_booted N: for the Nth time
wait_booted() { wait_until booted "$1" || { cat $VM/log $VM/qemu.log; return 1; }; }
booted() { [[ $(grep -c '=== ready' $VM/log 2>/dev/null) -ge $1 ]]; }

guest() {
	local before
	before=$(wc -l < $VM/log)
	printf '%s\n' "$*" > $VM/tty.in
	wait_until answered "$before" || { tail -n "+$before" $VM/log; return 1; }
	output=$(tail -n "+$((before + 1))" $VM/log | tr -d '\r')
	status=${output##*=== }
	output=${output%=== *}
	output=${output%$'\n'}
}
answered() { tail -n "+$(($1 + 1))" $VM/log | grep -q '^=== [0-9]'; }

# Its prompt comes before each line, and behind the answer
monitor() {
	local piece prompts=0
	coproc MONITOR { exec socat - UNIX-CONNECT:$VM/monitor 3>&-; }
	local pid=$MONITOR_PID
	echo "$1" >&"${MONITOR[1]}"
	output=
	while ((prompts < 2)); do
		IFS= read -r -t $WAIT -d ')' piece <&"${MONITOR[0]}" || { echo "monitor: $output$piece"; return 1; }
		[[ $piece != *"(qemu" ]] || prompts=$((prompts + 1))
		output+="$piece)"
	done
	kill "$pid" || true
	wait "$pid" || true
}

halt() {
	kill -KILL "$(< $VM/qemu.pid)"
	wait_until not pgrep -x 'qemu-system-x86'
}

end_passt() {
	kill "$(< $VM/passt.pid)"
	wait_until not pgrep -x passt
}

guest_reaches_outside() { guest wget -q -T 5 -O - http://198.51.100.3/ && [[ $output == outside ]]; }
guest_has_ipv6() {
	guest ip -6 address show dev eth0
	[[ $output == *"inet6 2001:db8:1:"* && $output != *tentative* ]]
}
guest_carrier() { guest cat /sys/class/net/eth0/carrier && [[ $output == "$1" ]]; }
guest_says() { guest "$2" && [[ $output == "$1" ]]; }

traffic_out() {
	guest wget -q -O - http://www.outside.example/
	assert "$output" == outside "by name"
	wait_until guest_has_ipv6
	guest wget -q -O - 'http://[2001:db8:1::3]/'
	assert "$output" == outside "by IPv6"
	guest nslookup www.outside.example 198.51.100.3
	assert "$output" contains 2001:db8:1::3 "by UDP"
	local addr
	for addr in 198.51.100.3 2001:db8:1::3; do
		guest ping -c1 -W60 $addr
		assert "$status" -eq 0 "ping $addr"
		guest ping -c1 -W60 -s 20000 $addr
		assert "$status" -eq 0 "large ping $addr"
	done
}

ports_in() {
	output=$(outside curl -s --max-time 120 http://$HOST4:8080/cgi-bin/peer)
	assert "$output" == "[::ffff:198.51.100.3]" "peer"
	wait_until guest_has_ipv6
	output=$(outside curl -s --max-time 120 "http://[$HOST6]:8080/cgi-bin/peer")
	assert "$output" contains "2001:db8:1::3" "peer, IPv6"
	output=$(user curl -s --max-time 120 http://127.0.0.1:8080/)
	assert "$output" == guest "from the host"
}

datagram() { head -c 40000 /dev/urandom > "$T/datagram"; }

datagrams_out() {
	local addr
	datagram
	cp "$T/datagram" /run/www
	guest wget -q -O /tmp/datagram http://198.51.100.3/datagram
	serve outside udp 7 socat -b 65536 UDP6-RECVFROM:7,ipv6only=0,fork PIPE
	for addr in UDP:198.51.100.3 'UDP:[2001:db8:1::3]'; do
		guest "socat -b 65536 -t 60 - '$addr:7,readbytes=40000,shut-none' < /tmp/datagram | cmp - /tmp/datagram"
		assert "$status" -eq 0 "by $addr: $output"
	done
}

# arrive_whole: 100 MB in, and 100 MB out by port 8080
arrive_whole() {
	head -c 100000000 /dev/urandom > /run/www/data
	guest 'wget -q -O - http://198.51.100.3/data | sha256sum'
	assert "${output%% *}" == "$(sha256sum < /run/www/data | cut -d ' ' -f 1)" "in"
	rm /run/www/data
	guest truncate -s 100000000 /www/data # of zeros, which take no memory
	output=$(outside bash -c "curl -s --max-time 240 http://$HOST4:8080/data | sha256sum")
	assert "$output" == "$(head -c 100000000 /dev/zero | sha256sum)" "out"
}

link_goes_and_comes() {
	monitor "set_link net off"
	wait_until guest_carrier 0
	monitor "set_link net on"
	wait_until guest_carrier 1
	wait_until guest_reaches_outside
	output=$(outside curl -s --max-time 120 http://$HOST4:8080/)
	assert "$output" == guest "from outside"
}

# boots_again N: by a reset of the machine, and as the guest does it, in turn
boots_again() {
	local i
	for ((i = 2; i <= $1 + 1; i++)); do
		if ((i % 2)); then
			printf 'reboot -f\n' > $VM/tty.in
		else
			monitor system_reset
		fi
		wait_booted $i
		guest wget -q -O - http://198.51.100.3/
		assert "$output" == outside "boot $i"
	done
}

# smaller_mtu ARGS: of another passt
smaller_mtu() {
	guest ip address show dev eth0
	assert "$output" contains "mtu 65520" "MTU before"
	end_passt
	passt_start --mtu 1500 "${ports[@]}" "$@"
	wait_until guest_reaches_outside
	guest configure
	guest ip address show dev eth0
	assert "$output" contains "mtu 1500" "MTU"
	arrive_whole
}

# local_mode ARGS: of another passt, on a host without a network
local_mode() {
	local addr
	end_passt
	unplug
	passt_start "${ports[@]}" "$@"
	guest configure
	guest ip address show dev eth0
	assert "$output" contains "inet 169.254.2.1/16" "address"
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	guest socat -u TCP:169.254.2.2:7001 -
	assert "$output" == loopback "the host's loopback"
	serve host tcp 7006 socat TCP6-LISTEN:7006,bind='[::1]',fork EXEC:'echo loopback6'
	wait_until guest_says loopback6 "socat -u 'TCP:[fe80::1%eth0]:7006' -" # its own address may be too new
	for addr in 127.0.0.1 '[::1]'; do
		output=$(user curl -s --max-time 120 "http://$addr:8080/")
		assert "$output" == guest "from the host's $addr"
	done
	plug
}
