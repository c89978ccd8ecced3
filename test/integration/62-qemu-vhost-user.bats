# SPDX-License-Identifier: Apache-2.0
#
# passt --vhost-user and QEMU: its vhost-user network card, by a socket and as QEMU starts passt itself.
# Each test goes on from where the one before has left them.

load lib
load qemu

setup_file() {
	T=$BATS_FILE_TMPDIR
	passt_start --vhost-user -t 8080:80
	boot "${vhost[@]}"
}
teardown_file() { kill -KILL "$(< $VM/qemu.pid)" 2>/dev/null || true; }

@test "qemu, vhost-user: the guest has its address by DHCP, names, TCP, UDP and ping" {
	guest ip address show dev eth0
	assert "$output" contains "$HOST4/24" "IPv4"
	guest wget -q -O - http://www.outside.example/
	assert "$output" == outside "by name"
	wait_until guest_reaches_by_ipv6
	guest ping -c1 -W5 198.51.100.3
	assert "$status" -eq 0 "ping"
}
guest_reaches_by_ipv6() { guest wget -q -T 5 -O - 'http://[2001:db8:1::3]/' && [[ $output == outside ]]; }

@test "qemu, vhost-user: a published port, with the client's address" {
	output=$(outside curl -s --max-time 120 http://$HOST4:8080/cgi-bin/peer)
	assert "$output" == "[::ffff:198.51.100.3]" "peer"
}

@test "qemu, vhost-user: 100 MB in and out arrive whole" { arrive_whole; }

@test "qemu, vhost-user: a guest that reboots finds its network again" {
	printf 'reboot -f\n' > $VM/tty.in
	wait_booted 2
	wait_until guest_reaches_outside
}
guest_reaches_outside() { guest wget -q -T 5 -O - http://198.51.100.3/ && [[ $output == outside ]]; }

@test "qemu, vhost-user: when passt was killed and is back, QEMU connects again" {
	kill -KILL "$(< $VM/passt.pid)"
	wait_until not pgrep -x passt
	passt_start --vhost-user -t 8080:80
	wait_until guest_reaches_outside
}

@test "qemu, vhost-user: QEMU starts passt itself, which goes with it" {
	halt
	kill "$(< $VM/passt.pid)"
	wait_until not pgrep -x passt
	boot passt,id=net,quiet=on,vhost-user=on,tcp-ports=127.0.0.1/8081:80 "${vhost[@]:1:4}"
	output=$(user curl -s --max-time 120 http://127.0.0.1:8081/)
	assert "$output" == guest "from the host"
	halt
	wait_until not pgrep -x passt
}
