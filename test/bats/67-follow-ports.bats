# SPDX-License-Identifier: Apache-2.0
#
# Ports on addresses and interfaces of a host that is online, which get these later, lose them and get them
# again, whatever is followed.

load helpers
load control
load follow
load ports

# The other machine need not find out where these addresses are, and remember where they were not
knows_where() {
	local addr mac
	mac=$(host cat /sys/class/net/v5/address)
	for addr in 192.0.2.5 2001:db8:5::5; do
		remote ip route replace $addr dev v5
		remote ip neighbour replace $addr lladdr "$mac" dev v5 nud permanent
	done
}

# start_named WHAT OPTION...: what is followed, and the ports that a server in the namespace has
start_named() {
	plug_v5
	knows_where
	start_controlled -q --config-net --follow "$@"
	wait_until is_locked_in pasta-host
	inside_tells TCP4 8080
	inside_tells TCP6 8080
	inside_tells UDP4 8080
}
cannot_be_reached() {
	for addr in 192.0.2.5 2001:db8:5::5; do
		remote "$TOOLS/probe" tcp $addr 8080 300
		assert "$output" != connected "$addr"
	done
}
gets_addresses() {
	host bash -c 'ip address add 192.0.2.5/24 dev v5; ip address add 2001:db8:5::5/64 dev v5 nodad'
}

# The port is there the moment that the address is
comes_and_goes() {
	start_named "$1" --freebind -t "192.0.2.5$2/8080" -t "[2001:db8:5::5]$2/8080" -u "192.0.2.5$2/8080"
	cannot_be_reached
	for _ in 1 2 3; do
		gets_addresses
		tcp_answers remote 192.0.2.5 8080
		tcp_answers remote "[2001:db8:5::5]" 8080
		udp_answers remote 192.0.2.5 8080
		host bash -c 'ip address del 192.0.2.5/24 dev v5; ip address del 2001:db8:5::5/64 dev v5'
		cannot_be_reached
	done
	refused remote 192.0.2.1 8080
}

@test "follow host: a port with --freebind is there whenever the host has its address" { comes_and_goes host; }
@test "follow grow: a port with --freebind is there whenever the host has its address" { comes_and_goes grow; }
@test "follow all: a port with --freebind is there whenever the host has its address" { comes_and_goes all; }
@test "follow all: so is one on an address of an interface" { comes_and_goes all %v5; }

# The interface is another one then, with another index
is_made_again() {
	start_named "$1" "${@:2}"
	for _ in 1 2; do
		host ip link delete v5
		plug_v5
		knows_where
		gets_addresses
		wait_until tcp_answers remote 192.0.2.5 8080
		wait_until udp_answers remote 192.0.2.5 8080
		refused remote $H4 8080
	done
}

@test "follow host: a port of an interface is there whenever that is" { is_made_again host -t %v5/8080 -u %v5/8080; }
@test "follow grow: a port of an interface is there whenever that is" { is_made_again grow -t %v5/8080 -u %v5/8080; }
@test "follow all: a port of an interface is there whenever that is" { is_made_again all -t %v5/8080 -u %v5/8080; }
@test "follow all: a port of an address of an interface is there whenever both are" {
	is_made_again all --freebind -t 192.0.2.5%v5/8080 -u 192.0.2.5%v5/8080
}

@test "follow: an address that an online host lacks takes --freebind, an interface has to be there" {
	run_pasta 1 --config-net -q --follow all -t 192.0.2.5/8080 -- true
	assert "$stderr" =~ "^pasta: [^"$'\n'"]*--freebind[^"$'\n'"]*$" "one line"
	run_pasta 1 --config-net -q --follow all --freebind -t %v5/8080 -- true
	assert "$stderr" =~ "^pasta: [^"$'\n'"]*v5[^"$'\n'"]*$" "one line"
}
