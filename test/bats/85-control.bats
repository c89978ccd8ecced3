# SPDX-License-Identifier: Apache-2.0
#
# The control socket: where it is, who may use it, and that no client can do any harm.

load helpers
load control
load ports

named() { host mkdir -p /run/netns; host ip netns add box; }
is_gone() { not host test -e "$SOCKET"; }

refused() {
	run_pasta 1 "${@:2}"
	assert "$stderr" contains "$1" "complaint"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
}

@test "control: the socket is in the user's runtime directory, for nobody else, and goes with COMMAND" {
	start_controlled --config-net -q
	assert "$(host stat -c %a "$SOCKET" "$T/run/pasta" | tr '\n' ' ')" == "600 700 " "modes"
	ask status
	assert "$(field .pid)" == "$PASTA_PID" "process"
	stop_pasta
	assert "$(ls "$T/run/pasta")" == "" "what is left"
}

@test "control: the socket goes when pasta is killed, or its start fails" {
	start_controlled --config-net -q
	host kill -KILL "$PASTA_PID"
	wait_until is_gone
	run_pasta 127 --config-net -q -c "$T/socket" -- /no/such/command
	assert "$(ls "$T/run/pasta" "$T/socket" 2>&1)" lacks sock$ "what is left"
	run_pasta 1 -q -c "$T/socket" -i nosuch0 -- true
	wait_until not test -e "$T/socket"
}

@test "control: -c names another place, for a namespace that is joined too" {
	named
	run_pasta --config-net -q --netns box -P "$T/pid" -c "$T/socket"
	SOCKET=$T/socket
	ask status
	assert "$(field .mode) $(field .netns) $(field .pid)" == "joined /run/netns/box $(< "$T/pid")" "status"
	assert "$(ls "$T/run")" == "" "default place"
	host ip netns del box
	wait_until is_gone
}

@test "control: --no-control, and no directory of the user's own, mean no socket and no word" {
	run_pasta --config-net -q --no-control -- ls "$T/run"
	assert "$output$stderr" == "" "directory"
	chmod 777 "$T/run"
	run_pasta --config-net -q -- ls "$T/run"
	assert "$output$stderr" == "" "a directory that others may write to"
	for XDG_RUNTIME_DIR in "" relative /nowhere /proc /etc/passwd; do
		run_pasta --config-net -q -- true
		assert "$output$stderr" == "" "messages with '$XDG_RUNTIME_DIR'"
	done
}

@test "control: a socket that nobody listens on is replaced, one in use is an error, a file stays" {
	background other host socat -u "UNIX-LISTEN:$T/socket,unlink-close=0" - # for one client
	wait_until test -S "$T/socket"
	refused "--conf-path '$T/socket': another program listens on it" -q -c "$T/socket" -- true
	finish other
	test -S "$T/socket"
	run_pasta -q -c "$T/socket" -- true
	not test -e "$T/socket"
	echo mine > "$T/socket"
	refused "--conf-path '$T/socket': what is there is not a socket" -q -c "$T/socket" -- true
	assert "$(< "$T/socket")" == mine "the file"
	refused "longer than 107 bytes" -q -c "$(printf '/%0110d' 1)" -- true
}

@test "control: status says what the instance is and was set up as" {
	start_controlled --config-net -q --dns-forward 192.0.2.53 --map-guest-addr 192.0.2.7 -m 9000
	ask status
	assert "$(field .protocol) $(field .ok) $(field .program) $(field .mode)" == "1 true pasta command" "head"
	assert "$(field .version)" == "$("$PASTA" --version | cut -d' ' -f2)" "version"
	assert "$(field .command)" =~ ^bash\ -c "command"
	assert "$(field .interface) $(field .mtu)" == "v0 9000" "interface"
	assert "$(field '.ipv4 | .template, .addresses[0], .gateway, .dns_forward, .map_guest_addr' | tr '\n' ' ')" == \
		"v0 198.51.100.1/24 198.51.100.2 192.0.2.53 192.0.2.7 " "IPv4"
	assert "$(field '.ipv6.addresses | join(" ")')" == "2001:db8:1::1/64" "IPv6"
	assert "$(field .features.tso)" == true "features"
}

@test "control: an instance in local mode, and one without a tap, say so" {
	host ip route flush default
	host ip -6 route flush default
	host ip link del v0
	start_controlled --config-net -q
	ask status
	assert "$(field .ipv4.local_mode) $(field .ipv4.template) $(field .interface)" == "true null tap0" "status"
	stop_pasta
	rm "$T/commands"
	start_controlled --splice-only -q
	ask status
	assert "$(field .interface) $(field .ipv4)" == "null null" "without a tap"
}

@test "control: counters move with what is counted" {
	start_controlled --config-net -q
	ask counters
	local before
	before=$(field '.counters["ping opened"]')
	inside ping -c1 -W10 $R4
	ask counters
	assert "$(field '.counters["ping opened"]')" -eq $((before + 1)) "pings"
	assert "$(field .from_namespace_frames)" -gt 0 "frames"
	assert "$(field '.counters | length')" == "$(sed -n 's/^#define COUNTERS //p' "$TESTS/../../common/engine/counters.h")" "counters"
}

@test "control: what is refused is counted by its reason, for connections and datagrams" {
	start_controlled --config-net -q -t none -u none -T 7000 -U none --deny tcp/any:7000 --deny udp/any:7000
	inside bash -c "! echo > /dev/tcp/$R4/7000; ! echo > /dev/tcp/127.0.0.1/7000; echo > /dev/udp/$R4/7000"
	wait_until refused_are "refused: policy=3"
}
# refused_are REASON=COUNT: that, and nothing else
refused_are() {
	ask counters
	assert "$(field '.counters | to_entries[] | select(.key[:8] == "refused:" and .value > 0) | "\(.key)=\(.value)"')" \
		== "$1" "what was refused"
}

@test "control: the log level is changed, and back" {
	start_controlled --config-net
	ask log
	assert "$(field .log)" == info "level at first"
	ask log trace
	assert "$(field .log)" == trace "level"
	inside ping -c1 -W10 $R4
	wait_until grep -q "from namespace: ICMP" "$T/pasta.err"
	ask log error
	ask status
	assert "$(field .log)" == error "level in the end"
}

@test "control: quit ends COMMAND as a signal does, quit now kills it" {
	start_controlled --config-net -q
	ask quit
	assert "$(field .ok)" == true "answer"
	finish pasta
	wait_until grep -qx 143 "$T/pasta.status"
	background stubborn host "$PASTA" --config-net -q -c "$T/socket" -- \
		bash -c "trap : TERM; touch $T/up; while :; do sleep 1000; done"
	wait_until test -e "$T/up"
	SOCKET=$T/socket
	ask quit
	ask quit now
	finish stubborn
	wait_until grep -qx 137 "$T/stubborn.status"
}

@test "control: quit ends an instance that has joined a namespace" {
	named
	run_pasta --config-net -q --netns box -P "$T/pid" -c "$T/socket"
	SOCKET=$T/socket PASTA_PID=$(< "$T/pid")
	ask quit
	assert "$(field .ok)" == true "answer"
	wait_until is_gone
	wait_until not host test -e "/proc/$PASTA_PID"
}

@test "control: what is wrong with a request is said, and the next one is answered" {
	start_controlled --config-net -q
	output=$(printf 'flows port x\nlog\n' | raw)
	assert "$(field '.error' | head -1)" == "flows port: 'x': must be a port, from 1 to 65535" "error"
	assert "$(field .ok | tr '\n' ' ')" == "false true " "answers"
	ask frobnicate
	assert "$(field .error)" contains "'frobnicate': must be status" "error"
	printf 'log\0\nlog\n' | raw > "$T/answers"
	assert "$(jq -r .ok < "$T/answers" | tr '\n' ' ')" == "false true " "answers with a NUL byte"
}

@test "control: flows are listed with both ends on both sides, the rule, and what has moved" {
	serve remote tcp 5000 socat TCP-LISTEN:5000,fork,reuseaddr SYSTEM:'read -r x; echo y; read -r x'
	start_controlled --config-net -q -t 8080
	inside bash -c "exec 3<> /dev/tcp/$R4/5000; echo hello >&3; read -r x <&3; touch $T/answered; sleep 1000 3<&3 & exec sleep 0"
	wait_until test -e "$T/answered"
	ask flows tcp tap
	assert "$(field '.flows | length') $(field .more)" == "1 false" "flows"
	assert "$(field '.flows[0] | .kind, .path, .state' | tr '\n' ' ')" == "tcp tap established " "flow"
	assert "$(field '.flows[0] | .namespace.addr, .remote.addr, .remote.port, .own.addr, .peer.addr, .peer.port' | tr '\n' ' ')" == \
		"198.51.100.1 $R4 5000 198.51.100.1 $R4 5000 " "ends"
	assert "$(field '.flows[0] | .to_host_bytes, .to_namespace_bytes' | tr '\n' ' ')" == "6 2 " "bytes"
	assert "$(field '.flows[0] | .age_ms >= .idle_ms and .age_ms < 600000')" == true "age"
	assert "$(field .flows[0].inode)" == "$(host ss -Htne dst $R4:5000 | grep -oP 'ino:\K[0-9]+')" "inode"
	assert "$(field .flows[0].rule)" == null "rule of a flow that the namespace opened"
}

@test "control: what datagrams have carried is counted both ways, through the tap and beside it" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	serve remote udp 5001 socat -u UDP-RECV:5001 OPEN:/dev/null
	start_controlled --config-net -q -u 5353
	inside_serve udp 5353 socat -u UDP-RECV:5353 OPEN:/dev/null
	inside "$TOOLS/probe" udp $R4 5000
	inside "$TOOLS/blast" $R4 5001 1000 80 40
	remote "$TOOLS/blast" $H4 5353 100 5
	host "$TOOLS/blast" 127.0.0.1 5353 1000 80 40
	inside ping -c 1 -W 10 -s 100 $R4
	wait_until carried "udp tap port 5000" "1 1 1 1"
	wait_until carried "udp tap port 5001" "80000 80 0 0"
	wait_until carried "udp tap port 5353" "0 0 500 5"
	wait_until carried "udp local" "0 0 80000 80"
	wait_until carried ping "108 1 108 1"
}
# carried FILTER COUNTS: the only such flow has, in bytes and packets, to the host and to the namespace
carried() {
	ask "flows $1"
	assert "$(field '.flows[] | .to_host_bytes, .to_host_packets, .to_namespace_bytes, .to_namespace_packets' |
		tr '\n' ' ')" == "$2 " "$1"
}

@test "control: flows that came by a rule say which, local ones and UDP too" {
	start_controlled --config-net -q -t 8000 -t 8080 -u 5353 -T none
	inside bash -c "socat TCP-LISTEN:8080,fork,reuseaddr EXEC:cat & socat UDP-LISTEN:5353,fork,reuseaddr EXEC:cat &"
	wait_until inside_listens
	background tcp remote bash -c 'exec 3<> /dev/tcp/198.51.100.1/8080; exec sleep 1000'
	background local host bash -c 'exec 3<> /dev/tcp/127.0.0.1/8080; exec sleep 1000'
	background udp remote bash -c 'exec 3<> /dev/udp/198.51.100.1/5353; echo x >&3; exec sleep 1000'
	wait_until flows_are 3
	local tcp udp
	ask forward list
	tcp=$(field '.forwards[] | select(.spec == "8080" and .option == "-t").id')
	udp=$(field '.forwards[] | select(.spec == "5353" and .option == "-u").id')
	ask flows
	assert "$(field '[.flows[] | select(.kind == "tcp").rule] | unique | join(" ")')" == "$tcp" "rule of TCP"
	assert "$(field '.flows[] | select(.kind == "udp").rule')" == "$udp" "rule of UDP"
	assert "$(field '.flows[] | select(.path == "local") | .own.port, .namespace.port' | tr '\n' ' ')" == "8080 8080 " "ends"
}
inside_listens() { inside ss -Hltn "sport = :8080" && [[ -n $output ]] && inside ss -Hlun "sport = :5353" && [[ -n $output ]]; }
flows_are() { ask flows && [[ $(field '.flows | length') == "$1" ]]; }

@test "control: flows are filtered and limited" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled --config-net -q
	inside bash -c "for i in {1..150}; do exec {fd}<> /dev/tcp/$R4/5000; done; touch $T/open; sleep 1000 & exec sleep 0"
	inside bash -c "exec 3<> /dev/udp/$R4/53; echo x >&3"
	inside ping -c1 -W10 $R4
	wait_until test -e "$T/open"
	ask flows
	assert "$(field '.flows | length') $(field .more)" == "100 true" "without a filter"
	ask flows tcp limit 1000
	assert "$(field '.flows | length') $(field .more)" == "150 false" "TCP"
	ask flows ping addr $R4
	assert "$(field '.flows | length') $(field .flows[0].kind)" == "1 ping" "ping"
	ask flows port 53
	assert "$(field '.flows | length') $(field .flows[0].kind)" == "1 udp" "port 53"
	ask flows addr $R6
	assert "$(field '.flows | length')" == 0 "another address"
}

@test "control: forwarding rules are listed as they were given" {
	start_controlled --config-net -q -t 127.0.0.1/8080:80,~9000 -u none -T auto -U 53
	ask forward list
	assert "$(field '.forwards[] | "\(.option) \(.spec) \(.kind)"')" == \
		$'-t 127.0.0.1/8080:80 ports\n-t 127.0.0.1/~9000 exclude\n-T auto auto\n-U 53 ports' "rules"
	assert "$(field '[.forwards[].id] | unique | length')" == 4 "ids"
}

@test "control: a hundred clients at once are all answered" {
	start_controlled --config-net -q
	local before i clients=()
	before=$(fd_count "$PASTA_PID")
	for i in {1..100}; do
		raw <<< status > "$T/answer-$i" 3>&- &
		clients+=($!)
	done
	wait "${clients[@]}"
	assert "$(cat "$T"/answer-* | jq -c .ok | grep -c true)" == 100 "answers"
	wait_until fds_are "$before"
}

@test "control: clients that send half a line, nothing, a gigabyte, or never read are nobody's trouble" {
	start_controlled --config-net -q
	local before
	before=$(fd_count "$PASTA_PID")
	background half host bash -c "(printf sta; exec sleep 1000) | socat - UNIX-CONNECT:$SOCKET"
	background nothing host socat -u "UNIX-CONNECT:$SOCKET" -
	background unread host bash -c "yes counters | socat -u - UNIX-CONNECT:$SOCKET"
	wait_until fds_are_over $((before + 2))
	host bash -c "head -c 1G /dev/zero | socat - UNIX-CONNECT:$SOCKET" 2> "$T/refusal" || true
	assert "$(< "$T/refusal")" =~ "Broken pipe|Connection reset" "end of a gigabyte"
	answers
	inside ping -c1 -W10 $R4
	assert "$status" == 0 "ping: $output"
	WAIT=30 wait_until fds_are $((before + 1)) # the idle one may stay longer
}
fds_are_over() { [[ $(fd_count "$PASTA_PID") -gt $1 ]]; }

@test "control: a client that is killed between its request and the answer leaves nothing" {
	start_controlled --config-net -q
	local before i
	before=$(fd_count "$PASTA_PID")
	for i in {1..20}; do
		host bash -c "(yes flows | head -n 500; exec sleep 1000) | socat -u - UNIX-CONNECT:$SOCKET & sleep 0.01; kill -KILL %1; wait" 2>/dev/null || true
	done
	answers
	wait_until fds_are "$before"
}

@test "control: an instance with a socket and no client is as idle as one without" {
	start_controlled --config-net -q -t none -u none -T none -U none
	answers
	wait_until is_idle "$PASTA_PID"
}

@test "control: no process but pasta holds the socket" {
	start_controlled --config-net -q
	local inode
	inode=$(host awk -v path="$SOCKET" '$NF == path { print $7 }' /proc/net/unix)
	output=$(host bash -c "ls -l /proc/[0-9]*/fd | grep -c 'socket:\[$inode\]'")
	assert "$output" == 1 "holders of socket $inode"
}
