# SPDX-License-Identifier: Apache-2.0
#
# Captures of a running instance, by pastactl and by the control socket.

load helpers
load control

# capture NAME FILE ARGS: by pastactl, in the background, until its file has been begun
capture() {
	background "$1" host "${PASTA}ctl" capture "${@:2}"
	wait_until test -s "$2"
}
is_running() { ask capture && [[ $(field .running) == "$1" ]]; }
interrupt() { host kill -INT "$(< "$T/$1.pid")"; }
# pings N: the namespace sends so many, each once the one before is answered
pings() {
	inside bash -c 'for ((i = 0; i < $0; i++)); do ping -c1 -W5 $1 || exit; done' "$1" $R4
	assert "$status" == 0 "status of ping: $output"
}
# read_whole FILE: as tcpdump has it, without a complaint
read_whole() {
	output=$(tcpdump -nr "$1" 2> "$T/tcpdump.err")
	assert "$(< "$T/tcpdump.err")" lacks truncated "complaints of tcpdump"
}

@test "capture: pastactl ends it at a number of packets, and says what it has got" {
	start_controlled --config-net -q
	capture shot "$T/dump" --packets 3
	pings 5
	finish shot
	assert "$output" =~ ^"3 packets, "[0-9]+" bytes"$ "what pastactl says"
	assert "$(stat -c %a "$T/dump")" == 600 "mode"
	read_whole "$T/dump"
	assert "$(grep -c . <<< "$output")" == 3 "packets in the file: $output"
}

# Of the start's capture, tcpdump takes the same with the same words; the latter may have got more since
@test "capture: a filter takes what tcpdump's takes" {
	local filter="(arp or tcp port 5000) and not src host $R4 or udp and dst net 2001:db8::/32 or icmp"
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled --config-net -q --pcap "$T/all"
	# shellcheck disable=SC2086
	capture shot "$T/dump" $filter
	pings 2
	inside "$TOOLS/load" churn $R4 5000 3 1
	inside "$TOOLS/load" churn $R6 5000 1 1
	inside "$TOOLS/probe" udp $R6 5000
	interrupt shot
	finish shot
	read_whole "$T/dump"
	assert "$(grep -c 'echo request' <<< "$output") $(grep -c 'echo reply' <<< "$output")" == "2 2" "pings: $output"
	assert "$(grep -c 'IP6.*Flags' <<< "$output") $(grep -c 'IP .*Flags' <<< "$output")" =~ ^[1-9][0-9]*\ 0$ "TCP: $output"
	assert "$output" contains UDP "datagram"
	tcpdump -nr "$T/all" -t "$filter" 2> "$T/tcpdump.err" | head -n "$(wc -l <<< "$output")" > "$T/expected"
	diff "$T/expected" <(tcpdump -nr "$T/dump" -t 2> "$T/tcpdump.err")
}

@test "capture: it ends before the file gets larger than was asked for" {
	start_controlled --config-net -q
	capture shot "$T/dump" --bytes 1000
	pings 20
	finish shot
	assert "$(stat -c %s "$T/dump")" -le 1000 "bytes in the file"
	read_whole "$T/dump"
	assert "$(grep -c . <<< "$output")" -ge 6 "packets in the file: $output"
}

@test "capture: Ctrl-C ends it with the packets that there were" {
	start_controlled --config-net -q
	echo "what was there" > "$T/dump"
	background shot host "${PASTA}ctl" --json capture "$T/dump"
	wait_until is_running true
	pings 4
	interrupt shot
	finish shot
	assert "$(field '.running, .failure, .left_out' | tr '\n' ' ') $(< "$T/shot.status")" == "false null 0  0" "state, status"
	read_whole "$T/dump"
	assert "$(grep -c 'echo request' <<< "$output") $(grep -c 'echo reply' <<< "$output")" == "4 4" "pings: $output"
	is_running false
}

@test "capture: it goes to standard output, through a pipe, until the end of the instance" {
	start_controlled --config-net -q
	background shot host bash -c '"$0" capture - | cat' "${PASTA}ctl"
	wait_until test -s "$T/shot"
	pings 3
	ctl quit
	finish shot
	assert "$stderr" =~ [0-9]+" packets, "[0-9]+" bytes" "what pastactl says"
	read_whole "$T/shot"
	assert "$(grep -c 'echo reply' <<< "$output")" == 3 "pings: $output"
}

@test "capture: a pipe that nobody reads loses packets, not traffic, and has whole ones" {
	start_controlled --config-net -q -m 1500
	serve remote tcp 6000 socat -u TCP4-LISTEN:6000 "CREATE:$T/arrived"
	mkfifo "$T/fifo"
	background reader host bash -c "exec 9< $T/fifo; until [[ -e $T/go ]]; do read -rt 0.05 <> <(:); done; cat <&9"
	background shot host "${PASTA}ctl" capture "$T/fifo"
	wait_until is_running true
	inside bash -c "head -c 20000000 /dev/zero | socat -u - TCP:$R4:6000"
	wait_until has_arrived 20000000
	interrupt shot
	touch "$T/go"
	finish shot
	assert "$output" =~ [0-9]+" packets are missing" "what pastactl says"
	finish reader
	read_whole "$T/reader"
	assert "$(grep -c . <<< "$output")" -gt 3 "packets"
}
has_arrived() { [[ $(stat -c %s "$T/arrived") == "$1" ]]; }

@test "capture: a full disk ends it and is said; traffic goes on, the file is whole" {
	host mount -t tmpfs -o size=8k tmpfs /mnt
	start_controlled --config-net -q
	background shot host "${PASTA}ctl" capture /mnt/dump
	wait_until is_running true
	pings 100
	finish shot
	assert "$(< "$T/shot.status") $stderr" contains "1 pastactl: '/mnt/dump': No space left on device (after " "complaint"
	host cat /mnt/dump > "$T/dump"
	read_whole "$T/dump"
	assert "$(grep -c . <<< "$output")" -ge 20 "packets"
}

@test "capture: a client that is killed ends its own, and leaves a whole file and no descriptor" {
	start_controlled --config-net -q
	local during
	capture shot "$T/dump"
	pings 3
	during=$(fd_count "$PASTA_PID")
	host kill -KILL "$(< "$T/shot.pid")"
	wait_until is_running false
	wait_until fds_are $((during - 2)) # the client, and its file
	read_whole "$T/dump"
	assert "$(grep -c 'echo reply' <<< "$output")" == 3 "pings: $output"
}

@test "capture: there is one at a time, beside that of --pcap" {
	start_controlled --config-net -q --pcap "$T/first"
	capture shot "$T/second"
	echo mine > "$T/third"
	refused "capture start: another one is running" capture "$T/third"
	refused "capture start: another one is running" capture "$T/fourth"
	assert "$(< "$T/third") $(ls "$T" | grep -c fourth)" == "mine 0" "files of those refused"
	pings 2
	interrupt shot
	finish shot
	stop_pasta
	for file in first second; do
		read_whole "$T/$file"
		assert "$(grep -c 'echo reply' <<< "$output")" == 2 "pings in the $file: $output"
	done
}

@test "capture: what is wrong with it is one line, and no file is touched" {
	start_controlled --config-net -q
	echo mine > "$T/dump"
	refused "capture: a word is missing: the file's name, or -" capture
	refused "filter: 'x': must be ip, ip6, arp, tcp" capture "$T/dump" x
	refused "filter: a word is missing at the end: must be )" capture "$T/dump" '(tcp or' udp
	refused "capture start packets: 'x': must be a number from 1 to" capture "$T/dump" --packets x
	refused "capture start bytes: '0': must be a number from 1 to" capture "$T/new" --bytes 0
	refused "a limit is one number" capture "$T/dump" --packets "1 bytes 1"
	refused "--packets and --bytes are for capture alone" log --packets 1
	refused "'/nowhere/at/all': No such file or directory" capture /nowhere/at/all
	refused "'/proc': Is a directory" capture /proc
	assert "$(< "$T/dump") $(ls "$T" | grep -c new)" == "mine 0" "files"
	host script -qec "${PASTA}ctl capture -" /dev/null > "$T/screen" < /dev/null || true
	assert "$(< "$T/screen")" contains "a capture is not for a terminal" "complaint"
}

@test "capture: there is none without a tap" {
	start_controlled --splice-only -q
	refused "capture start: there is no tap, and so there are no frames" capture "$T/dump"
}

@test "capture: descriptors that come with anything else, or many at once, are closed" {
	start_controlled --config-net -q
	answers
	local before text count
	before=$(fd_count "$PASTA_PID")
	for text in $'log\n' $'capture start\n' lo $'nonsense\n\n' $'capture start\nlog\ncapture start\n'; do
		for count in 1 2 64 253; do
			host "$TOOLS/pass_fds" "$SOCKET" "$text" $count 2> "$T/taken" | grep -c . >> "$T/answers" || true
		done
	done
	answers
	wait_until fds_are "$before"
	assert "$(awk '{ n += $1 } END { print n }' "$T/answers")" == 28 "answers"
}
