# SPDX-License-Identifier: Apache-2.0
#
# What of the IP headers of TCP is carried over: TTL, with the errors that come of it, and DSCP.

load helpers
load ports

# same_end WANTED TTL ADDR PORT: a connection that is given TTL hops ends as one of the host's does
same_end() {
	assert "$(host "$TOOLS/probe" tcp "$3" "$4" 3000 "$2")" == "$1" "outcome on the host, $3 with $2 hops"
	inside "$TOOLS/probe" tcp "$3" "$4" 3000 "$2"
	assert "$output" == "$1" "outcome in the namespace, $3 with $2 hops"
}

@test "tcp fields: a SYN of one hop is answered by the router there, IPv4 and IPv6" {
	start_pasta -q --config-net
	same_end "EHOSTUNREACH from $R4" 1 $F4 80
	same_end "EHOSTUNREACH from $R6" 1 $F6 80
	same_end ECONNREFUSED 2 $F4 80
	same_end ECONNREFUSED 2 $F6 80
}

# The router takes a hop before it counts
@test "tcp fields: every segment of a connection has the TTL that the namespace gave it" {
	serve far tcp 5000 "$TOOLS/peer" listen :: 5000 recv 10 send 10 eof
	remote nft 'table inet f { chain c { type filter hook forward priority 0; tcp dport 5000 ip ttl 1 counter
		tcp dport 5000 ip ttl != 1 counter; }; }'
	in_ns "$TOOLS/peer" connect $F4 5000 ttl 2 send 10 recv 10 shut eof
	output=$(remote nft list table inet f)
	assert "$output" =~ "ttl 1 counter packets "[1-9] "packets with that TTL"
	assert "$output" contains "ttl != 1 counter packets 0 " "packets with others"
}

@test "tcp fields: an established connection made with few hops is not ended by a router's errors" {
	serve far tcp 5000 "$TOOLS/peer" listen :: 5000 recv 20 send 5 eof
	background pasta host "$PASTA" -q --config-net -- "$TOOLS/peer" connect $F4 5000 ttl 2 send 10 until "$T/go" send 10 recv 5
	wait_until taken_by_far 10
	remote nft 'table inet f { chain c { type filter hook forward priority 0; tcp dport 5000 counter reject with icmp host-unreachable; }; }'
	touch "$T/go"
	wait_until rejected_twice
	remote nft delete table inet f
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
}
taken_by_far() { far ss -Htni state established 'sport = :5000' | grep -q "bytes_received:$1 "; }
# The first answer meets a socket that is still sending, which the kernel spares; a retransmission's doesn't
rejected_twice() { remote nft list table inet f | grep -Eq 'packets ([2-9]|[1-9][0-9])'; }

@test "tcp fields: traceroute -T finds the way, IPv4 and IPv6" {
	serve far tcp 80 "$TOOLS/load" serve 80
	in_ns traceroute -n -T -q 1 -w 3 -p 80 $F4
	assert "$output" =~ \ 1\ +$R4\ .*$'\n'\ +2\ +$F4\  "hops, IPv4"
	in_ns traceroute -n -6 -T -q 1 -w 3 -p 80 $F6
	assert "$output" =~ \ 1\ +$R6\ .*$'\n'\ +2\ +$F6\  "hops, IPv6"
}

# counts DSCP: packets with data that arrived at the remote host's port 5000 with it; set up by count_dscp
count_dscp() {
	remote nft -f - <<-END
	table inet t { chain i { type filter hook input priority 0; tcp dport 5000 meta length > 200 goto c; }
		chain c { ip dscp $1 counter accept; ip dscp $2 counter accept
			ip6 dscp $1 counter accept; ip6 dscp $2 counter accept; counter; }; }
	END
}
counts() { remote nft list chain inet t c | sed -n 's/.*packets \([0-9]*\) .*/\1/p' | sed 's/[1-9][0-9]*/+/' | tr -d '\n'; }

# marks ADDR: a connection with TOS 40 (af11) first, and 184 (ef) later
marks() {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 recv 1000 send 1 recv 1000 eof
	in_ns "$TOOLS/peer" connect "$1" 5000 tos 40 send 1000 recv 1 tos 184 send 1000
	finish server-5000
}

@test "tcp fields: DSCP is carried out, also when it changes" {
	count_dscp af11 ef
	marks $R4
	assert "$(counts)" == ++000 "data with the first and the second DSCP, by IPv4 and IPv6, and others"
	marks $R6
	assert "$(counts)" == ++++0 "data with the first and the second DSCP, by IPv4 and IPv6, and others"
}

@test "tcp fields: the SYN has its DSCP already" {
	remote nft -f - <<-END
	table inet t { chain i { type filter hook input priority 0; tcp dport 5000 tcp flags syn ip dscp af11 counter; }; }
	END
	marks $R4
	assert "$(remote nft list table inet t)" lacks "packets 0 " "SYNs"
}

# marked_in ADDR: a connection of the remote host's to there is marked in the namespace as well
marked_in() {
	inside_serve tcp 5000 "$TOOLS/peer" listen :: 5000 recv 10 send 1 eof
	remote "$TOOLS/peer" connect "$1" 5000 tos 40 send 10 recv 1
}

@test "tcp fields: DSCP of a connection from outside is carried in, IPv4 and IPv6" {
	start_pasta -q --config-net -t 5000 --pcap "$T/pcap"
	marked_in $H4
	marked_in $H6
	wait_until in_capture "src $R4 and tcp[tcpflags] & tcp-push != 0" "tos 0x28"
	wait_until in_capture "src $R6 and ip6[53] & 8 != 0" "class 0x28"
}
in_capture() { tcpdump -nvr "$T/pcap" "$1" 2>/dev/null | grep -q "$2"; }
