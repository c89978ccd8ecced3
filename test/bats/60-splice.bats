# SPDX-License-Identifier: Apache-2.0
#
# The local fast path: from the host's loopback to the namespace, and from the namespace's loopback
# to the host, without the tap. "peer" and "stress" (test/tools) check every byte.

load helpers
load ports

# conversation SERVER_SIDE CLIENT_SIDE ADDR "SERVER ACTIONS" "CLIENT ACTIONS": both do as told
conversation() {
	local client_side=$2
	serve "$1" tcp 5000 "$TOOLS/peer" listen :: 5000 $4
	run "$client_side" "$TOOLS/peer" connect "$3" 5000 $5
	assert "$status" == 0 "the client: $output" || return 1
	local client=$output
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
	output="$client/$output"
}

# both_ways "SERVER ACTIONS" "CLIENT ACTIONS": host to namespace, and namespace to host
both_ways() {
	start_ports -t 5000 -T none
	conversation ns host 127.0.0.1 "$1" "$2"
	stop_pasta
	rm "$T/commands"
	start_ports -t none -T 5000
	conversation host ns ::1 "$1" "$2"
}

stress() {
	serve "$1" tcp 5000 "$TOOLS/stress" serve :: 5000
	run "$2" "$TOOLS/stress" run "$3" 5000 "${@:4}"
	assert "$status" == 0 "the client: $output" || { cat "$T/server-5000.err"; return 1; }
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
}


@test "splice: 1 GB by 1,000 connections, 200 at once, of random sizes and ends, host to namespace" {
	start_ports -t 5000 -T none
	stress ns host 127.0.0.1 1000 200 1024 1
}

@test "splice: 1 GB by 1,000 connections, 200 at once, of random sizes and ends, namespace to host" {
	start_ports -t none -T 5000
	stress host ns 127.0.0.1 1000 200 1024 2
}

@test "splice: small connections, 100 at once, IPv6" {
	start_ports -t 5000 -T none
	stress ns host ::1 3000 100 8 3
}

@test "splice: the client ends first, the server goes on" {
	both_ways "drain send 3000000" "send 2000000 shut drain"
	assert "$output" == 3000000/2000000 "bytes"
}

@test "splice: the server ends first, the client goes on" {
	both_ways "send 3000000 shut drain" "drain send 2000000"
	assert "$output" == 3000000/2000000 "bytes"
}

drop_input() { $1 nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 5000 tcp flags syn drop'; }

half_closed() { [[ -n $($1 ss -Htn state fin-wait-2 'dport = :5000') ]]; }

# late SERVER_SIDE CLIENT_SIDE PEER_ACTION...: the client ends before pasta's other socket is connected
late() {
	serve "$1" tcp 5000 "$TOOLS/peer" listen :: 5000 drain send 1000
	drop_input "$1"
	background client "$2" "$TOOLS/peer" connect 127.0.0.1 5000 "${@:3}" shut recv 1000 eof
	wait_until half_closed "$2"
	$1 nft delete table inet t
	finish client
	assert "$stderr" == "" "complaints of the client"
	finish server-5000
}

@test "splice: a client that ends before the target is connected gets its answer, host to namespace" {
	start_ports -t 5000 -T none
	late ns host
	assert "$output" == 0 "bytes"
}

@test "splice: a client that sends and ends before the target is connected, host to namespace" {
	start_ports -t 5000 -T none
	late ns host send 100000
	assert "$output" == 100000 "bytes"
}

@test "splice: a client that ends before the target is connected gets its answer, namespace to host" {
	start_ports -t none -T 5000
	late host ns
	assert "$output" == 0 "bytes"
}

@test "splice: a reset by the client reaches the server" { both_ways "recv 10 send 1 is-reset" "send 10 recv 1 reset"; }
@test "splice: a reset by the server reaches the client" { both_ways "recv 10 reset" "send 10 is-reset"; }

@test "splice: urgent data arrives as urgent, at its mark" {
	both_ways "mark 3 recv 4 send 3 urgent send 3 oob 100000 recv 3 eof" "send 3 urgent send 3 mark 3 recv 4 send 100000 urgent send 3"
}

@test "splice: urgent data waits for its turn, and what follows does too" {
	both_ways "rcvbuf 8192 pause 500 mark 20000000 recv 1000001 eof" "send 20000000 urgent send 1000000"
}

@test "splice: an urgent byte as the last one arrives" {
	both_ways "oob 1000000 eof" "send 1000000 urgent"
}

# keeps_alive NS FILTER LONG|SOON: whether pasta's socket there probes a silent end; SOON: after a minute
keeps_alive() {
	local when='1[0-9][0-9]min'
	[[ $3 == LONG ]] || when='(1min[0-9]*sec|[0-9]*sec)'
	$1 ss -Htno "$2 = :5000" | grep -v LISTEN | grep -Eq "timer:\(keepalive,$when"
}

@test "splice: both sockets notice that their other end is gone, sooner once it has closed" {
	start_ports -t 5000 -T none
	serve ns tcp 5000 "$TOOLS/peer" listen :: 5000 recv 1 until "$T/go"
	background client host "$TOOLS/peer" connect 127.0.0.1 5000 send 1 until "$T/shut" shut until "$T/go"
	wait_until keeps_alive host sport LONG
	wait_until keeps_alive ns dport LONG
	touch "$T/shut"
	wait_until keeps_alive host sport SOON
	touch "$T/go"
}

@test "splice: a reader that sleeps gets everything" {
	both_ways "rcvbuf 8192 pause 1500 drain" "send 20000000"
	assert "$output" == /20000000 "bytes"
}

@test "splice: while a reader sleeps, nothing is busy" {
	start_ports -t 5000 -T none
	serve ns tcp 5000 "$TOOLS/peer" listen :: 5000 until "$T/go" drain
	background sender host "$TOOLS/peer" connect 127.0.0.1 5000 send 50000000
	wait_until is_stuck
	WAIT=20 wait_until is_idle "$PASTA_PID"
	touch "$T/go"
	finish server-5000
	assert "$output" == 50000000 "bytes"
}

# What the client sends is not taken any more
is_stuck() { (($(host ss -Htn state established 'dport = :5000' | awk '{ print $2 }') > 0)); }

@test "splice: half-closed connections cost no CPU time" {
	start_ports -t 5000 -T none
	serve ns tcp 5000 "$TOOLS/peer" listen :: 5000 eof until "$T/go" send 10
	background client host "$TOOLS/peer" connect 127.0.0.1 5000 shut drain
	wait_until half_closed host
	WAIT=20 wait_until is_idle "$PASTA_PID"
	touch "$T/go"
	finish client
	assert "$output" == 10 "bytes"
}

# unpaced NS FILTER: whether pasta's socket there has the congestion control that never paces
unpaced() { [[ $("$1" ss -Htni state established "$2 = :5000") == *" reno "* ]]; }

@test "splice: pasta's sockets don't pace, whatever the system's default" {
	start_ports -t 5000 -T none
	serve ns tcp 5000 "$TOOLS/peer" listen :: 5000 recv 2 eof
	background client host "$TOOLS/peer" connect 127.0.0.1 5000 send 1 pause 60000
	wait_until unpaced host sport
	wait_until unpaced ns dport
}

@test "splice: nobody listens in the namespace: the client is reset at once" {
	start_ports -t 5000 -T none
	host "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
	host "$TOOLS/peer" connect ::1 5000 is-reset
}

@test "splice: nobody listens on the host: the client is reset at once" {
	start_ports -t none -T 5000
	ns "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
	ns "$TOOLS/peer" connect ::1 5000 is-reset
}

# other_family SERVER_SIDE CLIENT_SIDE LISTEN_ADDR CLIENT_ADDR: what the client has sent by then arrives, too
other_family() {
	serve "$1" tcp 5000 "$TOOLS/peer" listen "$3" 5000 drain send 10
	run "$2" "$TOOLS/peer" connect "$4" 5000 send 100000 shut recv 10 eof
	assert "$status" == 0 "the client: $output" || return 1
	finish server-5000
	assert "$output $stderr" == "100000 " "what arrived, and complaints"
}

@test "splice: a server of one family is reached by localhost of the other, host to namespace" {
	start_ports -t 5000 -T none
	other_family ns host 0.0.0.0 ::1
	other_family ns host $H6 127.0.0.1
}

@test "splice: a server of one family is reached by localhost of the other, loopback to loopback" {
	start_ports -t 5000 -T none --host-lo-to-ns-lo
	other_family ns host 127.0.0.1 ::1
	other_family ns host ::1 127.0.0.1
}

@test "splice: a server of one family is reached by localhost of the other, namespace to host" {
	start_ports -t none -T 5000
	other_family host ns 127.0.0.1 ::1
	other_family host ns ::1 127.0.0.1
}

@test "splice: curl localhost reaches a server on IPv4 only, each time" {
	start_ports -t 5000 -T none
	printf 'HTTP/1.0 200 OK\r\n\r\nhello\n' > "$T/page"
	serve ns tcp 5000 socat -t 5 TCP4-LISTEN:5000,fork SYSTEM:"sed -u /^.\$/q >/dev/null; cat $T/page"
	for _ in {1..20}; do
		output=$(host curl -sS --max-time 5 --resolve localhost:5000:::1,127.0.0.1 http://localhost:5000/)
		assert "$output" == hello "page"
	done
}

@test "splice: with IPv4 alone, nothing is asked by IPv6" {
	start_ports -4 -t 5000 -T none --host-lo-to-ns-lo
	serve ns tcp 5000 "$TOOLS/peer" listen ::1 5000 drain
	host "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
}

@test "splice: descriptors and connections are back to the start after 5,000 connections" {
	local before
	start_ports -t 5000 -T none
	serve ns tcp 5000 "$TOOLS/stress" serve :: 5000
	before=$(fd_count "$PASTA_PID")
	host "$TOOLS/stress" run 127.0.0.1 5000 5000 50 4 7
	# Pipes and sockets in stock may stay
	wait_until fds_are $((before + 240))
}

@test "splice: the namespace's address is what the service sees itself reached at" {
	start_ports -t 5000 -T none
	serve ns tcp 5000 socat TCP4-LISTEN:5000,fork SYSTEM:'echo $SOCAT_SOCKADDR'
	output=$(host socat -u TCP4:127.0.0.1:5000 -)
	assert "$output" == 198.51.100.1 "address"
}

@test "splice: --host-lo-to-ns-lo: loopback stays loopback, 127.0.0.2 stays 127.0.0.2" {
	start_ports -t 5000 -T none --host-lo-to-ns-lo
	serve ns tcp 5000 socat TCP4-LISTEN:5000,fork SYSTEM:'echo $SOCAT_SOCKADDR'
	assert "$(host socat -u TCP4:127.0.0.1:5000 -)" == 127.0.0.1 "address"
	assert "$(host socat -u TCP4:127.0.0.2:5000 -)" == 127.0.0.2 "address"
}

@test "splice: without it a service on the namespace's loopback is not reached" {
	start_ports -t 5000 -T none
	serve ns tcp 5000 socat TCP4-LISTEN:5000,fork,bind=127.0.0.1 SYSTEM:'echo wrong'
	host "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
}

@test "splice: -T with an address listens on that one only, and it stays what it is" {
	start_ports -t none -T 127.0.0.2/5000
	serve host tcp 5000 socat TCP4-LISTEN:5000,fork SYSTEM:'echo $SOCAT_SOCKADDR'
	assert "$(ns socat -u TCP4:127.0.0.2:5000 -)" == 127.0.0.2 "address"
	run ns socat -u TCP4:127.0.0.1:5000 -
	assert "$status" != 0 "another address: $output"
}

@test "splice: -T maps ports" {
	start_ports -t none -T 6000-6001:5000-5001
	serve host tcp 5001 socat TCP6-LISTEN:5001,ipv6only=0,fork SYSTEM:'echo yes'
	assert "$(ns socat -u TCP4:127.0.0.1:6001 -)" == yes "answer by IPv4"
	assert "$(ns socat -u TCP6:[::1]:6001 -)" == yes "answer by IPv6"
}

@test "splice: the host's loopback is out of reach with -T none, -U none and --no-map-gw" {
	serve host tcp 5000 socat TCP6-LISTEN:5000,ipv6only=0,fork SYSTEM:'echo wrong'
	start_ports -t none -T none -u none -U none --no-map-gw
	for addr in 127.0.0.1 ::1 $G4 $G6; do
		run ns timeout 1 "$TOOLS/peer" connect $addr 5000 drain
		assert "$status" != 0 "connection to $addr: $output"
	done
}

@test "splice: the host's loopback is out of reach by UDP, too" {
	serve host udp 5000 "$TOOLS/load" serve 5000
	assert "$(host "$TOOLS/probe" udp 127.0.0.1 5000)" == "answer 1 bytes" "the host itself"
	start_ports -t none -T none -u none -U none --no-map-gw
	for addr in 127.0.0.1 ::1 $G4 $G6; do
		output=$(ns "$TOOLS/probe" udp $addr 5000 wait=500)
		assert "$output" != "" "the probe of $addr"
		assert "$output" lacks answer "datagram to $addr"
	done
}

@test "splice: stopped and continued many times, everything arrives" {
	local stops=0
	start_ports -t 5000 -T none
	serve ns tcp 5000 "$TOOLS/peer" listen :: 5000 send 100000000 drain
	background client host "$TOOLS/peer" connect 127.0.0.1 5000 rcvbuf 100000 recv 100000000 send 200000000 shut eof
	while host test -e "/proc/$(< "$T/client.pid")"; do
		host kill -STOP "$PASTA_PID"
		pass_seconds 0.01
		host kill -CONT "$PASTA_PID"
		pass_seconds 0.01
		((++stops))
	done
	assert $stops -ge 3 "times that it was stopped"
	finish client
	assert "$stderr" == "" "complaints of the client"
	finish server-5000
	assert "$stderr $output" == " 200000000" "complaints of the server, and bytes"
}

@test "splice: data written just before COMMAND exits arrives whole" {
	serve host tcp 5000 "$TOOLS/peer" listen :: 5000 rcvbuf 8192 pause 500 drain
	run_pasta -q --config-net -t none -T 5000 -- "$TOOLS/peer" connect 127.0.0.1 5000 send 5000000
	finish server-5000
	assert "$output" == 5000000 "bytes"
	assert "$stderr" == "" "complaints of the server"
}

@test "splice: UDP from the host's loopback, answers come from where they were asked" {
	start_ports -t none -u 5000 -T none -U none
	serve ns udp 5000 "$TOOLS/load" serve 5000
	for addr in 127.0.0.1 127.0.0.5 ::1 198.51.100.1; do
		assert "$(host "$TOOLS/probe" udp $addr 5000)" == "answer 1 bytes" "$addr"
	done
}

@test "splice: UDP from the namespace's loopback" {
	start_ports -t none -u none -T none -U 5000
	serve host udp 5000 "$TOOLS/load" serve 5000
	for addr in 127.0.0.1 ::1; do
		assert "$(ns "$TOOLS/probe" udp $addr 5000)" == "answer 1 bytes" "$addr"
	done
}

@test "splice: datagrams of every size, 65507 bytes included" {
	start_ports -t none -u 5000 -T none -U none
	serve ns udp 5000 socat -b 65536 UDP4-RECVFROM:5000,fork EXEC:cat
	for size in 1 1400 9000 65507; do
		output=$(host bash -c "head -c $size /dev/zero | socat -b 65536 -t 2 - UDP4:127.0.0.1:5000 | wc -c")
		assert "$output" == $size "bytes"
	done
}

@test "splice: --splice-only has no tap, but forwards local connections" {
	start_pasta -q --splice-only -t 5000 -T 5001
	inside ip -o link
	NS_PID=$(init_of "$PASTA_PID")
	assert "$(wc -l <<< "$output")" -eq 1 "interfaces: $output"
	conversation ns host 127.0.0.1 "drain send 10" "send 20 shut drain"
	serve host tcp 5001 socat TCP4-LISTEN:5001,fork SYSTEM:'echo yes'
	assert "$(ns socat -u TCP4:127.0.0.1:5001 -)" == yes "answer"
}
