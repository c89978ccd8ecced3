# SPDX-License-Identifier: Apache-2.0
#
# Messages and captures that go to a pipe which nobody reads, or to a disk that is full: traffic goes on.

load helpers

# A FIFO with a reader that reads nothing until told
unread() {
	mkfifo "$1"
	background "$2" host bash -c "exec 9< $1; until [[ -e $1.go ]]; do read -rt 0.05 <> <(:); done; cat <&9"
}

bytes_out() {
	serve remote tcp 6000 socat -u TCP4-LISTEN:6000 "CREATE:$T/arrived"
	inside bash -c "head -c $1 /dev/zero | socat -u - TCP:$R4:6000"
	assert "$status" == 0 "sender: $stderr"
	wait_until has_arrived "$1"
}
has_arrived() { [[ $(stat -c %s "$T/arrived") == "$1" ]]; }

@test "nobody reads: --pcap into a FIFO leaves frames out, and the rest is whole" {
	unread "$T/fifo" reader
	start_pasta --config-net -q -m 1500 --pcap "$T/fifo"
	bytes_out 20000000
	touch "$T/fifo.go"
	wait_until test -s "$T/reader"
	inside ping -c 5 -i 0.2 "$R4" # the first may still find no room
	stop_pasta
	assert "$stderr" contains "a frame is missing in the capture" "warning"
	finish reader
	run tcpdump -nr "$T/reader"
	assert "$status" == 0 "tcpdump: $output"
	assert "$output" contains "ICMP echo reply" "last frames"
	assert "$output" lacks truncated "frames"
}

@test "nobody reads: --trace into a pipe loses lines, says how many, and COMMAND's stderr is as it was" {
	unread "$T/fifo" reader
	background pasta host bash -c 'exec "$@" 2> "$0"' "$T/fifo" "$PASTA" --config-net --trace -- bash -c "
		ping -qc 1000 -i 0.002 $R4 && touch $T/done; grep flags /proc/self/fdinfo/2
		until [[ -e $T/fifo.go ]]; do read -rt 0.05 <> <(:); done; ping -c 3 -i 0.2 $R4 > /dev/null"
	WAIT=60 wait_until test -e "$T/done"
	touch "$T/fifo.go"
	finish pasta
	assert "$output" =~ "flags:".*0100001 "flags of COMMAND's stderr"
	finish reader
	assert "$output" =~ "pasta: "[0-9]+" lines were left out here" "what was read"
}

@test "nobody reads: a full disk under --log-file takes the oldest lines" {
	host mount -t tmpfs -o size=64k tmpfs /mnt
	start_pasta --config-net --trace --log-file /mnt/log
	inside ping -c 400 -i 0.002 "$R4"
	inside ping -c 1 "$R6"
	wait_until host grep -q "ICMPv6 type 129" /mnt/log
	assert "$(host grep -c "template\|interface v0" /mnt/log)" == 0 "oldest lines"
	assert "$(host tail -c 1 /mnt/log | od -An -c)" contains '\n' "end of the file"
}
