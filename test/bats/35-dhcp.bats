# SPDX-License-Identifier: Apache-2.0
#
# The namespace configures itself: real clients of DHCP, DHCPv6 and router advertisements, on a tap
# that pasta leaves down. Clients get a script of ours and their files in $T, so that nothing of
# theirs lands on the machine.

load helpers

DNS=(--dhcp-dns --dhcp-search -D 192.0.2.53 -D 2001:db8::53 -S "example.org sub.example.net")

setup() {
	host_start
	chmod 755 "$T"
	cat > "$T/udhcpc.sh" <<-'END'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		for name in ip mask router mtu dns domain search hostname lease serverid staticroutes opt81; do
			eval "echo $name=\$$name"
		done
		ip address add "$ip/$mask" dev "$interface"
		set -- $staticroutes
		if [ $# -gt 0 ]; then
			while [ $# -gt 0 ]; do
				if [ "$2" = 0.0.0.0 ]; then
					ip route add "$1" dev "$interface"
				else
					ip route add "$1" via "$2" dev "$interface"
				fi
				shift 2
			done
		else
			ip route add default via "$router" dev "$interface"
		fi
	END
	# dhclient's: what it got, on file descriptor 1 of its caller
	cat > "$T/dhclient.sh" <<-'END'
		#!/bin/sh
		case $reason in
		BOUND* | REBOOT) env | sed -n 's/^new_//p' | sort
			[ -z "$new_ip_address" ] || ip address add "$new_ip_address/24" dev "$interface"
			[ -z "$new_ip6_address" ] || ip address add "$new_ip6_address/128" dev "$interface" nodad ;;
		esac
	END
	cat > "$T/dhcpcd.sh" <<-'END'
		#!/bin/sh
		echo "reason=$reason"
		env | sed -n 's/^new_//p' | sort
	END
	chmod 755 "$T"/*.sh
	echo 'also request interface-mtu, domain-search, fqdn.fqdn, dhcp6.fqdn;' > "$T/dhclient.conf"
	up="ip link set v0 up"
	udhcpc="busybox udhcpc -i v0 -f -q -n -t 5 -T 1 -s $T/udhcpc.sh -O search -O mtu -O staticroutes"
	dhclient="dhclient -1 -q -sf $T/dhclient.sh -cf $T/dhclient.conf -lf $T/leases -pf $T/dhclient.pid"
}

# The client needs a link-local address that is no longer tentative
ready="until ip -6 address show dev v0 scope link -tentative | grep -q fe80; do :; done"

# in_bare ARGS -- SHELL TEXT: a namespace that is not configured, but up
in_bare() {
	local args=()
	while [[ $1 != -- ]]; do
		args+=("$1")
		shift
	done
	run_pasta -q "${args[@]}" -- sh -c "$up; $2"
}

@test "DHCP: udhcpc gets the host's address and is on the network" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_bare -- "$udhcpc; $TOOLS/probe tcp $R4 5000; ip route"
	assert "$output" contains "ip=198.51.100.1" "lease"
	assert "$output" contains "mask=24" "lease"
	assert "$output" contains "router=198.51.100.2" "lease"
	assert "$output" contains "serverid=198.51.100.2" "lease"
	assert "$output" contains "mtu=65520" "lease"
	assert "$output" contains "lease=4294967295" "lease"
	assert "$output" contains "default via 198.51.100.2" "route"
	assert "$output" contains connected "TCP"
}

@test "DHCP: a default route without a gateway is on the link" {
	host ip route replace default dev v0
	in_bare -- "$udhcpc; ip route; ping -c1 -W10 $R4"
	assert "$output" contains "router="$'\n' "lease"
	assert "$output" contains "staticroutes=0.0.0.0/0 0.0.0.0" "lease"
	assert "$output" contains "default dev v0" "route"
	assert "$output" contains "1 received" "ping"
}

@test "DHCP: resolvers and search domains are announced only if wanted" {
	in_bare -D 192.0.2.53 -S example.org -- "$udhcpc"
	assert "$output" contains "dns="$'\n' "resolvers"
	assert "$output" contains "search="$'\n' "search list"
	in_bare "${DNS[@]}" -- "$udhcpc"
	assert "$output" contains "dns=192.0.2.53"$'\n' "resolvers"
	assert "$output" contains "domain=example.org"$'\n' "domain"
	assert "$output" contains "search=example.org sub.example.net" "search list"
}

@test "DHCP: --dns none and --search none have nothing to announce" {
	in_bare --dhcp-dns --dhcp-search -D none -S none -- "$udhcpc"
	assert "$output" contains "dns="$'\n' "resolvers"
	assert "$output" contains "search="$'\n' "search list"
}

@test "DHCP: the last of --dhcp-dns and --no-dhcp-dns wins" {
	in_bare "${DNS[@]}" --no-dhcp-dns --no-dhcp-search -- "$udhcpc"
	assert "$output" contains "dns="$'\n' "resolvers"
	assert "$output" contains "search="$'\n' "search list"
}

@test "DHCP: --hostname and --fqdn" {
	in_bare -H box --fqdn box.example.org -- "$udhcpc -F me"
	assert "$output" contains "hostname=box" "host name"
	assert "$output" contains "opt81=0affff$(printf box.example.org | od -An -tx1 | tr -d ' \n')" "full name"
}

@test "DHCP: --address, --netmask, --gateway and --mtu are what is leased" {
	in_bare -a 10.0.2.100 -n 20 -g 10.0.2.2 -m 4000 -- "$udhcpc"
	assert "$output" contains "ip=10.0.2.100" "lease"
	assert "$output" contains "mask=20" "lease"
	assert "$output" contains "router=10.0.2.2" "lease"
	assert "$output" contains "mtu=4000" "lease"
}

@test "DHCP: --mtu 0 announces none" {
	in_bare -m 0 -- "$udhcpc"
	assert "$output" contains "ip=198.51.100.1" "lease"
	assert "$output" =~ $'\nmtu=\n' "lease"
}

@test "DHCP: a gateway off the link comes with a route to it" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_bare -a 10.1.1.1/32 -g 10.2.2.2 -- "$udhcpc; $TOOLS/probe tcp $R4 5000"
	assert "$output" contains "staticroutes=10.2.2.2/32 0.0.0.0 0.0.0.0/0 10.2.2.2" "routes"
	assert "$output" contains connected "TCP"
}

@test "DHCP: dhclient gets a lease, has it again, releases it" {
	in_bare "${DNS[@]}" -H box -- "$dhclient -4 v0; $dhclient -4 v0; $dhclient -4 -r v0; echo released \$?"
	assert "$(grep -c '^ip_address=198.51.100.1$' <<< "$output")" -eq 2 "leases"
	assert "$output" contains "domain_name_servers=192.0.2.53" "resolvers"
	assert "$output" contains "domain_search=example.org. sub.example.net." "search list"
	assert "$output" contains "interface_mtu=65520" "MTU"
	assert "$output" contains "host_name=box" "host name"
	assert "$output" contains "released 0" "release"
}

@test "DHCP: a client from another network is told to start over" {
	in_bare -- "cat > $T/leases <<-END
		lease { interface \"v0\"; fixed-address 10.9.9.9; option subnet-mask 255.255.255.0;
		  option dhcp-lease-time 4000; option dhcp-message-type 5; option dhcp-server-identifier 10.9.9.1;
		  renew 5 2036/01/01 00:00:00; rebind 5 2036/01/02 00:00:00; expire 5 2036/01/03 00:00:00; }
	END
	$dhclient -4 -v v0 2>&1"
	assert "$output" contains "DHCPNAK from 198.51.100.2" "answer"
	assert "$output" contains "ip_address=198.51.100.1" "lease"
}

@test "DHCP: rapid commit takes one exchange" {
	run_pasta -q --pcap "$T/dump" -- sh -c "mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib
		mkdir /var/lib/dhcpcd
		printf 'script $T/dhcpcd.sh\noption rapid_commit\nnoarp\nipv4only\n' > /run/dhcpcd.conf
		timeout 10 dhcpcd -1 -B -f /run/dhcpcd.conf v0 2>&1"
	assert "$output" contains "reason=BOUND" "lease"
	assert "$output" contains "ip_address=198.51.100.1" "lease"
	output=$(tcpdump -nv -r "$T/dump" udp port 67 2>/dev/null)
	assert "$(grep -c 'DHCP-Message (53), length 1: Discover' <<< "$output")" -eq 1 "discover"
	assert "$output" contains "length 1: ACK" "acknowledgement"
	assert "$output" lacks "length 1: Request" "request"
}

@test "DHCP: --no-dhcp answers nobody" {
	in_bare --no-dhcp -- "busybox udhcpc -i v0 -f -q -n -t 2 -T 1 -s $T/udhcpc.sh || echo none"
	assert "$output" == none "lease"
}

@test "DHCP: works in a namespace that is configured already" {
	in_ns sh -c "busybox udhcpc -i v0 -f -q -n -s /bin/true && echo leased; ip -o -4 address show dev v0 | wc -l"
	assert "$output" == leased$'\n'1 "lease"
}

@test "RA: the kernel makes itself an address and is on the network" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_bare -- "until ip -6 route get $R6 && ip -6 address show dev v0 scope global -tentative | grep -q inet6; do :; done
		ip -6 address show dev v0; ip -6 route; $TOOLS/probe tcp $R6 5000"
	assert "$output" =~ "inet6 2001:db8:1:0:"[0-9a-f:]+"/64 scope global" "address"
	assert "$output" =~ "default via fe80::"[0-9a-f:]+" dev v0 proto ra" "route"
	assert "$output" contains connected "TCP"
}

@test "RA: --mtu 0 announces none" {
	in_bare -m 0 -- "$ready; rdisc6 -1 v0"
	assert "$output" contains "2001:db8:1::/64" "prefix"
	assert "$output" lacks "MTU" "options"
}

@test "RA: rdisc6 sees prefix, MTU, resolvers and search domains" {
	in_bare "${DNS[@]}" -- "$ready; rdisc6 -1 v0"
	assert "$output" =~ "Prefix "+": 2001:db8:1::/64" "prefix"
	assert "$output" =~ "On-link "+": "+Yes "on-link flag"
	assert "$output" =~ "Autonomous address conf.: "+Yes "autonomous flag"
	assert "$output" =~ "Stateful address conf. "+": "+No "managed flag"
	assert "$output" =~ "Stateful other conf. "+": "+Yes "other flag"
	assert "$output" =~ "MTU "+": "+65520 "MTU"
	assert "$output" =~ "Router lifetime "+": "+9000 "lifetime"
	assert "$output" =~ "Recursive DNS server "+": 2001:db8::53" "resolver"
	assert "$output" =~ "DNS search list "+": example.org sub.example.net" "search list"
	assert "$output" lacks 192.0.2.53 "IPv4 resolver"
}

@test "RA: a prefix that is no /64 leaves addresses to DHCPv6" {
	in_bare -a 2001:db8:1::5/80 -- "$ready; rdisc6 -1 v0"
	assert "$output" lacks Prefix "prefix"
	assert "$output" =~ "Stateful address conf. "+": "+Yes "managed flag"
}

@test "RA: comes without being asked for" {
	in_bare -- "echo 0 > /proc/sys/net/ipv6/conf/v0/router_solicitations; timeout 9 ndptool -t ra -i v0 monitor | head -n 1"
	assert "$output" contains "from addr: fe80::" "advertisement"
}

@test "RA: --no-ra, and --no-ndp too, send none" {
	local arg
	for arg in --no-ra --no-ndp; do
		in_bare $arg -- "$ready; rdisc6 -1 -r 1 -w 700 v0; ip -6 route"
		assert "$output" contains "No response" "advertisement with $arg"
		assert "$output" lacks "default via" "route with $arg"
	done
}

@test "RA: changes nothing in a namespace that is configured already" {
	in_ns sh -c "ip -6 route > $T/before; rdisc6 -1 v0; ip -6 route | diff - $T/before; ip -o -6 address show dev v0 scope global"
	assert "$output" =~ "Router lifetime "+": "+0 "lifetime"
	assert "$output" lacks Prefix "prefix"
	assert "$output" lacks "> " "routes"
	assert "$(grep -c "scope global" <<< "$output")" -eq 1 "addresses"
}

@test "RA: a link-local gateway is the router" {
	host ip -6 route replace default via fe80::42 dev v0
	serve host tcp 5000 socat TCP6-LISTEN:5000,bind=[::1],fork SYSTEM:'echo reached'
	in_bare -- "until ip -6 route | grep -q default; do :; done; ip -6 route
		until ip -6 address show dev v0 scope global -tentative | grep -q inet6; do :; done
		socat -u TCP6:[fe80::42%v0]:5000 -"
	assert "$output" contains "default via fe80::42 dev v0 proto ra" "route"
	assert "$output" contains reached "the host's loopback by the router's address"
}

@test "DHCPv6: dhclient gets the host's address and is on the network" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_bare "${DNS[@]}" --fqdn box.example.org -- "$ready; $dhclient -6 v0; $TOOLS/probe tcp $R6 5000
		$dhclient -6 -r v0; echo released \$?"
	assert "$output" contains "ip6_address=2001:db8:1::1" "lease"
	assert "$output" contains "max_life=4294967295" "lease"
	assert "$output" contains "dhcp6_name_servers=2001:db8::53" "resolvers"
	assert "$output" contains "dhcp6_domain_search=example.org. sub.example.net." "search list"
	assert "$output" contains "released 0" "release"
}

@test "DHCPv6: a lease is for a minute where the host may soon have another network" {
	host ip -6 route delete default
	in_bare -- "$ready; $dhclient -6 v0"
	assert "$output" contains "ip6_address=2001:db8:1::1" "lease"
	assert "$output" contains "max_life=60" "lease"
	assert "$output" contains "preferred_life=60" "lease"
}

@test "DHCPv6: dhclient confirms its lease after a restart" {
	in_bare -- "$ready; $dhclient -6 -v v0 2>&1; kill \$(cat $T/dhclient.pid); $dhclient -6 -v v0 2>&1"
	assert "$output" contains "Confirm on v0" "confirm"
	assert "$output" contains "message status code Success" "answer"
}

@test "DHCPv6: information-request" {
	in_bare "${DNS[@]}" -- "$ready; dhclient -S -6 -1 -v -sf $T/dhcpcd.sh -lf $T/leases -pf $T/dhclient.pid v0 2>&1"
	assert "$output" contains "Info-Request on v0" "request"
	assert "$output" contains "dhcp6_name_servers=2001:db8::53" "resolvers"
}

@test "DHCPv6: temporary addresses and prefixes are refused in words" {
	run_pasta -q --pcap "$T/dump" -- sh -c "$up; $ready; timeout 4 dhclient -6 -T -P -1 -q -sf $T/dhclient.sh -lf $T/leases -pf $T/dhclient.pid v0 || true"
	output=$(tcpdump -nvv -r "$T/dump" udp port 546 2>/dev/null)
	assert "$output" contains "(IA_TA IAID" "request"
	assert "$output" contains "status-code NoAddrsAvail" "temporary address"
	assert "$output" contains "status-code NoPrefixAvail" "prefix"
}

@test "DHCPv6: dhcpcd follows the flags to one address, and asks for the rest" {
	run_pasta -q "${DNS[@]}" -- sh -c "mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib
		mkdir /var/lib/dhcpcd
		printf 'script $T/dhcpcd.sh\noption domain_name_servers\nipv6only\n' > /run/dhcpcd.conf
		timeout 60 dhcpcd -B -f /run/dhcpcd.conf v0 > $T/dhcpcd 2>&1 &
		until grep -qs dhcp6_name_servers $T/dhcpcd; do :; done
		ip -o -6 address show dev v0 scope global"
	assert "$(< "$T/dhcpcd")" contains "reason=INFORM6" "information"
	assert "$(< "$T/dhcpcd")" contains "dhcp6_name_servers=2001:db8::53" "resolvers"
	assert "$(grep -c "scope global" <<< "$output")" -eq 1 "addresses"
}

@test "DHCPv6: --no-dhcpv6 answers nobody" {
	run_pasta -q --no-dhcpv6 --pcap "$T/dump" -- sh -c "$up; $ready; timeout 2 dhclient -6 -1 -q -sf $T/dhclient.sh -lf $T/leases -pf $T/dhclient.pid v0; rdisc6 -1 v0"
	assert "$output" lacks ip6_address "lease"
	assert "$output" =~ "Stateful other conf. "+": "+No "other flag"
	output=$(tcpdump -nn -r "$T/dump" udp src port 547 2>/dev/null)
	assert "$output" == "" "answers"
}

@test "families: -4 has DHCP only, -6 has the others only" {
	in_bare -4 -- "$udhcpc; $ready; rdisc6 -1 -r 1 -w 700 v0 || true"
	assert "$output" contains "ip=198.51.100.1" "DHCP"
	assert "$output" contains "No response" "advertisement"
	in_bare -6 -- "busybox udhcpc -i v0 -f -q -n -t 2 -T 1 -s $T/udhcpc.sh; $ready; rdisc6 -1 v0"
	assert "$output" lacks "ip=" "DHCP"
	assert "$output" contains "Router lifetime" "advertisement"
}

@test "local mode: leases 169.254.2.1, advertises fe80::1 without a prefix" {
	host ip link set v0 down
	run_pasta -q -- sh -c "ip link set tap0 up; ${udhcpc/v0/tap0}; ${ready/v0/tap0}; rdisc6 -1 tap0"
	assert "$output" contains "ip=169.254.2.1" "lease"
	assert "$output" contains "mask=16" "lease"
	assert "$output" contains "router=169.254.2.2" "lease"
	assert "$output" contains "from fe80::1" "router"
	assert "$output" lacks Prefix "prefix"
}

@test "options: bad names and lists are refused, each with a line that says so" {
	local option value
	while IFS='|' read -r option value; do
		run_pasta 1 $option "$value" -- true
		assert "$stderr" contains "$option '$value': " "message"
		assert "$(wc -l <<< "$stderr")" -eq 1 "lines"
	done <<-'END'
		--search|a..b
		--search|
		--hostname|a b
		--fqdn|
		--fqdn|.
	END
}
