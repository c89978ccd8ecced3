# SPDX-License-Identifier: Apache-2.0
#
# A second policy, that narrows the first one: --policy-narrow.

load helpers
load ports
load names
load policy
load control

@test "policy narrow: what both allow is allowed, whatever one of them says" {
	echoes 6000 6001 6002
	with --allow $R4:6000-6001 --policy-narrow "allow $R4:6001-6002" "try $R4 6000; try $R4 6001; try $R4 6002"
	assert "$output" == "$R4:6001" "two lists"
	with --deny $R4:6000 --policy-narrow $'# not this\ndeny any:6001 ; default allow' "try $R4 6000; try $R4 6001; try $R4 6002"
	assert "$output" == "$R4:6002" "two exceptions"
	with --policy-narrow "allow $R4:6000" "try $R4 6000; try $R4 6001"
	assert "$output" == "$R4:6000" "alone"
	with --allow $R4:6000 --policy-narrow "allow any" "try $R4 6000; try $R4 6001"
	assert "$output" == "$R4:6000" "it cannot widen"
}

@test "policy narrow: ports of the host's loopback, datagrams and pings, too" {
	serve host tcp 7000 socat TCP-LISTEN:7000,fork,reuseaddr EXEC:cat
	background udp host socat UDP-LISTEN:7000,fork EXEC:cat
	wait_until port_is_open host udp 7000
	TRY="echo x | socat -t9 - TCP:127.0.0.1:7000 2>/dev/null; $TOOLS/probe udp 127.0.0.1 7000 wait=2000
		ping -qc1 -W10 $R4 | grep -o '[0-9] received'; true"
	run_pasta -q --config-net -T 7000 -U 7000 -t none --allow @host --allow icmp/any --policy-narrow "allow @host:7000; allow $R4" -- bash -c "$TRY"
	assert "$output" == $'x\nanswer 1 bytes\n1 received' "both allow"
	run_pasta -q --config-net -T 7000 -U 7000 -t none --allow @host --allow icmp/any --policy-narrow "allow tcp/$R4" -- bash -c "${TRY/2000/300}"
	assert "$output" lacks x "TCP by -T"
	assert "$output" lacks answer "UDP by -U"
	assert "$output" contains "0 received" "ping"
}

@test "policy narrow: a name has to be allowed by both, and a resolver too" {
	echoes 6000
	zone --host-record=up.test,$R4 --host-record=down.test,$F4 --host-record=other.test,$R4
	with --allow up.test:6000 --allow down.test:6000 --policy-narrow 'allow up.test; allow other.test' \
		"try up.test 6000; try down.test 6000; try other.test 6000"
	assert "$output" == up.test:6000 "two lists of names"
	assert "$(asked down.test) $(asked other.test)" == "0 0" "questions for what one of them lacks"
	with --allow $R4 --policy-narrow 'allow up.test' "try $R4 6000; try up.test 6000"
	assert "$output" == "" "by addresses alone, no resolver may be asked"
	with --allow $R4 --allow @dns --policy-narrow 'allow up.test' "try $R4 6000; try up.test 6000; try $R4 6000"
	assert "$output" == up.test:6000$'\n'$R4:6000 "addresses and names"
}

@test "policy narrow: an answer opens a private network only where both have a rule for it" {
	remote ip address add 10.9.0.1/32 dev lo
	host ip route add 10.9.0.1 via $R4
	echoes 6000
	zone --host-record=up.test,10.9.0.1
	with --allow up.test --policy-narrow 'allow up.test; allow 10.9.0.0/24:1' "try up.test 6000"
	assert "$output" == "" "the first has none"
	with --allow up.test --allow 10.9.0.0/24:1 --policy-narrow 'allow up.test' "try up.test 6000"
	assert "$output" == "" "the second has none"
	with --allow up.test --allow 10.9.0.0/24:1 --policy-narrow 'allow up.test; allow 10.9.0.0/24:1' "try up.test 6000"
	assert "$output" == up.test:6000 "both have one"
}

@test "policy narrow: where it lets out by a name, what is said first must be that name" {
	serve remote tcp 80 socat -u "TCP6-LISTEN:80,ipv6only=0,fork,reuseaddr" "OPEN:$T/got,creat,append"
	zone --host-record=up.test,$R4
	run_pasta -q --config-net --deny any:1 --policy-narrow 'allow up.test:80' -- bash -c "dig +short up.test
		printf 'GET / HTTP/1.1\r\nHost: down.test\r\n\r\n' | socat -t5 - TCP:$R4:80 2>/dev/null; true"
	assert "$(cat "$T/got" 2>/dev/null || true)" == "" "another name"
	run_pasta -q --config-net --policy-narrow 'allow up.test:80' -- bash -c "dig +short up.test
		printf 'GET / HTTP/1.1\r\nHost: up.test\r\n\r\n' | socat -t5 - TCP:$R4:80 2>/dev/null"
	wait_until grep -q 'Host: up.test' "$T/got"
}

@test "policy narrow: each counts its hits, and who decides is said" {
	start_controlled --config-net -q --allow tcp/$R4 --allow tcp/up.test --policy-narrow "deny any:6001; allow tcp/$R4"
	inside bash -c "for p in 6000 6001 6002; do $TOOLS/probe tcp $R4 \$p; done; $TOOLS/probe tcp $F4 6000; true"
	ctl policy show
	assert "$(tr -s ' ' <<< "$output" | sed 's, *$,,')" == "ID VERDICT RULE HITS FROM
 1 allow tcp/$R4 3 --allow
 2 allow tcp/up.test 0 --allow
 deny the rest 1
 1 deny any:6001 1 --policy-narrow:1
 2 allow tcp/$R4 2 --policy-narrow:2
 deny the rest 0 --policy-narrow" "rules"
	tested() { ctl policy test "$1"; assert "$output" == "$2" "test of $1"; }
	tested tcp/$R4:6000 "allow: --allow tcp/$R4"
	tested tcp/$R4:6001 "deny: --policy-narrow:1: deny any:6001"
	tested udp/$R4:6000 "deny: no rule is for it"
	tested tcp/up.test:6000 "deny: no rule of --policy-narrow is for it"
	ask policy test tcp/$R4:6001
	assert "$(field .policy)" == narrow "whose rule it is"
}

@test "policy narrow: no other policy that is loaded takes it away" {
	echoes 6000 6001
	start_controlled --config-net -q --policy-narrow "allow tcp/$R4:6000"
	ctl policy load - <<< 'allow any'
	assert "$output" == "1 rules hold now, 0 flows had to end" "load: $stderr"
	inside "$TOOLS/probe" tcp $R4 6000
	assert "$output" == connected "what it allows"
	inside "$TOOLS/probe" tcp $R4 6001
	assert "$output" != connected "what it does not"
	ctl policy load - <<< 'deny any'
	inside "$TOOLS/probe" tcp $R4 6000
	assert "$output" != connected "what the other denies"
	ctl policy show
	assert "$(tr -s ' ' <<< "$output")" contains " 1 allow tcp/$R4:6000 1 --policy-narrow:1" "hits, which go on"
}

@test "policy narrow: the log says whose rule has decided" {
	run_pasta -q --config-net --allow $R4 --policy-narrow "deny any:6001; allow any" --policy-log "$T/log" -- bash -c "
		$TOOLS/probe tcp $R4 6000; $TOOLS/probe tcp $R4 6001; $TOOLS/probe tcp $F4 6000; true"
	assert "$(jq -r '[.verdict, .rule, .policy] | join(" ")' "$T/log")" == "allow $R4 
deny any:6001 narrow
deny default " "decisions"
}

@test "policy narrow: an example of the manual" {
	page
	echo 'allow any:81' > "$T/build.policy"
	example "Of the rules in a file, what one step needs"
	assert "$status" == 7 "what the file does not have"
	echo 'default allow' > "$T/build.policy"
	example "Of the rules in a file, what one step needs"
	assert "$status $output" == "0 hello" "what both have"
	command=${command/:80/:81}
	run host bash -c "$in_example" "$T" "$command"
	assert "$status" == 7 "what the step has not"
}

@test "policy narrow: it is read as a whole, and mistakes name the word" {
	run_pasta --policy-narrow $'allow tcp/10.0.0.0/8:80;# none\ndeny any' --policy-check
	assert "$output" == "no policy: allow everything
--policy-narrow:1: allow TCP to 10.0.0.0/8, port 80
--policy-narrow:3: deny TCP, UDP, ICMP to everything
--policy-narrow: otherwise: deny" "what the rules mean"
	mistake() { run_pasta 1 --policy-narrow "$1" "${@:3}" --policy-check; assert "$stderr" == "pasta: $2" "of '$1'"; }
	mistake 'alow any' "--policy-narrow:1: 'alow': lines begin with allow, deny, drop, default or include"
	mistake 'allow any; deny 10.0.0.0/33' "--policy-narrow:2: '10.0.0.0/33': the length is a number from 0 to 32"
	mistake 'include /etc/passwd' "--policy-narrow:1: '/etc/passwd': no file is read here"
	mistake ' # nothing' "--policy-narrow ' # nothing': there is no rule in it"
	mistake 'deny any' "--policy-narrow 'allow any': there can be only one" --policy-narrow 'allow any'
}
