# SPDX-License-Identifier: Apache-2.0
#
# What is refused, or not translated, gets an answer; what the user has switched off doesn't.

load helpers

# raw PROTOCOL: a packet of that IP protocol to remote, by both families; $output: what came back
raw() {
	run_pasta --config-net --trace -- bash -c "
		sysctl -qw net.ipv6.conf.all.accept_dad=0
		echo x | socat -u - IP4-SENDTO:$R4:$1; echo x | socat -u - 'IP6-SENDTO:[$R6]:$1'
		ping -qc 1 $R4"
	output=$stderr
}

@test "refusals: protocols that are not translated are unreachable: SCTP, GRE, ESP" {
	for protocol in 132 47 50; do
		raw $protocol
		assert "$output" contains "to namespace: ICMP type 3 code 2 $R4 > 198.51.100.1" "IPv4, $protocol"
		assert "$output" contains "to namespace: ICMPv6 type 4 code 1 $R6 > 2001:db8:1::1" "IPv6, $protocol"
	done
}

# With one family only: the other is set up by hand, and refused
other_family() {
	run_pasta --config-net -q "$@" -- bash -c "ip address add 2001:db8:9::1/64 dev v0 nodad
		ip route add default via fe80::1 dev v0; ip neighbour add fe80::1 lladdr 9a:55:9a:55:9a:55 dev v0
		$TOOLS/probe tcp $R6 6000 2000; $TOOLS/probe udp $R6 6000"
}

@test "refusals: TCP is reset, UDP is prohibited" {
	other_family -4
	assert "$output" =~ ^"ECONNREFUSED"$'\n'"EACCES from $R6" "what the programs are told"
}

@test "refusals: a handler that is off says nothing" {
	run_pasta --config-net -q --no-tcp --no-udp -- bash -c "
		$TOOLS/probe tcp $R4 6000 500; $TOOLS/probe udp $R4 6000 wait=500"
	assert "$output" == $'timeout\ntimeout' "what the programs are told"
}
