# SPDX-License-Identifier: Apache-2.0
#
# Many of everything, and nothing of it left afterwards.

load helpers

# bats test_tags=nosan
@test "idle: pasta and its init take less than 4 MiB" {
	start_pasta --config-net -q
	inside true
	local init
	init=$(host cat "/proc/$PASTA_PID/task/$PASTA_PID/children")
	assert "$(rss_of "$PASTA_PID" $init)" -lt 4096 "KiB"
}

@test "idle: pasta takes no CPU" {
	start_pasta --config-net -q
	inside ping -c1 -W2 $R4
	local before
	before=$(cpu_ticks "$PASTA_PID")
	pass_seconds 3
	assert $(($(cpu_ticks "$PASTA_PID") - before)) -le 1 "ticks in 3 seconds"
}

@test "1,000 connections at once, each with data" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_ns "$TOOLS/load" open $R4 5000 1000
	assert "$output" == "1000 open" "connections"
}

@test "1,000 connections at once, IPv6, and nothing is left of them" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q
	inside true
	local before
	before=$(fd_count "$PASTA_PID")
	inside "$TOOLS/load" open $R6 5000 1000
	assert "$output" == "1000 open" "connections"
	wait_until fds_are "$before"
}

fds_are() { [[ $(fd_count "$PASTA_PID") -le $1 ]]; }

@test "1,000 idle connections cost no CPU" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q
	mkfifo "$T/hold"
	printf '%s\n' "$TOOLS/load open $R4 5000 1000 < $T/hold > $T/opened &" >&"$COMMANDS"
	exec {HOLD}<> "$T/hold"
	wait_until grep -q "1000 open" "$T/opened"
	local before
	before=$(cpu_ticks "$PASTA_PID")
	pass_seconds 3
	assert $(($(cpu_ticks "$PASTA_PID") - before)) -le 3 "ticks in 3 seconds"
	exec {HOLD}>&-
}

@test "20,000 connections one after another leave nothing" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q
	# the kernel searches long for a free port when most of the usual range is in TIME_WAIT
	host bash -c 'echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range'
	inside sh -c 'echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range'
	local before rss
	before=$(fd_count "$PASTA_PID")
	WAIT=60 inside "$TOOLS/load" churn $R4 5000 5000 50
	assert "$output" == "5000 connections" "first round"
	wait_until fds_are "$before"
	rss=$(rss_of "$PASTA_PID")
	WAIT=60 inside "$TOOLS/load" churn $R4 5000 15000 50
	assert "$output" == "15000 connections" "second round"
	wait_until fds_are "$before"
	# the records of closed connections stay for a second: 15,000 times 256 bytes at most
	assert "$(rss_of "$PASTA_PID")" -le $((rss + 4096)) "KiB"
}

@test "1,000 UDP flows at once" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	in_ns "$TOOLS/load" udp_flows $R4 5000 1000
	assert "$output" == "1000 open" "flows"
}

@test "no descriptors left: new connections fail, the old ones go on" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	status=0
	output=$(host bash -c "ulimit -n 200; exec \$0 -q --config-net -- bash -c '
		exec 3<>/dev/tcp/$R4/5000
		for i in {1..300}; do $TOOLS/probe udp $R4 5000 wait=1 & done > /dev/null; wait
		echo still >&3; read -r -t 5 x <&3; echo \$x'" "$PASTA" 2>/dev/null) || status=$?
	assert "$status/$output" == 0/still "the old connection"
}

@test "a flood of SYNs without an answer does not stop the rest" {
	remote nft add table inet f
	remote nft add chain inet f c '{ type filter hook input priority 0; }'
	remote nft add rule inet f c tcp dport 81 drop
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "timeout 1 $TOOLS/load open $R4 81 900; $TOOLS/probe tcp $R4 5000"
	assert "$output" == connected "TCP"
}

@test "garbage on the tap does not stop the rest" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "$TOOLS/garbage v0 20000 && $TOOLS/probe tcp $R4 5000"
	assert "$output" == connected "TCP"
}
