# SPDX-License-Identifier: Apache-2.0
#
# Forwarded ports of a host that has several addresses: link-local ones, several subnets. An answer
# leaves from the address that was asked, whichever one the namespace's kernel answers from.

load helpers
load ports

# link_local NS: its address on v0
link_local() { "$1" ip -6 -brief address show dev v0 scope link | grep -o 'fe80[^/]*'; }

# Each side knows the other's. Not "add": remote is a router, and has heard of the host's address as soon
# as that has solicited for routers
link_local_neighbours() {
	host ip neighbour replace "$(link_local remote)" lladdr 02:00:00:00:00:03 dev v0
	remote ip neighbour replace "$(link_local host)" lladdr 02:00:00:00:00:01 dev v0
}

# A second subnet of each family on the link, with addresses of its own at both ends
H4B=10.7.0.1 H6B=2001:db8:7::1 R4B=10.7.0.9 R6B=2001:db8:7::9
two_subnets() {
	host ip address add $H4B/24 dev v0
	host ip address add $H6B/64 dev v0 nodad
	host ip neighbour add $R6B lladdr 02:00:00:00:00:03 dev v0
	remote ip address add $R4B/24 dev v0
	remote ip address add $R6B/64 dev v0 nodad
	remote ip neighbour add $H6B lladdr 02:00:00:00:00:01 dev v0
}

@test "ports: several subnets: the namespace sees the address that was asked, TCP" {
	two_subnets
	start_pasta --config-net -q -t 5000 -u none
	inside_tells TCP4 5000
	inside_tells TCP6 5000
	tcp_answers remote $H4B 5000 "from $R4B to $H4B"
	tcp_answers remote $H4 5000 "from $R4 to $H4"
	tcp_answers remote "[$H6B]" 5000 "to [2001:0db8:0007:0000:0000:0000:0000:0001]"
	tcp_answers remote "[$H6]" 5000 "to [2001:0db8:0001:0000:0000:0000:0000:0001]"
}

@test "ports: several subnets: a local client gets to the address that it asked, TCP and UDP" {
	two_subnets
	start_pasta --config-net -q -t 5000 -u 5000
	inside_tells TCP4 5000
	tcp_answers host $H4B 5000 "to $H4B"
	tcp_answers host $H4 5000 "to $H4"
	tcp_answers host 127.0.0.1 5000 "to $H4"
	inside_serve udp 5000 socat "UDP4-LISTEN:5000,bind=$H4B,fork" EXEC:cat
	udp_echoes host $H4B
}

@test "ports: several subnets: without --config-net the namespace has but one address" {
	two_subnets
	start_pasta -q -t 5000 -u 5000
	inside ip address add $H4/24 dev v0
	inside ip link set v0 up
	inside ip route add default via $G4
	inside_tells TCP4 5000
	tcp_answers remote $H4B 5000 "to $H4"
}

@test "udp: several subnets: a server that connects its socket is reached further on, IPv4" {
	two_subnets
	start_pasta --config-net -q -t 5201
	inside_serve tcp 5201 iperf3 -s -1
	output=$(remote iperf3 -J -u -b 20M -t 1 -l 1400 -c $H4B | jq '.end.sum_received.packets > 500')
	assert "$output" == true "that most packets arrive"
}

@test "udp: several subnets: a server that connects its socket is reached further on, IPv6" {
	two_subnets
	start_pasta --config-net -q -t 5201
	inside_serve tcp 5201 iperf3 -s -1
	# the first of the host's is the one that came last
	output=$(remote iperf3 -J -u -b 20M -t 1 -l 1400 -c $H6 | jq '.end.sum_received.packets > 500')
	assert "$output" == true "that most packets arrive"
}

@test "udp: several subnets: an unbound server's answers leave from where they were asked" {
	two_subnets
	start_pasta --config-net -q -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	local addr
	for addr in $H4 $H4B $H6 $H6B; do
		udp_echoes remote $addr
	done
}

# asks_from FROM TO [by=PORT]: an echo to a connected client, so it's from the address that was asked
asks_from() {
	output=$(remote "$TOOLS/probe" udp "$2" 5000 "from=$1" ${3:-})
	assert "$output" == "answer 1 bytes" "from $1 to $2"
}

@test "udp: several subnets: the address that was asked is not the one on the client's link" {
	two_subnets
	start_pasta --config-net -q -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	asks_from $R4 $H4B
	asks_from $R4B $H4
	asks_from $R6 $H6B
	asks_from $R6B $H6
}

@test "udp: several subnets: one client port asks several addresses by turns" {
	two_subnets
	start_pasta --config-net -q -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	local addr
	for addr in $H4 $H4B $H4 $H4B; do
		asks_from $R4B $addr by=43000
	done
	for addr in $H6 $H6B $H6 $H6B; do
		asks_from $R6B $addr by=43000
	done
}

@test "udp: a client of the host's link-local address is answered, from outside" {
	local addr
	addr=$(link_local host)
	start_pasta --config-net -q -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	link_local_neighbours
	udp_echoes remote "$addr%v0"
}

@test "udp: a server that connects its socket is reached further on by a link-local client" {
	local addr
	addr=$(link_local host)
	start_pasta --config-net -q -t 5201
	inside_serve tcp 5201 iperf3 -s -1
	link_local_neighbours
	output=$(remote iperf3 -J -u -b 20M -t 1 -l 1400 -c "$addr%v0" | jq '.end.sum_received.packets > 500')
	assert "$output" == true "that most packets arrive"
}

@test "udp: a local client of the host's link-local address is answered" {
	local addr
	addr=$(link_local host)
	start_pasta --config-net -q -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes host "$addr%v0"
}
