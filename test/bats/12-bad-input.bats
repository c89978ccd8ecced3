# SPDX-License-Identifier: Apache-2.0
#
# Bad input, for each option: without its value, with one that makes no sense, given twice where that
# contradicts, against another option. One line on standard error says which option and what about it,
# the exit status is 1, and nothing is left behind. An option without a row in the tables below fails.

load helpers

# Values that make no sense, or that the host can't honour: OPTION|WORDS OF THE MESSAGE|VALUES...
values() {
	cat <<-END
		debug-disable|--debug-disable 'VALUE': |'' warp tso, tso,,uso TSO
		stats|--stats 'VALUE': |'' 0 -1 86401 1s 99999999999
		log-file|--log-file 'VALUE': |'' /nowhere/at/all /run /dev/tty/x /mnt/file
		log-size|--log-size 'VALUE': |'' 0 -5 4095 4k 2147483648
		runas|--runas 'VALUE': |'' nosuchuser 1000: :5 12345 1000:nosuchgroup 4294967296
		pcap|--pcap 'VALUE': |'' /nowhere/at/all /run /mnt/file
		pid|--pid 'VALUE': |'' /nowhere/at/all /run /mnt/file
		busy-poll|--busy-poll 'VALUE': |'' -1 1000001 50us
		conf-path|--conf-path 'VALUE': |'' /nowhere/at/all /run /etc/passwd
		policy|--policy 'VALUE': |'' /nowhere/at/all /run
		policy-narrow|--policy-narrow 'VALUE': |'' '#' '# x'
		policy-narrow|--policy-narrow:1: |'allow' 'alow any' 'allow 10.0.0.0/33' 'default x' 'include /etc/passwd'
		follow|--follow 'VALUE': |'' yes HOST hosts ALL all,host
		workers|--workers 'VALUE': |'' 0 -1 9 1.5 2x Auto all
		policy-sni|--policy-sni 'VALUE': |'' yes stricter
		policy-learn|--policy-learn 'VALUE': |'' /nowhere/at/all /run
		policy-log|--policy-log 'VALUE': |'' /nowhere/at/all /run /mnt/file
		allow|--allow 'VALUE': |'' tcp/ any: 1.2.3 10.0.0.1/8 10.0.0.0/33 [2001:db8::1 2001:db8::1 @all a..b *.*.b a*b any:0
		deny|--deny 'VALUE': |'' icmp/any:1 sctp/any 10.0.0.1:65536 10.0.0.1:2-1 [10.0.0.1] @
		interface|--interface 'VALUE': |'' nosuch0 sixteen-letters- a/b . .. %d
		address|--address 'VALUE': |'' 1.2.3 10.0.0.1/33 10.0.0.1/0 10.0.0.1/ 10.0.0.1/x 10.0.0.1/24/24
		address|--address 'VALUE': |2001:db8::/129 0.0.0.0 :: 127.0.0.1 ::1 224.0.0.1 ff02::1 255.255.255.255
		netmask|--netmask 'VALUE': |'' 0 33 255.0.255.0 0.0.0.0 255.255.255 ffff:: /24 -1
		gateway|--gateway 'VALUE': |'' 2001:db8::g 10.0.0 10.0.0.1/24 127.0.0.1 :: ff02::2 host
		mac-addr|--mac-addr 'VALUE': |'' 02:00:00:00:00 02:00:00:00:00:00:00 zz:00:00:00:00:00 1:2:3:4:5:6
		mac-addr|--mac-addr 'VALUE': |00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 01:00:5e:00:00:01
		ns-mac-addr|--ns-mac-addr 'VALUE': |'' x 02-00-00-00-00-01 00:00:00:00:00:00 33:33:00:00:00:01
		mtu|--mtu 'VALUE': |'' -1 1 67 1279 65521 99999999999 1400x big
		ns-ifname|--ns-ifname 'VALUE': |'' sixteen-letters- a/b a:b tap%d . ..
		ns-ifname|--ns-ifname 'VALUE': |lo
		outbound|--outbound 'VALUE': |'' nowhere 10.0.0.300 203.0.113.77 2001:db8:ffff::1 127.0.0.1 ff02::1
		outbound-if4|--outbound-if4 'VALUE': |'' nosuch0 sixteen-letters- a/b
		outbound-if6|--outbound-if6 'VALUE': |'' nosuch0 sixteen-letters- a/b
		map-host-loopback|--map-host-loopback 'VALUE': |'' localhost NONE 127.0.0.1 0.0.0.0 ::1 ff02::1
		map-guest-addr|--map-guest-addr 'VALUE': |'' host 10.0.0 0.0.0.0 ::1 224.0.0.1
		dns|--dns 'VALUE': |'' x 10.0.0 0.0.0.0 ff02::1 NONE
		dns-forward|--dns-forward 'VALUE': |'' none 127.0.0.1 10.0.0 ::1
		dns-host|--dns-host 'VALUE': |'' none 1.2.3 fe80::1% 10.0.0.1%v0
		dns-host|--dns-host 'VALUE': there is no interface 'nope'|fe80::1%nope
		dns-host|--dns-host 'VALUE': there is no interface '4711'|fe80::1%4711
		search|--search 'VALUE': |'' a..b .a , 'a b..c'
		hostname|--hostname 'VALUE': |'' 'a b' a..b . a/b
		fqdn|--fqdn 'VALUE': |'' 'a b' a..b . a,b
		tcp-ports|--tcp-ports|0 65536 x 9-8 1-2:3 80, 80:1.2.3/80 %nosuch0/80 192.0.2.77/80 none,80
		tcp-ports|--tcp-ports 'VALUE': |192.0.2.77/auto [2001:db8:1::77]/auto 239.0.0.1/80 255.255.255.255/auto ff0e::1/
		udp-ports|--udp-ports|0 65536 x 9-8 1-2:3 80, 80:1.2.3/80 %nosuch0/80 192.0.2.77/80 none,80
		udp-ports|--udp-ports 'VALUE': |192.0.2.77/auto [2001:db8:1::77]/auto 239.0.0.1/80 255.255.255.255/auto ff0e::1/
		tcp-ns|--tcp-ns|0 65536 x 9-8 1-2:3 80, none,80
		tcp-ns|--tcp-ns 'VALUE': |239.0.0.1/80 255.255.255.255/auto ff0e::1/
		udp-ns|--udp-ns|0 65536 x 9-8 1-2:3 80, none,80
		udp-ns|--udp-ns 'VALUE': |239.0.0.1/80 255.255.255.255/auto ff0e::1/
		userns|--userns 'VALUE': |'' /nowhere /run /dev/null
		netns|--netns 'VALUE': |'' /nowhere /run /dev/null /proc/self/ns/net /proc/self/ns/user
	END
}

# Two that contradict each other: OPTION|THE MESSAGE|ARGUMENTS
contradictions() {
	cat <<-END
		ipv4-only|--ipv4-only and --ipv6-only contradict each other|-4 -6
		ipv6-only|--ipv4-only and --ipv6-only contradict each other|-6 -4
		address|--address '2001:db8::1' contradicts --ipv4-only|-4 -a 2001:db8::1
		address|--address '10.0.0.1' contradicts --ipv6-only|-6 -a 10.0.0.1
		netmask|--netmask '16' contradicts --address '10.0.0.1/24'|-n 16 -a 10.0.0.1/24
		netmask|--netmask '24' contradicts --ipv6-only|-6 -n 24
		gateway|--gateway '10.0.0.1' contradicts --ipv6-only|-6 -g 10.0.0.1
		gateway|--gateway '10.0.0.1' contradicts --address '10.0.0.1'|-a 10.0.0.1/24 -g 10.0.0.1
		gateway|--gateway 'fd00::1' contradicts --address 'fd00::1'|-a fd00::1/64 -a 10.0.0.1 -g fd00::1
		gateway|--gateway '198.51.100.1': that is the namespace's own address (see --address)|-g 198.51.100.1
		gateway|--gateway '198.51.100.255': that is the broadcast address of '198.51.100.1/24'|-g 198.51.100.255
		ns-mac-addr|--ns-mac-addr '9a:55:9a:55:9a:55': the other end of the tap has that address, see --mac-addr|--ns-mac-addr 9a:55:9a:55:9a:55
		ns-mac-addr|--ns-mac-addr '02:00:00:00:00:01': the other end of the tap has that address, see --mac-addr|-M 02:00:00:00:00:01 --ns-mac-addr 02:00:00:00:00:01
		policy-narrow|--policy-narrow 'deny any': there can be only one|--policy-narrow 'deny 10.0.0.1' --policy-narrow 'deny any'
		mtu|--mtu '1279': must be at least 1280 with IPv6 (use --ipv4-only)|-m 1279
		outbound|--outbound '2001:db8:1::1' contradicts --ipv4-only|-4 -o 2001:db8:1::1
		outbound-if4|--outbound-if4 'v0' contradicts --ipv6-only|-6 --outbound-if4 v0
		outbound-if6|--outbound-if6 'v0' contradicts --ipv4-only|-4 --outbound-if6 v0
		map-host-loopback|--map-host-loopback '10.1.1.9' contradicts --address '10.1.1.9'|-a 10.1.1.9/24 --map-host-loopback 10.1.1.9
		map-host-loopback|--map-host-loopback 'fd00::1' contradicts --ipv4-only|-4 --map-host-loopback fd00::1
		map-guest-addr|--map-guest-addr '10.1.1.9' contradicts --address '10.1.1.9'|-a 10.1.1.9/24 --map-guest-addr 10.1.1.9
		dns|--dns '10.0.0.1' contradicts --ipv6-only|-6 -D 10.0.0.1
		dns-forward|--dns-forward '10.1.1.9' contradicts --address '10.1.1.9'|-a 10.1.1.9/24 --dns-forward 10.1.1.9
		tcp-ports|--tcp-ports: ports '80' overlap with '80' (name each port once)|-t 80 -t 80
		tcp-ports|--tcp-ports '80' contradicts --no-tcp|-t 80 --no-tcp
		udp-ports|--udp-ports: ports '80-90' overlap with '85' (name each port once)|-u 80-90,85
		udp-ports|--udp-ports '80' contradicts --no-udp|-u 80 --no-udp
		tcp-ns|--tcp-ns: ports '80' overlap with '80' (name each port once)|-T 80 -T 80
		tcp-ns|--tcp-ns '80' contradicts --no-tcp|-T 80 --no-tcp
		udp-ns|--udp-ns: ports '80' overlap with '80' (name each port once)|-U 80 -U 80
		udp-ns|--udp-ns '80' contradicts --no-udp|-U 80 --no-udp
		no-tcp|--tcp-ports '80' contradicts --no-tcp|--no-tcp -t 80
		no-udp|--udp-ports '80' contradicts --no-udp|--no-udp -u 80
		host-lo-to-ns-lo|--no-splice contradicts --host-lo-to-ns-lo|--host-lo-to-ns-lo --no-splice
		no-splice|--no-splice contradicts --host-lo-to-ns-lo|--no-splice --host-lo-to-ns-lo
		no-splice|--no-splice contradicts --splice-only|--no-splice --splice-only
		splice-only|--no-splice contradicts --splice-only|--splice-only --no-splice
		userns|--userns '/proc/1/ns/user' needs --netns or a process to join|--userns /proc/1/ns/user
		userns|--userns '/proc/1/ns/user' contradicts --netns-only|--userns /proc/1/ns/user --netns-only --netns /x
	END
}

# refused_all: each line of standard input is WORDS<tab>ARGS, and pasta with ARGS must exit with 1 and
# say one line that has WORDS in it. One shell on the host for all: there are hundreds
refused_all() {
	# shellcheck disable=SC2016
	output=$(host bash -c 'while IFS=$'"'\t'"' read -r words args; do
			eval "set -- $args"
			text=$(timeout 20 "$PASTA" --config-net "$@" </dev/null 2>&1)
			rc=$?
			[[ $rc == 1 && $text == "pasta: "*"$words"* && $text != *$'"'\n'"'* ]] ||
				printf "%s: exit status %d, not 1 with \"%s\":\n%s\n" "$args" $rc "$words" "$text"
			echo "$args" >&2
		done' 2> "$T/done")
	assert "$output" == "" "complaints"
	assert "$(wc -l < "$T/done")" -ge 1 "cases"
}

# options_of_help REGEX: the long options whose line and what follows it match
options_of_help() {
	host "$PASTA" --help | awk -v want="$1" '
		function done() { if (name != "" && text ~ want) print name }
		match($0, /^ +(-., +)?--[a-z0-9-]+/) {
			done(); name = substr($0, 1, RLENGTH); sub(/.*--/, "", name); text = ""
		}
		{ text = text " " $0 }
		END { done() }'
}

# A host with a file system that is read-only
odd_host() {
	host mount -t tmpfs -o ro tmpfs /mnt
}

# bad_values FIRST-LETTERS: the rows of the options that start so, one case a line
bad_values() {
	local option words list value rest
	while IFS='|' read -r option words list; do
		[[ $option =~ ^[$1] ]] || continue
		case $option in
		netns) rest='' ;;
		userns) rest='--netns box' ;;
		*) rest='-- true' ;;
		esac
		eval "set -- '$1' $list"
		for value in "${@:2}"; do
			printf '%s\t%s\n' "${words/VALUE/$value}" "--$option=${value@Q} $rest"
		done
	done < <(values) | refused_all
}

@test "bad input: values that make no sense, options from a to l" {
	odd_host
	bad_values a-l
}

@test "bad input: values that make no sense, options from m to s" {
	odd_host
	bad_values m-s
}

@test "bad input: values that make no sense, options from t to z" {
	host mkdir -p /run/netns
	host ip netns add box
	bad_values t-z
}

@test "bad input: files that may not be read or written" {
	local option
	touch "$T/locked"
	chmod 000 "$T/locked"
	host mkdir -p /run/netns
	host ip netns add box
	for option in log-file pid pcap netns userns policy policy-log; do
		# Not even root may open it, without capabilities
		# shellcheck disable=SC2046
		status=0
		stderr=$(host setpriv --bounding-set=-all --inh-caps=-all "$PASTA" "--$option" "$T/locked" \
			$([[ $option != userns ]] || echo --netns box) 2>&1) || status=$?
		assert "$status" == 1 "exit status for --$option"
		assert "$stderr" =~ ^"pasta: "[^$'\n']*"'$T/locked'"[^$'\n']*"Permission denied"[^$'\n']*$ "complaint"
	done
}

@test "bad input: contradictions and families mixed up" {
	contradictions | cut -d'|' -f2- | tr '|' '\t' | refused_all
}

@test "bad input: operands that are no process, and both ways to join" {
	local args
	for args in 0 99999999999 2147483647 "--netns /x 1" "--netns /x true"; do
		printf '%s\t%s\n' "'${args##* }'" "$args"
	done | refused_all
}

@test "bad input: a very long value does not cut off the reason" {
	local long path
	printf -v long '%05000d' 0
	printf -v path '/%d' {1..900}
	host mkdir -p /run/netns
	host ip netns add box
	printf '%s\t%s\n' ": File name too long" "--netns $long" \
		": cannot open it: No such file or directory" "--netns $path" \
		": cannot open it: No such file or directory" "--netns box --userns $path" \
		" contradicts the process '1'" "--netns $long 1" \
		": not an address" "-a $long -- true" \
		": the lowest port is 1" "-t $long -- true" | refused_all
}

@test "bad input: each option that takes a value is refused without" {
	options_of_help '--[a-z0-9-]+ [A-Z]' |
		sed "s/.*/option '--&' requires an argument\t--&/" | refused_all
}

@test "bad input: each option that takes no value is refused with one" {
	options_of_help '' | grep -vxF "$(options_of_help '--[a-z0-9-]+ [A-Z]')" > "$T/options"
	sed "s/.*/option '--&' doesn't allow an argument\t--&=x/" "$T/options" | refused_all
}

@test "bad input: no option that takes a value lacks a case here" {
	assert "$(values | cut -d'|' -f1 | sort -u)" == \
		"$(options_of_help '--[a-z0-9-]+ [A-Z]' | sort -u)" "options"
}

@test "bad input: two values of one family, or one and 'none', are no error: the last one counts" {
	run_pasta -q --config-net -a 10.0.0.1/24 -g 10.0.0.9 -a 2001:db8::5 -a 10.0.0.2/16 -g 10.0.0.3 -- \
		sh -c 'ip -o address; ip route'
	assert "$output" contains "inet 10.0.0.2/16 " "addresses"
	assert "$output" contains "inet6 2001:db8::5/64 " "addresses"
	assert "$output" contains "default via 10.0.0.3 " "routes"
	assert "$output" lacks 10.0.0.1 "addresses"
	serve host tcp 8001 socat TCP-LISTEN:8001,fork,reuseaddr -
	run_pasta -q --config-net -t 8001 -t none -D 10.0.0.1 -D none -- true
	run_pasta 1 -q --config-net -t none -t 8001 -- true
	assert "$stderr" contains "8001: Address already in use" "complaint"
}

# All the files that pasta makes, named in $FILES, below $T/new; nothing is there yet
new_files() {
	mkdir "$T/new"
	FILES=(--pid "$T/new/pid" --log-file "$T/new/log" --pcap "$T/new/dump")
}

# nothing_left: neither files nor processes
nothing_left() {
	assert "$(ls "$T/new")" == "" "files" && assert "$(host pgrep -c pasta || true)" -eq 0 "processes"
}

# Port 8080 of the host is somebody else's
taken_port() { serve host tcp 8080 socat TCP-LISTEN:8080,fork PIPE; }

# late_failure ARGS: of all that can go wrong, what does so last: a port that is in use in the namespace
late_failure() {
	host mkdir -p /run/netns
	host ip netns add box
	host ip -n box link set lo up
	background holder host ip netns exec box socat TCP-LISTEN:8080,bind=127.0.0.1 PIPE
	wait_until host bash -c "ip netns exec box ss -Hltn 'sport = :8080' | grep -q ."
	run_pasta 1 -q --config-net -t none -T 8080 "$@" --netns box
	assert "$stderr" contains "port 8080: Address already in use" "complaint"
}

@test "bad input: nothing is left behind by any of it" {
	new_files
	run_pasta 1 "${FILES[@]}" --netns /nowhere
	nothing_left
	run_pasta 1 "${FILES[@]}" -t 192.0.2.77/80
	nothing_left
	run_pasta 1 "${FILES[@]}" -I lo
	nothing_left
	# the last one to be opened fails
	run_pasta 1 "${FILES[@]}" --pid "$T/new"
	nothing_left
}

@test "bad input: nothing is left behind by a failure after the lock-in has begun" {
	new_files
	late_failure "${FILES[@]}"
	nothing_left
}

@test "bad input: nothing is left behind where a symbolic link leads to a new file" {
	new_files
	ln -s new/dump "$T/link"
	run_pasta 1 --pcap "$T/link" -I lo -- true
	nothing_left
	assert "$(readlink "$T/link")" == new/dump "the link"
}

@test "bad input: files that were there before a failure are as they were" {
	local file
	new_files
	for file in pid log dump; do
		echo "$file before" > "$T/new/$file"
	done
	late_failure "${FILES[@]}"
	run_pasta 1 "${FILES[@]}" -I lo -- true
	for file in pid log dump; do
		assert "$(head -n1 "$T/new/$file" | tr -d '\0')" == "$file before" "$file"
	done
	assert "$(wc -l "$T/new/pid" "$T/new/dump")" contains "2 total" "lines"
}

started_or_ended() { [[ -e $T/new/pid ]] || not host test -e "/proc/$(< "$T/pasta.pid")"; }

# interrupt SIGNAL ARGS: end pasta while it waits for port 8080, which it does for a second only. Where that
# was over before the signal came, once more
interrupt() {
	stderr="in use"
	while [[ $stderr == *"in use"* ]]; do
		background pasta host env --default-signal=INT "$PASTA" -q -t 8080 "${FILES[@]}" "${@:2}"
		wait_until started_or_ended
		host kill "-$1" "$(< "$T/pasta.pid")" || true
		finish pasta
		wait_until nothing_left
	done
}

@test "bad input: nothing is left behind by a signal while a port is waited for" {
	local name
	new_files
	taken_port
	for name in TERM INT HUP KILL; do
		interrupt "$name" -- true
	done
}

@test "bad input: nothing is left behind by a signal to the process that waits for the background" {
	new_files
	taken_port
	host mkdir -p /run/netns
	host ip netns add box
	interrupt TERM --config-net --netns box
	assert "$(< "$T/pasta.err")" lacks "in use" "complaint: it has gone on"
}

@test "bad input: a start that does not fail keeps --pcap and --log-file, whatever ends it" {
	local name
	new_files
	host mkdir -p /run/netns
	host ip netns add box
	for name in TERM KILL; do
		run_pasta -q --config-net "${FILES[@]}" --debug --netns box
		host kill "-$name" "$(< "$T/new/pid")"
		wait_until not host pgrep pasta
		assert "$(ls "$T/new")" == dump$'\n'log "files after $name"
		assert "$(stat -c %s "$T/new/dump")" -ge 24 "bytes of the capture after $name"
		rm "$T/new/"*
	done
	run_pasta -q --config-net --pcap "$T/new/dump" -- ping -c1 -W10 $R4
	tcpdump -r "$T/new/dump" -c1 icmp
}

@test "bad input: without a file that it makes, pasta has no process to remove one" {
	host mkdir -p /run/netns
	host ip netns add box
	touch "$T/pid"
	run_pasta -q --config-net --pid "$T/pid" --netns box
	assert "$(host pgrep -c pasta-files || true)" -eq 0 "processes with a file that was there"
	host kill "$(< "$T/pid")"
	wait_until not host pgrep pasta
	run_pasta -q --config-net --pcap "$T/dump" --log-file "$T/log" --netns box
	wait_until not host pgrep pasta-files
}
