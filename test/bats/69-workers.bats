# SPDX-License-Identifier: Apache-2.0
#
# Several workers: as with one, and each is seen to take part.

load helpers
load control
load ports
load names
load policy
load follow

# thread NUMBER: the worker's thread
thread() { host bash -c "grep -lx 'worker $1' /proc/$PASTA_PID/task/*/comm" | cut -d / -f 5; }
# Microseconds that a thread has had
thread_us() { host awk '{ print int($1 / 1000) }' "/proc/$PASTA_PID/task/$(thread "$1")/schedstat"; }
all_take_part() {
	for number in 1 2 3; do
		assert "$(thread_us "$number")" -gt 2000 "CPU time of worker $number in us"
	done
}
counter() { ask counters; field ".counters[\"$1\"]"; }
no_flow_is_left() { ask counters && [[ $(field .flows) == 0 ]]; }
# holds MODE N [ADDR]: so many connections by load, until the end; what it says is in $T/out-said
holds() {
	mkfifo "$T/go"
	# shellcheck disable=SC2016
	inside bash -c '"$0" "$2" "$3" 5000 "$4" < "$1/go" > "$1/out-said" 2>&1 & exec 9> "$1/go"; sleep infinity &' \
		"$TOOLS/load" "$T" "$1" "${3:-$R4}" "$2"
}
# go_on_after_silence MODE N SECONDS: so many flows from either side by load, silent for 5 s; each step may take
# SECONDS. The kernel knows for 3 s where a flow's frames go
go_on_after_silence() {
	mkfifo "$T/go-in"
	holds "$1" "$2"
	background in remote bash -c '"$0" "$2" 198.51.100.1 5002 "$3" < "$1"' "$TOOLS/load" "$T/go-in" "$1" "$2"
	exec {GO}> "$T/go-in"
	WAIT=$3 wait_until has_said out-said "$2 open"
	WAIT=$3 wait_until has_said in "$2 open"
	pass_seconds 5
	echo now > "$T/go"
	echo now >&"$GO"
	WAIT=$3 wait_until has_said out-said "$2 twice"
	WAIT=$3 wait_until has_said in "$2 twice"
	exec {GO}>&-
}
has_said() { grep -q "$2" "$T/$1"; }

@test "workers: each is a thread that has no right and a filter" {
	local task
	start_pasta -q --config-net --workers 4
	inside bash -c 'ls -d /sys/class/net/v0/queues/tx-* | wc -l'
	assert "$output" == 4 "queues"
	for number in 1 2 3; do
		task=$(host cat "/proc/$PASTA_PID/task/$(thread $number)/status")
		assert "$task" =~ CapPrm:.0000000000000000 "permitted capabilities"
		assert "$task" =~ CapBnd:.0000000000000000 "bounding set"
		assert "$task" =~ Seccomp:.2 "filter"
		assert "$task" =~ NoNewPrivs:.1 "privileges"
	done
}

@test "workers: one alone has no thread and one queue" {
	start_pasta -q --config-net --workers 1
	inside bash -c 'ls -d /sys/class/net/v0/queues/tx-* | wc -l'
	assert "$output" == 1 "queues"
	assert "$(host bash -c "cat /proc/$PASTA_PID/task/*/comm")" lacks worker "threads"
}

# How often all but the first one have slept
naps() {
	host bash -c "grep -lx 'worker [1-9]' /proc/$PASTA_PID/task/*/comm" |
		while read -r comm; do host awk '/^voluntary/ { print $2 }' "${comm%comm}status"; done |
		awk '{ n += $1 } END { print n }'
}

@test "workers: one connection after the other wakes nobody but the first" {
	local before
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -t 5002
	inside_serve tcp 5002 "$TOOLS/load" serve 5002
	before=$(naps)
	inside "$TOOLS/load" churn $R4 5000 500 1
	assert "$output" == "500 connections" "out: $stderr"
	output=$(remote "$TOOLS/load" churn 198.51.100.1 5002 500 1)
	assert "$output" == "500 connections" "in"
	assert $(($(naps) - before)) -le 50 "times that others slept"
}

@test "workers: connections out, in and local are everybody's, and none is lost" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	serve host tcp 5001 "$TOOLS/load" serve 5001
	start_controlled -q --config-net --workers 4 -t 5002 -T 5001
	inside "$TOOLS/load" churn $R4 5000 2000 100
	assert "$output" == "2000 connections" "out: $stderr"
	all_take_part
	inside "$TOOLS/load" churn 127.0.0.1 5001 1000 100
	assert "$output" == "1000 connections" "local: $stderr"
	inside_serve tcp 5002 "$TOOLS/load" serve 5002
	output=$(remote "$TOOLS/load" churn 198.51.100.1 5002 1000 100)
	assert "$output" == "1000 connections" "in"
	wait_until no_flow_is_left
	assert "$(counter 'TCP reset')/$(counter 'TCP opened')" == 0/3000 "connections reset and opened"
	assert "$(counter 'local TCP opened')" == 1000 "local ones"
}

descriptors() { host bash -c "ls /proc/$PASTA_PID/fd | wc -l"; }

@test "workers: 50,000 connections leave nothing behind" {
	local addr port before
	for port in 5000 5001; do
		serve remote tcp $port "$TOOLS/load" serve $port
	done
	start_controlled -q --config-net --workers 4 -t 5002
	inside_serve tcp 5002 "$TOOLS/load" serve 5002
	before=$(descriptors)
	for port in 5000 5001; do
		for addr in $R4 $R6; do # there are no more ports for one destination
			inside "$TOOLS/load" churn $addr $port 10000 100
			assert "$output" == "10000 connections" "to $addr, port $port: $stderr"
		done
	done
	output=$(remote "$TOOLS/load" churn 198.51.100.1 5002 10000 100)
	assert "$output" == "10000 connections" "in"
	WAIT=70 wait_until no_flow_is_left
	assert "$(counter 'TCP reset')/$(counter 'TCP opened')" == 0/50000 "connections reset and opened"
	assert "$(counter 'frames not handed over')" == 0 "frames lost"
	assert "$(descriptors)" -le $((before + 20)) "descriptors" # sockets that are kept ready
}

@test "workers: 10,000 connections that are silent for 5 seconds go on, from either side" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -t 5002
	inside_serve tcp 5002 "$TOOLS/load" serve 5002
	go_on_after_silence twice 5000 60
	assert "$(counter 'TCP reset')" == 0 "connections reset"
	assert "$(counter 'frames handed over')" -gt 1000 "frames that came to another worker"
	assert "$(counter 'frames not handed over')" == 0 "and were lost"
}

@test "workers: pastactl has all of their connections, each once" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4
	holds open 300
	WAIT=30 wait_until has_said out-said "300 open"
	ctl flows tcp limit 1000
	assert "$(grep -c "^tcp .*established" <<< "$output")" == 300 "connections"
	assert "$(awk '/^tcp/ { print $2 }' <<< "$output" | sort -u | wc -l)" == 300 "different ones"
}

@test "workers: a capture has the packets of each connection in their order" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	run_pasta -q --config-net --workers 3 --pcap "$T/dump" -- "$TOOLS/load" churn $R4 5000 500 50
	assert "$output" == "500 connections" "connections"
	output=$(tcpdump -nttr "$T/dump" tcp 2> "$T/tcpdump.err")
	assert "$(< "$T/tcpdump.err")" lacks truncated "complaints of tcpdump"
	# the SYN comes first, its answer next; a time is never before the one above
	assert "$(awk '
		$1 < last { print "earlier: " $0 }
		{ last = $1; port = $3 " " $5; out = $5 ~ /\.5000:$/; sub(/.*\./, "", port) }
		{ client = out ? $3 : $5; sub(/:$/, "", client); n = ++seen[client] }
		n == 1 && !(out && /Flags \[S\]/) { print "first: " $0 }
		n == 2 && !(!out && /Flags \[S\.\]/) && !/Flags \[S\]/ { print "second: " $0 }
		END { print length(seen) }' <<< "$output")" == 500 "connections in the capture"
}

@test "workers: a name opens its addresses for all of them, and what they decide is counted once" {
	echoes 6000
	zone --host-record=up.test,$R4
	start_controlled -q --config-net --workers 4 --policy-log "$T/log" --allow up.test:6000
	inside "$TOOLS/probe" tcp $R4 6000
	assert "$output" == EHOSTUNREACH "before the name was asked for"
	inside bash -c 'dig +short up.test && for ((i = 0; i < 40; i++)); do "$0" tcp '$R4' 6000; done | sort | uniq -c' "$TOOLS/probe"
	assert "$output" =~ ^"$R4"$'\n'\ *40\ connected$ "with it"
	ctl policy show
	assert "$output" =~ allow\ +up.test:6000\ +41\  "hits of the rule, one by the question"
}

@test "workers: a policy that comes ends connections, and flows of datagrams, of all" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4
	inside bash -c '"$0" udp_flows '"$R4"' 5000 100 < /dev/null' "$TOOLS/load"
	holds open 200
	WAIT=30 wait_until has_said out-said "200 open"
	printf 'deny any\n' > "$T/policy"
	ctl policy load "$T/policy"
	assert "$status $output" == "0 1 rules hold now, 300 flows had to end" "load"
	wait_until no_flow_is_left
}

@test "workers: rules and policies that change a hundred times disturb no connection" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -t 5002
	inside_serve tcp 5002 "$TOOLS/load" serve 5002
	inside bash -c '{ "$0" churn '"$R4"' 5000 10000 100; echo $?; } > "$1/churned.new" 2>&1; mv "$1/churned.new" "$1/churned" &' "$TOOLS/load" "$T"
	inside bash -c '{ "$0" udp_rr '"$R4"' 5000 3 100; } > "$1/asked.new" 2>&1; mv "$1/asked.new" "$1/asked" &' "$TOOLS/load" "$T"
	background in remote "$TOOLS/load" churn 198.51.100.1 5002 5000 100
	printf 'allow any\n' > "$T/policy"
	for ((i = 0; i < 100; i++)); do
		ctl policy load "$T/policy"
		assert "$status" == 0 "policy load: $stderr"
		ctl forward add -t $((7000 + i))
		assert "$status" == 0 "forward add: $stderr"
	done
	WAIT=60 wait_until test -s "$T/churned"
	assert "$(< "$T/churned")" == $'10000 connections\n0' "connections out"
	finish in
	assert "$output" == "5000 connections" "connections in"
	assert "$(counter 'TCP reset')" == 0 "connections reset"
	WAIT=60 wait_until test -s "$T/asked"
	assert "$(< "$T/asked")" =~ ^rate= "requests and answers"
	assert "$(counter 'UDP opened')" == 100 "flows of datagrams"
}

@test "workers: datagrams out are everybody's, and none is lost" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -u none
	inside bash -c '"$0" udp_flows '"$R4"' 5000 400 < /dev/null && "$0" udp_rr '"$R4"' 5000 2 100' "$TOOLS/load"
	assert "$output" =~ ^"400 open"$'\n'rate= "flows: $stderr"
	all_take_part
	# a client may have the port of one that has ended
	assert "$(counter 'UDP opened')/$(counter 'frames not handed over')" =~ '^(4[89].|500)/0$' "flows, and frames lost"
	assert "$(counter 'UDP no room for a flow')" == 0 "flows that two have wanted"
}

@test "workers: 1,000 flows of datagrams that are silent for 5 seconds go on, from either side" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -u 5002
	inside_serve udp 5002 "$TOOLS/load" serve 5002
	go_on_after_silence udp_twice 500 30
	assert "$(counter 'UDP opened')" == 1000 "flows"
	assert "$(counter 'frames not handed over')" == 0 "frames that were lost"
}

# leaves_by_one_port UDP4|UDP6 ADDR: where its frames come to goes by both of their ends
leaves_by_one_port() {
	serve host udp 44000 "$TOOLS/load" serve 44000
	start_controlled -q --config-net --workers 4 -u none -U none
	inside bash -c 'for port in {6000..6039}; do
		echo x | socat -u - "$0-SENDTO:$1:$port,bind=:44000"; done' "$1" "$2"
	wait_until forty_are_open
	assert "$(counter 'frames handed over')" -gt 5 "frames that came to another worker"
	ask flows limit 1000
	assert "$(field '[.flows[].own.port] | unique | length')" == 1 "ports of the host's"
	assert "$(field '.flows[0].own.port')" != 44000 "port, which is the host's own"
}

@test "workers: what one port of the namespace sends to many leaves from one port of the host, IPv4" {
	leaves_by_one_port UDP4 $R4
}
@test "workers: what one port of the namespace sends to many leaves from one port of the host, IPv6" {
	leaves_by_one_port UDP6 "[$R6]"
}
forty_are_open() { [[ $(counter 'UDP opened') == 40 ]]; }

@test "workers: ports that the namespace sends from are forwarded from then on, whoever has them" {
	local port to
	start_controlled -q --config-net --workers 4 -u none
	for port in 7001 7002 7003 7004; do
		for to in 6000 6001 6002; do
			inside bash -c 'echo x | socat -u - "UDP4-SENDTO:$0,bind=:$1"' "$R4:$to" "$port"
		done
	done
	ctl forward add -u 7001-7004
	assert "$status" == 0 "forward add: $stderr"
	for port in 7001 7002 7003 7004; do
		inside_serve udp $port "$TOOLS/load" serve $port
		udp_echoes remote $H4 $port
		udp_echoes host $H4 $port
	done
}

# go_on_elsewhere ADDR: flows that wait, and others that are busy, while the host gets another address
go_on_elsewhere() {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -u none
	holds udp_twice 200 "$1"
	WAIT=30 wait_until has_said out-said "200 open"
	inside bash -c '"$0" udp_rr "$1" 5000 4 100 > "$2/asked" 2>&1 &' "$TOOLS/load" "$1" "$T"
	wait_until three_hundred_are_open
	host_moves
	WAIT=30 wait_until grep -q ^rate= "$T/asked"
	echo now > "$T/go"
	WAIT=30 wait_until has_said out-said "200 twice"
	assert "$(counter 'frames not handed over')" == 0 "frames that were lost"
}
three_hundred_are_open() { (($(counter 'UDP opened') >= 300)); }

@test "workers: datagrams go on when the host gets another address under load, IPv4" { go_on_elsewhere $R4; }
@test "workers: datagrams go on when the host gets another address under load, IPv6" { go_on_elsewhere $R6; }

# The server answers from any of ten ports, by which something has left before
@test "workers: a server for TFTP is heard, whoever has the port that it answers from" {
	local from
	head -c 20000 /dev/urandom > "$T/file"
	chmod 644 "$T/file"
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -t none -u 6900:69
	holds open 20
	WAIT=30 wait_until has_said out-said "20 open" # now all read their queues
	inside bash -c 'echo 44000 44009 > /proc/sys/net/ipv4/ip_local_port_range
		for port in {44000..44009}; do echo x | socat -u - "UDP4-SENDTO:$0:6000,bind=:$port"; done' $R4
	inside_serve udp 69 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --enable-tftp "--tftp-root=$T" --user=root --pid-file
	for from in "host 127.0.0.1" "host $H4" "remote $H4" "host 127.0.0.1" "host $H4" "remote $H4"; do
		${from% *} curl -sS --max-time 8 -o "$T/got" "tftp://${from#* }:6900/file"
		cmp "$T/got" "$T/file"
	done
}

@test "workers: a port that nobody listens on is refused to every client" {
	remote bash -c 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit'
	start_pasta -q --config-net --workers 4 -u none
	inside bash -c 'for ((i = 0; i < 40; i++)); do "$0" udp '$R4' 9999; done | uniq -c' "$TOOLS/probe"
	assert "$output" =~ ^\ *40\ "ECONNREFUSED from $R4"$ "outcomes"
}

@test "workers: all together have one alone's share of descriptors for datagrams" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	limit_pasta 1024
	PASTA=$T/limited start_controlled -q --config-net --workers 4 -u none
	inside bash -c '"$0" udp_flows '"$R4"' 5000 1000 < /dev/null' "$TOOLS/load"
	assert "$output" == "1000 open" "flows: $stderr"
	wait_until share_is_kept
	assert "$(counter 'datagram flows to host displaced')" -gt 600 "flows that ended for others"
}
share_is_kept() { ask counters && (($(field '.counters["UDP opened"] - .counters["UDP closed"]') <= 256)); }

@test "workers: fragments, pings and datagrams find their flow, wherever they come to" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4
	inside bash -c 'for ((i = 0; i < 20; i++)); do ping -c1 -W10 -s 9000 '"$R4"' > /dev/null || exit; done'
	assert "$status" == 0 "pings in fragments"
	inside bash -c 'for ((i = 0; i < 20; i++)); do "$0" udp '"$R4"' 5000 size=9000 wait=9000; done | uniq -c' "$TOOLS/probe"
	assert "$output" =~ ^\ *20\ "answer 9000 bytes"$ "datagrams"
	assert "$(counter 'frames handed over')" -gt 10 "frames that came to another worker"
}

# Of DNS that leaves, the first one has all; here a client's port is a resolver's
@test "workers: clients of any port come in" {
	start_controlled -q --config-net --workers 4 -t 5002-5005
	for port in 5002 5003 5004 5005; do
		inside_serve tcp $port "$TOOLS/load" serve $port
	done
	for from in 53 853; do
		for to in 5002 5003 5004 5005; do
			output=$(remote bash -c "echo hello | socat -t9 - TCP:198.51.100.1:$to,sourceport=$from,reuseaddr")
			assert "$output" == hello "from port $from to $to"
		done
	done
	assert "$(counter 'TCP reset')" == 0 "connections reset"
}

@test "workers: as many as there are descriptors for, and that is said" {
	run_limited() { host bash -c 'ulimit -n 64; "$0" --config-net --workers 8 -- "$@"' "$PASTA" "$@" 2> "$T/stderr"; }
	output=$(run_limited bash -c 'ls -d /sys/class/net/v0/queues/tx-* | wc -l')
	assert "$output" == 4 "queues"
	assert "$(< "$T/stderr")" contains "--workers: 4 and not 8, as RLIMIT_NOFILE allows 64 descriptors only" "line"
}

@test "workers: a tap with one queue that somebody has made has one worker, and that is said" {
	background ns host unshare --net --user --map-root-user bash -c \
		'ip tuntap add t0 mode tap vnet_hdr && touch "$0/made" && sleep infinity' "$T"
	wait_until test -e "$T/made"
	host "$PASTA" --workers 4 --config-net --ns-ifname t0 --log-file "$T/log" --pid "$T/pid" "$(< "$T/ns.pid")"
	assert "$(host bash -c "cat /proc/$(< "$T/pid")/task/*/comm")" lacks worker "threads"
	assert "$(< "$T/log")" contains "interface 't0' has one queue, and so there is one worker" "line"
}
