# SPDX-License-Identifier: Apache-2.0
#
# What happens to a laptop: cable for Wi-Fi, a VPN, another lease, another prefix, a cable that is
# loose. The namespace goes on, and what is not concerned isn't touched.

load helpers
load ports
load control
load names
load follow

# The default route leads to the other machine, and the far one is behind it
route_by_v0() {
	printf '%s\n' "route del 203.0.113.0/24" "route del default" "route add default via $R4 dev v0 metric 600" \
		"-6 route del 2001:db8:2::/64" "-6 route del default" "-6 route add default via $R6 dev v0 metric 600" |
		while read -r line; do echo "${line#-6 }" | host ip ${line:+$([[ $line == -6* ]] && echo -6)} -batch -; done
}
# stands N ADDR: as many connections to port 5000 of ADDR are established on the host
stands() { [[ $(host ss -Htn state established "dst $2 and dport = :5000" | wc -l) == "$1" ]]; }

# talks ADDR: a connection to an echo server, port 5000 there, by which "answers WORD" goes to and fro
talks() {
	mkfifo "$T/words"
	inside bash -c 'exec socat - "TCP:$0:5000" <> "$1/words" > "$1/heard" 2>&1 & disown' "$1" "$T"
	answers first
}
answers() {
	echo "$1" > "$T/words"
	wait_until grep -qx "$1" "$T/heard"
}

@test "follow: cable for Wi-Fi: new flows go by it, the others stay until Wi-Fi goes" {
	route_by_v0
	serve far tcp 5000 socat TCP6-LISTEN:5000,ipv6only=0,fork PIPE
	tells far 5001
	start_controlled -q --config-net
	holds $F4
	wait_until stands 1 $F4
	plug_v5
	host ip route add default via 192.0.2.3 metric 100
	host ip -6 route add default via 2001:db8:5::3 metric 100
	wait_until leaves_by ipv4 "v5 192.0.2.1"
	wait_until leaves_by ipv6 "v5 2001:db8:5::1"
	told $F4 5001 "from [0000:0000:0000:0000:0000:ffff:c000:0201]"
	told "[$F6]" 5001 "from [2001:0db8:0005:"
	stands 1 $F4
	host ip link set v0 down
	host ip address flush dev v0
	WAIT=20 wait_until test -e "$T/ended"
	told $F4 5001 "from [0000:0000:0000:0000:0000:ffff:c000:0201]"
}

@test "follow: a VPN comes up and goes, and all traffic with it" {
	route_by_v0
	serve far udp 53 socat UDP4-RECVFROM:53,fork 'SYSTEM:read x; echo from $SOCAT_PEERADDR'
	background vpn-server remote socat UDP-LISTEN:7000 TUN:10.9.0.2/24,iff-up,iff-no-pi
	wait_until port_is_open remote udp 7000
	start_controlled -q --config-net
	wait_until source_is 198.51.100.1
	background vpn host socat UDP:$R4:7000 TUN:10.9.0.1/24,tun-name=vpn0,iff-up,iff-no-pi
	wait_until host ip route add default dev vpn0
	wait_until leaves_by ipv4 "vpn0 10.9.0.1"
	wait_until source_is 10.9.0.1
	background wire host python3 "$TESTS/../tools/leaves.py" v0
	wait_until grep -q ready "$T/wire"
	source_is 10.9.0.1
	wait_until grep -q "udp $R4 7000" "$T/wire"
	assert "$(grep -vxF -e ready -e "udp $R4 7000" "$T/wire" || true)" == "" "what leaves beside it"
	host kill "$(< "$T/vpn.pid")"
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	wait_until source_is 198.51.100.1
}

@test "follow: a rule that leads to another table is followed by flows that there are" {
	plug_v5
	serve far udp 53 socat UDP4-RECVFROM:53,fork 'SYSTEM:read x; echo from $SOCAT_PEERADDR'
	start_controlled -q --config-net
	host ip route add default via 192.0.2.3 table 51
	wait_until source_is 198.51.100.1
	host ip rule add pref 100 to $F4 table 51
	wait_until source_is 192.0.2.1
	host ip rule del pref 100
	wait_until source_is 198.51.100.1
}

# sends_all: something of each kind, to which nobody answers
sends_all() {
	inside bash -c 'for addr in '"$R4 $R6"'; do
		"$0" tcp $addr 5000 300; "$0" udp $addr 5000 wait=100; ping -c1 -W0.2 $addr; done
		dig +tries=1 +time=1 @192.0.2.53 name.test' "$TOOLS/probe"
}

@test "follow: what is to leave by one interface leaves by no other: not one packet" {
	resolv_conf <<< "nameserver $R4"
	plug_v5
	tells remote 8080
	start_controlled -q --config-net --outbound-if4 v5 --outbound-if6 v5 --dns-forward 192.0.2.53
	told 192.0.2.3 8080 from
	background wire host python3 "$TESTS/../tools/leaves.py" v0
	wait_until grep -q ready "$T/wire"
	host ip link delete v5
	sends_all
	wait_until leaves_by ipv4 " "
	wait_until leaves_by ipv6 " "
	sends_all
	plug_v5
	wait_until told 192.0.2.3 8080 from
	wait_until told '[2001:db8:5::3]' 8080 from
	host bash -c 'echo > "/dev/udp/$0/9"' $R4 # and this is the first one
	wait_until grep -q "udp $R4 9" "$T/wire"
	assert "$(grep -vx ready "$T/wire")" == "udp $R4 9" "what has left"
}

@test "follow: an interface that is renamed keeps its connections, and its ports until another one has its name" {
	serve remote tcp 5000 socat TCP-LISTEN:5000,fork PIPE
	start_ports -t %v0/8080
	inside_tells TCP4 8080
	talks $R4
	rename() {
		printf '%s\n' "link set $1 down" "link set $1 name $2" "link set $2 up" | host ip -batch -
	}
	rename v0 wlan0
	wait_until leaves_by ipv4 "wlan0 198.51.100.1"
	answers second
	tcp_answers remote 198.51.100.1 8080
	plug_v5
	rename v5 v0
	wait_until tcp_answers remote 192.0.2.1 8080
	assert "$(remote "$TOOLS/probe" tcp 198.51.100.1 8080 2000)" == ECONNREFUSED "the port on the other one"
	answers third
}

@test "follow: the carrier is lost and comes back: a connection goes on, and so does what is new" {
	serve remote tcp 5000 socat TCP-LISTEN:5000,fork PIPE
	tells remote 5001
	start_controlled -q --config-net
	talks $R4
	remote ip link set v0 down
	echo second > "$T/words" # while there's no carrier
	wait_until eval '[[ $(host cat /sys/class/net/v0/carrier) == 0 ]]'
	remote ip link set v0 up
	wait_until grep -qx second "$T/heard"
	wait_until told $R4 5001 from
	answers third
}

@test "follow: IPv6 is renumbered: the old address is deprecated, then gone" {
	serve remote tcp 5000 socat TCP6-LISTEN:5000,fork PIPE
	tells remote 5001
	remote ip -6 route add 2001:db8:9::/64 dev v0
	host ip -6 route add 2001:db8:1::/64 dev v0 metric 1 # not one that goes with the address
	start_controlled -q --config-net
	talks "[$R6]"
	printf '%s\n' "address change 2001:db8:1::1/64 dev v0 preferred_lft 0 valid_lft 7200" \
		"address add 2001:db8:9::1/64 dev v0 nodad" | host ip -batch -
	wait_until leaves_by ipv6 "v0 2001:db8:9::1"
	told "[$R6]" 5001 "from [2001:0db8:0009:"
	answers second # by the old one, which is valid
	stands 1 "[$R6]"
	host ip address del 2001:db8:1::1/64 dev v0
	wait_until stands 0 "[$R6]"
	told "[$R6]" 5001 "from [2001:0db8:0009:"
}

# answered ANSWER: by the resolver that --dns-forward leads to
answered() {
	inside dig +short +time=1 +tries=1 @192.0.2.53 name.test
	[[ $output == "$1" ]]
}

@test "follow: resolv.conf and the address become others at the same moment" {
	dns_on remote $R4 192.0.2.4
	plug_v5
	dns_on remote 192.0.2.3 192.0.2.5
	resolv_conf <<< "nameserver $R4"
	start_controlled -q --config-net --dns-forward 192.0.2.53
	wait_until answered 192.0.2.4
	background gone host ip address del 198.51.100.1/24 dev v0
	resolv_conf <<< "nameserver 192.0.2.3"
	host ip route replace default via 192.0.2.3
	wait_until answered 192.0.2.5
	wait_until leaves_by ipv4 "v5 192.0.2.1"
	answered 192.0.2.5
}

# leases ADDR: the other machine's DHCP server has this one address, and no other
leases() {
	background "dhcp-$1" remote dnsmasq --no-daemon --conf-file=/dev/null --port=0 --pid-file= --leasefile-ro \
		--interface=v0 --bind-interfaces --no-ping --dhcp-authoritative --dhcp-range="$1,$1,255.255.255.0" \
		--dhcp-option=option:router,$G4
	wait_until port_is_open remote udp 67
}

@test "follow: dhcpcd gets another lease" {
	host bash -c 'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/dhcpcd
		printf "noarp\nipv4only\nnohook resolv.conf\n" > /run/dhcpcd.conf'
	tells remote 8080
	leases 198.51.100.50
	host ip address del 198.51.100.1/24 dev v0
	background dhcpcd host dhcpcd -B -f /run/dhcpcd.conf v0
	wait_until eval '[[ $(host ip route show default) == *"via $G4"* ]]'
	start_controlled -q --config-net
	told $R4 8080 "from [0000:0000:0000:0000:0000:ffff:c633:6432]"
	remote kill "$(< "$T/dhcp-198.51.100.50.pid")"
	wait_until not port_is_open remote udp 67
	leases 198.51.100.60
	host dhcpcd -f /run/dhcpcd.conf --rebind v0
	WAIT=40 wait_until leaves_by ipv4 "v0 198.51.100.60"
	wait_until told $R4 8080 "from [0000:0000:0000:0000:0000:ffff:c633:643c]"
	has_ended dhcpcd && return 1
	true
}
has_ended() { [[ -s $T/$1.status ]]; }

# opens ADDR: 200 connections to port 5000 there, each of which has had an answer
opens() {
	inside bash -c '"$0" open "$1" 5000 200 < <(exec sleep 1000) > "$2/opened-$1" 2>&1 & disown' "$TOOLS/load" "$1" "$T"
	wait_until grep -q "200 open" "$T/opened-$1"
}

@test "follow: of 400 connections the 200 that have lost their address end, and no other" {
	serve far tcp 5000 "$TOOLS/load" serve 5000
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	host bash -c 'echo 1 > /proc/sys/net/ipv4/conf/v0/promote_secondaries'
	host ip address add 198.51.100.5/24 dev v0
	host ip route replace 203.0.113.0/24 via $R4 src 198.51.100.5
	start_controlled -q --config-net
	opens $R4
	opens $F4
	host ip address del 198.51.100.1/24 dev v0
	wait_until stands 0 $R4
	stands 200 $F4
	assert "$(far ss -Htn state established "sport = :5000" | wc -l)" == 200 "connections at the far end"
	inside ss -Htn state established "dport = :5000"
	assert "$(grep -c "$F4" <<< "$output") $(grep -c "$R4" <<< "$output")" == "200 0" "connections inside"
	assert "$(far nstat -asz TcpEstabResets TcpOutRsts | awk '/^Tcp/ { n += $2 } END { print n }')" == 0 "resets there"
}
