# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# For tests of passt with QEMU, on top of lib.bash: a guest that is emulated, without KVM, so that it
# takes seconds to boot: one for several tests. Its serial line has a shell.
#
#	passt_start ARGS    the regular user's passt, in the background
#	boot NETDEV [ARG].. QEMU with that -netdev (id=net), as the regular user, until the guest is up
#	guest CMD           a line for the guest's shell: $status, $output
#	monitor CMD         a line for QEMU's monitor
#	halt                end QEMU, by force

VM=/home/u/vm
SHARE=/usr/share/pasta-test
stream=stream,id=net,addr.type=unix,addr.path=$VM/socket,reconnect-ms=100 # a NETDEV, for passt_start's socket

# likewise, for passt --vhost-user: arguments of boot
vhost=(vhost-user,id=net,chardev=char -object memory-backend-memfd,id=mem,size=192M,share=on
	-machine memory-backend=mem -chardev "socket,id=char,path=$VM/socket,reconnect-ms=100")

passt_start() {
	user mkdir -p $VM
	user passt -q --socket $VM/socket --pid $VM/passt.pid --log-file $VM/passt.log "$@"
}

boot() {
	user mkdir -p $VM
	rm -f $VM/{monitor,tty.in,tty.out,log,qemu.pid}
	user mkfifo $VM/tty.in $VM/tty.out
	cat $VM/tty.out > $VM/log 3>&- &
	LIMIT=0 user qemu-system-x86_64 -M q35 -accel tcg -cpu max -m 192 -nodefaults -no-user-config -display none \
		-kernel $SHARE/vmlinuz -initrd $SHARE/initrd.gz -append 'console=ttyS0 quiet panic=-1 reboot=t' \
		-chardev pipe,id=tty,path=$VM/tty -serial chardev:tty \
		-monitor unix:$VM/monitor,server=on,wait=off -pidfile $VM/qemu.pid \
		-netdev "$1" -device virtio-net-pci,netdev=net,romfile= "${@:2}" > $VM/qemu.log 2>&1 < /dev/null &
	wait_booted 1
}

# wait_booted N: for the Nth time
wait_booted() { WAIT=240 wait_until booted "$1" || { cat $VM/log $VM/qemu.log; return 1; }; }
booted() { [[ $(grep -c '=== ready' $VM/log 2>/dev/null) -ge $1 ]]; }

guest() {
	local before
	before=$(wc -l < $VM/log)
	printf '%s\n' "$*" > $VM/tty.in
	WAIT=240 wait_until answered "$before" || { tail -n "+$before" $VM/log; return 1; }
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

monitor() { echo "$1" | socat -t 5 - UNIX-CONNECT:$VM/monitor > /dev/null; }

halt() {
	kill -KILL "$(< $VM/qemu.pid)"
	wait_until not pgrep -x 'qemu-system-x86'
}
