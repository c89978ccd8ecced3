# SPDX-License-Identifier: Apache-2.0
#
# As fast as it goes: nothing gets lost by our doing. The namespace's TCP has nothing to send again and
# does not stall, whatever its congestion control or the host's; UDP loses nothing that the sender
# was not told of.

load helpers

SIZE=100000000

# the sum of counters of a namespace's kernel
counters_of() { "$1" nstat -asz "${@:2}" | awk '!/^#/ { sum += $2 } END { print sum + 0 }'; }

# lost_at_most N: what $LOST has printed. At the end of a connection nobody is told any more of what came twice
lost_at_most() {
	[[ $output =~ lost=([0-9]+) ]]
	assert "${BASH_REMATCH[1]}" -le "$1" "segments that were lost"
}

# sends_nothing_again MTU CONNECTIONS
sends_nothing_again() {
	serve remote tcp 5000 iperf3 -s -1 -p 5000
	run_pasta -q --config-net -m "$1" -- bash -c "$PATIENT && iperf3 -n 500M -P $2 -p 5000 -c $R4 >&2 &&
		$LOST && nstat -asz TcpOutSegs"
	lost_at_most "$2"
	assert "$output" =~ TcpOutSegs\ +[0-9]+[0-9][0-9]\  "counter"
}

@test "full speed: the namespace's TCP sends nothing again, MTU 65520" { sends_nothing_again 65520 1; }
@test "full speed: the namespace's TCP sends nothing again, MTU 9000" { sends_nothing_again 9000 1; }
@test "full speed: the namespace's TCP sends nothing again, MTU 1500" { sends_nothing_again 1500 1; }
@test "full speed: 8 connections send nothing again, MTU 65520" { sends_nothing_again 65520 8; }
@test "full speed: 8 connections send nothing again, MTU 1500" { sends_nothing_again 1500 8; }

# What a full socket doesn't take is answered all the same: each pause would be a probe otherwise
@test "full speed: a reader that pauses does not make the namespace's TCP send again" {
	local pauses=
	for _ in {1..60}; do pauses+="recv 1000000 pause 25 "; done
	# shellcheck disable=SC2086
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 rcvbuf 65536 $pauses drain
	run_pasta -q --config-net -m 1500 -- bash -c "$PATIENT
		$TOOLS/peer connect $R4 5000 send 61000000 shut eof && nstat -asz TcpRetransSegs"
	assert "$(awk '/Retrans/ { print $2 }' <<< "$output")" -lt 20 "segments, after 60 pauses"
	finish server-5000
	assert "$output" == 61000000 "received"
}

# out_and_back CC: 100 MB each way, CC being the congestion control of the socket in the namespace
out_and_back() {
	local file begin=$SECONDS cc=setsockopt-string=6:13:$1 # IPPROTO_TCP, TCP_CONGESTION
	file=$(payload $SIZE)
	serve remote tcp 5000 socat -b 262144 -u TCP-LISTEN:5000,reuseaddr SYSTEM:sha256sum,nofork
	serve remote tcp 5001 socat -b 262144 -u "OPEN:$file" "TCP-LISTEN:5001,reuseaddr,$cc"
	in_ns bash -ec "$PATIENT
		socat -b 262144 -u OPEN:$file TCP:$R4:5000,$cc
		socat -b 262144 -u TCP:$R4:5001,$cc - | sha256sum
		$LOST"
	assert "$output" contains "$(sum_of "$file")" "what came back, $1"
	lost_at_most 2
	finish server-5000
	assert "$output" == "$(sum_of "$file")" "what arrived, $1"
	assert $((SECONDS - begin)) -le 60 "seconds, $1"
}

# those of the three that this kernel has
congestion_controls() {
	host grep -Eow 'reno|cubic|bbr' /proc/sys/net/ipv4/tcp_available_congestion_control
}

@test "full speed: every congestion control in the namespace and at the other end, 100 MB both ways" {
	local cc
	for cc in $(congestion_controls); do
		out_and_back "$cc"
	done
}

@test "full speed: every congestion control of the host, 100 MB both ways" {
	local cc
	for cc in $(congestion_controls); do
		# the sysctl takes only what the administrator allows everybody
		host ip route replace $R4 dev v0 src 198.51.100.1 congctl "$cc"
		out_and_back "$cc"
	done
}

# blast SIZE COUNT [SEGMENTS]: what the sender believes to be sent has reached the other end's socket
blast() {
	serve remote udp 5000 socat -u -b 65536 UDP-RECV:5000 OPEN:/dev/null
	start_pasta --config-net -q
	inside ping -c1 -W10 $R4 # while a neighbour is looked for, the kernel drops what is too much
	WAIT=60 inside "$TOOLS/blast" $R4 5000 "$@"
	assert "$output" =~ ^sent\ [0-9]+$ "count"
	SENT=${output#sent }
	WAIT=30 wait_until arrived_or_counted "$SENT" || true
	assert "$(counters_of remote UdpInDatagrams UdpRcvbufErrors)" -eq "$SENT" "of $2 datagrams"
}

arrived_or_counted() { [[ $(counters_of remote UdpInDatagrams UdpRcvbufErrors) -ge $1 ]]; }

@test "full speed: UDP of 1400 bytes loses nothing unreported" { blast 1400 100000; }
@test "full speed: UDP of 8000 bytes loses nothing unreported" { blast 8000 50000; }
@test "full speed: UDP by segment offload loses nothing unreported" { blast 1400 200000 40; }
