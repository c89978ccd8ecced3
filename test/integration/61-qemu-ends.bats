# SPDX-License-Identifier: Apache-2.0
#
# passt and QEMU: what becomes of one when the other goes, and passt as QEMU starts it. Each test goes on
# from where the one before has left them.

load lib
load qemu

setup_file() {
	T=$BATS_FILE_TMPDIR
	passt_start -t 8080:80
	boot $stream
}
teardown_file() { kill -KILL "$(< $VM/qemu.pid)" 2>/dev/null || true; }

@test "qemu: after QEMU was killed, the next one finds passt" {
	halt
	boot $stream
	guest wget -q -O - http://198.51.100.3/
	assert "$output" == outside "its guest"
}

@test "qemu: when passt was killed and is back, QEMU connects again" {
	kill -KILL "$(< $VM/passt.pid)"
	wait_until not pgrep -x passt
	passt_start -t 8080:80
	wait_until guest_reaches_outside
}
guest_reaches_outside() { guest wget -q -T 5 -O - http://198.51.100.3/ && [[ $output == outside ]]; }

@test "qemu: it starts passt itself, which goes with it" {
	halt
	kill "$(< $VM/passt.pid)"
	wait_until not pgrep -x passt
	boot passt,id=net,quiet=on,mtu=1400,tcp-ports=127.0.0.1/8081:80
	assert "$(readlink "/proc/$(pgrep -x passt)/exe")" == /usr/local/bin/passt "program"
	guest ip address show dev eth0
	assert "$output" contains "mtu 1400" "MTU"
	output=$(user curl -s --max-time 120 http://127.0.0.1:8081/)
	assert "$output" == guest "from the host"
	halt
	wait_until not pgrep -x passt
}
