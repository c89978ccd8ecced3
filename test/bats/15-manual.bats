# SPDX-License-Identifier: Apache-2.0
#
# The examples of the manual, word for word. Each test takes one by its title; an example without a
# test fails. Programs that an example calls and that are of no interest are stand-ins from $T/bin.

load helpers

MANUAL=$TESTS/../../man/pasta.1
SELF=$BATS_TEST_FILENAME

setup() {
	host_start
	mkdir "$T/bin" "$T/work"
	ln -s "$PASTA" "$T/bin/pasta"
	printf '127.0.0.1 localhost\n%s www.example.org\n' $R4 > "$T/hosts"
	host mount --bind "$T/hosts" /etc/hosts
}

# examples: all of them, TITLE<tab>COMMAND
examples() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH NOTES/p' "$MANUAL" |
		awk '/^\.TP/ { getline title; getline; sub(/^\.B /, ""); print title "\t" $0 }' |
		sed 's/\\-/-/g; s/\\(ti/~/g; s/\\(aq/'\''/g'
}

# example TITLE: $COMMAND is what the manual has under it
example() {
	COMMAND=$(examples | awk -F'\t' -v title="$1" '$1 == title { print $2 }')
	assert "$COMMAND" != "" "command of '$1'"
}

# program NAME: a stand-in in the examples' directory and in their PATH, from standard input
program() {
	{ echo '#!/bin/bash'; cat; } > "$T/work/$1"
	chmod +x "$T/work/$1"
	ln -s "$T/work/$1" "$T/bin/$1"
}

in_work() { host env PATH="$T/bin:$PATH" bash -c 'cd "$0" && eval "$1"' "$T/work" "$1"; }
run_example() { output=$(in_work "$COMMAND" 2> "$T/stderr") || { cat "$T/stderr"; return 1; }; }
start_example() { background example host env PATH="$T/bin:$PATH" bash -c 'cd "$0" && eval "$1"' "$T/work" "$COMMAND"; }

# page NAME TEXT: a program that answers a web browser
page() {
	program "$1" <<-END
		while read -r line && [[ \$line != \$'\r' ]]; do :; done
		printf 'HTTP/1.0 200 OK\r\n\r\n%s\n' '$2'
	END
}

# A web server: web NS PORT [ADDRESS]
web() {
	page "page-$1" "hello from $1"
	serve "$1" tcp "$2" socat "TCP-LISTEN:$2,fork,reuseaddr${3:+,bind=$3}" "EXEC:$T/bin/page-$1"
}

udp_answers() { host bash -c "echo ? | socat -t 1 - UDP:127.0.0.1:$1 | grep -q answer"; }
web_page() { "$1" curl -s --max-time 2 "http://$2/" | grep -q hello; }

@test "example: a shell" {
	example "A shell that is on the network"
	output=$(SHELL=/bin/sh in_work "$COMMAND" <<< "ping -c1 -W10 $R4; exit 7" 2>&1) || status=$?
	assert "$output" contains "1 received" "ping"
	assert "$status" == 7 "exit status"
}

@test "example: one command" {
	example "One command, nothing printed but its output"
	web remote 80
	run_example
	assert "$output" == "hello from remote" "output"
	assert "$(< "$T/stderr")" lacks "pasta:" "messages"
}

@test "example: another address" {
	example "A test of a server under another address"
	program client <<< 'ip -br address; ping -c1 -W10 www.example.org'
	run_example
	assert "$output" contains "192.0.2.1/24" "address"
	assert "$output" contains "1 received" "ping"
}

@test "example: a capture" {
	example "What a program sends"
	program program <<< 'ping -c1 -W10 www.example.org'
	# As root it would become somebody else, and only root is mapped there; nobody knows names either
	program tcpdump <<< "exec unshare --user --map-user=1000 $(command -v tcpdump) -n \"\$@\""
	run_example
	assert "$output" contains "ICMP echo request" "tcpdump's output"
}

@test "example: a web server" {
	example "A web server in the namespace, on port 8080 of the host"
	page page hello
	program nginx <<< 'exec socat TCP-LISTEN:80,fork,reuseaddr EXEC:page'
	start_example
	wait_until web_page remote 198.51.100.1:8080
	wait_until web_page host 127.0.0.1:8080
}

@test "example: a web server and DNS for the host only" {
	example "The same for the host's own programs only, and DNS too"
	page page hello
	program servers <<-'END'
		socat TCP-LISTEN:80,fork,reuseaddr EXEC:page &
		exec socat UDP-RECVFROM:53,fork SYSTEM:'read -r x; echo an answer'
	END
	start_example
	wait_until web_page host 127.0.0.1:8080
	wait_until udp_answers 5353
	assert "$(remote "$TOOLS/probe" tcp 198.51.100.1 8080 2000)" == ECONNREFUSED "from outside"
}

@test "example: automatic ports" {
	example "Whatever the command listens on, except for ports up to 1023"
	page page hello
	program servers <<-'END'
		socat TCP-LISTEN:80,fork,reuseaddr EXEC:page &
		exec socat TCP-LISTEN:8080,fork,reuseaddr EXEC:page
	END
	start_example
	wait_until web_page remote 198.51.100.1:8080
	assert "$(remote "$TOOLS/probe" tcp 198.51.100.1 80 2000)" == ECONNREFUSED "port 80"
}

@test "example: no service of the host's loopback" {
	example "A command that reaches the outside, but no service of the host's loopback"
	web host 5000
	program build <<-END
		ping -c1 -W10 www.example.org
		$TOOLS/probe tcp 127.0.0.1 5000 2000
		$TOOLS/probe tcp $G4 5000 500
		true
	END
	run_example
	assert "$output" contains "1 received" "ping"
	assert "$output" contains ECONNREFUSED "loopback"
	assert "$output" lacks connected "connections"
}

@test "example: a resolver on the loopback" {
	example "A resolver for it on a host with one on 127.0.0.53"
	echo 'nameserver 127.0.0.53' > "$T/resolv.conf"
	host mount --bind "$T/resolv.conf" "$(readlink -f /etc/resolv.conf)"
	background dnsmasq host dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= \
		--bind-interfaces --listen-address=127.0.0.53 --address=/www.example.org/192.0.2.80
	wait_until host dig +time=1 +tries=1 @127.0.0.53 www.example.org
	run_example
	assert "$output" contains 192.0.2.80 "answer"
}

@test "example: autoconfiguration" {
	example "IPv6 addresses by the kernel's own autoconfiguration, as on a real link"
	# three seconds are enough for people
	program sleep <<< 'until ip -6 address show scope global | grep -q dynamic; do :; done'
	run_example
	assert "$output" =~ "inet6 2001:db8:1:0:"[0-9a-f:]+"/64 scope global "[a-z\ ]*dynamic "addresses"
}

@test "example: a process that has a namespace" {
	example "A network for a process that has a namespace without one"
	start_example
	wait_until host bash -c 'nsenter -t $(pgrep -fx "sleep 1000") --user --preserve-credentials --net ping -c1 -W10 '$R4
}

@test "example: a namespace with a name" {
	example "A network for a namespace with a name, as root"
	run_example
	output=$(host ip netns exec blue ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
	host kill "$(host cat /run/blue.pid)"
	wait_until not host test -e /run/blue.pid
}

@test "example: a service on the host's loopback" {
	example "A service on the host's loopback, by an address of one's own choice"
	web host 8080 127.0.0.1
	run_example
	assert "$output" == "hello from host" "page"
}

@test "example: none of them lacks a test" {
	local title
	assert "$(examples | wc -l)" -ge 13 "examples"
	while IFS=$'\t' read -r title _; do
		assert "$(grep -cF "example \"$title\"" "$SELF")" == 1 "tests of '$title'"
	done < <(examples)
}
