# SPDX-License-Identifier: Apache-2.0
#
# Forms of port specifications that put several things together, and those of -T and -U.

load helpers
load ports

@test "forms: a range to an address, and to a range at an address, TCP and UDP" {
	start_pasta --config-net -q -t 5000-5001:192.0.2.9 -u 5000-5001:192.0.2.9/6000-6001
	inside ip address add 192.0.2.9/32 dev lo
	inside_tells TCP4 5001
	# bound: an answer from another address would be nobody's
	inside_serve udp 6001 socat UDP4-LISTEN:6001,bind=192.0.2.9,fork 'SYSTEM:read x; echo by $SOCAT_SOCKPORT'
	tcp_answers remote $H4 5001 "to 192.0.2.9 port 5001"
	udp_answers remote $H4 5001 "by 6001"
}

@test "forms: a range to a range at an IPv6 address in brackets" {
	start_pasta --config-net -q -t "5000-5001:[2001:db8:9::9]/6000-6001" -u none
	inside ip address add 2001:db8:9::9/128 dev lo nodad
	inside_tells TCP6 6001
	tcp_answers remote "[$H6]" 5001 "port 6001"
}

@test "forms: an address, an interface and a mapped range with a hole" {
	start_pasta --config-net -q -t $H4%v0/5000-5003:6000-6003,~5001-5002 -u none
	inside_tells TCP4 6000
	inside_tells TCP4 6003
	tcp_answers remote $H4 5000 "port 6000"
	tcp_answers remote $H4 5003 "port 6003"
	refused remote $H4 5001
	refused host 127.0.0.1 5000
}

listens_at() { [[ $(host ss -Hntl "sport = :$2") == *" $1:$2 "* ]]; }

@test "forms: auto on one address of the host" {
	start_pasta --config-net -q -t $H4/auto -T none
	inside_tells TCP4 5000
	wait_until listens_at $H4 5000
	tcp_answers remote $H4 5000
	refused host 127.0.0.1 5000
}

@test "forms: auto with an exclusion" {
	start_pasta --config-net -q -t auto,~5000 -T none
	inside_tells TCP4 5000
	inside_tells TCP4 5001 # later: when it's there, the other one was seen too
	wait_until tcp_answers remote $H4 5001
	refused remote $H4 5000
}

# tells NS PORT TEXT: a server on the host
tells() { serve host tcp "$1" socat "TCP6-LISTEN:$1,ipv6only=0,fork,reuseaddr" "SYSTEM:echo $2"; }

# inside_asks ADDR PORT: what a server told that -T leads to
inside_asks() { inside socat -u "TCP:$1:$2" -; }

@test "forms: -T with a list, a mapped range and an exclusion" {
	tells 5000 one
	tells 6001 two
	start_pasta --config-net -q -t none -T 5000,5500-5502:6000-6002,~5502
	inside_asks 127.0.0.1 5000
	assert "$output" == one "port alone"
	inside_asks "[::1]" 5501
	assert "$output" == two "mapped port"
	inside "$TOOLS/probe" tcp 127.0.0.1 5502
	assert "$output" == ECONNREFUSED "excluded port"
}

@test "forms: -T on an interface of the namespace" {
	tells 5000 yes
	start_pasta --config-net -q -t none -T %lo/5000
	inside_asks 127.0.0.1 5000
	assert "$output" == yes "answer"
}

@test "forms: -T with an exclusion only means all others" {
	tells 5000 yes
	tells 5001 no
	start_pasta --config-net -q -t none -T ~5001 -U none
	inside_asks 127.0.0.1 5000
	assert "$output" == yes "answer"
	inside "$TOOLS/probe" tcp 127.0.0.1 5001
	assert "$output" == ECONNREFUSED "excluded port"
}

@test "forms: -U follows -T, unless told otherwise" {
	serve host udp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q -t none -T 6000:5000
	inside "$TOOLS/probe" udp 127.0.0.1 6000
	assert "$output" == "answer 1 bytes" "by -T"
	stop_pasta
	rm "$T/commands"
	start_pasta --config-net -q -t none -T 6000:5000 -U 7000:5000
	inside "$TOOLS/probe" udp 127.0.0.1 6000
	assert "$output" =~ ^ECONNREFUSED "by -T, with -U"
	inside "$TOOLS/probe" udp ::1 7000
	assert "$output" == "answer 1 bytes" "by -U"
}
