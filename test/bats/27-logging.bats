# SPDX-License-Identifier: Apache-2.0
#
# Where messages go, what they say, and counters.

load helpers

named() { host mkdir -p /run/netns; host ip netns add box; }
pings() { host ip netns exec box ping -c "$1" -i 0.002 $R4 > /dev/null; }

refused() {
	local words=$1
	shift
	run_pasta 1 "$@"
	assert "$stderr" contains "$words" "complaint about $*"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
}

# A system log in a file
syslogd() {
	host mount -t tmpfs tmpfs /mnt
	host mkdir /mnt/dev
	host bash -c 'for d in null zero urandom tty net; do [[ -e /dev/$d ]] || continue
		[[ -d /dev/$d ]] && mkdir -p /mnt/dev/$d || touch /mnt/dev/$d; mount --rbind /dev/$d /mnt/dev/$d; done
		mount --move /mnt/dev /dev 2>/dev/null || mount --rbind /mnt/dev /dev'
	background syslog host socat -u UNIX-RECV:/dev/log,mode=666 -
	wait_until host test -S /dev/log
}

@test "logging: the summary says what the namespace got" {
	run_pasta --config-net -- true
	assert "$stderr" contains "IPv4: interface v0" "template"
	assert "$stderr" contains "address 198.51.100.1/24" "address"
	assert "$stderr" contains "gateway 2001:db8:1::2" "gateway"
	assert "$stderr" contains "198.51.100.2 leads to the host's loopback" "mapping"
	assert "$(wc -l <<< "$stderr")" -le 16 "lines"
}

@test "logging: --quiet is silent on success" {
	named
	run_pasta --config-net --quiet -- true
	assert "$stderr$output" == "" "output"
	run_pasta --config-net --quiet --netns box
	assert "$stderr$output" == "" "output"
}

@test "logging: --debug says more, on stderr, in the background too" {
	named
	run_pasta --config-net --debug --pid "$T/pid" --netns box
	assert "$stderr" contains "flows:" "debug message"
	host kill "$(< "$T/pid")"
}

@test "logging: --debug lets go of a pipe in the background, the rest goes to the system log" {
	syslogd
	named
	# the substitution waits for the end of the pipe, like callers that want all that is said
	output=$(host timeout 20 "$PASTA" --config-net --debug --pid "$T/pid" --netns box 2>&1)
	assert "$output" contains "flows:" "what the caller has read"
	host ip netns del box
	wait_until grep -q 'pasta\[.*network namespace' "$T/syslog"
}

@test "logging: --trace has a line for every packet" {
	run_pasta --config-net --trace -- sh -c "ping -c1 -W10 $R4; ping -c1 -W10 $R6; socat -u TCP:$R4:81 - || true"
	assert "$stderr" contains "from namespace: ICMP type 8 code 0 198.51.100.1 > $R4" "echo request"
	assert "$stderr" contains "to namespace: ICMP type 0 code 0 $R4 > 198.51.100.1" "echo reply"
	assert "$stderr" contains "ICMPv6 type 128" "IPv6 echo request"
	assert "$stderr" =~ "from namespace: TCP 198.51.100.1:"[0-9]+" > $R4:81 S seq" "SYN"
	assert "$stderr" contains "ARP" "ARP"
}

@test "logging: --log-file has the messages, also after going to the background" {
	named
	run_pasta --config-net --log-file "$T/log" --debug --pid "$T/pid" --netns box
	host ip netns del box
	wait_until grep -q unmounted "$T/log"
	assert "$(< "$T/log")" contains "IPv4: interface v0" "log"
	assert "$(grep -vcE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z ' "$T/log" || true)" -eq 0 "lines without time"
}

@test "logging: --log-file keeps what was there" {
	echo "an old line" > "$T/log"
	run_pasta --config-net --log-file "$T/log" -- true
	assert "$(head -n1 "$T/log")" == "an old line" "first line"
}

@test "logging: the log file, and all others, can be named by descriptors of the caller" {
	named
	local joined
	host bash -c 'exec 7< /run/netns/box 8> "$1/log" 9> >(cat > "$1/dump") &&
		"$0" -q --config-net --pid "$1/joined" --netns /proc/self/fd/7 --log-file /dev/fd/8 --pcap /dev/fd/9 --debug' "$PASTA" "$T"
	joined=$(< "$T/joined")
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
	wait_until grep -q 'IPv4: interface v0' "$T/log"
	host kill "$joined"
	wait_until not host pgrep pasta
	wait_until tcpdump -r "$T/dump" -c1 icmp
}

@test "logging: --log-size bounds the file, the oldest lines go first" {
	named
	run_pasta --config-net --log-file "$T/log" --log-size 4096 --trace --pid "$T/pid" --netns box
	pings 200
	host ip netns del box
	wait_until grep -q unmounted "$T/log"
	assert "$(stat -c %s "$T/log")" -le 4096 "bytes"
	assert "$(stat -c %s "$T/log")" -ge 2048 "bytes"
	assert "$(< "$T/log")" lacks "IPv4: interface v0" "oldest lines"
	assert "$(grep -vcE '^[0-9]{4}-' "$T/log" || true)" -eq 0 "broken lines"
}

@test "logging: in the background messages go to the system log" {
	syslogd
	named
	run_pasta --config-net --stats 1 --pid "$T/pid" --netns box
	pings 10
	wait_until grep -q 'pasta\[.*stats:' "$T/syslog"
	assert "$(< "$T/syslog")" =~ '<30>pasta['[0-9]+']: stats:' "message"
	host kill "$(< "$T/pid")"
}

@test "logging: no system log is fine" {
	named
	run_pasta --config-net -q --netns box
}

@test "logging: --stats prints counters when something has moved" {
	run_pasta --config-net --stats 1 -- sh -c "ping -c3 -W10 $R4 > /dev/null"
	assert "$(grep -c 'stats: from the namespace' <<< "$stderr")" -ge 1 "lines: $stderr"
}

@test "logging: --stats is silent when nothing moves" {
	start_pasta --config-net --stats 1 -6
	inside true
	pass_seconds 6
	local before
	before=$(grep -c stats: "$T/pasta.err" || true)
	pass_seconds 2.2
	assert "$(grep -c stats: "$T/pasta.err" || true)" -le $((before + 1)) "lines in two idle seconds"
}

@test "logging: bad values are refused" {
	refused "--stats 'x'" --stats x -- true
	refused "--stats '0'" --stats 0 -- true
	refused "--log-size '100'" --log-size 100 -- true
	refused "--log-size 'big'" --log-size big -- true
	refused "--log-file" --log-file "" -- true
}

@test "logging: a log file that cannot be written is refused" {
	refused "--log-file '/nowhere/at/all'" --log-file /nowhere/at/all -- true
	refused "--log-file '/run'" --log-file /run -- true
}

@test "logging: a new log file goes with a start that fails, an old one stays" {
	run_pasta 1 --log-file "$T/log" -I lo -- true
	assert "$stderr" contains "--ns-ifname 'lo'" "complaint"
	not test -e "$T/log"
	echo "an old line" > "$T/log"
	run_pasta 1 --log-file "$T/log" -I lo -- true
	assert "$(head -n1 "$T/log")" == "an old line" "first line"
}

@test "logging: --stats has every counter that is not zero, and local UDP alone is worth a line" {
	start_pasta --splice-only --stats 1 -t none -u none -T none -U 5000
	serve host udp 5000 socat UDP4-RECVFROM:5000,fork EXEC:cat
	inside "$TOOLS/probe" udp 127.0.0.1 5000
	assert "$output" == "answer 1 bytes" "answer"
	wait_until grep -q "stats: local UDP opened 1, local UDP bytes 2" "$T/pasta.err"
}
