# SPDX-License-Identifier: Apache-2.0
#
# The host's network, ordinary and odd: what is copied, and that no odd route stops a start.

load helpers

# The network is reached, by the families given
reaches() {
	local addr
	for addr; do
		in_ns ping -c1 -W10 "$addr"
		assert "$output" contains "1 received" "ping of $addr"
	done
}

@test "routes: those of the interface are copied, the default route included" {
	in_ns sh -c 'ip -4 route; ip -6 route'
	assert "$output" contains "default via $G4 dev v0" "routes"
	assert "$output" contains "203.0.113.0/24 via $R4 dev v0" "routes"
	assert "$output" contains "default via $G6 dev v0" "routes"
	assert "$output" contains "2001:db8:2::/64 via $R6 dev v0" "routes"
}

@test "routes: --no-copy-routes leaves the default route and the link's" {
	run_pasta -q --config-net --no-copy-routes -- sh -c 'ip -4 route; ip -6 route'
	assert "$output" contains "default via $G4" "routes"
	assert "$output" contains "default via $G6" "routes"
	assert "$output" lacks "203.0.113.0/24" "routes"
	assert "$output" lacks "2001:db8:2::/64" "routes"
}

# A modem's or a tunnel's: there is no gateway, all is at the other end
on_link() { host sh -c 'ip -4 route replace default dev v0; ip -6 route delete default; ip -6 route add default dev v0'; }

@test "routes: a default route without a gateway, copied or alone" {
	local args
	on_link
	for args in "" --no-copy-routes; do
		run_pasta -q --config-net $args -- sh -c 'ip -4 route; ip -6 route'
		assert "$output" =~ 'default dev v0 (proto static )?scope link' "IPv4 routes, $args"
		assert "$output" =~ 'default dev v0 (proto [a-z]+ )?metric' "IPv6 routes, $args"
	done
	run_pasta -q --config-net --no-copy-routes -- sh -c "ping -c1 -W10 $F4; ping -c1 -W10 $F6"
	assert "$(grep -c '1 received' <<< "$output")" -eq 2 "pings"
}

@test "routes: those of other interfaces are not copied" {
	host ip link add other type veth peer name peer
	host ip address add 192.0.2.5/26 dev other
	host ip link set other up
	in_ns ip route
	assert "$output" lacks 192.0.2 "routes"
}

@test "routes: metric, source hint and protocol are kept" {
	host ip address add 198.51.100.11/24 dev v0
	host ip route add 10.1.0.0/16 via 198.51.100.3 src 198.51.100.11 metric 77 proto 200
	in_ns ip route show 10.1.0.0/16
	assert "$output" contains "via 198.51.100.3 dev v0" "route"
	assert "$output" contains "proto 200" "route"
	assert "$output" contains "src 198.51.100.11" "route"
	assert "$output" contains "metric 77" "route"
}

@test "routes: a gateway that is on-link by a route of its own, listed later" {
	host ip route del default
	host ip address flush dev v0 scope global
	host ip address add 198.51.100.1/32 dev v0
	host ip route add 203.0.113.254 dev v0 scope link
	host ip route add default via 203.0.113.254
	host ip route add 198.51.100.0/24 via 203.0.113.254
	run_pasta --config-net -- ip -4 route
	assert "$output" contains "203.0.113.254 dev v0 scope link" "routes"
	assert "$output" contains "default via 203.0.113.254 dev v0" "routes"
	assert "$stderr" lacks "cannot" "warnings"
}

@test "routes: a /32 address with a gateway outside of it, marked onlink" {
	host ip -4 address flush dev v0
	host ip address add 198.51.100.1/32 dev v0
	host ip route add default via 172.16.0.1 dev v0 onlink
	in_ns ip -4 route
	assert "$output" contains "default via 172.16.0.1 dev v0 onlink" "routes"
}

@test "routes: a next hop that only another gateway's route reaches" {
	host ip route add 10.20.0.1 via 198.51.100.3
	host ip route add 10.0.0.0/16 via 10.20.0.1 dev v0 onlink
	run_pasta --config-net -- ip -4 route
	assert "$output" contains "10.20.0.1 via 198.51.100.3 dev v0" "routes"
	assert "$output" contains "10.0.0.0/16 via 10.20.0.1 dev v0" "routes"
}

@test "routes: multipath, the heaviest next hop is the gateway" {
	host ip link add w0 type veth peer name w1
	host ip address add 192.0.2.1/24 dev w0
	host ip link set w0 up
	host ip link set w1 up
	host ip route replace default nexthop via 192.0.2.2 dev w0 weight 1 nexthop via $G4 dev v0 weight 5
	in_ns ip -4 -o route show default
	assert "$output" contains "via $G4" "gateway"
	assert "$(host ip -4 -o route show default)" contains "nexthop via 192.0.2.2" "the host's route"
	reaches $R4
}

@test "routes: multipath, of equal next hops the first gives name and gateway" {
	host ip link add w0 type veth peer name w1
	host ip address add 192.0.2.1/24 dev w0
	host ip link set w0 up
	host ip link set w1 up
	host ip route replace default nexthop via $G4 dev v0 nexthop via 192.0.2.2 dev w0
	in_ns ls /sys/class/net
	assert "$output" contains v0 "interfaces"
}

@test "routes: of several default routes the one with the lowest metric counts" {
	host ip link add w0 type veth peer name w1
	host ip address add 192.0.2.1/24 dev w0
	host ip link set w0 up
	host ip link set w1 up
	host ip route del default
	host ip route add default via 192.0.2.2 metric 200
	host ip route add default via $G4 metric 100
	run_pasta -q -4 --config-net -- ip -br address
	assert "$output" contains "v0" "interface"
	host ip route add default via 192.0.2.2 metric 50
	run_pasta -q -4 --config-net -- ip -br address
	assert "$output" =~ w0.*192.0.2.1/24 "interface"
}

@test "routes: of equal IPv6 ones the one that its router prefers counts" {
	host ip link add w0 type veth peer name w1
	host ip address add 2001:db8:7::1/64 dev w0 nodad
	host ip link set w0 up
	host ip link set w1 up
	host ip -6 route del default
	host ip -6 route add default via $G6 metric 100 pref low
	# two with gateways would be taken for one with two next hops, as they come from no router
	host ip -6 route append default dev w0 metric 100 pref high
	run_pasta -q -6 --config-net -- ip -6 -br address
	assert "$output" =~ w0.*2001:db8:7::1/64 "interface"
}

# An interface with an address and a route, but not the one that leads out
container_bridge() {
	host ip link add docker0 type veth peer name docker1
	host ip address add 172.17.0.1/16 dev docker0
	host ip link set docker0 up
	host ip link set docker1 up
}

@test "routes: a default route by an interface without an address makes no other one the template" {
	container_bridge
	host ip -4 address flush dev v0
	host ip address add 198.51.100.1/32 dev lo
	host ip route add default dev v0
	run_pasta -q -4 --config-net -- ip -4 route
	assert "$output" contains "default via 169.254.2.2 dev tap0" "routes"
	assert "$output" lacks 172.17 "routes"
}

@test "routes: a default route that only a policy rule leads to" {
	container_bridge
	host ip route del default
	host ip -6 route del default
	host ip route add default via $G4 table 100
	host ip -6 route add default via $G6 table 100
	host ip rule add from all lookup 100
	host ip -6 rule add from all lookup 100
	run_pasta -q --config-net -- sh -c 'ip -4 route; ip -6 route'
	assert "$output" contains "default via $G4 dev v0" "routes"
	assert "$output" contains "default via $G6 dev v0" "routes"
}

@test "routes: each family has the interface of its own default route" {
	host ip link add w0 type veth peer name w1
	host ip address add 2001:db8:7::1/64 dev w0 nodad
	host ip link set w0 up
	host ip link set w1 up
	host ip -6 route del default
	host ip -6 route add default via 2001:db8:7::2 dev w0
	in_ns ip -br address
	assert "$output" =~ v0.*198.51.100.1/24 "IPv4"
	assert "$output" contains "2001:db8:7::1/64" "IPv6"
}

@test "routes: with no default route the first interface with a route is taken" {
	host ip route del default
	host ip -6 route del default
	in_ns ip -br address show dev v0
	assert "$output" contains 198.51.100.1/24 "IPv4"
	reaches $R4 $F6
}

@test "routes: state flags are not copied (dead, linkdown)" {
	host ip link add w0 type veth peer name w1
	host ip address add 192.0.2.1/24 dev w0
	host ip link set w0 up
	host ip route add 10.5.0.0/16 via 192.0.2.2 dev w0
	run_pasta --config-net -4 -i w0 -- ip route
	assert "$output" contains "10.5.0.0/16 via 192.0.2.2" "routes"
	assert "$output" lacks "linkdown" "routes"
	assert "$stderr" lacks "cannot" "warnings"
}

@test "routes: an address without its prefix route" {
	host ip address flush dev v0 scope global
	host ip address add 198.51.100.1/24 dev v0 noprefixroute
	host ip route add 198.51.100.0/24 dev v0 src 198.51.100.1 metric 600
	host ip route add default via $G4 metric 600
	reaches $R4
	in_ns ip route
	assert "$output" contains "default via $G4" "routes"
}

@test "routes: an IPv4 destination with an IPv6 next hop does not stop the start" {
	host ip route add 10.6.0.0/16 via inet6 2001:db8:1::3 dev v0
	reaches $R4
}

@test "routes: unreachable, prohibit and blackhole routes do not stop the start" {
	host ip route add unreachable 10.7.0.0/16
	host ip route add prohibit 10.8.0.0/16
	host ip route add blackhole 10.9.0.0/16
	host ip -6 route add unreachable 2001:db8:7::/48
	reaches $R4 $R6
}

@test "routes: ECN, MTU and window metrics do not stop the start" {
	host ip route add 10.7.0.0/16 via $R4 mtu lock 1300 advmss 1200 initcwnd 20 rto_min 5ms features ecn
	reaches $R4
}

@test "routes: hundreds of them are copied" {
	host bash -c 'for i in {0..249}; do echo "route add 10.1.$i.0/24 via 198.51.100.3"; done | ip -batch -'
	in_ns sh -c 'ip route | grep -c ^10[.]1[.]'
	assert "$output" -eq 250 "routes"
}

@test "routes: one that cannot be copied is warned of by its text, the others are there" {
	host ip link add w0 type veth peer name w1
	host ip address add 192.0.2.1/24 dev w0
	host ip link set w0 up
	host ip address add 198.51.100.11/24 dev v0
	host ip route add 10.1.0.0/16 via $R4 src 192.0.2.1
	run_pasta --config-net -- ip route
	assert "$output" contains "default via $G4" "routes"
	if [[ $output != *10.1.0.0/16* ]]; then
		assert "$stderr" contains "10.1.0.0/16" "warning"
	fi
}

@test "host: IPv6 disabled by sysctl" {
	host bash -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	run_pasta --config-net -q -- ping -c1 -W10 $R4
	assert "$output" contains "1 received" "ping"
	assert "$stderr" == "" "warnings"
}

@test "host: IPv6 disabled by sysctl: connections by IPv6 fail at once, and nobody is warned" {
	host bash -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	in_ns bash -c "for to in $R6 fe80::1%v0; do SECONDS=0; $TOOLS/probe tcp \$to 81 20000; (( SECONDS < 5 )); done"
	assert "$output" == $'ENETUNREACH\nENETUNREACH' "errors"
	assert "$stderr" == "" "warnings"
}

@test "host: a kernel without IPv6" {
	host bash -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	output=$(host "$TOOLS/refuse" socket:10 EAFNOSUPPORT "$PASTA" -q --config-net -t 5000 -- ping -c1 -W10 $R4 2>&1)
	assert "$output" contains "1 received" "ping"
	assert "$output" lacks pasta: "messages"
}

@test "host: an address to send from that is gone is an error at once" {
	host ip address add 198.51.100.50/24 dev v0
	start_pasta --config-net -q -o 198.51.100.50
	inside true
	host ip address del 198.51.100.50/24 dev v0
	inside "$TOOLS/probe" tcp $R4 81 20000
	assert "$output" == ENETUNREACH "error"
	assert "$(< "$T/pasta.err")" == "" "warnings"
}

@test "host: IPv4 only" {
	host ip -6 address flush dev v0
	host ip -6 route flush dev v0
	reaches $R4 $F4
}

@test "host: IPv6 only" {
	host ip -4 address flush dev v0
	reaches $R6 $F6
}

@test "host: nothing but loopback is local mode, and the loopback is reached" {
	host ip link del v0
	serve host tcp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "ip -br address; ip route; $TOOLS/probe tcp 169.254.2.2 5000; ping -c1 -W10 169.254.2.2"
	assert "$output" =~ tap0.*169.254.2.1/16 "address"
	assert "$output" contains "default via 169.254.2.2" "routes"
	assert "$output" contains connected "TCP to the loopback"
	assert "$output" contains "1 received" "ping"
}

@test "host: in local mode IPv6 reaches the loopback by fe80::1" {
	host ip link del v0
	serve host tcp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "ip -6 route show default; $TOOLS/probe tcp fe80::1%tap0 5000"
	assert "$output" contains "default via fe80::1" "route"
	assert "$output" contains connected "TCP to the loopback"
}

@test "host: local mode is said once, and not at all with --quiet" {
	host ip link del v0
	in_ns true
	assert "$stderr" == "" "messages"
	run_pasta --config-net -4 -- true
	assert "$(grep -c 'local mode' <<< "$stderr")" -eq 1 "lines"
}

@test "host: one family may be in local mode while the other is not" {
	host ip -6 address flush dev v0
	host ip -6 route flush dev v0
	run_pasta --config-net -- ip -br address
	assert "$output" =~ v0.*198.51.100.1/24 "IPv4"
	assert "$stderr" contains "local mode" "IPv6"
}

@test "host: an interface that is down is no template" {
	host ip link set v0 down
	in_ns ip -br address
	assert "$output" contains "169.254.2.1/16" "local mode"
}

@test "host: routes that change while they are read do no harm" {
	host bash -c 'while :; do ip route add 10.3.0.0/16 via 198.51.100.3; ip route del 10.3.0.0/16; done 2>/dev/null &
		for i in {1..15}; do "$0" --config-net -q -- ip route show default | grep -q default || exit; done' "$PASTA"
}

# many_routes: as on a router of the internet, though there are more of them there
many_routes() {
	awk 'BEGIN { for (i = 0; i < 8000; i++)
		printf "route add 10.%d.%d.0/24 via 198.51.100.3 metric 5\n", i / 100, i % 100 }' > "$T/batch"
	host ip -batch "$T/batch"
}

@test "host: of a table full of routes the default one and the first of the others are copied" {
	many_routes
	run_pasta --config-net -- sh -c 'ip -4 route | wc -l; ip -4 route show default; ip -4 route show 10.0.0.0/24'
	assert "$(head -n 1 <<< "$output")" -eq 4097 "routes, with that of the link"
	assert "$output" contains "default via $G4 dev v0" "routes"
	assert "$output" contains "10.0.0.0/24 via 198.51.100.3 dev v0" "routes"
	assert "$(grep -c 'more than 4096 IPv4 routes by v0' <<< "$stderr")" -eq 1 "lines about it"
	run_pasta --config-net --no-copy-routes -- ip -4 route
	assert "$stderr" lacks "more than" "lines with --no-copy-routes"
}

@test "host: without a default route, the only gateway of a table full of routes is taken" {
	many_routes
	host ip -4 route delete default
	host ip -4 route delete 203.0.113.0/24
	run_pasta --config-net --no-copy-routes -- ip -4 route
	assert "$output" contains "default via 198.51.100.3 dev v0" "routes"
}
