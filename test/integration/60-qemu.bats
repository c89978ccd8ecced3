# SPDX-License-Identifier: Apache-2.0
#
# passt and QEMU: a guest of Linux on an emulated machine, connected as people do it.

load lib
load qemu

setup_file() {
	T=$BATS_FILE_TMPDIR
	passt_start -t 8080:80
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
guest_has_ipv6() {
	guest ip -6 address show dev eth0
	[[ $output == *"inet6 2001:db8:1:"* && $output != *tentative* ]]
}

@test "qemu: names, TCP, UDP and ping, IPv4 and IPv6" {
	guest wget -q -O - http://www.outside.example/
	assert "$output" == outside "by name"
	guest wget -q -O - 'http://[2001:db8:1::3]/'
	assert "$output" == outside "by IPv6"
	guest nslookup www.outside.example 198.51.100.3
	assert "$output" contains 2001:db8:1::3 "by UDP"
	guest ping -c1 -W5 198.51.100.3
	assert "$status" -eq 0 "ping"
	guest ping -c1 -W5 2001:db8:1::3
	assert "$status" -eq 0 "ping, IPv6"
}

@test "qemu: a published port, with the client's address" {
	output=$(outside curl -s --max-time 120 http://$HOST4:8080/cgi-bin/peer)
	assert "$output" == "[::ffff:198.51.100.3]" "peer"
	wait_until guest_has_ipv6
	output=$(outside curl -s --max-time 120 "http://[$HOST6]:8080/cgi-bin/peer")
	assert "$output" contains "2001:db8:1::3" "peer, IPv6"
	output=$(user curl -s --max-time 120 http://127.0.0.1:8080/)
	assert "$output" == guest "from the host"
}

@test "qemu: 100 MB in and out arrive whole" { arrive_whole; }

@test "qemu: a link that was down works again" {
	monitor "set_link net off"
	wait_until guest_carrier 0
	monitor "set_link net on"
	wait_until guest_carrier 1
	guest ping -c1 -W5 198.51.100.3
	assert "$status" -eq 0 "ping"
}
guest_carrier() { guest cat /sys/class/net/eth0/carrier && [[ $output == "$1" ]]; }

@test "qemu: the guest boots again, ten times" {
	local i
	for i in {2..11}; do
		monitor system_reset
		wait_booted $i
		guest wget -q -O - http://198.51.100.3/
		assert "$output" == outside "boot $i"
	done
}
