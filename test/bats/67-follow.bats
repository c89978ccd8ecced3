# SPDX-License-Identifier: Apache-2.0
#
# The host's network changes while pasta runs, and nobody restarts anything.

load helpers
load ports
load control
load follow

@test "follow: the process that watches is locked in, and leaves with pasta" {
	start_pasta -q --config-net
	inside true
	locks_in pasta-host 0000000000000000
	stop_pasta
	wait_until not host pgrep -x pasta-host
}

@test "follow: off means that nobody watches, and status says so" {
	start_controlled -q --config-net --follow off
	assert "$(host pgrep -x pasta-host || true)" == "" "processes"
	ctl --json status
	assert "$(field .follow)" == off "status"
	assert "$(field .ipv4.host.interface)" == v0 "interface"
}

@test "follow: where the default route leads is told once, and shown" {
	plug_v5
	start_controlled --config-net
	host ip route replace default via 192.0.2.3
	wait_until leaves_by ipv4 "v5 192.0.2.1"
	assert "$(grep -cF "IPv4: the host's default route is v5 now, address 192.0.2.1" "$T/pasta.err")" == 1 "lines"
	ctl status
	assert "$output" =~ "leaves by "*"v5, 192.0.2.1" "status"
	ctl ls
	assert "$output" contains " v5 192.0.2.1, v0 2001:db8:1::1 " "list"
	host ip link delete v5
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	wait_until says "IPv4: the host has no default route now, interface v0, address 198.51.100.1"
}

@test "follow: an unchanged result is no change: no line, however much happens" {
	start_controlled --config-net
	host bash -c 'for i in {1..300}; do echo "address add 10.9.8.7/32 dev lo
		address del 10.9.8.7/32 dev lo"; done | ip -batch -'
	plug_v5
	host ip route replace default via 192.0.2.3
	wait_until leaves_by ipv4 "v5 192.0.2.1"
	assert "$(grep -c " now, " "$T/pasta.err")" == 1 "lines about changes"
}

@test "follow: --map-guest-addr leads to the host's own address, after a change too" {
	tells host 8080
	start_controlled -q --config-net --map-guest-addr 169.254.1.2 --map-guest-addr fd00::2
	told 169.254.1.2 8080 "to [0000:0000:0000:0000:0000:ffff:c633:6401]"
	host ip address del 198.51.100.1/24 dev v0
	host ip address del 2001:db8:1::1/64 dev v0
	host ip address add 198.51.100.77/24 dev v0
	host ip address add 2001:db8:1::77/64 dev v0 nodad
	wait_until told 169.254.1.2 8080 "to [0000:0000:0000:0000:0000:ffff:c633:644d]"
	wait_until told '[fd00::2]' 8080 "to [2001:0db8:0001:0000:0000:0000:0000:0077]"
}

connections() { [[ $(ns ss -Htn state established "( sport = :8080 )" | wc -l) == "$1" ]]; }

@test "follow: a connection whose address has gone is reset, another one is not" {
	host bash -c 'echo 1 > /proc/sys/net/ipv4/conf/v0/promote_secondaries'
	host ip address add 198.51.100.5/24 dev v0
	start_ports --no-copy-addrs -t 8080
	inside_serve tcp 8080 socat TCP-LISTEN:8080,fork EXEC:cat
	local addr
	for addr in 1 5; do
		mkfifo "$T/in$addr"
		background "client$addr" remote bash -c 'exec socat - "TCP:$1:8080" <> "$0"' "$T/in$addr" 198.51.100.$addr
		echo before > "$T/in$addr"
		wait_until grep -q before "$T/client$addr"
	done
	host ip address del 198.51.100.1/24 dev v0
	wait_until connections 1
	echo after > "$T/in5"
	wait_until grep -q after "$T/client5"
}

@test "follow: a connection of the namespace's ends when the host has lost its address for good" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net
	holds $R4
	wait_until test -e "$T/open"
	host ip address del 198.51.100.1/24 dev v0
	host ip address add 198.51.100.77/24 dev v0
	WAIT=20 wait_until test -e "$T/ended"
	wait_until leaves_by ipv4 "v0 198.51.100.77"
}

@test "follow: a connection whose address comes back at once stays, others end" {
	local i
	host ip address add 192.0.2.5/32 dev v0
	host ip address add 192.0.2.6/32 dev v0
	remote ip route add 192.0.2.0/24 via 198.51.100.1
	start_ports --no-copy-addrs -t 8080
	inside_serve tcp 8080 socat TCP-LISTEN:8080,fork EXEC:cat
	for i in 5 6; do
		mkfifo "$T/in$i"
		background "client$i" remote bash -c 'exec socat - "TCP:$1:8080" <> "$0"' "$T/in$i" 192.0.2.$i
		echo before > "$T/in$i"
		wait_until grep -q before "$T/client$i"
	done
	printf '%s\n' "address del 192.0.2.5/32 dev v0" "address del 192.0.2.6/32 dev v0" \
		"address add 192.0.2.6/32 dev v0" | host ip -batch -
	wait_until connections 1
	echo after > "$T/in6"
	wait_until grep -q after "$T/client6"
}

@test "follow: a UDP flow has another source as soon as its route is another" {
	plug_v5
	serve far udp 53 socat UDP4-RECVFROM:53,fork 'SYSTEM:read x; echo from $SOCAT_PEERADDR'
	start_controlled -q --config-net
	wait_until source_is 198.51.100.1
	host ip route replace 203.0.113.0/24 via 192.0.2.3
	wait_until source_is 192.0.2.1
	host ip route replace 203.0.113.0/24 via 198.51.100.3
	wait_until source_is 198.51.100.1
}

@test "follow: a port on an interface is there again when the interface is" {
	plug_v5
	start_ports -t %v5/8080 -u %v5/8081
	inside_tells TCP4 8080
	inside_tells UDP4 8081
	tcp_answers remote 192.0.2.1 8080
	host ip link delete v5
	plug_v5
	wait_until tcp_answers remote 192.0.2.1 8080
	wait_until udp_answers remote 192.0.2.1 8081
}

@test "follow: a port on an address is there again when the address is" {
	host ip address add 192.0.2.55/32 dev v0
	remote ip route add 192.0.2.55 via 198.51.100.1
	start_ports -t 192.0.2.55/8080
	inside_tells TCP4 8080
	tcp_answers remote 192.0.2.55 8080
	host ip address del 192.0.2.55/32 dev v0
	host ip address add 192.0.2.55/32 dev v0
	wait_until tcp_answers remote 192.0.2.55 8080
}

segments() { remote nstat -asz TcpInSegs UdpInDatagrams | awk '/Tcp|Udp/ { n += $2 } END { print n }'; }

@test "follow: what is to leave by one interface leaves by none while that is gone" {
	local before
	plug_v5
	tells remote 8080
	start_controlled -q --config-net --outbound-if4 v5
	told 192.0.2.3 8080 "from [0000:0000:0000:0000:0000:ffff:c000:0201]"
	host ip link delete v5
	wait_until leaves_by ipv4 " "
	before=$(segments)
	inside "$TOOLS/probe" tcp $R4 8080 2000
	assert "$output" != connected "by another interface"
	inside "$TOOLS/probe" udp $R4 8080 wait=200
	assert "$(segments)" == "$before" "what came to the other machine"
	plug_v5
	wait_until told 192.0.2.3 8080 "from [0000:0000:0000:0000:0000:ffff:c000:0201]"
}

@test "follow: a connection by an interface that was made again ends, and UDP goes on" {
	plug_v5
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --outbound-if4 v5
	holds 192.0.2.3
	wait_until test -e "$T/open"
	host ip link delete v5
	plug_v5
	WAIT=20 wait_until test -e "$T/ended"
	inside "$TOOLS/probe" udp 192.0.2.3 5000 from=192.0.2.1 by=4321
	assert "$output" == "answer 1 bytes" "UDP"
	host ip link delete v5
	plug_v5
	wait_until udp_goes_on
}
udp_goes_on() {
	inside "$TOOLS/probe" udp 192.0.2.3 5000 from=192.0.2.1 by=4321 wait=500
	[[ $output == "answer 1 bytes" ]]
}

@test "follow: one family comes, the other one goes" {
	host ip -6 address flush dev v0 scope global
	tells remote 8080
	start_controlled --config-net
	host ip address add 2001:db8:1::1/64 dev v0 nodad
	wait_until leaves_by ipv6 "v0 2001:db8:1::1"
	wait_until told "[$R6]" 8080 "from [2001:0db8:0001"
	host ip -4 address flush dev v0
	wait_until says "IPv4: the host has no network now"
	told "[$R6]" 8080 "from [2001:0db8:0001"
}

@test "follow: @lan is what the host is connected to now" {
	tells remote 8080
	start_controlled -q --config-net --allow @lan
	told $R4 8080 from
	inside "$TOOLS/probe" tcp 192.0.2.3 8080 2000
	assert "$output" != connected "without that network"
	plug_v5
	wait_until told 192.0.2.3 8080 from
	host ip link delete v5
	wait_until not told 192.0.2.3 8080 from
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	inside "$TOOLS/probe" tcp 192.0.2.3 8080 2000
	assert "$output" =~ EHOSTUNREACH "refusal"
}

@test "follow: in a storm of changes, among 100,000 routes, nothing is missed, and it costs little" {
	host bash -c 'for ((i = 0; i < 100000; i++)); do
		echo "route add 10.$((i >> 16)).$((i >> 8 & 255)).$((i & 255)) via $0"; done | ip -batch -' $R4
	start_controlled -q --config-net
	wait_until is_locked_in pasta-host
	background storm host bash -c 'for i in {1..1000}; do echo "address add 10.9.8.7/32 dev lo
		route add 10.8.0.0/16 dev lo
		route del 10.8.0.0/16 dev lo
		address del 10.9.8.7/32 dev lo"; done | ip -batch -'
	WAIT=60 finish storm # nobody looks at how long 4,000 changes take
	host ip address add 198.51.100.77/24 dev v0
	host ip address del 198.51.100.1/24 dev v0
	host ip address add 198.51.100.99/24 dev v0
	wait_until leaves_by ipv4 "v0 198.51.100.99"
	[[ -n ${SAN:-} ]] || assert "$(cpu_us "$(host pgrep -x pasta-host)")" -lt 500000 "us of the watcher"
}

# start_sleeper ARGS: start_controlled, on a machine that wakes up from a sleep by "wakes"
start_sleeper() {
	printf 0 > "$T/sleeps"
	printf '#!/bin/bash\nexport LD_PRELOAD=%q SLEEPER=%q ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0\nexec %q "$@"\n' \
		"$TOOLS/preload/sleeper.so" "$T/sleeps" "$PASTA" > "$T/sleeper"
	chmod 755 "$T/sleeper"
	PASTA=$T/sleeper start_controlled "$@"
	wait_until is_locked_in pasta-host
}
wakes() { printf 1 1<> "$T/sleeps"; }
has_sockets() { [[ -n $("$1" ss -Htn "$2") ]]; }
is_asked() { [[ $(host ss -Htno state established "( dport = :$1 )") == *timer:\(keepalive* ]]; }

@test "follow: after a sleep a connection whose other end is no more ends, one that is there goes on" {
	serve remote tcp 5000 socat TCP-LISTEN:5000,linger=0 PIPE
	serve far tcp 5001 "$TOOLS/load" serve 5001
	start_sleeper -q --config-net
	mkfifo "$T/in"
	inside bash -c 'socat - "TCP:$0:5001" <> "$1/in" > "$1/alive" 2>&1 & disown' $F4 "$T"
	holds $R4
	wait_until test -e "$T/open"
	remote ip link set v0 down
	remote kill -KILL "$(< "$T/server-5000.pid")"
	wait_until not has_sockets remote "sport = :5000"
	remote ip link set v0 up
	has_sockets host "dport = :5000"
	wakes
	wait_until is_asked 5001
	WAIT=30 wait_until test -e "$T/ended"
	echo y > "$T/in"
	wait_until grep -q y "$T/alive"
}
