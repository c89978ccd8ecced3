# SPDX-License-Identifier: Apache-2.0
#
# Ports of the host that are forwarded to the namespace: errors that ICMP reports, passed on from the
# namespace to clients, and from clients to the namespace.

load helpers
load ports

# rejects REJECT: a firewall in the namespace that says no; clients learn it at once
rejects() {
	start_pasta --config-net -q -t 5000 -u none
	inside nft "add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 5000 reject $1"
	assert "$status" == 0 "nft: $stderr"
	remote timeout 5 "$TOOLS/peer" connect $H4 5000 is-reset
	remote timeout 5 "$TOOLS/peer" connect $H6 5000 is-reset
}

@test "ports: a firewall in the namespace rejects with ICMP: the client is reset at once" { rejects "with icmpx type port-unreachable"; }
@test "ports: a firewall in the namespace prohibits: the client is reset at once" { rejects "with icmpx type admin-prohibited"; }

# gone 4|6 ADDR OPTION...: a server in the namespace answers a client whose socket is closed by then
gone() {
	start_pasta --config-net -q -u 5000 "${@:3}"
	inside_serve udp 5000 socat -d "UDP$1-LISTEN:5000" \
		"SYSTEM:read x; until test -e $T/gone; do \:; done; echo late; exec sleep 60"
	remote bash -c "echo x | socat -u - 'UDP$1-SENDTO:$2:5000'"
	touch "$T/gone"
	wait_until grep -q "Connection refused" "$T/served"
}

@test "udp: an answer to a client that is gone: the server hears of it, IPv4" { gone 4 $H4; }
@test "udp: an answer to a client that is gone: the server hears of it, IPv6" { gone 6 "[$H6]"; }
@test "udp: the same, by an IPv4 socket" { gone 4 $H4 -4; }

have_sent() { (($(remote nstat -az UdpOutDatagrams | awk '/Udp/ { print $2 }') >= $1)); }

@test "udp: errors of answers to clients that are gone don't cost the others theirs" {
	start_pasta --config-net -q -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	remote bash -c 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit'
	host kill -STOP "$PASTA_PID" # all are to come at once
	# From ports that the others don't get: those would have the answers
	background clients remote bash -c "for i in {1..20}; do
			echo x | socat -u - UDP4-SENDTO:$H4:5000,sourceport=\$((20000 + i))
			$TOOLS/probe udp $H4 5000 wait=8000 &
		done; wait"
	wait_until have_sent 40
	host kill -CONT "$PASTA_PID"
	finish clients
	assert "$(sort -u <<< "$output")" == "answer 1 bytes" "the clients that are there"
}
