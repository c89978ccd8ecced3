# SPDX-License-Identifier: Apache-2.0
#
# Addresses, names and the options that change them, and the handlers that can be switched off.

load helpers

@test "addresses: the namespace has those of the host's interface" {
	in_ns ip -br address show dev v0
	assert "$output" contains "198.51.100.1/24" "addresses"
	assert "$output" contains "2001:db8:1::1/64" "addresses"
}

@test "addresses: all of them, not only the first" {
	host ip address add 198.51.100.11/24 dev v0
	host ip address add 192.0.2.11/28 dev v0
	host ip address add 2001:db8:1::11/64 dev v0 nodad
	in_ns ip -br address show dev v0
	assert "$output" contains "198.51.100.11/24" "addresses"
	assert "$output" contains "192.0.2.11/28" "addresses"
	assert "$output" contains "2001:db8:1::11/64" "addresses"
}

@test "addresses: --no-copy-addrs sets one a family" {
	host ip address add 198.51.100.11/24 dev v0
	run_pasta -q --config-net --no-copy-addrs -- ip -o address show dev v0 scope global
	assert "$(wc -l <<< "$output")" -eq 2 "addresses"
}

@test "addresses: that there are too many is said where they are copied, but not with --quiet" {
	# shellcheck disable=SC2016
	host bash -c 'for i in {1..40}; do echo "address add 192.0.2.$i/24 dev v0"; done | ip -batch -'
	run_pasta -4 --config-net -- true
	assert "$stderr" contains "pasta: 9 of the host's IPv4 addresses are not copied: 32 at most" "message"
	run_pasta -4 -- true
	assert "$stderr" lacks "not copied" "messages without --config-net"
	run_pasta -4 --config-net --splice-only -- true
	assert "$stderr" lacks "not copied" "messages with --splice-only"
	run_pasta -q -4 --config-net -- true
	assert "$stderr" == "" "messages with --quiet"
}

@test "addresses: one that is deprecated on the host is so in the namespace, and stays" {
	host ip address add 2001:db8:1::9/64 dev v0 nodad preferred_lft 0 valid_lft 1000
	in_ns ip -6 -o address show dev v0
	assert "$output" =~ "2001:db8:1::9/64 scope global "[^$'\n']*deprecated[^$'\n']*"valid_lft forever preferred_lft 0sec" "addresses"
	assert "$output" =~ "2001:db8:1::1/64 scope global nodad"[^$'\n']*"preferred_lft forever" "addresses"
}

@test "addresses: --address and its length" {
	run_pasta -q --config-net -a 10.9.8.7/20 -a 2001:db8:9::7 -- ip -br address show dev v0
	assert "$output" contains "10.9.8.7/20" "addresses"
	assert "$output" contains "2001:db8:9::7/64" "addresses"
	assert "$output" lacks "198.51.100.1/" "addresses"
}

@test "addresses: without a length it is that of the class" {
	run_pasta -q --config-net -a 10.9.8.7 -- ip -br address show dev v0
	assert "$output" contains "10.9.8.7/8" "addresses"
}

@test "addresses: --netmask as mask and as number" {
	run_pasta -q --config-net -a 10.9.8.7 -n 255.255.255.128 -- ip -br address show dev v0
	assert "$output" contains "10.9.8.7/25" "addresses"
	run_pasta -q --config-net -a 10.9.8.7 -n 26 -- ip -br address show dev v0
	assert "$output" contains "10.9.8.7/26" "addresses"
}

@test "addresses: what other options set also reaches the network" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net -a 10.0.2.100 -n 24 -g 10.0.2.2 -- "$TOOLS/probe" tcp $R4 5000
	assert "$output" == connected "TCP"
}

@test "addresses: --gateway is the default route, and the only one beside the link's" {
	run_pasta -q --config-net -g 198.51.100.77 -- ip -4 route
	assert "$output" contains "default via 198.51.100.77 dev v0" "routes"
	assert "$output" lacks 203.0.113.0 "routes"
	run_pasta -q --config-net -g 2001:db8:1::77 -- ip -6 route
	assert "$output" contains "default via 2001:db8:1::77 dev v0" "routes"
}

@test "addresses: a gateway outside the subnet works" {
	run_pasta -q --config-net -a 10.1.1.1/32 -g 10.2.2.2 -- sh -c "ip route get $R4 && ping -c1 -W10 $R4"
	assert "$output" contains "via 10.2.2.2 dev v0" "route"
	assert "$output" contains "1 received" "ping"
}

@test "addresses: --interface chooses whose they are" {
	host ip link add other type veth peer name peer
	host ip address add 192.0.2.5/26 dev other
	host ip link set other up
	host ip link set peer up
	run_pasta -q -4 --config-net -i other -- ip -br address
	assert "$output" =~ other.*192.0.2.5/26 "interface"
}

@test "addresses: --interface may name one that is down" {
	host ip link add other type veth peer name peer
	host ip address add 192.0.2.5/26 dev other
	run_pasta -q -4 --config-net -i other -- ip -br address
	assert "$output" =~ other.*192.0.2.5/26 "interface"
}

@test "names: the tap has the interface's name, or that of --ns-ifname" {
	in_ns ls /sys/class/net
	assert "$output" == lo$'\n'v0 "interfaces"
	run_pasta -q --config-net --ns-ifname eth9 -- ls /sys/class/net
	assert "$output" == eth9$'\n'lo "interfaces"
}

@test "MTU: 65520, or as told, or the kernel's with 0" {
	in_ns cat /sys/class/net/v0/mtu
	assert "$output" == 65520 "default"
	run_pasta -q --config-net -m 4000 -- cat /sys/class/net/v0/mtu
	assert "$output" == 4000 "--mtu 4000"
	run_pasta -q --config-net -m 0 -- cat /sys/class/net/v0/mtu
	assert "$output" == 1500 "--mtu 0"
}

@test "MAC: ours is 9a:55:9a:55:9a:55, or as told" {
	in_ns sh -c "ping -c1 -W10 $G4 && ip neighbour show $G4"
	assert "$output" contains "9a:55:9a:55:9a:55" "neighbour"
	run_pasta -q --config-net -M 02:01:02:03:04:05 -- sh -c "ping -c1 -W10 $G6 && ip neighbour show $G6"
	assert "$output" contains "02:01:02:03:04:05" "neighbour"
}

@test "MAC: the namespace's is random, or as told" {
	run_pasta -q --config-net --ns-mac-addr 02:aa:bb:cc:dd:ee -- sh -c "ping -c1 -W10 $R4 && cat /sys/class/net/v0/address"
	assert "$output" contains "02:aa:bb:cc:dd:ee" "address"
	assert "$output" contains "1 received" "ping"
}

@test "families: nobody answers for addresses of the other one" {
	run_pasta -q -6 --config-net -- sh -c "ip address add 10.0.0.1/24 dev v0; ping -c1 -W1 10.0.0.9; ip neighbour show 10.0.0.9"
	assert "$output" lacks lladdr "ARP with -6"
	run_pasta -q -4 --config-net -- sh -c "ping -c1 -W1 fe80::9%v0; ip neighbour show fe80::9 dev v0"
	assert "$output" lacks lladdr "neighbour discovery with -4"
}

@test "families: -4 leaves no IPv6 but the loopback's" {
	run_pasta -q -4 --config-net -- sh -c "ip -6 route show default; ping -c1 -W10 $R4"
	assert "$output" lacks default "IPv6 routes"
	assert "$output" contains "1 received" "ping"
	run_pasta -q -4 --config-net -- "$TOOLS/probe" tcp $R6 5000
	assert "$output" == ENETUNREACH "IPv6"
}

@test "families: -6 leaves no IPv4 but the loopback's" {
	run_pasta -q -6 --config-net -- sh -c "ip -4 address show dev v0; ping -c1 -W10 $R6"
	assert "$output" lacks "inet 198" "IPv4 addresses"
	assert "$output" contains "1 received" "ping"
	run_pasta -q -6 --config-net -- "$TOOLS/probe" tcp $R4 5000
	assert "$output" == ENETUNREACH "IPv4"
}

@test "gateway: it is the host's loopback, IPv4 and IPv6, TCP, UDP and ping" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	local addr
	for addr in $G4 $G6; do
		in_ns "$TOOLS/probe" tcp $addr 5000
		assert "$output" == connected "TCP to $addr"
		in_ns "$TOOLS/probe" udp $addr 5000 size=10
		assert "$output" == "answer 10 bytes" "UDP to $addr"
		in_ns ping -c1 -W10 $addr
		assert "$output" contains "1 received" "ping of $addr"
	done
}

@test "gateway: a service bound to the loopback only is reached" {
	serve host tcp 5000 socat TCP-LISTEN:5000,bind=127.0.0.1,fork SYSTEM:'echo $SOCAT_PEERADDR'
	in_ns socat -u TCP:$G4:5000 -
	assert "$output" == 127.0.0.1 "peer that the host sees"
}

@test "gateway: with --no-map-gw the loopback is out of reach" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	local addr
	for addr in $G4 $G6; do
		run_pasta -q --no-map-gw --config-net -- "$TOOLS/probe" tcp $addr 5000 4000
		assert "$output" != connected "TCP to $addr"
	done
}

@test "gateway: --map-host-loopback names other addresses instead" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	local args=(-q --config-net --map-host-loopback 198.51.100.99 --map-host-loopback 2001:db8:1::99)
	run_pasta "${args[@]}" -- bash -c "$TOOLS/probe tcp 198.51.100.99 5000; $TOOLS/probe tcp 2001:db8:1::99 5000"
	assert "$output" == connected$'\n'connected "TCP"
	run_pasta "${args[@]}" -- "$TOOLS/probe" tcp $G4 5000 4000
	assert "$output" != connected "TCP to the gateway"
}

@test "addresses: a mapping that meets a copied address is only warned about, and not announced" {
	host ip address add 169.254.1.2/16 dev v0 scope global
	run_pasta --config-net --map-guest-addr 169.254.1.2 --map-host-loopback 198.51.100.1 \
		--dns-forward 2001:db8:1::1 -- ping -c1 -W10 $R4
	assert "$output" contains "1 received" "ping"
	for option in "map-host-loopback '198.51.100.1'" "dns-forward '2001:db8:1::1'"; do
		assert "$stderr" contains "warning: --$option leads nowhere: that is the namespace's own address" "warnings"
	done
	assert "$stderr" lacks "198.51.100.1 leads to the host's loopback" "summary"
}

# Podman adds --map-guest-addr 169.254.1.2, whatever its user wants there
@test "gateway: the loopback has an address that --map-guest-addr names too" {
	serve host tcp 5000 socat TCP-LISTEN:5000,bind=127.0.0.1,fork SYSTEM:'echo $SOCAT_PEERADDR'
	run_pasta -q --config-net --map-guest-addr 169.254.1.2 --map-host-loopback 169.254.1.2 -- \
		socat -u TCP:169.254.1.2:5000 -
	assert "$output" == 127.0.0.1 "peer that the host sees"
}

@test "gateway: no mapping to the host's loopback at an address of the namespace's own" {
	run_pasta --config-net -4 -a $G4/24 -- true
	assert "$stderr" contains "address $G4/24" "summary"
	assert "$stderr" lacks "leads to" "summary"
	host ip address add $G4/24 dev v0
	run_pasta --config-net -4 -- true
	assert "$stderr" lacks "leads to" "summary of a host that is its own gateway"
	run_pasta -q --config-net -4 --no-copy-addrs --map-host-loopback $G4 -- true
}

@test "gateway: --map-host-loopback none is no way to the loopback" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net --map-host-loopback none -- "$TOOLS/probe" tcp $G4 5000 4000
	assert "$output" != connected "TCP to the gateway"
}

@test "loopback: the namespace's own is not the host's" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net -T none -U none -- \
		bash -c "$TOOLS/probe tcp 127.0.0.1 5000; $TOOLS/probe tcp ::1 5000"
	assert "$output" == ECONNREFUSED$'\n'ECONNREFUSED "TCP"
}

@test "loopback: frames to 127.0.0.1 do not reach the host's" {
	serve host udp 5000 socat -u UDP4-RECV:5000,bind=127.0.0.1 "OPEN:$T/got,creat"
	run_pasta -q --config-net --pcap "$T/dump" -- bash -c '
		echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
		ip route flush table local root 127.0.0.0/8
		ip route add 127.0.0.0/8 via $1 src 198.51.100.1
		"$0" udp 127.0.0.1 5000 wait=500 size=3 > /dev/null
		"$0" udp $1 5000 wait=100 size=5' "$TOOLS/probe" $G4
	wait_until test -s "$T/got"
	assert "$(wc -c < "$T/got")" -eq 5 "bytes at the host's loopback"
	assert "$(tcpdump -n -r "$T/dump" dst 127.0.0.1 and udp 2>/dev/null)" contains 127.0.0.1.5000 "frames sent"
}

@test "outbound: --outbound sets the source address" {
	host ip address add 198.51.100.44/24 dev v0
	host ip address add 2001:db8:1::44/64 dev v0 nodad
	serve remote tcp 5000 socat TCP6-LISTEN:5000,fork SYSTEM:'echo $SOCAT_PEERADDR'
	run_pasta -q --config-net -o 198.51.100.44 -o 2001:db8:1::44 -- sh -c "
		socat -u TCP:$R4:5000 -; socat -u TCP:[$R6]:5000 -"
	assert "$output" contains "ffff:c633:642c" "IPv4 peer"
	assert "$output" contains "0044]" "IPv6 peer"
}

# asks_remote SECONDS ARGS: from under pasta with ARGS, a datagram and a ping by each family, whose answers
# are waited for so long
asks_remote() {
	run_pasta -q --config-net "${@:2}" -- bash -c "
		$TOOLS/probe udp $R4 5000 wait=${1}000; $TOOLS/probe udp $R6 5000 wait=${1}000
		ping -c1 -W$1 $R4; ping -c1 -W$1 $R6; true"
}

all_answered() {
	assert "$(grep -c '^answer 1 bytes' <<< "$output")" -eq 2 "answers: $output"
	assert "$(grep -c ' 1 received' <<< "$output")" -eq 2 "pings: $output"
}

none_answered() {
	assert "$output" lacks answer "answers $1"
	assert "$output" lacks " 1 received" "pings $1"
}

@test "outbound: --outbound is the source of datagrams and pings, too" {
	host ip address add 198.51.100.44/24 dev v0
	host ip address add 2001:db8:1::44/64 dev v0 nodad preferred_lft 0 # never the kernel's choice
	serve remote udp 5000 "$TOOLS/load" serve 5000
	remote nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }
		add rule inet t in ip saddr 198.51.100.1 drop
		add rule inet t in ip6 saddr 2001:db8:1::1 meta l4proto udp drop
		add rule inet t in ip6 saddr 2001:db8:1::1 icmpv6 type echo-request drop'
	asks_remote 1
	none_answered "to the usual addresses"
	asks_remote 10 -o 198.51.100.44 -o 2001:db8:1::44
	all_answered
}

@test "outbound: --outbound-if4 and --outbound-if6 bind to the interface" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	serve remote tcp 5001 "$TOOLS/load" serve 5001
	local args=(-q --config-net --outbound-if4 v0 --outbound-if6 v0)
	run_pasta "${args[@]}" -- bash -c "$TOOLS/probe tcp $R4 5001; $TOOLS/probe tcp $R6 5001"
	assert "$output" == connected$'\n'connected "by the interface"
	run_pasta -q --config-net --outbound-if4 lo -i v0 -- "$TOOLS/probe" tcp $R4 5001 3000
	assert "$output" != connected "by another interface"
}

@test "outbound: --outbound-if4 and --outbound-if6 bind datagrams and pings, too" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	asks_remote 10 --outbound-if4 v0 --outbound-if6 v0
	all_answered
	asks_remote 1 --outbound-if4 lo --outbound-if6 lo -i v0
	none_answered "by another interface"
}

# other_interface: one more on the host, with addresses and a server there
other_interface() {
	host ip -batch - <<-END
	link add d0 type veth peer name d1
	address add 192.0.2.1/24 dev d0
	address add 192.0.2.2/24 dev d0
	address add 2001:db8:9::1/64 dev d0 nodad
	link set d0 up
	link set d1 up
	END
	serve host tcp 5000 "$TOOLS/load" serve 5000
}

@test "outbound: --outbound-if4, -if6: the host's addresses of other interfaces are refused at once" {
	other_interface
	local to
	for to in 192.0.2.1 192.0.2.2 2001:db8:9::1; do
		in_ns "$TOOLS/probe" tcp $to 5000
		assert "$output" == connected "$to without" || return 1
		run_pasta -q --config-net --outbound-if4 v0 --outbound-if6 v0 -- "$TOOLS/probe" tcp $to 5000 60000
		assert "$output" == ECONNREFUSED "TCP to $to" || return 1
		run_pasta -q --config-net --outbound-if4 v0 --outbound-if6 v0 -- "$TOOLS/probe" udp $to 5000 wait=60000
		assert "$output" =~ "^(EHOSTUNREACH|EACCES) " "UDP to $to" || return 1
	done
}

@test "outbound: --outbound-if4, -if6: the host's addresses of that interface are reached" {
	other_interface
	local to
	for to in 192.0.2.1 192.0.2.2 2001:db8:9::1; do
		run_pasta -q --config-net -i v0 --outbound-if4 d0 --outbound-if6 d0 -- "$TOOLS/probe" tcp $to 5000
		assert "$output" == connected "TCP to $to" || return 1
	done
}

@test "handlers: --no-tcp drops TCP only" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net --no-tcp -- bash -c "$TOOLS/probe tcp $R4 5000 1500; $TOOLS/probe udp $R4 5000"
	assert "$output" == timeout$'\n'"answer 1 bytes" "TCP and UDP"
}

@test "handlers: --no-udp drops UDP only" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net --no-udp -- bash -c "$TOOLS/probe udp $R4 5000 wait=500; $TOOLS/probe tcp $R4 5000"
	assert "$output" == timeout$'\n'connected "UDP and TCP"
}

@test "handlers: --no-icmp drops pings only" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net --no-icmp -- bash -c "ping -c1 -W1 $R4; $TOOLS/probe tcp $R4 5000"
	assert "$output" contains "0 received" "ping"
	assert "$output" contains connected "TCP"
}

@test "handlers: --no-ndp leaves IPv6 neighbours unanswered" {
	run_pasta -q --config-net --no-ndp -- sh -c "ping -c1 -W1 $G6; ip -6 neighbour show $G6"
	assert "$output" contains "0 received" "ping"
	assert "$output" lacks "9a:55" "neighbour"
}

@test "handlers: --no-icmp leaves IPv6 neighbours unanswered, too" {
	run_pasta -q --config-net --no-icmp -- sh -c "ping -c1 -W1 $G6; ip -6 neighbour show $G6"
	assert "$output" lacks "9a:55" "neighbour"
}

@test "addresses: --interface without an address of a family means local mode for that" {
	host ip link add only4 type veth peer name peer4
	host sysctl -qw net.ipv6.conf.only4.disable_ipv6=1
	host ip address add 192.0.2.1/24 dev only4
	host ip link set only4 up
	host ip link set peer4 up
	run_pasta -q --config-net -i only4 -- sh -c 'ip -4 -br address show only4; ip -6 route show default'
	assert "$output" contains 192.0.2.1/24 "address"
	assert "$output" contains "default via fe80::1 dev only4" "route"
	host ip -4 address flush dev only4
	run_pasta -q --config-net -i only4 -g 169.254.2.7 -- ip -4 route
	assert "$output" contains "default via 169.254.2.7 dev tap0" "routes"
}

@test "addresses: --interface lo copies nothing, --address and --gateway win" {
	run_pasta -q --config-net -i lo -a 10.1.1.2/24 -g 10.1.1.1 -- sh -c 'ip -o -4 address; ip -4 route'
	assert "$output" contains "tap0    inet 10.1.1.2/24" "addresses"
	assert "$output" contains "default via 10.1.1.1 dev tap0" "routes"
	assert "$stderr" == "" "messages"
}

@test "addresses: --interface and --outbound-if4 take alternative names, long ones too" {
	local name=an-alternative-name-of-v0
	host ip link property add dev v0 altname $name
	serve remote tcp 8000 socat TCP-LISTEN:8000,fork,reuseaddr SYSTEM:'echo hello'
	run_pasta -q --config-net -i $name --outbound-if4 $name -- \
		sh -c 'ip -br -4 address show dev v0; socat -u TCP:$0:8000 -' $R4
	assert "$output" contains 198.51.100.1/24 "address"
	assert "$output" contains hello "what the server says"
}

@test "capture: --pcap has the frames that tcpdump shows, without a virtio header" {
	run_pasta -q --config-net --pcap "$T/dump" -- sh -c "ping -c1 -W5 $R4; ping -c1 -W5 $R4"
	output=$(tcpdump -n -r "$T/dump" icmp 2>/dev/null)
	assert "$(grep -c 'echo request' <<< "$output")" -eq 2 "requests"
	assert "$(grep -c 'echo reply' <<< "$output")" -eq 2 "replies"
	assert "$output" contains "198.51.100.1 > $R4" "addresses"
}

# full_capture FILE: the capture to it stopped, is sound, and the traffic went on
full_capture() {
	at_least_received 60
	assert "$stderr" =~ "capture stopped after "[0-9]+" frames" "warning"
	host cat "$1" > "$T/copy"
	assert "$(tcpdump -n -r "$T/copy" 2>&1 >/dev/null)" lacks truncated "complaints of tcpdump"
	assert "$(tcpdump -n -r "$T/copy" 2>/dev/null | wc -l)" -ge 20 "frames"
}

@test "capture: a new file is for its owner alone" {
	run_pasta -q --config-net --pcap "$T/new" -- ping -c1 -W10 $R4
	assert "$(stat -c %a "$T/new")" == 600 "mode"
}

@test "capture: a full disk stops it, not the traffic" {
	host mount -t tmpfs -o size=8k tmpfs /mnt
	run_pasta -q --config-net --pcap /mnt/dump -- ping -c60 -i 0.002 -w 10 $R4
	full_capture /mnt/dump
}

@test "capture: a limit on the size of files stops it, not the traffic" {
	printf '#!/bin/sh\nulimit -f 8\nexec "%s" "$@"\n' "$PASTA" > "$T/limited"
	chmod +x "$T/limited"
	PASTA=$T/limited run_pasta -q --config-net --pcap "$T/dump" -- ping -c60 -i 0.002 -w 10 $R4
	full_capture "$T/dump"
}
