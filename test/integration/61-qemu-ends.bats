# SPDX-License-Identifier: Apache-2.0
#
# passt and QEMU: what becomes of one when the other goes, and passt as QEMU starts it. Each test goes on
# from where the one before has left them.

load lib
load qemu

setup_file() {
	T=$BATS_FILE_TMPDIR
	passt_start "${ports[@]}"
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
	passt_start "${ports[@]}"
	wait_until guest_reaches_outside
}

@test "qemu: 100 MB in and out arrive whole with an MTU of 1500, which another passt has announced" { smaller_mtu; }

@test "qemu: on a host without a network, the guest and the host reach each other" { local_mode; }

@test "qemu: a guest that moves to another QEMU and passt has its connections reset, and makes new ones" {
	serve outside tcp 5000 socat -u TCP-LISTEN:5000,fork,reuseaddr OPEN:/dev/null
	guest '(while sleep 1; do echo; done | nc 198.51.100.3 5000; touch /tmp/reset) &'
	wait_until connected_outside
	monitor "migrate file:$VM/state"
	monitor "info migrate"
	assert "$output" contains completed "QEMU's word"
	halt
	end_passt
	passt_start "${ports[@]}" --migrate-exit --migrate-no-linger --repair-path $VM/repair
	emulate $stream -incoming "file:$VM/state"
	wait_until guest_is_reset
	wait_until guest_reaches_outside
	output=$(outside curl -s --max-time 120 http://$HOST4:8080/)
	assert "$output" == guest "from outside"
}
connected_outside() { [[ -n $(outside ss -Htn state established sport = 5000) ]]; }
guest_is_reset() { guest test -e /tmp/reset && [[ $status == 0 ]]; }

@test "qemu: with --one-off, passt goes when QEMU was killed" {
	end_passt
	passt_start --one-off "${ports[@]}"
	wait_until guest_reaches_outside
	halt
	wait_until not pgrep -x passt
	assert "$(ls $VM/socket $VM/passt.pid 2>/dev/null)" == "" "files left"
}

@test "qemu: it starts passt itself, which goes with it" {
	boot passt,id=net,quiet=on,mtu=1400,tcp-ports=127.0.0.1/8081:80
	assert "$(readlink "/proc/$(pgrep -x passt)/exe")" == /usr/local/bin/passt "program"
	guest ip address show dev eth0
	assert "$output" contains "mtu 1400" "MTU"
	output=$(user curl -s --max-time 120 http://127.0.0.1:8081/)
	assert "$output" == guest "from the host"
	halt
	wait_until not pgrep -x passt
}
