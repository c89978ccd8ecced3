# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
#
# pasta-portd: rootlesskit's API and slirp4netns' requests, as clients make them by curl and socat. What is
# parsed is in test/unit/test_portd_spec.c; rootlessctl itself asks it in test/integration/40-rootlesskit.bats.

load helpers
load control
load ports

API_PATH=pasta-portd/api.sock

# portd ARGS: run pasta-portd, which goes to the background
portd() {
	status=0
	output=$(host timeout --kill-after 2 60 "$PASTA-portd" --pid "$T/portd.pid" "$@" </dev/null 2>"$T/stderr") || status=$?
	stderr=$(< "$T/stderr")
}
fails() {
	portd "${@:2}"
	assert "$status $(grep -c . "$T/stderr")" == "1 1" "status and lines of $*: $stderr"
	assert "$stderr" contains "$1" "complaint"
}
portd_has_ended() { host test ! -e "/proc/$PORTD"; }

# with_portd ARGS: a pasta that ARGS are for, and its portd
with_portd() {
	start_controlled -q --config-net -t none -u none -T none -U none "$@"
	run_portd
}
run_portd() {
	portd -q --slirp4netns-socket "$T/run/slirp.sock"
	assert "$status $output$stderr" == "0 " "start"
	PORTD=$(< "$T/portd.pid")
}

# api METHOD PATH [BODY]: $code and $output are the answer's
api() {
	local body=()
	[[ -z ${3:-} ]] || body=(-d "$3")
	code=$(host curl -sS --max-time 60 --unix-socket "$T/run/$API_PATH" -o "$T/body" -w '%{http_code}' \
		-X "$1" "${body[@]}" "http://rootlesskit$2")
	output=$(< "$T/body")
}
gets() { api "${@:2}"; assert "$code" == "$1" "status of ${*:2}: $output"; }
spec() { printf '{"proto":"%s","parentIP":"%s","parentPort":%d,"childIP":"%s","childPort":%d}' "$@"; }
# adds SPEC-WORDS: $id is its number
adds() { gets 201 POST /v1/ports "$(spec "$@")"; id=$(field .id); }
ports_are() { gets 200 GET /v1/ports; assert "$output" == "$1" "ports"; }

slirp() { output=$(host socat -t 60 - "UNIX-CONNECT:$T/run/slirp.sock" <<< "$1"); }

@test "portd: info says what there is, and where the namespace is" {
	with_portd --dns-forward 10.0.2.3
	gets 200 GET /v1/info
	assert "$(field .apiVersion)" == 1.1.1 "version of the API"
	assert "$(field .stateDir)" == "$T/run/pasta-portd" "state directory"
	assert "$(field '.networkDriver | [.driver, .dns[0], .childIP, .dynamicChildIP] | @csv')" == \
		"\"pasta\",\"10.0.2.3\",\"$H4\",false" "network driver"
	assert "$(field '.portDriver | [.driver, (.protos | join(" ")), .disallowLoopbackChildIP] | @csv')" == \
		'"pasta","tcp tcp4 tcp6 udp udp4 udp6",true' "port driver"
	inside readlink /proc/self/ns/net
	assert "$(host readlink "/proc/$(gets 200 GET /v1/info; field .childPID)/ns/net")" == "$output" "childPID"
}

@test "portd: ports are added, listed as they were sent, and removed" {
	with_portd
	inside_tells TCP4 80
	inside_serve udp 53 "$TOOLS/load" serve 53
	adds tcp "" 8080 "" 80
	assert "$output" == "{\"id\":1,\"spec\":$(spec tcp "" 8080 "" 80)}" "answer"
	adds udp4 0.0.0.0 5353 "" 53
	assert "$id $(field '.id | type')" == "2 number" "id"
	tcp_answers remote $H4 8080
	udp_echoes host 127.0.0.1 5353
	ports_are "[{\"id\":1,\"spec\":$(spec tcp "" 8080 "" 80)},{\"id\":2,\"spec\":$(spec udp4 0.0.0.0 5353 "" 53)}]"
	gets 200 DELETE /v1/ports/1
	assert "$output" == "" "answer"
	gets 200 DELETE /v1/ports/2
	refused remote $H4 8080
	ports_are "[]"
}

@test "portd: dockerd's calls, word for word" {
	with_portd
	inside_tells TCP4 8080
	inside_tells TCP6 8080
	gets 200 GET /v1/info
	local child four six
	child=$(field .networkDriver.childIP)
	four='{"proto":"tcp4","parentIP":"0.0.0.0","parentPort":8080,"childIP":"'$child'","childPort":8080}'
	six='{"proto":"tcp6","parentIP":"::","parentPort":8080,"childIP":"'$child'","childPort":8080}'
	gets 201 POST /v1/ports "$four"
	assert "$output" == "{\"id\":1,\"spec\":$four}" "answer for IPv4"
	gets 201 POST /v1/ports "$six"
	assert "$output" == "{\"id\":2,\"spec\":$six}" "answer for IPv6"
	tcp_answers remote $H4 8080 "from $R4 to $H4"
	tcp_answers remote "[$H6]" 8080 "port 8080"
	gets 200 DELETE /v1/ports/1
	gets 200 DELETE /v1/ports/2
	refused remote $H4 8080
	refused remote $H6 8080
}

@test "portd: a port to another address in the namespace, on one of the host's" {
	with_portd
	inside ip address add 10.89.0.5/32 dev lo
	inside_tells TCP4 80
	adds tcp4 $H4 8080 10.89.0.5 80
	tcp_answers remote $H4 8080 "to 10.89.0.5 port 80"
	refused host 127.0.0.1 8080
}

@test "portd: what cannot be is 400 with the reason, and changes nothing" {
	with_portd
	serve host tcp 8085 "$TOOLS/load" serve 8085
	adds tcp4 0.0.0.0 8080 "" 80
	local before=$output
	while IFS='|' read -r reason body; do
		gets 400 POST /v1/ports "$body"
		assert "$(field .message)" contains "$reason" "message for $body"
	done <<-END
		not a JSON object|{"proto":"tcp"
		proto 'sctp'|$(spec sctp "" 8081 "" 80)
		parentPort: must be|$(spec tcp "" 65536 "" 80)
		childPort: must be|$(spec tcp "" 8081 "" 0)
		parentIP 'x': not an IP address|$(spec tcp x 8081 "" 80)
		not an address for tcp4|$(spec tcp4 :: 8081 "" 80)
		not of one family|$(spec tcp6 :: 8081 10.1.1.1 80)
		not the address of one host|$(spec tcp "" 8081 0.0.0.0 80)
		Address already in use|$(spec tcp "" 8085 "" 80)
		net.ipv4.ip_unprivileged_port_start|$(spec tcp "" 600 "" 80)
		does not have this address|$(spec tcp 192.0.2.77 8081 "" 80)
		conflicts with port 1|$(spec tcp4 0.0.0.0 8080 "" 80)
		overlap|$(spec tcp4 0.0.0.0 8080 "" 81)
	END
	ports_are "[$before]"
}

@test "portd: what there is not is said so" {
	with_portd
	local id
	for id in 1 0 -1 4294967295 99999999999999999999 x 1/2; do
		gets 400 DELETE "/v1/ports/$id"
		assert "$(field .message)" contains "there is no port" "message for $id"
	done
	gets 404 GET /v1/nosuch
	gets 404 GET /
	gets 405 PUT /v1/ports
	gets 405 DELETE /v1/info
	assert "$(field .message)" contains "must be one of GET" "message"
}

@test "portd: ports of pasta's command line are listed, taken over and removed, but for ranges" {
	with_portd -t 127.0.0.1/8080:80,8000-8001 -u '[::1]/53535'
	local first second
	first=$(spec tcp4 127.0.0.1 8080 "" 80) second=$(spec udp6 ::1 53535 "" 53535)
	gets 200 GET /v1/ports
	assert "$(field 'map(.spec) | tojson')" == "[$first,$second]" "ports"
	id=$(field .[0].id)
	adds tcp4 127.0.0.1 8080 $H4 80
	assert "$(field .id)" == "$id" "id of what is there already"
	gets 200 DELETE "/v1/ports/$id"
	refused host 127.0.0.1 8080
	gets 400 DELETE "/v1/ports/$((id + 1))"
	ask forward list
	assert "$(field '[.forwards[].spec] | join(" ")')" == "127.0.0.1/8000-8001 [::1]/53535" "pasta's rules"
}

@test "portd: killed and started again, it has the same ports with the same ids" {
	with_portd
	inside_tells TCP4 80
	adds tcp4 0.0.0.0 8080 "" 80
	adds tcp "" 8081 "" 80
	gets 200 GET /v1/ports
	local before=$output
	host kill -KILL "$PORTD"
	wait_until portd_has_ended
	tcp_answers remote $H4 8080
	wait_until host test ! -e "$T/run/$API_PATH"
	run_portd
	ports_are "$before"
	gets 200 DELETE /v1/ports/1
	refused remote $H4 8080
}

@test "portd: it ends when pasta does, and leaves no file" {
	with_portd
	host kill -KILL "$PASTA_PID"
	wait_until portd_has_ended
	wait_until host test ! -e "$T/portd.pid"
	assert "$(host find "$T/run" -type s -path '*portd*')" == "" "sockets"
	assert "$(host test -e "$T/run/slirp.sock" && echo there)" == "" "the other socket"
}

@test "portd: it ends by SIGTERM, leaves ports and no file, and who was asked is answered" {
	with_portd
	inside_tells TCP4 80
	adds tcp "" 8080 "" 80
	local body
	body=$(spec tcp "" 8081 "" 80)
	mkfifo "$T/rest"
	background slow host bash -c 'exec 3<> "$0"; (printf "POST /v1/ports HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" ${#1}
		head -c ${#1} <&3) | socat -t 60 - "UNIX-CONNECT:$2"' "$T/rest" "$body" "$T/run/$API_PATH"
	wait_until grep -q "100 Continue" "$T/slow" # so it has read what comes first
	host kill -TERM "$PORTD"
	wait_until refuses_more
	host bash -c 'printf %s "$1" > "$0"' "$T/rest" "$body"
	finish slow
	assert "$output" contains "201 Created" "answer"
	wait_until portd_has_ended
	assert "$(host find "$T/run" "$T/portd.pid" -path '*portd*' -not -type d 2>/dev/null)" == "" "files"
	tcp_answers remote $H4 8080
}
refuses_more() { not host socat -u OPEN:/dev/null "UNIX-CONNECT:$T/run/$API_PATH"; }

@test "portd: bad command lines are one line and status 1" {
	with_portd
	fails "unrecognized option '--nosuch'" --nosuch
	fails "'x': there are options only" x
	fails "--control '$T/nosuch': No such file" --control "$T/nosuch"
	fails "no pasta listens there" --control "$T/pids"
	fails "state directory '$T/no/such'" --state-dir "$T/no/such"
	fails "state directory '$T/pids'" --state-dir "$T/pids"
	fails "another program listens on it" --socket "$T/run/$API_PATH"
	fails "not a socket" --socket "$T/pids"
	fails "longer than 107 bytes" --socket "$T/$(printf 'x%.0s' {1..100})"
	fails "--pid '/nowhere/pid'" --socket "$T/other.sock" --pid /nowhere/pid
	assert "$(host test -e "$T/other.sock" && echo there)" == "" "socket of a start that failed"
	portd --version
	assert "$status $output" =~ ^0\ pasta-portd\ [0-9] "version"
	portd --help
	assert "$status $output" contains "0 Usage: pasta-portd" "help"
	for option in $(grep -oE -- '^ .*--[a-z0-9-]+' <<< "$output" | grep -oE -- '--.*'); do
		assert "$(sed 's/\\-/-/g' "$TESTS/../../man/pasta-portd.1")" contains "$option" "manual"
	done
}

@test "portd: with closed standard streams, other people's descriptors, or few of them" {
	start_controlled --config-net -q
	host bash -c 'exec 7< /dev/null; exec "$0" --pid "$1" <&- >&- 2>&-' "$PASTA-portd" "$T/portd.pid"
	PORTD=$(< "$T/portd.pid")
	gets 200 GET /v1/ports
	assert "$(host readlink "/proc/$PORTD/fd/"{0,1,2} | sort -u)" == /dev/null "standard streams"
	assert "$(host find "/proc/$PORTD/fd" -lname '/dev/null' | wc -l)" == 3 "descriptors of /dev/null"
	host bash -c 'ulimit -n 100; "$0" --socket "$1"' "$PASTA-portd" "$T/other.sock" 2> "$T/stderr" && return 1
	assert "$(< "$T/stderr")" contains "only 100 open files are allowed, and 192 are needed" "complaint"
}

@test "portd: without an instance, or with two, it says so" {
	fails "no instance of yours is running" --foreground
	start_controlled --config-net -q
	background other host "$PASTA" --config-net -q -- sleep 1000
	wait_until two_sockets
	fails "several instances of yours are running (say which one: --control PATH)"
	portd --control "$SOCKET"
	assert "$status" == 0 "start: $stderr"
}

@test "portd: --wait: it may be started before its pasta, whether that is named or the only one" {
	background portd host "$PASTA-portd" --wait --foreground --pid "$T/portd.pid"
	wait_until portds_are 1
	start_controlled -q --config-net
	wait_until host test -S "$T/run/$API_PATH"
	gets 200 GET /v1/info
	background named host "$PASTA-portd" --wait --foreground --control "$T/run/named.sock" --socket "$T/run/other.sock"
	wait_until portds_are 2
	background other host "$PASTA" --config-net -q -c "$T/run/named.sock" -- sleep 1000
	wait_until host test -S "$T/run/other.sock"
}
portds_are() { [[ $(host pgrep -xc pasta-portd) -eq $1 ]]; }
two_sockets() { [[ $(host find "$T/run/pasta" -name '*.sock' | wc -l) == 2 ]]; }

@test "portd: --socket alone says where clients look for more, and it's for the user alone" {
	start_controlled --config-net -q
	portd --socket "$T/here.sock"
	assert "$status" == 0 "start: $stderr"
	output=$(host curl -sS --max-time 60 --unix-socket "$T/here.sock" http://x/v1/info)
	assert "$(field .stateDir)" == "$(readlink -f "$T")" "state directory"
	assert "$(host stat -c %a "$T/here.sock")" == 600 "mode"
	assert "$(host test -e "$T/run/pasta-portd" && echo there)" == "" "the default directory"
}

@test "portd: slirp4netns' requests" {
	with_portd
	inside_tells TCP4 80
	slirp '{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_addr":"0.0.0.0","host_port":8080,"guest_addr":"'$H4'","guest_port":80}}'
	assert "$output" == '{"return":{"id":1}}' "answer"
	tcp_answers remote $H4 8080
	slirp '{"execute":"list_hostfwd"}'
	assert "$output" == '{"return":{"entries":[{"id":1,"proto":"tcp","host_addr":"0.0.0.0","host_port":8080,"guest_addr":"'$H4'","guest_port":80}]}}' "list"
	slirp '{"execute":"add_hostfwd","arguments":{"proto":"tcp","host_port":600,"guest_port":80}}'
	assert "$(field .error.desc)" contains "net.ipv4.ip_unprivileged_port_start" "failure"
	slirp '{"execute":"remove_hostfwd","arguments":{"id":1}}'
	assert "$output" == '{"return":{}}' "removal"
	refused remote $H4 8080
	slirp '{"execute":"remove_hostfwd","arguments":{"id":1}}'
	assert "$output" == '{"error":{"desc":"there is no port 1"}}' "second removal"
	slirp '{"execute":'
	assert "$(field .error.desc)" contains "bad request: not JSON" "half a request"
}

@test "portd: metrics are those of pastactl, and Prometheus reads them" {
	with_portd
	gets 200 GET /metrics
	sed '/^#/!s/$/ 1700000000/' <<< "$output" > "$T/metrics" # this command wants times
	promtool tsdb create-blocks-from openmetrics "$T/metrics" "$T/blocks" > "$T/promtool" 2>&1
	assert "$(grep -vc '^#' "$T/metrics")" == "$(awk '/^BLOCK ULID/ { getline; print $(NF - 1) }' "$T/promtool")" "time series"
	local names
	names=$(grep -o '^[^ ]*' <<< "$output")
	ctl stats --prometheus
	assert "$names" == "$(grep -o '^[^ ]*' <<< "$output")" "names"
	output=$(host curl -sS --max-time 60 --unix-socket "$T/run/$API_PATH" -I http://x/metrics)
	assert "$output" contains "Content-Type: application/openmetrics-text; version=1.0.0" "type"
}

@test "portd: clients that send half a line, a gigabyte or nothing, or never read, and 100 at once" {
	with_portd
	local before
	gets 200 GET /metrics
	before=$(rss_of "$PORTD")
	background hostile host bash -c 'for i in {1..10}; do
		(printf "GET /v1"; exec sleep 1000) | socat - "UNIX-CONNECT:$0" &
		socat -u "UNIX-CONNECT:$1" - &
		yes $'"'GET /metrics HTTP/1.1\r\nHost: x\r\n\r'"' | socat -u - "UNIX-CONNECT:$0" &
		head -c 1M /dev/zero | socat -u - "UNIX-CONNECT:$1" &
	done; wait' "$T/run/$API_PATH" "$T/run/slirp.sock"
	wait_until are_there
	api POST /v1/ports "$(head -c 8193 /dev/zero | tr '\0' x)"
	assert "$code" == 413 "status of a body that is too long"
	host bash -c 'head -c 1G /dev/zero | curl -sS -X POST -T - --unix-socket "$0" http://x/v1/ports || true' "$T/run/$API_PATH"
	host bash -c 'for i in {1..100}; do curl -sS --max-time 60 --unix-socket "$0" http://x/v1/info > "$1/info-$i" & done; wait' \
		"$T/run/$API_PATH" "$T"
	assert "$(grep -l '"apiVersion":"1.1.1"' "$T"/info-* | wc -l)" == 100 "answers"
	[[ -n ${SAN:-} ]] || assert "$(rss_of "$PORTD")" -lt $((before + 20000)) "memory, KiB"
	slirp '{"execute":"list_hostfwd"}'
	assert "$output" == '{"return":{"entries":[]}}' "the other socket"
}

are_there() { host ss -Hx state established | grep "$T/run/$API_PATH"; }

@test "portd: it has no privilege and a filter, and neither has the process beside it" {
	with_portd
	local pid
	for pid in $(tree_of "$PORTD"); do
		wait_until is_filtered "$pid"
		assert "$(host awk '/^Cap(Prm|Eff|Inh|Amb)/ { print $2 }' "/proc/$pid/status" | sort -u)" == 0000000000000000 "capabilities"
		assert "$(host awk '/^NoNewPrivs/ { print $2 }' "/proc/$pid/status")" == 1 "no new privileges"
	done
	wait_until is_idle "$PORTD"
}
