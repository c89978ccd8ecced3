# SPDX-License-Identifier: Apache-2.0
#
# passt --vhost-user and QEMU: its vhost-user network card, by a socket and as QEMU starts passt itself.
# Each test goes on from where the one before has left them.

load lib
load qemu

setup_file() {
	T=$BATS_FILE_TMPDIR
	passt_start --vhost-user "${ports[@]}"
	boot "${vhost[@]}"
}
teardown_file() { kill -KILL "$(< $VM/qemu.pid)" 2>/dev/null || true; }

@test "qemu, vhost-user: the guest has its address by DHCP, names, TCP, UDP and ping" {
	guest ip address show dev eth0
	assert "$output" contains "$HOST4/24" "IPv4"
	traffic_out
}

@test "qemu, vhost-user: large datagrams out, and their answers" { datagrams_out; }

@test "qemu, vhost-user: a published port, with the client's address" { ports_in; }

@test "qemu, vhost-user: 100 MB in and out arrive whole" { arrive_whole; }

@test "qemu, vhost-user: a link that was down works again" { link_goes_and_comes; }

@test "qemu, vhost-user: the guest boots again, ten times" { boots_again 10; }

@test "qemu, vhost-user: when passt was killed and is back, QEMU connects again" {
	kill -KILL "$(< $VM/passt.pid)"
	wait_until not pgrep -x passt
	passt_start --vhost-user "${ports[@]}"
	wait_until guest_reaches_outside
}

@test "qemu, vhost-user: 100 MB in and out arrive whole with an MTU of 1500, which another passt has announced" {
	smaller_mtu --vhost-user
}

@test "qemu, vhost-user: on a host without a network, the guest and the host reach each other" {
	local_mode --vhost-user
}

@test "qemu, vhost-user: with --one-off, passt goes when QEMU was killed" {
	end_passt
	passt_start --vhost-user --one-off "${ports[@]}"
	wait_until guest_reaches_outside
	halt
	wait_until not pgrep -x passt
}

@test "qemu, vhost-user: QEMU starts passt itself, which goes with it" {
	boot passt,id=net,quiet=on,vhost-user=on,tcp-ports=127.0.0.1/8081:80 "${vhost[@]:1:4}"
	output=$(user curl -s --max-time 120 http://127.0.0.1:8081/)
	assert "$output" == guest "from the host"
	halt
	wait_until not pgrep -x passt
}
