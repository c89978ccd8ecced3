# SPDX-License-Identifier: Apache-2.0
#
# What a namespace may reach: every way out, with a policy.

load helpers
load ports
load control
load policy

# Packets that leave the host's namespace or arrive at its own services, by kind. Nobody else sends any
count_packets() {
	host nft -f - <<-'END'
		table inet count {
			chain out {
				type filter hook output priority 0;
				meta l4proto tcp counter
				meta l4proto udp counter
				icmp type echo-request counter
				icmpv6 type echo-request counter
			}
		}
	END
}
packets() { host nft list table inet count | awk '/counter/ { printf "%s%s", c, $(NF - 2); c = " " }'; }

# Every way that there is from in here to the host and beyond; nobody answers
TRY='for a in $R4 $R6 $G4 $G6 $H4B 192.0.2.77 64:ff9b::c000:24d; do
		"$TOOLS/probe" tcp $a 6000 200
		"$TOOLS/probe" udp $a 6000 wait=50
		"$TOOLS/probe" udp $a 6000 size=4000 wait=50
	done
	for a in 127.0.0.1 ::1; do "$TOOLS/probe" tcp $a 7000 200; "$TOOLS/probe" udp $a 7000 wait=50; done
	for a in 192.0.2.53; do "$TOOLS/probe" tcp $a 53 200; "$TOOLS/probe" udp $a 53 wait=50; done
	ping -c1 -W1 $R4; ping -c1 -W1 $R6; ping -c1 -W1 $G4; ping -c1 -W1 $H4B; true'

try_all() {
	host ip address replace 198.51.100.77/24 dev v0
	R4=$R4 R6=$R6 G4=$G4 G6=$G6 H4B=198.51.100.77 run_pasta -q --config-net -t none -u none -T 7000 -U 7000 \
		-a 198.51.100.1 -a 2001:db8:1::1 --map-guest-addr 192.0.2.77 --dns-forward 192.0.2.53 --dns-host $R4 \
		"$@" -- bash -c "ip -6 route replace default via $G6; $TRY"
}

@test "policy: no packet gets out by any way where all is denied" {
	count_packets
	try_all --deny any
	assert "$(packets)" == "0 0 0 0" "TCP, UDP and ping"
	assert "$output" lacks answer "answers"
}

@test "policy: the ways that were tried are ways" {
	count_packets
	try_all
	for n in $(packets); do assert "$n" -gt 0 "TCP, UDP and ping: $(packets)"; done
}

# What connect(2) says: ICMP's errors of IPv4 and IPv6, or the reset's that comes behind, if the kernel was too
# busy with connect(2) to take notice of ICMP
UNREACHABLE='(EHOSTUNREACH|EACCES|ECONNREFUSED)'

answers() { # [PORT]
	serve remote tcp "${1:-6000}" socat "TCP6-LISTEN:${1:-6000},ipv6only=0,fork,reuseaddr" EXEC:cat
	background "udp-${1:-6000}" remote socat "UDP6-LISTEN:${1:-6000},ipv6only=0,fork" EXEC:cat
	wait_until port_is_open remote udp "${1:-6000}"
}

@test "policy: the first rule that fits decides" {
	answers 6000
	answers 6001
	run_pasta -q --config-net --deny "tcp/$R4:6001" --allow "$R4:6000-6001" --allow "[$R6]:6000" -- bash -c "
		for p in 6000 6001; do for a in $R4 $R6; do
			echo \$p \$a: \$($TOOLS/probe tcp \$a \$p), \$($TOOLS/probe udp \$a \$p); done; done
		ping -qc1 -W10 $R4 | grep -o '[0-9] received'"
	assert "$output" contains "6000 $R4: connected, answer 1 bytes" "allowed, IPv4"
	assert "$output" contains "6000 $R6: connected, answer 1 bytes" "allowed, IPv6"
	assert "$output" =~ "6001 $R4: "$UNREACHABLE", answer 1 bytes" "TCP is denied"
	assert "$output" =~ "6001 $R6: "$UNREACHABLE", EACCES from $R6" "no rule, IPv6"
	assert "$output" contains "0 received" "no rule for ping"
}

@test "policy: programs are told at once, unless a rule drops" {
	printf 'drop %s:6000-6999\n' $R4 > "$T/policy"
	run_pasta -q --config-net --policy "$T/policy" --deny any -- bash -c "
		$TOOLS/probe tcp $R4 7000; $TOOLS/probe udp $R4 7000; ping -c1 -W10 $R4
		$TOOLS/probe tcp $R4 6000 300; $TOOLS/probe udp $R4 6000 wait=300"
	assert "$output" =~ ^$UNREACHABLE$'\n'"EHOSTUNREACH from $R4"$'\n' "denied"
	assert "$output" contains "From $R4 icmp_seq=1 Packet filtered" "ping"
	assert "$output" =~ "timeout"$'\n'"timeout"$ "dropped"
}

@test "policy: of many connections that are denied every one is told" {
	cat > "$T/many.py" <<-END
		import socket
		for i in range(5000):
		    s = socket.socket()
		    s.settimeout(30)
		    print(s.connect_ex(("$R4", 7000)))
		    s.close()
	END
	run_pasta -q --config-net --deny any -- python3 "$T/many.py"
	# EHOSTUNREACH by ICMP, of which there are 1,000 a second, ECONNREFUSED by a reset; 0: by ICMP that came
	# before the end of connect(2), after which the socket is not connected
	assert "$(sort -u <<< "$output" | grep -vxc '113\|111\|0' || true)" == 0 "other outcomes: $(sort <<< "$output" | uniq -c)"
}

@test "policy: the host is opened by its group or its address, by nothing else" {
	serve host tcp 6000 socat TCP-LISTEN:6000,fork,reuseaddr EXEC:cat
	host ip address add 198.51.100.77/24 dev v0
	reach() {
		run_pasta -q --config-net -a 198.51.100.1 -T 6000 -t none "$@" -- bash -c "
			for a in $G4 198.51.100.77 127.0.0.1; do echo x | socat -t2 - TCP:\$a:6000 2>/dev/null; echo \$a; done"
		tr '\n' ' ' <<< "$output"
	}
	assert "$(reach --allow any --allow 198.51.100.0/24 --allow 127.0.0.0/8)" == "$G4 198.51.100.77 127.0.0.1 " "networks"
	assert "$(reach --allow @host:6000)" == "x $G4 x 198.51.100.77 x 127.0.0.1 " "group"
	assert "$(reach --allow 198.51.100.77)" == "$G4 x 198.51.100.77 127.0.0.1 " "one address"
	assert "$(reach --allow 127.0.0.1:6000)" == "$G4 198.51.100.77 x 127.0.0.1 " "by -T alone"
}

# An address of the host's own that the namespace doesn't have, and a server there
H4B=198.51.100.77
own_address() {
	host ip address add $H4B/24 dev v0
	serve host tcp 6000 socat TCP-LISTEN:6000,fork,reuseaddr EXEC:cat
}
NOT_ALL=(-q --config-net -a 198.51.100.1 --no-map-gw)

@test "policy: the host stays closed where no port is left to ask the kernel with" {
	own_address
	host sysctl -qw net.ipv4.ip_local_port_range='61000 61001'
	for port in 61000 61001; do
		background "udp-$port" host socat -u "UDP6-RECV:$port,ipv6only=0" OPEN:/dev/null
		wait_until port_is_open host udp $port
	done
	run_pasta "${NOT_ALL[@]}" --allow any -- "$TOOLS/probe" tcp $H4B 6000
	assert "$output" =~ ^$UNREACHABLE$ "with a policy that does not open the host"
	run_pasta "${NOT_ALL[@]}" -- "$TOOLS/probe" tcp $H4B 6000
	assert "$output" == connected "without a policy"
}

@test "policy: an address that the host gets or loses is the host's, or no longer" {
	own_address
	host ip address delete $H4B/24 dev v0
	remote ip address add $H4B/24 dev v0
	serve remote tcp 6000 socat TCP-LISTEN:6000,fork,reuseaddr EXEC:cat
	start_pasta "${NOT_ALL[@]}" --allow any
	is_reached() { inside "$TOOLS/probe" tcp $H4B 6000; [[ $output == connected ]]; }
	wait_until is_reached
	host ip address add $H4B/24 dev v0
	stays_out() { for _ in 1 2 3 4; do not is_reached || return 1; done; } # whoever is asked
	wait_until stays_out
	host ip address delete $H4B/24 dev v0
	wait_until is_reached
}

@test "policy: @dns is the host's resolvers, by whatever address" {
	answers 53
	answers 6000
	run_pasta -q --config-net --dns-forward 192.0.2.53 --dns-host $R4 --allow @dns -- bash -c "
		for a in 192.0.2.53 $R4; do $TOOLS/probe udp \$a 53; $TOOLS/probe tcp \$a 53; done
		$TOOLS/probe tcp $R4 6000; $TOOLS/probe udp $R6 53"
	assert "$(tr '\n' ' ' <<< "$output")" =~ \
		^"answer 1 bytes connected answer 1 bytes connected "$UNREACHABLE" EACCES from $R6 "$ "what came of it"
}

@test "policy: who comes in is answered" {
	start_pasta -q --config-net -t 5000 -u 5000 --deny any
	inside_serve tcp 5000 socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr EXEC:cat
	inside_serve udp 5000 socat UDP6-LISTEN:5000,ipv6only=0,fork EXEC:cat
	assert "$(remote "$TOOLS/probe" udp 198.51.100.1 5000)" == "answer 1 bytes" "UDP"
	assert "$(remote socat -t5 - TCP:198.51.100.1:5000 <<< hello)" == hello "TCP"
}

@test "policy: files are read with what they include, and say what each line means" {
	mkdir "$T/more"
	printf '# all\ninclude more/web # and more\n\n\tdeny\t@private  \ndefault allow\n' > "$T/policy"
	printf 'allow tcp/192.0.2.0/24:80,443\r\ndrop udp/any:53#3\n' > "$T/more/web"
	run_pasta 1 --policy "$T/policy" --policy-check
	assert "$stderr" == "pasta: $T/more/web:2: ':53#3': ports are numbers or ranges, separated by commas" "mistake"
	sed -i 's/#3//' "$T/more/web"
	run_pasta --allow @dns --policy "$T/policy" --deny any:25 --policy-check
	assert "$output" == "--allow: allow TCP, UDP, ICMP to the host's resolvers (@dns)
$T/more/web:1: allow TCP to 192.0.2.0/24, port 80, 443
$T/more/web:2: drop UDP to everything, port 53
$T/policy:4: deny TCP, UDP, ICMP to private and link-local networks (@private)
--deny: deny TCP, UDP to everything, port 25
otherwise: allow" "meaning"
}

@test "policy: mistakes in files are one line with file, line and word" {
	wrong() { # TEXT MESSAGE
		printf '\n%b' "$1" > "$T/policy"
		run_pasta 1 -q --policy "$T/policy" -- true
		assert "$stderr" == "pasta: $T/policy:2: $2" "complaint about $1"
	}
	wrong 'permit any\n' "'permit': lines begin with allow, deny, drop, default or include"
	wrong 'allow' "'allow': something must follow"
	wrong 'default drop\n' "'drop': the default is 'allow' or 'deny'"
	wrong 'allow any\0\n' "this is no text"
	wrong 'include nothing\n' "'$T/nothing': No such file or directory"
	wrong 'include policy\n' "'$T/policy': it includes itself"
	wrong 'include .\n' "'$T/.': Is a directory"
	printf 'default deny\ndefault deny\n' > "$T/policy"
	run_pasta 1 -q --policy "$T/policy" -- true
	assert "$stderr" == "pasta: $T/policy:2: 'deny': there is a default already" "second default"
	run_pasta 1 --policy "$T/none" -- true
	assert "$stderr" == "pasta: --policy '$T/none': No such file or directory" "no file"
	run_pasta 1 --deny tcp/a..b -- true
	assert "$stderr" == "pasta: --deny 'tcp/a..b': 'a..b': something is missing beside a dot" "option"
}

@test "policy: an example of the manual, the web and names" {
	page
	example "The web and names, nothing else"
	assert "$status $output" == "0 hello" "page"
	command=${command/www.example.org/$R4:81/}
	! host bash -c "$in_example" "$T" "$command" 2> "$T/stderr"
	assert "$(< "$T/stderr")" contains "curl: (7)" "another port of another host"
}

@test "policy: an example of the manual, all but what is near" {
	example "All but the host and what is near it"
	assert "$status" == 0 "ping of what is far"
	command=${command/$F4/$R4}
	run host bash -c "$in_example" "$T" "$command"
	assert "$output" contains "Packet filtered" "ping of what is near"
}

@test "policy: an example of the manual, what a file means" {
	printf 'allow @dns\n' > "$T/build.policy"
	example "Rules from a file, and what they mean"
	assert "$output" == $'build.policy:1: allow TCP, UDP, ICMP to the host\'s resolvers (@dns)\notherwise: deny' "meaning"
}

@test "policy: an example of the manual, a policy that is learnt" {
	example "Run it once, and get the rules"
	assert "$(< "$T/learnt.policy")" == $'allow icmp/203.0.113.9\ndefault deny' "the policy"
}

@test "policy: an example of the manual, what a program talks to" {
	example "What a program talks to, without keeping it from anything"
	assert "$status" == 0 "status"
	assert "$(jq -c 'del(.time)' "$T/audit.jsonl")" == \
		'{"verdict":"allow","rule":"default","proto":"icmp","src":"198.51.100.1","sport":0,"dst":"203.0.113.9","dport":0,"count":1}' "log"
}

@test "policy: the log has what was allowed and denied, and counts what is tried again and again" {
	serve host tcp 7000 socat TCP-LISTEN:7000,fork,reuseaddr /dev/null
	run_pasta -q --config-net -T 7000 -U 7001 --policy-log "$T/log" --allow "@host:7000" --deny tcp/$R4:1-9 -- bash -c "
		for i in {1..50}; do $TOOLS/probe tcp $R4 9; done
		$TOOLS/probe udp $R6 5 wait=100; $TOOLS/probe tcp 127.0.0.1 7000; $TOOLS/probe udp 127.0.0.1 7001 wait=100"
	has() { jq -s --argjson like "$1" 'map(select(contains($like)) | .count) | add // 0' "$T/log"; }
	assert "$(has '{"verdict":"deny","rule":"tcp/198.51.100.3:1-9","proto":"tcp","dst":"198.51.100.3","dport":9}')" -ge 50 "denied"
	assert "$(jq -s length "$T/log")" -lt 50 "lines"
	assert "$(has '{"verdict":"deny","rule":"default","proto":"udp","dst":"2001:db8:1::3","dport":5}')" -eq 1 "by default"
	assert "$(has '{"verdict":"allow","rule":"@host:7000","dst":"127.0.0.1","dport":7000}')" -eq 1 "allowed"
	assert "$(has '{"verdict":"deny","rule":"default","dst":"127.0.0.1","dport":7001}')" -eq 1 "a forwarded port"
	assert "$(jq -r .time "$T/log" | grep -vcE '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$' || true)" -eq 0 "times"
}

@test "policy: what the log counts is there a second later, while pasta runs" {
	start_pasta -q --config-net --policy-log "$T/log" --deny any
	inside bash -c "for i in 1 2 3; do $TOOLS/probe tcp $R4 9; done"
	three() { [[ $(jq -s 'map(.count) | add' "$T/log") -ge 3 ]]; }
	wait_until three
	stop_pasta
	three
}

@test "policy: a log stays below its size, and is refused where it can't be" {
	run_pasta -q --config-net --policy-log "$T/log" --log-size 4096 --deny any -- bash -c "
		for i in {1..100}; do $TOOLS/probe tcp $R4 \$i; done"
	assert "$(stat -c %s "$T/log")" -le 4096 "bytes"
	assert "$(tail -n 1 "$T/log" | jq .dport)" == 100 "last line"
	run_pasta 1 -q --policy-log "$T" -- true
	assert "$stderr" == "pasta: --policy-log '$T': Is a directory" "complaint"
}

@test "policy: a running pasta says what its rules did, and what they would say" {
	printf 'allow tcp/198.51.100.0/24:80-90\ndrop @host\n' > "$T/policy"
	start_controlled --config-net -q --policy "$T/policy" --deny "[$R6]"
	inside bash -c "$TOOLS/probe udp $R6 81; $TOOLS/probe udp $R6 82"
	ctl policy show
	assert "$(tr -s ' ' <<< "$output" | sed 's, *$,,')" == "ID VERDICT RULE HITS FROM
 1 allow tcp/198.51.100.0/24:80-90 0 $T/policy:1
 2 drop @host 0 $T/policy:2
 3 deny [2001:db8:1::3] 2 --deny
 deny the rest 0" "rules"
	tested() { ctl policy test "$1"; assert "$output" == "$2" "test of $1"; }
	tested tcp/$R4:80 "allow: $T/policy:1: allow tcp/198.51.100.0/24:80-90"
	tested udp/$R4:80 "deny: no rule is for it"
	tested tcp/198.51.100.1:80 "drop: $T/policy:2: drop @host"
	tested "icmp/[$R6]" "deny: --deny [2001:db8:1::3]"
	tested tcp/127.0.0.1:80 "deny: destination cannot be reached from a host"
	ctl policy show
	assert "$output" =~ deny\ +the\ rest\ +0 "tests don't count"
	for wrong in tcp/*.up.test:80 up.test:80 tcp/up.test tcp/$R4 $R4:80 tcp/$R4:1-2 tcp/@host:1 icmp/any tcp/198.51.100.0/24:80; do
		refused "policy test: '$wrong': must be tcp/ADDR:PORT, udp/ADDR:PORT or icmp/ADDR, or have a name for ADDR" policy test "$wrong"
	done
}

@test "policy: 10,000 rules are shown, and without a policy none" {
	awk 'BEGIN { for (i = 0; i < 10000; i++) printf "allow 10.%d.%d.0/24\n", i / 256, i % 256 }' > "$T/policy"
	start_controlled --config-net -q --policy "$T/policy"
	ctl --json policy show
	assert "$(field '.rules | length')" == 10000 "rules"
	assert "$(field '.rules[9999].rule')" == 10.39.15.0/24 "the last one"
	stop_pasta
	rm "$T/commands"
	start_controlled --config-net -q
	ctl policy show
	assert "$(tail -n 1 <<< "$output")" =~ allow\ +the\ rest "no policy"
}

@test "policy: the manual has every option" {
	output=$(host "$PASTA" --help | grep -oE -- '--(policy|allow|deny)[a-z-]*' | sort -u)
	for option in $output; do
		assert "$(tr -d '\\' < "$TESTS/../../man/pasta-policy.5")" contains "$option" "pasta-policy(5)"
	done
}
