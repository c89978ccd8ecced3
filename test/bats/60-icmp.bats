# SPDX-License-Identifier: Apache-2.0
#
# ping from the namespace, and what it shows of the way.

load helpers

pings() {
	in_ns ping -c2 -i 0.1 -w 10 "$@"
	at_least_received 2
	assert "$output" lacks DUP "ping $*"
}

@test "ping: a neighbour and a host behind it, IPv4 and IPv6" {
	local addr
	for addr in $R4 $F4 $R6 $F6; do
		pings $addr
	done
}

@test "ping: the namespace's own address and loopback" {
	local addr
	for addr in 127.0.0.1 ::1 198.51.100.1 2001:db8:1::1; do
		pings $addr
	done
}

@test "ping: of every size, the contents come back" {
	local size
	for size in 0 1 56 1472 1473 8000 65507; do
		pings -s $size $R4
	done
	for size in 1452 1453 60000; do
		# the first larger than the path's MTU may hear of it
		in_ns ping -c3 -i 0.1 -W10 -s $size $R6
		assert "$output" =~ [23]\ received "ping of $size bytes"
	done
}

@test "ping: large ones cross a small MTU" {
	run_pasta -q --config-net -m 1500 -- ping -c1 -W10 -s 30000 $R4
	assert "$output" contains "1 received" "IPv4"
	run_pasta -q --config-net -m 1280 -- ping -c1 -W10 -s 30000 $R6
	assert "$output" contains "1 received" "IPv6"
}

@test "ping: two at once keep their identifiers apart" {
	in_ns bash -c "ping -c5 -i 0.1 -w 10 $R4 & ping -c5 -i 0.1 -w 10 $R4; wait"
	assert "$(grep -cE '([5-9]|[1-9][0-9]+) received' <<< "$output")" -eq 2 "pings without loss"
	assert "$output" lacks DUP "output"
}

@test "ping: an unreachable host is reported" {
	remote ip route add unreachable 192.0.2.0/24
	host ip route add 192.0.2.0/24 via $R4
	run_pasta 1 -q --config-net -- ping -c1 -W10 192.0.2.1
	assert "$output" contains "From $R4" "reporter"
	assert "$output" contains "Destination Host Unreachable" "report"
}

@test "ping: the end of the TTL is reported by the router, IPv4 and IPv6" {
	run_pasta 1 -q --config-net -- ping -c1 -W10 -t1 $F4
	assert "$output" contains "From $R4" "reporter"
	assert "$output" contains "Time to live exceeded" "report"
	run_pasta 1 -q --config-net -- ping -c1 -W10 -t1 $F6
	assert "$output" contains "From $R6" "reporter"
}

@test "ping: one that must not be fragmented is reported with the path's MTU" {
	run_pasta 1 -q --config-net -- ping -c1 -W10 -M do -s 1450 $F4
	assert "$output" =~ mtu.?=.?1400 "report"
}

@test "ping: where no sockets for it are allowed, one warning says so and TCP goes on" {
	host_stop
	PING_FORBIDDEN=1 host_start
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net -- bash -c "ping -c3 -i 0.1 -W1 $R4; $TOOLS/probe tcp $R4 5000"
	assert "$(grep -c ping_group_range <<< "$stderr")" -eq 1 "warnings"
	assert "$output" contains "0 received" "ping"
	assert "$output" contains connected "TCP"
}

@test "arp: every address but the namespace's own is answered with one MAC" {
	in_ns sh -c "ping -c1 -W10 $R4 >/dev/null; ping -c1 -W1 198.51.100.200 >/dev/null; ip -4 neighbour"
	assert "$(grep -c 9a:55:9a:55:9a:55 <<< "$output")" -ge 2 "neighbours"
}

@test "neighbours: duplicate address detection finds no duplicate" {
	in_ns bash -c 'echo 1 > /proc/sys/net/ipv6/conf/v0/accept_dad
		ip address add 2001:db8:1::55/64 dev v0
		until ip -6 address show dev v0 | grep ::55 | grep -qv tentative; do :; done
		ip -6 address show dev v0'
	assert "$output" contains 2001:db8:1::55 "addresses"
	assert "$output" lacks dadfailed "addresses"
}
