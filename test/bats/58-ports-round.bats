# SPDX-License-Identifier: Apache-2.0
#
# Ports that would go round: what comes to one of our listening sockets leads to another of ours, and
# that one back. One connection would take all descriptors, one datagram a whole processor.

load helpers
load ports

# goes_round ARGS: refused at start by one line that has both of the options named
goes_round() {
	run_pasta 1 --config-net -q "$@" -- true
	assert "$(wc -l <<< "$stderr")" == 1 "lines"
	assert "$stderr" contains "would go round" "complaint about $*"
}

# Datagrams that the host has received so far, and whether they become no more
datagrams() { host awk '/^Udp: [0-9]/ { print $2 }' /proc/net/snmp; }
is_quiet() {
	local before
	before=$(datagrams)
	pass_seconds 0.2
	[[ $(datagrams) == "$before" ]]
}

@test "ports: -t and -T that lead to each other are refused at start, both are named" {
	goes_round --host-lo-to-ns-lo -t 8080 -T 8080
	assert "$stderr" contains "--tcp-ports '8080' and --tcp-ns '8080'" "options"
	goes_round --host-lo-to-ns-lo -t 8080:9090 -T 9090:8080
	assert "$stderr" contains "--tcp-ports '8080:9090' and --tcp-ns '9090:8080'" "options"
	goes_round --splice-only -t 8080 -T 8080
	goes_round --host-lo-to-ns-lo -t ~1-7999,~8003-65535 -T ~1-7999,~8003-65535
	goes_round --host-lo-to-ns-lo -t ::1/8080 -T 8080
}

@test "ports: -u and -U that lead to each other are refused at start, both are named" {
	goes_round --host-lo-to-ns-lo -t none -u 8080 -U 8080
	assert "$stderr" contains "--udp-ports '8080' and --udp-ns '8080'" "options"
}

@test "ports: a target that leads back to its own port is refused at start" {
	goes_round -t "8080:$G4/8080" -T none
	assert "$stderr" contains "--tcp-ports '0.0.0.0/8080:$G4' leads back to itself" "options"
	goes_round -t 8080 -T "$H4/8080"
	assert "$stderr" contains "--tcp-ports '8080' and --tcp-ns '$H4/8080'" "options"
}

@test "ports: what leads on to another forwarded port, and there to an end, works" {
	start_pasta --config-net -q --host-lo-to-ns-lo -t 8080:9090 -T 9090:5000
	serve host tcp 5000 socat TCP4-LISTEN:5000,fork SYSTEM:'read x; echo from'
	inside true
	tcp_answers host 127.0.0.1 8080
}

@test "ports: the namespace gets to its own forwarded port by the host's address" {
	start_pasta --config-net -q -t 5000 -T none
	inside_tells TCP4 5000
	inside bash -c "echo x | socat -T2 -t2 - TCP:$G4:5000"
	assert "$output" contains "from" "answer"
}

@test "ports: -t all leaves out what -T names, and says so" {
	start_pasta --config-net --host-lo-to-ns-lo -t ~1-7999,~8003-65535 -T 8080,8001
	inside true # before that, what is left out may be open for a moment
	serve host tcp 8001 socat TCP4-LISTEN:8001,bind=127.0.0.1,fork SYSTEM:'read x; echo from'
	inside bash -c 'echo x | socat -T2 -t2 - TCP:127.0.0.1:8001'
	assert "$output" contains "from" "answer"
	assert "$(< "$T/pasta.err")" contains "ports are not forwarded: they would lead" "warning"
}

@test "ports: with automatic ones, a connection that would go round is reset" {
	start_pasta --config-net -q --host-lo-to-ns-lo -t auto -T 127.0.0.1/5000
	inside_serve tcp 5000 socat TCP4-LISTEN:5000,bind=127.0.0.2,fork SYSTEM:'read x; echo from'
	wait_until tcp_answers host 127.0.0.2 5000
	run host "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
	assert "$status" == 0 "client: $output"
	fds_are 80
	tcp_answers host 127.0.0.2 5000
}

@test "ports: with automatic ones, a datagram that would go round goes nowhere" {
	start_pasta --config-net -q --host-lo-to-ns-lo -t none -u auto -U 127.0.0.1/5000
	inside_serve udp 5000 socat UDP4-RECVFROM:5000,bind=127.0.0.2,fork EXEC:cat
	wait_until udp_echoes host 127.0.0.2
	output=$(host "$TOOLS/probe" udp 127.0.0.1 5000)
	assert "$output" lacks answer "what comes back"
	wait_until is_quiet
	udp_echoes host 127.0.0.2
}

@test "ports: a way back over another address of the host ends at the second pass" {
	host ip address add "$B4/24" dev v0
	start_pasta --config-net -q -a "$H4" -t "8080:$B4/8080" -T none
	inside true
	run host "$TOOLS/peer" connect 127.0.0.1 8080 is-reset
	assert "$status" == 0 "client: $output"
	fds_are 80
}
