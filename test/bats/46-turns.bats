# SPDX-License-Identifier: Apache-2.0
#
# Small messages and closed windows: nobody waits for a timer, neither for the other kernel's delayed
# acknowledgement (40 ms) nor for its own window probes, whatever the size of a segment.

load helpers
load ports

# prompt WHAT: "turns" printed $output, and its hundred turns took about as long as the pauses in them. A
# busy machine makes some of them slow, the rule of a kernel nearly all.
prompt() {
	assert "$output" =~ ^median=[0-9]+\ slow=[0-9]+$ "output, $1"
	assert "${output##*=}" -lt 50 "slow turns of 100, $1: $output"
}

# turns_out MTU ADDR OPTION...
turns_out() {
	local kind
	for kind in ask tell; do
		serve remote tcp 5000 "$TOOLS/turns" serve 5000
		run_pasta -q --config-net -m "$1" "${@:3}" -- "$TOOLS/turns" "$kind" "$2" 5000 100
		prompt "$kind $2, MTU $1"
	done
}

# turns_in MTU ADDR
turns_in() {
	local kind
	start_pasta -q --config-net -m "$1" -t 5000 -u none
	for kind in ask tell; do
		inside_serve tcp 5000 "$TOOLS/turns" serve 5000
		output=$(remote "$TOOLS/turns" "$kind" "$2" 5000 100)
		prompt "$kind $2, MTU $1"
	done
}

@test "turns: two writes a message out, MTU 65520" { turns_out 65520 $R4; }
@test "turns: two writes a message out, IPv6, MTU 65520" { turns_out 65520 $R6; }
@test "turns: two writes a message out, MTU 1500" { turns_out 1500 $R4; }
@test "turns: two writes a message out, without SO_PEEK_OFF" { turns_out 65520 $R4 --debug-disable peek-off; }
@test "turns: two writes a message in, MTU 65520" { turns_in 65520 $H4; }
@test "turns: two writes a message in, IPv6, MTU 65520" { turns_in 65520 $H6; }
@test "turns: two writes a message in, MTU 1500" { turns_in 1500 $H4; }

# A frame a turn comes in, besides those of the first turns, and of the connection's start and end
@test "turns: an answer carries the acknowledgement of what it answers, though there was time before" {
	local frames
	serve remote tcp 5000 "$TOOLS/turns" serve 5000
	run_pasta -q --config-net -- bash -c '"$1" wait "$2" 5000 200 && cat /sys/class/net/*/statistics/rx_packets' \
		bash "$TOOLS/turns" $R4
	frames=$(awk 'NR > 1 { n += $1 } END { print n }' <<< "$output")
	assert "$frames" -ge 200 "frames"
	assert "$frames" -lt 300 "frames"
}

probes() { [[ $(inside_probes) -ge $1 ]]; }
inside_probes() { inside nstat -asz TcpExtTCPWinProbe && awk 'END { print $2 }' <<< "$output"; }

# The namespace asks after 2 s, then after 4 s more: what comes before is by its own
@test "turns: a window that opens is told, the namespace need not ask" {
	host bash -c 'echo 4096 16384 65536 > /proc/sys/net/ipv4/tcp_wmem'
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 rcvbuf 20000 until "$T/go" drain
	start_pasta -q --config-net
	inside bash -c "$PATIENT"
	inside bash -c "'$TOOLS/peer' connect $R4 5000 send 1000000 shut eof </dev/null >/dev/null 2>&1 & disown"
	wait_until probes 1
	remote touch "$T/go"
	finish server-5000
	assert "$output" == "1000000" "received"
	assert "$(inside_probes)" -eq 1 "probes"
}
