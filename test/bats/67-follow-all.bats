# SPDX-License-Identifier: Apache-2.0
#
# A namespace that has what the host has, also when that is another network than it was at start.

load helpers
load ports
load control
load follow
load names

start_all() {
	start_controlled -q --config-net --follow all "$@"
	wait_until is_locked_in pasta-host
	wait_until is_locked_in pasta-mirror
}
has_status() { ctl --json status && [[ $(field "$1") == "$2" ]]; }
# All changes of the host's so far have got to the namespace; IPv6 comes after IPv4
settle() {
	host ip -6 route replace 2001:db8:99::/64 dev v0 metric $((++SETTLED))
	wait_until has 6 "2001:db8:99::/64 dev v0 metric $SETTLED "
}

@test "all: another address of the host's is the namespace's, which loses the old one" {
	tells far 5000
	start_all -t 8080
	inside_tells TCP4 8080
	renumber4
	wait_until not has 4 198.51.100
	wait_until has 4 "192.0.2.1/24 brd 192.0.2.255 scope global v0"
	wait_until has 4 "default via 192.0.2.3 dev v0"
	wait_until has 4 "203.0.113.0/24 via 192.0.2.3 dev v0"
	wait_until told $F4 5000
	wait_until tcp_answers remote 192.0.2.1 8080 "to 192.0.2.1"
	wait_until has_status '[.ipv4.addresses[0], .ipv4.gateway, .follow] | join(" ")' "192.0.2.1/24 192.0.2.3 all"
}

@test "all: an address of the same network takes the place of the first one" {
	start_all
	inside ip address add 198.51.100.200/24 dev v0
	host ip address add 198.51.100.99/24 dev v0
	wait_until has 4 198.51.100.99/24
	# A kernel may take the second one with the first
	printf '%s\n' "address del 198.51.100.1/24 dev v0" "address replace 198.51.100.99/24 dev v0" \
		"route replace default via $R4" "route replace 203.0.113.0/24 via $R4" | host ip -batch -
	wait_until not has 4 198.51.100.1/24
	wait_until has 4 198.51.100.99/24
	wait_until has 4 "default via $R4"
	has 4 198.51.100.200/24
	has 4 "198.51.100.0/24 dev v0"
	tells far 5000
	wait_until told $F4 5000
}

@test "all: an address of IPv6 is deprecated when it is on the host, and goes when it does" {
	tells far 5000
	start_all
	remote ip -6 route add 2001:db8:1:7::/64 dev v0
	host ip address add 2001:db8:1:7::1/64 dev v0 nodad
	host ip address change 2001:db8:1::1/64 dev v0 preferred_lft 0
	wait_until has 6 "2001:db8:1::1/64 scope global nodad deprecated"
	wait_until has 6 "2001:db8:1:7::1/64 scope global"
	host ip address del 2001:db8:1::1/64 dev v0
	host ip -6 route replace default via $R6 dev v0 onlink
	wait_until not has 6 2001:db8:1::1
	wait_until has_status '.ipv6.addresses[0]' 2001:db8:1:7::1/64
	wait_until told "[$F6]" 5000
}

@test "all: routes come and go with the host's" {
	start_all
	host ip route add 192.0.2.0/24 via $R4 metric 7
	host ip -6 route add 2001:db8:9::/64 via $R6
	wait_until has 4 "192.0.2.0/24 via $R4 dev v0 metric 7"
	wait_until has 6 "2001:db8:9::/64 via $R6 dev v0"
	host ip route del 192.0.2.0/24
	host ip -6 route del 2001:db8:9::/64
	host ip route del default
	wait_until not has 4 192.0.2.0/24
	wait_until not has 6 2001:db8:9::
	wait_until not has 4 default
	host ip route add default via $R4
	wait_until has 4 "default via $R4 dev v0"
}

@test "all: 300 routes of each family come with a VPN, and all of them go with it" {
	background vpn-server remote socat UDP-LISTEN:7000,fork TUN:10.9.0.2/24,iff-up,iff-no-pi
	wait_until port_is_open remote udp 7000
	printf '%s\n' "route del default" "route add default via $G4 metric 600" | host ip -batch -
	start_all
	for _ in 1 2; do
		background vpn host socat UDP:$R4:7000 TUN:10.9.0.1/24,tun-name=vpn0,iff-up,iff-no-pi
		wait_until host ip address replace 2001:db8:9::1/64 dev vpn0 nodad
		{
			printf 'route add 10.77.%d.%d dev vpn0\n' $(for i in {0..299}; do echo $((i / 256)) $((i % 256)); done)
			printf 'route add 2001:db8:77:%d::/64 dev vpn0\n' {0..299}
			printf 'route add %s/0 dev vpn0 metric 5\n' 0.0.0.0 ::
		} | host ip -batch -
		wait_until routes_are 4 300
		wait_until routes_are 6 300
		host ip link delete vpn0
		wait_until routes_are 4 0
		wait_until routes_are 6 0
		wait_until has 6 "default via $G6"
		has 4 "default via $G4"
	done
	[[ -n ${SAN:-} ]] || assert $(($(private_kb pasta-mirror) + $(private_kb pasta-host))) -lt 768 "KiB of their own"
}
routes_are() {
	inside bash -c 'ip -"$0" route | grep -cE "^(10.77|2001:db8:77:)"' "$1"
	[[ $output == "$2" ]]
}

@test "all: what was set by hand stays, and what was deleted does not come back" {
	start_all
	inside bash -c 'ip address add 10.1.2.3/24 dev v0; ip route add 10.9.0.0/16 via 198.51.100.2 proto 77
		ip address add 2001:db8:77::1/64 dev v0 nodad; ip -6 route add 2001:db8:78::/64 dev v0
		ip -4 route delete default; ip -6 route delete 2001:db8:2::/64; ip -6 route add default dev lo metric 10'
	host ip address add 198.51.100.99/24 dev v0
	host ip route replace default via $R4
	host ip -6 route replace default via $R6
	settle
	has 4 198.51.100.99/24
	has 4 10.1.2.3/24
	has 4 "10.9.0.0/16 via 198.51.100.2"
	assert "$output" lacks default "IPv4"
	settle
	has 6 2001:db8:77::1/64
	has 6 "2001:db8:78::/64 dev v0"
	has 6 "default dev lo metric 10"
	assert "$output" lacks "default via $R6" "IPv6"
	assert "$output" lacks 2001:db8:2:: "IPv6"
}

@test "all: an address or a route that was changed by hand is not removed with the host's" {
	start_all
	host ip address add 192.0.2.1/24 dev v0
	host ip route add 10.8.0.0/16 via $R4
	host ip route add 10.6.0.0/16 via $R4
	settle
	has 4 192.0.2.1/24
	inside bash -c 'ip address change 192.0.2.1/24 dev v0 valid_lft 5000 preferred_lft 5000
		ip route change 10.8.0.0/16 via 198.51.100.77; ip route change 10.6.0.0/16 via '$R4' mtu 1300'
	host ip address del 192.0.2.1/24 dev v0
	host ip route del 10.8.0.0/16
	host ip route del 10.6.0.0/16
	settle
	has 4 192.0.2.1/24
	has 4 "10.8.0.0/16 via 198.51.100.77"
	has 4 "10.6.0.0/16 via $R4 dev v0 mtu 1300"
}

@test "all: offline, the host is reached by local mode's gateway, and online by its own" {
	serve host tcp 8080 socat TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr 'SYSTEM:read x; echo from'
	serve host tcp 8081 socat TCP6-LISTEN:8081,bind=[::1],fork,reuseaddr 'SYSTEM:read x; echo from'
	tells far 5000
	start_all
	told $G4 8080
	unplug
	wait_until has 4 "default via 169.254.2.2 dev v0"
	wait_until not has 4 198.51.100
	has 4 169.254.2.1/16
	wait_until has 6 "default via fe80::1 dev v0"
	wait_until not has 6 2001:db8
	wait_until told 169.254.2.2 8080
	wait_until told "[fe80::1%v0]" 8081
	plug
	wait_until has 4 "default via $R4 dev v0"
	wait_until not has 4 169.254
	wait_until has 6 "default via $R6 dev v0"
	wait_until not has 6 "default via fe80::1 "
	wait_until told $R4 8080
	host ip route replace 203.0.113.0/24 via $R4
	wait_until told $F4 5000
	wait_until told "[$F6]" 5000
}

@test "all: a gateway that comes and is the resolver as well answers" {
	resolv_conf <<< "nameserver 203.0.113.53"
	start_all
	wait_until is_locked_in pasta-resolv
	remote ip address add 192.0.2.3/24 dev v0
	dns_on remote 192.0.2.3 192.0.2.5
	resolv_conf <<< "nameserver 192.0.2.3"
	wait_until resolver_is 192.0.2.3
	renumber4
	wait_until has 4 "default via 192.0.2.3"
	wait_until resolved 192.0.2.5
}
resolver_is() { ctl --json status && [[ $(field .ipv4.resolver) == *"$1"* ]]; }
resolved() {
	inside dig +short +time=2 +tries=1 name.test
	[[ $output == "$1" ]]
}

@test "all: a namespace that was made offline has the host's network when it comes, and no other" {
	tells far 5000
	unplug
	start_all
	has 4 169.254.2.1/16
	plug
	wait_until has 4 "default via $R4 dev tap0"
	wait_until not has 4 169.254
	wait_until has 6 "default via $R6 dev tap0"
	wait_until not has 6 "default via fe80::1 "
	wait_until told $F4 5000
	wait_until told "[$F6]" 5000
}

@test "all: the host comes and goes 20 times, and nothing is left of that" {
	local before i
	tells far 5000
	start_all
	wait_until told $F4 5000
	before=$(descriptors_in_all)
	for i in {1..20}; do
		unplug
		wait_until has 4 169.254.2.1/16
		plug
		wait_until has 6 "default via $R6"
	done
	wait_until told $F4 5000
	wait_until told "[$F6]" 5000
	wait_until has_at_most $((before + 10))
	inside ip -oneline address show scope global
	assert "$(wc -l <<< "$output")" == 2 "addresses: $output"
	[[ -n ${SAN:-} ]] || assert $(($(private_kb pasta-mirror) + $(private_kb pasta-host))) -lt 512 "KiB of their own"
}
descriptors_in_all() { descriptors | tr ' ' '\n' | awk '{ n += $1 } END { print n }'; }
has_at_most() { (($(descriptors_in_all) <= $1)); }

@test "all: what was asked for on the command line stays" {
	start_all -4 -a 10.0.2.15 -n 24 -g 10.0.2.2
	renumber4
	wait_until leaves_by ipv4 "v0 192.0.2.1"
	unplug
	wait_until leaves_by ipv4 " "
	inside bash -c 'ip -4 -oneline address show scope global; ip -4 route'
	assert "$output" contains "10.0.2.15/24" "address"
	assert "$output" contains "default via 10.0.2.2" "default route"
	assert "$(wc -l <<< "$output")" == 3 "addresses and routes: $output"
}

@test "all: the process that does it has one capability, is locked in, and leaves with pasta" {
	local pid
	start_all
	locks_in pasta-mirror 0000000000001000 # CAP_NET_ADMIN
	assert "$(host ls "/proc/$pid/fd" | wc -l)" == 2 "descriptors"
	stop_pasta
	wait_until not host pgrep -x pasta-mirror
}

# A namespace that configures itself
bare_all() {
	start_controlled -q --follow all "$@"
	wait_until is_locked_in pasta-host
	inside bash -c 'echo 0 > /proc/sys/net/ipv6/conf/v0/accept_dad; ip link set v0 up'
}

@test "all: without --config-net, router advertisements bring the new prefix and deprecate the old one" {
	bare_all
	wait_until has 6 2001:db8:1:
	renumber6
	wait_until has 6 2001:db8:1:7:
	wait_until deprecated_is 2001:db8:1:0
	[[ $output =~ valid_lft\ ([0-9]+)sec ]]
	assert "${BASH_REMATCH[1]}" -le 7200 "lifetime"
	has 6 "default via fe80:"
	host ip -6 route flush default
	host ip -6 route del 2001:db8:2::/64
	wait_until not has 6 "default via fe80:"
	assert "$(host pgrep -x pasta-mirror || true)" == "" "processes"
}
# deprecated_is PREFIX: the only address inside that is deprecated
deprecated_is() {
	inside ip -oneline -6 address show deprecated
	[[ $(wc -l <<< "$output") == 1 && $output == *" $1:"* ]]
}

@test "all: without --config-net, udhcpc has the new address when it renews its lease" {
	printf '%s\n' '#!/bin/sh' 'echo "$1 $ip $lease" >> "'"$T"'/leased"' 'ip address flush dev v0 scope global' \
		'[ -z "$ip" ] || ip address add "$ip/$mask" dev v0' '[ -z "$router" ] || ip route add default via "$router"' > "$T/udhcpc.sh"
	chmod 755 "$T/udhcpc.sh" "$T"
	bare_all
	inside bash -c 'busybox udhcpc -i v0 -f -t 5 -T 1 -A 1 -s "$0/udhcpc.sh" </dev/null >/dev/null 2>&1 &
		echo $! > "$0/client"; disown' "$T"
	wait_until grep -q "bound 198.51.100.1 60" "$T/leased"
	renumber4
	wait_until has_status '.ipv4.addresses[0]' 192.0.2.1/24
	inside bash -c 'kill -USR1 "$(< "$0/client")"' "$T"
	wait_until grep -q "bound 192.0.2.1 60" "$T/leased"
	tells far 5000
	wait_until told $F4 5000
}

@test "all: without --config-net, dhcpcd has new addresses of both families when it renews its leases" {
	printf '%s\n' '#!/bin/sh' 'echo "$reason $new_ip_address $new_dhcp6_ia_na1_ia_addr1" >> "'"$T"'/leased"' > "$T/dhcpcd.sh"
	chmod 755 "$T/dhcpcd.sh" "$T"
	bare_all
	inside bash -c 'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/dhcpcd
		printf "script $0/dhcpcd.sh\nnoarp\nnoipv6rs\ninterface v0\nia_na 1\n" > /run/dhcpcd.conf
		dhcpcd -B -f /run/dhcpcd.conf v0 </dev/null >"$0/dhcpcd" 2>&1 & disown' "$T"
	wait_until grep -q "BOUND 198.51.100.1" "$T/leased"
	wait_until grep -q "BOUND6.* 2001:db8:1::1" "$T/leased"
	renumber4
	renumber6
	wait_until has_status '.ipv4.addresses[0]' 192.0.2.1/24
	wait_until has_status '.ipv6.addresses[0]' 2001:db8:1:7::1/64
	inside dhcpcd -f /run/dhcpcd.conf -N v0
	wait_until grep -q "BOUND 192.0.2.1" "$T/leased"
	wait_until grep -q "6.* 2001:db8:1:7::1" "$T/leased"
	wait_until has 4 192.0.2.1/24
	wait_until not has 4 198.51.100.1
	wait_until not has 6 "2001:db8:1::1/128"
}
