# SPDX-License-Identifier: Apache-2.0
#
# A namespace that was made while the host had no network gets what it lacks once the host has it.

load helpers
load ports
load control
load follow
load names

setup() {
	host_start
	mkdir -m 700 "$T/run"
	export XDG_RUNTIME_DIR=$T/run
	unplug
}

is_grown() { has 4 "default via $R4 dev tap0" && has 6 "default via $R6 dev tap0"; }

@test "grow: ports on addresses that the host is still to get are there when it has them" {
	start_ports -t $H4/8080 -t "[$H6]/8080"
	inside_tells TCP6 8080
	inside_tells TCP4 8080
	plug
	wait_until tcp_answers remote $H4 8080 "to $H4"
	wait_until tcp_answers remote "[$H6]" 8080 "to"
}

@test "grow: a namespace that was made offline is on the network once the host is" {
	tells far 5000
	start_ports -t 8080
	inside_tells TCP6 8080
	inside_tells TCP4 8080
	inside "$TOOLS/probe" tcp $F4 5000 2000
	assert "$output" != connected "before"
	plug
	wait_until told $F4 5000
	wait_until told "[$F6]" 5000
	wait_until tcp_answers remote $H4 8080 "to $H4"
	wait_until tcp_answers remote "[$H6]" 8080 "to [2001:0db8:0001:0000:0000:0000:0000:0001]"
}

@test "grow: it gets the host's addresses and default route, ready for use, and keeps what it has" {
	start_controlled -q --config-net
	plug
	wait_until is_grown
	has 4 "198.51.100.1/24 brd 198.51.100.255 scope global tap0"
	has 4 "169.254.2.1/16"
	has 4 "default via 169.254.2.2"
	has 6 "2001:db8:1::1/64 scope global nodad"
	has 6 "default via fe80::1 dev tap0"
	assert "$output" lacks tentative "addresses"
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	ctl --json status
	assert "$(field '[.ipv4.local_mode, .ipv4.template, .ipv4.gateway, .follow] | join(" ")')" == "false v0 $R4 grow" "status"
}

@test "grow: the gateway of local mode goes on leading to the host's loopback" {
	serve host tcp 8080 socat TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr 'SYSTEM:read x; echo from'
	start_ports
	told 169.254.2.2 8080
	plug
	wait_until is_grown
	told 169.254.2.2 8080
}

@test "grow: a resolver that comes with the network answers" {
	resolv_conf <<< ''
	start_ports
	plug
	dns_on remote $R4 192.0.2.4
	resolv_conf <<< "nameserver $R4"
	wait_until is_grown
	inside dig +short +time=5 +tries=3 name.test
	assert "$output" == 192.0.2.4 "answer"
}

@test "grow: a resolver on the host's loopback answers before and after" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< 'nameserver 127.0.0.53'
	start_ports
	plug
	wait_until is_grown
	inside dig +short +time=5 +tries=3 name.test
	assert "$output" == 192.0.2.1 "answer"
}

# $FOLLOW_CYCLES times, default 20; `make soak` has 100
@test "grow: the host comes and goes again and again, and nothing is left of that" {
	local fds i
	tells far 5000
	start_controlled -q --config-net
	plug
	wait_until is_grown
	fds=$(descriptors)
	for ((i = 0; i < ${FOLLOW_CYCLES:-20}; i++)); do
		unplug
		wait_until leaves_by ipv4 " "
		plug
		inside bash -c 'for addr in '"$F4 $F6"'; do
			until [[ $("$0" tcp $addr 5000 2000) == connected ]]; do :; done; done' "$TOOLS/probe"
	done
	wait_until same_descriptors "$fds"
	inside ip -oneline address show scope global
	assert "$(wc -l <<< "$output")" == 3 "addresses: $output"
	[[ -n ${SAN:-} ]] || assert $(($(private_kb pasta-mirror) + $(private_kb pasta-host))) -lt 512 "KiB of their own"
}

@test "grow: a default route that was deleted stays deleted, one that was set stays alone" {
	start_pasta --config-net
	inside ip -4 route delete default
	inside ip -6 route add default dev lo metric 10
	plug
	wait_until says "IPv4: the namespace's default routes stay as they are"
	wait_until says "IPv6: the namespace's default routes stay as they are"
	wait_until has 4 198.51.100.1/24
	inside ip -4 route show default
	assert "$output" == "" "default routes, IPv4"
	inside ip -6 route show default
	assert "$output" lacks "$R6" "default routes, IPv6"
}

@test "grow: what was changed by hand stays so, before and after" {
	start_controlled -q --config-net
	inside ip address add 10.1.2.3/24 dev tap0
	plug
	wait_until is_grown
	wait_until leaves_by ipv6 "v0 2001:db8:1::1"
	has 4 10.1.2.3/24
	inside ip address delete 198.51.100.1/24 dev tap0
	inside ip -6 route delete default via $R6
	unplug
	wait_until leaves_by ipv6 " "
	plug
	wait_until leaves_by ipv6 "v0 2001:db8:1::1"
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	inside bash -c 'ip -oneline address; ip route; ip -6 route'
	assert "$output" lacks 198.51.100.1 "IPv4"
	assert "$output" lacks "default via $R6" "IPv6"
}

@test "grow: the host's other routes come as well, as they are at a start" {
	start_ports
	wait_until is_locked_in pasta-host
	host kill -STOP "$(host pgrep -x pasta-host)" # it is to see all of this at once
	host ip route add 198.51.100.0/24 dev v0 scope link metric 5
	host ip address add 198.51.100.1/24 dev v0 noprefixroute
	host ip route add 203.0.113.0/24 via $R4 src 198.51.100.1 metric 7
	host ip route add default via 192.0.2.99 dev v0 onlink metric 100
	host ip address add 2001:db8:1::1/64 dev v0 nodad
	host ip -6 route replace 2001:db8:2::/64 via $R6
	host kill -CONT "$(host pgrep -x pasta-host)"
	wait_until has 4 "default via 192.0.2.99 dev tap0 metric 100 onlink"
	has 4 "198.51.100.0/24 dev tap0 scope link metric 5"
	has 4 "203.0.113.0/24 via $R4 dev tap0 src 198.51.100.1 metric 7"
	assert "$output" lacks "198.51.100.0/24 dev tap0 proto kernel" "the kernel's own"
	wait_until has 6 "2001:db8:2::/64 via $R6 dev tap0"
	inside ip -6 route show default
	assert "$(grep -c default <<< "$output")" == 1 "default routes"
}

@test "grow: an interface for containers only is no network: the one that comes is given" {
	host ip link add br9 type bridge
	host ip address add 10.88.0.1/16 dev br9
	host ip link set br9 up
	start_ports -t 8080
	inside_tells TCP4 8080
	has 4 "10.88.0.1/16"
	plug
	wait_until has 4 "default via $R4 dev br9"
	has 4 "198.51.100.1/24"
	has 4 "10.88.0.1/16"
	wait_until tcp_answers remote $H4 8080 "to $H4"
}

@test "grow: --no-copy-routes gives a default route alone" {
	start_ports --no-copy-routes
	host ip route add 203.0.113.0/24 dev v0
	plug
	wait_until is_grown
	inside ip route
	assert "$output" lacks 203.0.113 "routes"
}

@test "grow: a default route may come when the addresses are there" {
	start_controlled -q --config-net
	host ip address add 198.51.100.1/24 dev v0
	wait_until has 4 198.51.100.1/24
	has 4 "default via 169.254.2.2"
	host ip route add default via $R4
	wait_until has 4 "default via $R4"
}

@test "grow: a host that had no default route gives the one that it gets" {
	plug
	host ip route delete default
	start_controlled -q --config-net --follow grow
	inside ip -4 route show default
	assert "$output" == "" "default routes"
	host ip route add default via $R4
	wait_until has 4 "default via $R4"
	has 6 "default via $R6"
}

@test "grow: what was asked for on the command line stays" {
	start_controlled -q --config-net -4 -a 10.0.2.15 -n 24 -g 10.0.2.2
	host ip address add 198.51.100.1/24 dev v0
	host ip route add default via $R4
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	wait_until not grown_status local_mode true
	inside bash -c 'ip -4 -oneline address show scope global; ip route'
	assert "$output" lacks 198.51.100 "addresses and routes"
	assert "$output" contains "default via 10.0.2.2" "default route"
}
grown_status() { ctl --json status && [[ $(field ".ipv4.$1") == "$2" ]]; }

@test "grow: --follow host leaves the namespace alone" {
	local before
	start_controlled -q --config-net --follow host
	inside bash -c 'ip -oneline address; ip route; ip -6 route'
	before=$output
	plug
	wait_until leaves_by ipv6 "v0 2001:db8:1::1"
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	inside bash -c 'ip -oneline address; ip route; ip -6 route'
	assert "$output" == "$before" "addresses and routes"
	assert "$(host pgrep -x pasta-mirror || true)" == "" "processes"
}

@test "grow: the process that does it has one capability, is locked in, and leaves with pasta" {
	local pid
	start_pasta -q --config-net
	inside true
	locks_in pasta-mirror 0000000000001000 # CAP_NET_ADMIN
	assert "$(host grep ^CapAmb: "/proc/$pid/status")" =~ CapAmb:.0000000000000000 "ambient"
	assert "$(host ls "/proc/$pid/fd" | wc -l)" == 2 "descriptors"
	stop_pasta
	wait_until not host pgrep -x pasta-mirror
}

@test "grow: no process is made where nothing lacks" {
	plug
	start_pasta -q --config-net
	inside true
	assert "$(host pgrep -x pasta-mirror || true)" == "" "processes"
}

target() { host nsenter -t "$(< "$T/target")" --user --preserve-credentials --net "$@"; }
goes_by() { [[ $(target ip -"$1" route show default) == *"via $2 "* ]]; }

@test "grow: a namespace that was joined gets it too" {
	background target-job host unshare --user --map-root-user --net bash -c 'echo $$ > "$0"; exec sleep infinity' "$T/target"
	wait_until test -s "$T/target"
	run_pasta --config-net --quiet "$(< "$T/target")"
	plug
	wait_until goes_by 4 $R4
	wait_until goes_by 6 $R6
	wait_until target ping -c1 -W1 $F6
}

@test "grow: without --config-net, a router advertisement brings the prefix" {
	start_controlled -q
	inside bash -c 'echo 0 > /proc/sys/net/ipv6/conf/tap0/accept_dad; ip link set tap0 up'
	plug
	wait_until has 6 2001:db8:1:
	tells far 5000
	wait_until told "[$F6]" 5000
	assert "$(host pgrep -x pasta-mirror || true)" == "" "processes"
}

@test "grow: without --config-net, DHCP offers what the host has" {
	printf '#!/bin/sh\n[ "$1" != bound ] || echo $ip/$mask $router $lease\n' > "$T/udhcpc.sh"
	chmod 755 "$T/udhcpc.sh" "$T"
	start_controlled -q
	inside ip link set tap0 up
	leased() { inside busybox udhcpc -i tap0 -f -q -n -t 5 -T 1 -s "$T/udhcpc.sh" && [[ $output == *"$1"* ]]; }
	leased "169.254.2.1/16 169.254.2.2 60"
	plug
	wait_until leased "198.51.100.1/24 $R4 4294967295"
}

@test "grow: without --config-net, a DHCP client that renews its lease has the host's address then" {
	printf '%s\n' '#!/bin/sh' 'echo "$1 $ip" >> "'"$T"'/leased"' 'ip address flush dev tap0 scope global' \
		'[ -z "$ip" ] || ip address add "$ip/$mask" dev tap0' '[ -z "$router" ] || ip route add default via "$router"' > "$T/udhcpc.sh"
	chmod 755 "$T/udhcpc.sh" "$T"
	start_controlled -q
	inside bash -c 'ip link set tap0 up; busybox udhcpc -i tap0 -f -t 5 -T 1 -A 1 -s "$0/udhcpc.sh" </dev/null >/dev/null 2>&1 &
		echo $! > "$0/client"; disown' "$T"
	wait_until grep -q "bound 169.254.2.1" "$T/leased"
	plug
	wait_until grown_status local_mode false
	inside bash -c 'kill -USR1 "$(< "$0/client")"' "$T"
	wait_until grep -q "bound 198.51.100.1" "$T/leased"
	tells far 5000
	wait_until told $F4 5000
}
