# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# For tests of forwarded ports, on top of helpers.bash: servers in the namespace that start_pasta
# has made, and clients that ask them.

H4=198.51.100.1 H6=2001:db8:1::1 # the host, and what the namespace has as well
B4=198.51.100.7 # a second address of the host

# start_ports ARGS: start_pasta, and then ns can be used
start_ports() {
	start_pasta -q --config-net "$@"
	inside true
	NS_PID=$(init_of "$PASTA_PID")
}

# ns CMD: run a command on the host, in the network namespace of the pasta that start_ports started
ns() { host nsenter -t $NS_PID --user --preserve-credentials --net -- "$@"; }

# inside_serve tcp|udp PORT CMD: a server in the namespace; another one may have the port in another
# address family, so it's there when there's one more
inside_serve() {
	inside bash -c 'open() { ss -Hn "--$1" --listening "sport = :$2" | wc -l; }
		before=$(open "$@")
		"${@:3}" </dev/null >"'"$T"'/served" 2>&1 & disown
		until (($(open "$@") > before)); do :; done' bash "$@"
}

# inside_tells PROTO4|PROTO6 PORT: a server that tells its clients where they come from; -t: a client is at
# its end right after it has asked, and then socat would wait for the shell for half a second only
inside_tells() {
	local kind=$1-LISTEN options=fork,reuseaddr wait=5
	[[ $1 != *6 ]] || options+=,ipv6only=1
	[[ $1 != UDP* ]] || wait=0.5 # there, it's how long the client's port stays taken
	inside_serve "$(tr '[:upper:]' '[:lower:]' <<< "${1%?}")" "$2" socat -t "$wait" "$kind:$2,$options" \
		'SYSTEM:read x; echo from $SOCAT_PEERADDR to $SOCAT_SOCKADDR port $SOCAT_SOCKPORT by $SOCAT_PEERPORT'
}

# asks NS SOCAT-ADDRESS: what such a server said
asks() { output=$("$1" bash -c 'echo x | timeout 5 socat -T2 -t2 - "$1"' bash "$2" 2>&1) || true; }

# tcp_answers NS ADDR PORT [WANTED]: "connected" is not enough, the namespace has to answer
tcp_answers() {
	asks "$1" "TCP:$2:$3"
	assert "$output" contains "${4:-from}" "answer of $2 port $3"
}
udp_answers() {
	asks "$1" "UDP:$2:$3"
	assert "$output" contains "${4:-from}" "answer of $2 port $3"
}

# refused NS ADDR PORT: nothing listens there
refused() {
	output=$("$1" "$TOOLS/probe" tcp "$2" "$3" 2000)
	assert "$output" == ECONNREFUSED "$2 port $3"
}

# udp_echoes NS ADDR [PORT]: by a connected socket, so the answer came from the address that was asked
udp_echoes() {
	output=$("$1" "$TOOLS/probe" udp "$2" "${3:-5000}")
	assert "$output" == "answer 1 bytes" "$2 port ${3:-5000}, asked by $1"
}

# limit_pasta N: make $T/limited, pasta with a hard limit of N descriptors
limit_pasta() {
	printf '#!/bin/bash\nulimit -n %d\nexec %q "$@"\n' "$1" "$PASTA" > "$T/limited"
	chmod 755 "$T/limited"
}

# start_pasta_limited N ARGS, run_limited RC N ARGS
start_pasta_limited() {
	limit_pasta "$1"
	PASTA=$T/limited start_pasta "${@:2}"
}
run_limited() {
	limit_pasta "$2"
	PASTA=$T/limited run_pasta "$1" "${@:3}"
}
