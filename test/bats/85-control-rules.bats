# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
#
# Forwarding rules that are changed while pasta runs: what they do then, and that nothing is lost or left.

load helpers
load control
load ports

NONE="-t none -u none -T none -U none"

# ruled ARGS: a controlled pasta without any port but those of ARGS
ruled() {
	# shellcheck disable=SC2086
	start_controlled -q --config-net $NONE "$@"
	NS_PID=$(init_of "$PASTA_PID")
}

# changes REQUEST: it is carried out; cannot TEXT REQUEST: it is not, TEXT is why, and all is as it was
changes() {
	ask "$@"
	assert "$(field .ok)" == true "$*: $output"
}
cannot() {
	local before
	before=$(raw <<< "forward list")
	ask "${@:2}"
	assert "$(field .ok)" == false "$*: $output"
	assert "$(field .error)" contains "$1" "why"
	assert "$(raw <<< "forward list")" == "$before" "rules after"
}
specs() { raw <<< "forward list" | jq -r '[.forwards[] | .option, .spec] | join(" ")'; }

# several REQUEST...: by one client; $output is what came last
several() {
	output=$(printf '%s\n' "$@" | raw | tail -n 1)
}

# talk NAME NS ADDRESS: a connection that stays; says NAME TEXT: it is echoed
talk() {
	mkfifo "$T/$1.in"
	"$2" socat -t 20 - "$3" < "$T/$1.in" > "$T/$1.out" 2>&1 &
	exec {TALK}<> "$T/$1.in"
}
says() {
	printf '%s\n' "$2" >&"$TALK"
	wait_until grep -qx "$2" "$T/$1.out"
}

echoing() { inside_serve tcp "$1" "$TOOLS/load" serve "$1"; }
# udp_asks NS FROM BY ADDR PORT [MS]: always the same flow
udp_asks() { [[ $("$1" "$TOOLS/probe" udp "$4" "$5" "from=$2" "by=$3" wait="${6:-5000}") == "answer 1 bytes" ]]; }

@test "rules: a port is added and removed, IPv4 and IPv6, and what says so twice says that too" {
	ruled
	inside_tells TCP4 80
	inside_tells TCP6 80
	changes forward add -t 8080:80
	assert "$(field '.changed, .unchanged, .ids[0]' | tr '\n' ' ')" == "1 0 1 " "added"
	tcp_answers remote $H4 8080
	tcp_answers remote "[$H6]" 8080
	changes forward add -t 8080:80
	assert "$(field '.changed, .unchanged, .ids[0]' | tr '\n' ' ')" == "0 1 1 " "added again"
	changes forward rm -t 8080:80
	refused remote $H4 8080
	refused remote $H6 8080
	changes forward rm 1
	assert "$(field '.changed, .unchanged' | tr '\n' ' ')" == "0 1 " "removed again"
	changes forward add -t 8080:80
	assert "$(field '.ids[0]')" == 2 "id"
}

@test "rules: UDP ports are added and removed, IPv4 and IPv6, through the tap and beside it" {
	ruled
	inside_serve udp 53 "$TOOLS/load" serve 53
	changes forward add -u 5353:53
	udp_echoes remote $H4 5353
	udp_echoes remote $H6 5353
	udp_echoes host 127.0.0.1 5353
	changes forward rm -u 5353:53
	not udp_asks remote $R4 4000 $H4 5353 200
	not udp_asks remote $R6 4000 $H6 5353 200
}

@test "rules: ranges, exclusions and all mean what they mean at start" {
	ruled
	inside_tells TCP4 9003
	inside_tells TCP4 9004
	changes forward add -t "8000-8010:9000-9010, ~8003"
	tcp_answers remote $H4 8004
	refused remote $H4 8003
	changes forward rm -t '~8003'
	tcp_answers remote $H4 8003
	changes forward replace -t '~9003'
	tcp_answers remote $H4 9004
	refused remote $H4 9003
	changes forward rm -t '~9003'
	refused remote $H4 9004
	changes forward add -t all
	tcp_answers remote $H4 9003
	assert "$(specs)" == "-t all" "rules"
}

@test "rules: ports of the namespace are added and removed, TCP and UDP" {
	ruled
	serve host tcp 7000 "$TOOLS/load" serve 7000
	changes forward add -T 80:7000
	changes forward add -U 80:7000
	inside "$TOOLS/probe" udp 127.0.0.1 80
	assert "$output" == "answer 1 bytes" "UDP"
	inside "$TOOLS/load" tcp_rr ::1 80 0 1
	assert "$output" contains "rate=" "TCP"
	changes forward clear -T -U
	inside "$TOOLS/probe" tcp 127.0.0.1 80
	assert "$output" == ECONNREFUSED "TCP without the rule"
}

@test "rules: automatic ports are switched on and off" {
	ruled
	inside_tells TCP4 8000
	inside_tells TCP4 8001
	changes forward add -t auto
	wait_until tcp_answers remote $H4 8000
	wait_until tcp_answers remote $H4 8001
	changes forward add -t 8001
	tcp_answers remote $H4 8000
	tcp_answers remote $H4 8001
	changes forward rm -t auto
	refused remote $H4 8000
	tcp_answers remote $H4 8001
	changes forward replace -t 127.0.0.1/auto
	refused remote $H4 8001
	wait_until tcp_answers host 127.0.0.1 8001
}

@test "rules: services of the host are found once automatic ports are asked for, and not any more" {
	ruled
	serve host tcp 7000 socat TCP-LISTEN:7000,bind=127.0.0.53,fork 'SYSTEM:read x; echo here'
	changes forward add -T auto
	wait_until port_is_open ns tcp 7000
	inside socat -t 5 "TCP:127.0.0.53:7000" 'SYSTEM:echo x; read y; echo $y >&2'
	assert "$stderr" == here "answer"
	changes forward clear -T
	not port_is_open ns tcp 7000
}

@test "rules: hundreds of ports stand beside automatic ones, which leave these out" {
	local lines
	ruled
	inside_tells TCP4 8000
	mapfile -t lines < <(printf 'forward add -t 127.0.0.9/%d\n' {20000..20598..2})
	several begin "${lines[@]}" "forward add -t auto" commit
	assert "$(field '.ok, .changed' | tr '\n' ' ')" == "true 301 " "$output"
	wait_until tcp_answers remote $H4 8000
}

@test "rules: a change that fails changes nothing, and says why" {
	ruled -t 8080:80
	inside_tells TCP4 80
	serve host tcp 8005 "$TOOLS/load" serve 8005
	cannot "'8001-8010': cannot listen on TCP port 8005: Address already in use" forward add -t 8001-8010
	refused remote $H4 8001
	cannot "net.ipv4.ip_unprivileged_port_start" forward add -t 600
	cannot "there is no such interface" forward add -t %nosuch0/8006
	cannot "there is no such interface" forward add -t %nosuch0/auto
	cannot "the host does not have this address" forward add -t 192.0.2.9/8006
	cannot "'8080:80' overlap with '8080:81'" forward add -t 8080:81
	cannot "ports '8O80': unexpected text at its end" forward add -t 8O80
	cannot "overlap" forward replace -t 8080,8080:1
	cannot "ports 'none'" forward add -t none
	tcp_answers remote $H4 8080
}

@test "rules: a port that is listened on may move to another address, or to all of them" {
	ruled -t 8080:80 -u 5353:53
	inside_tells TCP4 80
	inside_serve udp 53 "$TOOLS/load" serve 53
	changes forward replace -t $H4/8080:80
	changes forward replace -u 127.0.0.1/5353:53
	tcp_answers remote $H4 8080
	refused host 127.0.0.1 8080
	udp_echoes host 127.0.0.1 5353
	changes forward replace -t 8080:80
	changes forward replace -u 5353:53
	tcp_answers host 127.0.0.1 8080
	udp_echoes remote $H4 5353
}

@test "rules: a connection outlives the removal of its rule, through the tap and beside it" {
	ruled -t 8080:80 -T 81:7000
	echoing 80
	serve host tcp 7000 "$TOOLS/load" serve 7000
	talk far remote "TCP:$H4:8080"
	says far one
	talk near host "TCP:127.0.0.1:8080"
	says near one
	local near=$TALK
	talk out ns "TCP:127.0.0.1:81"
	says out one
	changes forward clear -t -T
	says out two
	TALK=$near says near two
	refused remote $H4 8080
}

@test "rules: a connection goes on when its port leads somewhere else" {
	ruled -t 8080:80
	echoing 80
	inside_tells TCP4 81
	talk far remote "TCP:$H4:8080"
	says far one
	changes forward replace -t 8080:81
	says far two
	tcp_answers remote $H4 8080
}

@test "rules: a flow of datagrams outlives the removal of its rule, but nobody new comes in" {
	ruled -u 5353:53
	inside_serve udp 53 "$TOOLS/load" serve 53
	udp_asks remote $R4 4000 $H4 5353
	udp_asks remote $R6 4000 $H6 5353
	udp_asks host 127.0.0.1 4000 127.0.0.1 5353
	changes forward rm -u 5353:53
	udp_asks remote $R4 4000 $H4 5353
	udp_asks remote $R6 4000 $H6 5353
	udp_asks host 127.0.0.1 4000 127.0.0.1 5353
	not udp_asks remote $R4 4001 $H4 5353 200
	not udp_asks remote $R6 4001 $H6 5353 200
	not udp_asks host 127.0.0.1 4001 127.0.0.1 5353 200
	changes forward add -u 5353:53
	udp_asks remote $R4 4001 $H4 5353
	udp_asks remote $R4 4000 $H4 5353
}

@test "rules: a flow of datagrams out of the namespace outlives the removal of its rule" {
	ruled -U 5353:7000
	serve host udp 7000 "$TOOLS/load" serve 7000
	udp_asks ns 127.0.0.1 4000 127.0.0.1 5353
	changes forward clear -U
	udp_asks ns 127.0.0.1 4000 127.0.0.1 5353
	not udp_asks ns 127.0.0.1 4001 127.0.0.1 5353 200
}

@test "rules: what would send traffic round in a circle is refused" {
	ruled --host-lo-to-ns-lo -t 8080
	cannot "would go round" forward add -T 8080
	changes forward add -T 9090:8080
	changes forward clear -T
	cannot "would go round" forward add -t "8081:$G4/8081"
	changes forward replace -U 8080
	cannot "--udp-ports '8080' and --udp-ns '8080' lead to each other" forward add -u 8080
}

@test "rules: a transaction applies whole, or not at all and says which request it was" {
	ruled -t 8080:80
	inside_tells TCP4 80
	several begin "forward clear -t" "forward add -t 8081:80" "forward add -t 8082:80" "forward list" commit
	assert "$(field '.ok, .changed' | tr '\n' ' ')" == "true 3 " "answer: $output"
	assert "$(specs)" == "-t 8081:80 -t 8082:80" "rules"
	serve host tcp 8085 "$TOOLS/load" serve 8085
	several begin "forward rm -t 8081:80" "forward add -t 8083" "forward add -t 8085" "forward add -t 8086" commit
	assert "$(field '.ok, .request' | tr '\n' ' ')" == "false 3 " "answer: $output"
	several begin "forward rm -t 8081:80" "forward add -t 8082:81" commit
	assert "$(field '.ok, .request' | tr '\n' ' ')" == "false 2 " "answer: $output"
	several begin "forward add -t 8083" "forward add -x 1" "forward add -t 8084" commit
	assert "$(field '.ok, .request' | tr '\n' ' ')" == "false 2 " "answer: $output"
	several begin "forward clear -t" abort commit
	assert "$(field .error)" == "commit: no transaction is under way" "after abort"
	assert "$(specs)" == "-t 8081:80 -t 8082:80" "rules after failures"
	tcp_answers remote $H4 8081
	refused remote $H4 8083
}

@test "rules: a client that is killed in a transaction has changed nothing, and is not waited for" {
	ruled -t 8080
	mkfifo "$T/client"
	exec {CLIENT}<> "$T/client"
	host bash -c "echo \$\$ > $T/killed; exec socat - UNIX-CONNECT:$SOCKET < $T/client > $T/answers" &
	printf 'begin\nforward clear -t\n' >&"$CLIENT"
	wait_until grep -q '"request":1' "$T/answers"
	changes forward add -t 8081
	host pkill -KILL -f "UNIX-CONNECT:$SOCKET"
	wait_until not host pgrep -f "UNIX-CONNECT:$SOCKET"
	assert "$(specs)" == "-t 8080 -t 8081" "rules"
}

@test "rules: no port that is not handled, and no second transaction in one" {
	ruled --no-udp
	cannot "UDP is not handled (--no-udp)" forward add -u 5353
	several begin begin
	assert "$(field .error)" == "begin: a transaction is under way already" "begin twice"
	cannot "must be a rule's ID" forward rm 1x
	cannot "must be -t, -u, -T or -U" forward add 8080
}

# use.py SOCKET ADDRESS FIRST ROUNDS: in each one a port is added, answers, and is removed
write_use_py() {
	cat > "$T/use.py" <<- 'END'
		import json, socket, sys
		path, address, first, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
		control = socket.socket(socket.AF_UNIX)
		control.connect(path)
		lines = control.makefile("rw")
		def ask(request):
		    print("forward", request, file=lines, flush=True)
		    answer = json.loads(lines.readline())
		    assert answer["ok"] and answer["changed"] == 1, answer
		for i in range(rounds):
		    port = first + i % 50
		    ask(f"add -t {port}:5000")
		    ask(f"add -u {port}")
		    with socket.create_connection((address, port), 60) as s:
		        s.sendall(b"x" * 1000)
		        ask(f"rm -t {port}:5000")
		        ask(f"rm -u {port}")
		        assert len(s.recv(1000, socket.MSG_WAITALL)) == 1000, "no echo"
		assert socket.socket().connect_ex((address, port)), "still open"
	END
}
no_flows() { [[ $(raw <<< flows | jq '.flows | length') == 0 ]]; }

# What workers may have for what they hand to each other before they begin to use it again: MAILBOX_REWIND for each two
# and direction
mail_kib() {
	local others
	others=$(host bash -c "cat /proc/$PASTA_PID/task/*/comm" | grep -c '^worker [1-9]') || true
	echo $((others * (others + 1) * 1024))
}

@test "rules: 1,000 are added, used under load and removed: descriptors, flows and memory are as before" {
	ruled -t 5000
	echoing 5000
	local before memory
	remote "$TOOLS/load" churn $H4 5000 500 20
	write_use_py
	host python3 "$T/use.py" "$SOCKET" 127.0.0.1 6000 50
	remote python3 "$T/use.py" "$SOCKET" $H4 6000 50
	wait_until no_flows
	before=$(fd_count "$PASTA_PID") memory=$(rss_of "$PASTA_PID")
	background churn remote "$TOOLS/load" churn $H4 5000 3000 20
	background tap remote python3 "$T/use.py" "$SOCKET" $H4 6000 500
	background beside host python3 "$T/use.py" "$SOCKET" 127.0.0.1 7000 500
	WAIT=60 finish churn
	WAIT=60 finish tap
	WAIT=60 finish beside
	assert "$(cat "$T/"{churn,tap,beside}.status)" == $'0\n0\n0' "$(cat "$T/"{churn,tap,beside}.err)"
	assert "$(specs)" == "-t 5000" "rules"
	wait_until no_flows
	wait_until fds_are $((before + 64)) # some sockets more are kept ready when they went fast
	assert "$(rss_of "$PASTA_PID")" -le $((memory + 4096 + $(mail_kib))) "KiB of memory"
}
