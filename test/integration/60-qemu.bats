# SPDX-License-Identifier: Apache-2.0
#
# passt and QEMU: a guest of Linux on an emulated machine, connected as people do it.

load lib
load qemu

setup_file() {
	T=$BATS_FILE_TMPDIR
	passt_start "${ports[@]}"
	boot $stream
}
teardown_file() { halt; }

@test "qemu: the guest has its address, MTU and resolver by DHCP, and IPv6 by the router's word" {
	guest ip address show dev eth0
	assert "$output" contains "$HOST4/24" "IPv4"
	assert "$output" contains "mtu 65520" "MTU"
	wait_until guest_has_ipv6
	guest cat /etc/resolv.conf
	assert "$output" contains 198.51.100.3 "resolver"
}

@test "qemu: names, TCP, UDP and ping, IPv4 and IPv6" { traffic_out; }

@test "qemu: large datagrams out, and their answers" { datagrams_out; }

@test "qemu: a published port, with the client's address" { ports_in; }

@test "qemu: 100 MB in and out arrive whole" { arrive_whole; }

@test "qemu: a link that was down works again" { link_goes_and_comes; }

@test "qemu: the guest boots again, ten times" { boots_again 10; }
