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

WAIT=240 # seconds, of wait_until: an emulated guest on a busy machine is slow
VM=/home/u/vm
SHARE=/usr/share/pasta-test
append='console=ttyS0 quiet panic=-1 reboot=t rodata=off mitigations=off nokaslr' # the last three: faster
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
		-kernel $SHARE/kernel -initrd $SHARE/initrd.gz -append "$append" \
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
