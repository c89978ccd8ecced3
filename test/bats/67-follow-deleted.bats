# SPDX-License-Identifier: Apache-2.0
#
# What somebody in the namespace has deleted never comes back; what the kernel has taken does.

load helpers
load ports
load control
load follow

start_all() {
	start_controlled -q --config-net --follow all "$@"
	wait_until is_locked_in pasta-host
	wait_until is_locked_in pasta-mirror
}
# All changes of the host's so far have got to the namespace, where both families were looked at: when
# a second order is carried out, the first one is done
settle() {
	for _ in 1 2; do
		((++SETTLED))
		host bash -c 'ip route replace 10.99.0.0/16 dev v0 metric $0; ip -6 route replace 2001:db8:99::/64 dev v0 metric $0' $SETTLED
		wait_until has 4 "10.99.0.0/16 dev v0 scope link metric $SETTLED "
		wait_until has 6 "2001:db8:99::/64 dev v0 metric $SETTLED "
	done
}
more() {
	host bash -c 'ip address replace 192.0.2.1/24 dev v0; ip address replace 2001:db8:7::1/64 dev v0 nodad
		ip route replace 10.8.0.0/16 via '$R4'; ip -6 route replace 2001:db8:8::/64 via '$R6
	settle
}
less() {
	host bash -c 'ip address delete 192.0.2.1/24 dev v0; ip address delete 2001:db8:7::1/64 dev v0
		ip route delete 10.8.0.0/16; ip -6 route delete 2001:db8:8::/64'
	settle
}
has_none_of() {
	inside bash -c 'ip -oneline address; ip -4 route; ip -6 route'
	for word; do assert "$output" lacks "$word" "addresses and routes"; done
}

@test "deleted: addresses and routes stay deleted when the host loses them and gets them again" {
	start_all
	more
	has 4 "192.0.2.1/24"
	has 4 "10.8.0.0/16 via $R4"
	has 6 "2001:db8:7::1/64"
	has 6 "2001:db8:8::/64 via $R6"
	inside bash -c 'ip address delete 192.0.2.1/24 dev v0; ip address delete 2001:db8:7::1/64 dev v0
		ip route delete 10.8.0.0/16; ip -6 route delete 2001:db8:8::/64'
	for _ in 1 2; do
		less
		more
		has_none_of 192.0.2.1 10.8.0.0 2001:db8:7: 2001:db8:8:
	done
	unplug
	wait_until has 4 "default via 169.254.2.2"
	plug
	wait_until has 6 "default via $R6"
	more
	has_none_of 192.0.2.1 10.8.0.0 2001:db8:7: 2001:db8:8:
}

@test "deleted: a default route stays so, whatever way out the host loses and gets" {
	start_all
	inside bash -c 'ip -4 route delete default; ip -6 route delete default'
	host ip -4 route delete default
	host ip -6 route flush default
	settle
	host ip -4 route add default via $R4
	host ip -6 route add default via $R6
	settle
	has_none_of default
	unplug
	wait_until has 4 169.254.2.1/16
	plug
	wait_until has 6 2001:db8:1::1/64
	host ip -4 route replace default via 198.51.100.77
	settle
	has_none_of default
}

@test "deleted: the namespace's only address stays so, offline and online again" {
	start_all
	inside bash -c 'ip address delete 198.51.100.1/24 dev v0; ip address delete 2001:db8:1::1/64 dev v0'
	unplug
	wait_until has 4 169.254.2.1/16
	plug
	wait_until not has 4 169.254.2.1/16
	settle
	has_none_of 198.51.100.1 2001:db8:1::1 "default via $R4"
}

@test "deleted: what was set again by hand is not removed with the host's" {
	start_all
	more
	inside bash -c 'ip address delete 192.0.2.1/24 dev v0; ip route delete 10.8.0.0/16'
	settle
	inside bash -c 'ip address add 192.0.2.1/24 dev v0; ip route add 10.8.0.0/16 via '$R4
	less
	has 4 192.0.2.1/24
	has 4 "10.8.0.0/16 via $R4"
}

@test "deleted: what was there before the host had it stays when the host loses it" {
	start_all
	inside bash -c 'ip address add 192.0.2.1/24 dev v0; ip route add 10.8.0.0/16 via '$R4'
		ip address add 2001:db8:7::1/64 dev v0 nodad; ip -6 route add 2001:db8:8::/64 via '$R6
	more
	less
	has 4 192.0.2.1/24
	has 4 "10.8.0.0/16 via $R4"
	has 6 2001:db8:7::1/64
	has 6 "2001:db8:8::/64 via $R6"
}

@test "deleted: what could not be set was not, and is set when it can be" {
	start_all
	inside ip route add 10.8.0.0/16 via 198.51.100.77
	more
	less
	inside ip route delete 10.8.0.0/16
	more
	has 4 "10.8.0.0/16 via $R4"
}

@test "deleted: what the kernel took as the link went down comes back with the next change" {
	start_all
	more
	inside ip route delete 10.8.0.0/16
	settle
	inside bash -c 'ip link set v0 down; ip link set v0 up'
	has_none_of default 2001:db8:1::1
	settle
	for what in "default via $G4" "203.0.113.0/24 via $R4" 192.0.2.1/24; do has 4 "$what"; done
	for what in "default via $G6" "2001:db8:2::/64 via $R6" 2001:db8:7::1/64 2001:db8:1::1/64; do has 6 "$what"; done
	has_none_of 10.8.0.0
	inside ip link set v0 down
	host ip route add 10.7.0.0/16 via $R4
	wait_until gets_address
	inside ip link set v0 up
	settle
	has 4 "default via $G4"
	has 4 "10.7.0.0/16 via $R4"
	has 6 "default via $G6"
}
# An order was carried out while the link was down: an address can be set even so
gets_address() {
	host ip address replace 192.0.2.9/24 dev v0
	has 4 192.0.2.9/24
}

@test "deleted: IPv6 that was switched off in the namespace comes back when it is on again, IPv4's routes don't" {
	start_all
	inside bash -c 'echo 1 > /proc/sys/net/ipv6/conf/v0/disable_ipv6; ip route delete default'
	host ip address add 192.0.2.1/24 dev v0
	wait_until has 4 192.0.2.1/24
	has_none_of 2001:db8
	inside bash -c 'echo 0 > /proc/sys/net/ipv6/conf/v0/disable_ipv6'
	settle
	has 6 2001:db8:1::1/64
	has 6 "default via $G6"
	host ip route delete default
	settle
	host ip route add default via $R4
	settle
	has_none_of "default via $R4"
}

@test "deleted: --follow grow: an address and a default route stay so, offline and online again" {
	unplug
	start_controlled -q --config-net
	plug
	wait_until has 4 "default via $R4"
	wait_until has 6 "default via $R6"
	inside bash -c 'ip address delete 198.51.100.1/24 dev tap0; ip -4 route delete default via '$R4'
		ip -6 route delete default via '$R6
	for _ in 1 2; do
		unplug
		wait_until leaves_by ipv6 " "
		plug
		wait_until leaves_by ipv6 "v0 2001:db8:1::1"
		wait_until leaves_by ipv4 "v0 198.51.100.1"
	done
	has_none_of 198.51.100.1/24 "default via $R4" "default via $R6"
}
