# SPDX-License-Identifier: Apache-2.0
#
# Many of everything, and nothing of it left afterwards.

load helpers
load ports

# bats test_tags=nosan
@test "idle: pasta and its init take less than 4 MiB" {
	start_pasta --config-net -q
	inside true
	local init
	init=$(init_of "$PASTA_PID")
	assert "$(rss_of "$PASTA_PID" "$init")" -lt 4096 "KiB"
}

@test "idle: pasta takes no CPU" {
	start_pasta --config-net -q
	inside ping -c1 -W10 $R4
	WAIT=20 wait_until is_idle "$PASTA_PID"
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

# hold PORT N: a client in the namespace opens N connections and keeps them, until it is let go
hold() {
	[[ -p $T/hold ]] || mkfifo "$T/hold"
	printf '%s\n' "$TOOLS/load open $R4 $1 $2 <> $T/hold > $T/held-$1 & echo \$! > $T/held-$1.pid" \
		>&"$COMMANDS"
	WAIT=100 wait_until grep -q "$2 open" "$T/held-$1"
}
let_go() { inside kill "$(< "$T/held-$1.pid")"; }

@test "1,000 idle connections cost no CPU" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q
	hold 5000 1000
	WAIT=20 wait_until is_idle "$PASTA_PID"
}

# As many as the limit on descriptors allows: root may raise it, others have at least what is usual
# bats test_tags=nosan
@test "20,000 idle connections take 1 KiB each at most, and no CPU" {
	local port each=5000 count before
	ulimit -n 24000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
	(($(ulimit -n) >= 21000)) || each=$((($(ulimit -n) - 400) / 4))
	count=$((4 * each))
	start_pasta --config-net -q
	for port in 5000 5001 5002 5003; do
		serve remote tcp $port "$TOOLS/load" serve $port
	done
	inside "$TOOLS/load" churn $R4 5000 100 10
	FDS=$(fd_count "$PASTA_PID") before=$(rss_of "$PASTA_PID")
	for port in 5000 5001 5002 5003; do
		hold $port $each
	done
	WAIT=20 wait_until is_idle "$PASTA_PID"
	assert $(($(rss_of "$PASTA_PID") - before)) -le $count "KiB for $count connections"
	echo "# $count connections" >&3
	for port in 5003 5002 5001 5000; do
		let_go $port
		wait_until fds_are $((FDS + (port - 5000) * each))
	done
}

# churn N: so many connections one after another, then wait until the records of all are gone: they
# stay for a second after the close
churn() {
	WAIT=60 inside "$TOOLS/load" churn $R4 5000 "$1" 50
	assert "$output" == "$1 connections" "round of $1"
	wait_until fds_are "$FDS"
	pass_seconds 1.5
}

@test "20,000 connections one after another leave nothing" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q
	# the kernel searches long for a free port when most of the usual range is in TIME_WAIT
	host bash -c 'echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range'
	inside sh -c 'echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range'
	local rss
	FDS=$(fd_count "$PASTA_PID")
	churn 10000
	rss=$(rss_of "$PASTA_PID")
	churn 10000
	assert "$(rss_of "$PASTA_PID")" -le $((rss + 2048)) "KiB after the second round"
}

@test "1,000 UDP flows at once" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	in_ns "$TOOLS/load" udp_flows $R4 5000 1000
	assert "$output" == "1000 open" "flows"
}

@test "udp: many flows of the namespace leave descriptors for TCP, and it's said that there are too many" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta_limited 500 --config-net -q -t none -u none -T none -U none
	inside "$TOOLS/load" udp_flows $R4 5000 450
	assert "$output" == "450 open" "flows that were answered"
	inside "$TOOLS/load" open $R4 5000 100
	assert "$output" == "100 open" "TCP connections"
	wait_until fds_are 200
	assert "$(grep -c 'flows of UDP and ping' "$T/pasta.err")" -ge 1 "warnings"
}

@test "udp: many local clients leave descriptors for TCP, and it's said that there are too many" {
	start_pasta_limited 500 --config-net -q -t 5000 -u 5000 -T none -U none
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	output=$(host "$TOOLS/load" udp_flows 127.0.0.1 5000 450)
	assert "$output" == "450 open" "clients that were answered"
	asks remote "TCP:$H4:5000"
	assert "$output" == x "echo by TCP"
	assert "$(fd_count "$PASTA_PID")" -le 250 "descriptors"
	assert "$(grep -c 'local UDP flows' "$T/pasta.err")" -ge 1 "warnings"
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

@test "1,500 connections that nobody reads take nothing away from another" {
	local wmem round lost result
	serve remote tcp 5000 "$TOOLS/stall" deaf 5000
	serve remote tcp 5201 iperf3 -s -p 5201
	start_pasta --config-net -q
	# What counts is how many there are, so little memory each will do
	wmem=$(host cat /proc/sys/net/ipv4/tcp_wmem)
	host bash -c "echo 4096 16384 32768 > /proc/sys/net/ipv4/tcp_wmem"
	inside bash -c "echo 4096 16384 32768 > /proc/sys/net/ipv4/tcp_wmem"
	mkfifo "$T/hold"
	printf '%s\n' "$TOOLS/stall fill $R4 5000 1500 <> $T/hold > $T/stalled &" >&"$COMMANDS"
	WAIT=60 wait_until grep -q "1500 stalled" "$T/stalled"
	host bash -c "echo $wmem > /proc/sys/net/ipv4/tcp_wmem"
	inside bash -c "echo $wmem > /proc/sys/net/ipv4/tcp_wmem"
	inside bash -c "$PATIENT"
	# Rarely it's seconds that a busy machine keeps everybody waiting: the best of several counts
	for round in 1 2 3; do
		inside bash -c "$LOST"
		lost=$output
		WAIT=30 inside iperf3 -J -c $R4 -p 5201 -n 100M
		result=$output
		inside bash -c "$LOST"
		[[ $output != "$lost" ]] || break
	done
	assert "$output" == "$lost" "lost, before and after"
	assert "$(jq '.end.sum_received.bits_per_second > 1e8' <<< "$result")" == true "fast enough"
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

# breaks CALL ERROR ARGS: pasta with a system call that fails for ever
breaks() {
	printf '#!/bin/bash\nexec %q %s %s %q "$@"\n' "$TOOLS/refuse" "$1" "$2" "$PASTA" > "$T/broken"
	chmod 755 "$T/broken"
	PASTA=$T/broken start_pasta -q --config-net "${@:3}"
	inside true
}

@test "limits: a listening socket whose accept() fails for an unknown reason rests, and a line says so" {
	breaks accept4 EINVAL -t 5000 -T 5001
	background client host "$TOOLS/peer" connect 127.0.0.1 5000 silent 60000
	inside bash -c "'$TOOLS/peer' connect 127.0.0.1 5001 silent 60000 > /dev/null 2>&1 & disown"
	wait_until grep -q "connections to port 5000 have to wait: Invalid argument" "$T/pasta.err"
	wait_until grep -q "connections to port 5001 have to wait: Invalid argument" "$T/pasta.err"
	WAIT=20 wait_until is_idle "$PASTA_PID"
}

@test "limits: UDP sockets whose recvmmsg() fails for an unknown reason rest, or their flow ends" {
	serve remote udp 5002 "$TOOLS/load" serve 5002
	breaks recvmmsg EINVAL -t none -u 5000 -U 5001
	inside "$TOOLS/probe" udp $R4 5002 wait=300
	remote "$TOOLS/probe" udp $H4 5000 wait=100
	inside "$TOOLS/probe" udp 127.0.0.1 5001 wait=100
	WAIT=20 wait_until is_idle "$PASTA_PID"
}

@test "limits: while all source ports to a destination are in use, a connection waits for one" {
	host bash -c 'echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range'
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net
	inside bash -c "'$TOOLS/peer' connect $R4 5000 until $T/go reset > /dev/null 2>&1 & disown"
	inside bash -c "'$TOOLS/peer' connect $R4 5000 silent 60000 > /dev/null 2>&1 & disown"
	wait_until outside_has 2
	inside bash -c "'$TOOLS/probe' tcp $R4 5000 20000 > '$T/third' & disown"
	wait_until grep -q "no TCP connection to $R4 port 5000: all source ports are in use" "$T/pasta.err"
	assert "$(< "$T/third")" == "" "outcome so far"
	touch "$T/go"
	wait_until grep -q connected "$T/third"
}
outside_has() { [[ $(host ss -Htn state established 'dport = :5000' | wc -l) == "$1" ]]; }

@test "limits: without any source address the network is unreachable, not busy" {
	start_pasta -q --config-net
	inside true
	host bash -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	assert "$(host "$TOOLS/probe" tcp ::1 5000)" == EADDRNOTAVAIL "error on the host"
	inside "$TOOLS/probe" tcp $G6 5000 3000
	assert "$output" == ENETUNREACH "error in the namespace"
}

# bats test_tags=nosan
@test "800 MB of address space are enough, and where it's less a line says so" {
	local limit
	serve remote tcp 8000 socat TCP-LISTEN:8000,fork,reuseaddr SYSTEM:'echo hello'
	# shellcheck disable=SC2016
	output=$(host bash -c 'ulimit -v 800000; "$0" -q --config-net -- socat -u "TCP:$1:8000" -' "$PASTA" $R4)
	assert "$output" == hello "what the server says"
	for limit in "-v 60000" "-d 20000"; do
		# shellcheck disable=SC2016
		stderr=$(host bash -c 'ulimit ${1% *} ${1#* }; "$0" -q --config-net -- true' "$PASTA" "$limit" 2>&1) && return 1
		assert "$stderr" =~ ^pasta:\ no\ memory\ for\ .*see\ ulimit\ -v\ and\ -d\)$ "complaint with ulimit $limit"
	done
}

@test "32 descriptors are enough for some connections, fewer are said to be too few" {
	local few
	serve remote tcp 8000 socat TCP-LISTEN:8000,fork,reuseaddr SYSTEM:'echo hello'
	# shellcheck disable=SC2016
	output=$(host bash -c 'ulimit -n 32; "$0" -q --config-net -- socat -u "TCP:$1:8000" -' "$PASTA" $R4)
	assert "$output" == hello "what the server says"
	for few in 5 10 31; do
		# shellcheck disable=SC2016
		stderr=$(host bash -c 'ulimit -n $1; "$0" -q --config-net -- true' "$PASTA" $few 2>&1) && return 1
		assert "$stderr" == "pasta: RLIMIT_NOFILE allows $few descriptors only, and 32 are the least that pasta can work with (raise its hard limit, see ulimit -Hn)" "complaint"
	done
}
