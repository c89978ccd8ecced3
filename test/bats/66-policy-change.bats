# SPDX-License-Identifier: Apache-2.0
#
# Another policy while pasta runs.

load helpers
load ports
load names
load policy
load control

connected() { inside ss -Htn state established "dport = :$1" && [[ -n $output ]]; }

# goes_on NAME CMD..: in the background inside; end NAME: it has ended well
goes_on() {
	inside bash -c '{ "${@:2}"; echo $? > "$1.new"; mv "$1.new" "$1"; } > "$1.out" 2>&1 < /dev/null & disown' bash "$T/$1" "${@:2}"
}
end() {
	wait_until test -s "$T/$1"
	assert "$(< "$T/$1")" == 0 "end of $1: $(< "$T/$1.out")"
}

@test "policy change: what is denied now ends, and nothing else" {
	echoes 6000 6001
	start_controlled --config-net -q
	goes_on stays "$TOOLS/peer" connect $R4 6000 send 5 recv 5 until "$T/go" send 5 recv 5 shut
	goes_on ends "$TOOLS/peer" connect $R4 6001 send 5 recv 5 until "$T/go" is-reset
	wait_until connected 6000
	wait_until connected 6001
	printf 'allow tcp/%s:6000\n' $R4 > "$T/policy"
	ctl policy load "$T/policy"
	assert "$status $output" == "0 1 rules hold now, 1 flows had to end" "load"
	: > "$T/go"
	end stays
	end ends
	inside "$TOOLS/probe" tcp $R4 6001
	assert "$output" != connected "a new one"
	inside "$TOOLS/probe" tcp $R4 6000
	assert "$output" == connected "another"
	ctl policy show
	assert "$output" =~ "allow  "\ *"tcp/$R4:6000 "\ *"1  $T/policy:1" "hits of the new rules"
}

@test "policy change: a mistake changes nothing" {
	start_controlled --config-net -q --allow tcp/$R4:6000
	ctl policy show
	before=$output
	printf 'allow any\nallow 10.0.0.0/33\n' > "$T/policy"
	refused "policy:2: '10.0.0.0/33': the length is a number from 0 to 32" policy load "$T/policy"
	printf 'include other\n' > "$T/policy"
	refused "policy:1: 'other': a running pasta can open no other files" policy load "$T/policy"
	printf 'allow any\0\n' > "$T/policy"
	refused "policy:1: this is no text" policy load "$T/policy"
	refused "policy load: '$T/none': No such file or directory" policy load "$T/none"
	refused "policy load: a word is missing" policy load
	refused "policy learnt: nothing is, without --policy-learn" policy learnt
	ask policy load x
	assert "$(field .error)" == "policy load: no descriptor of a sealed memory file came with it" "by hand"
	ctl policy show
	assert "$output" == "$before" "rules"
}

@test "policy change: names, in an instance that had none" {
	echoes 6000
	resolv_conf <<< 'nameserver 127.0.0.53'
	dns 127.0.0.53 $R4
	start_controlled --config-net -q --dns-forward 169.254.1.1
	try() {
		inside bash -c "echo yes | socat -t9 - TCP:$R4:6000,connect-timeout=9 2>/dev/null || true"
		[[ $output == yes ]]
	}
	try
	ctl policy load - <<< 'allow name.test:6000'
	assert "$status" == 0 "load: $stderr"
	not try
	inside dig +short @169.254.1.1 name.test
	assert "$output" == $R4 "the name"
	inside dig @169.254.1.1 other.test
	assert "$output" contains NXDOMAIN "another one"
	try
	ctl policy load - <<< 'deny name.test'
	not try
	ctl policy load - <<< 'default allow'
	try
}

@test "policy change: --policy-sni holds for rules that come later" {
	echoes 443
	resolv_conf <<< 'nameserver 127.0.0.53'
	dns 127.0.0.53 $R4
	start_controlled --config-net -q --dns-forward 169.254.1.1 --policy-sni strict
	hello() { inside bash -c "echo hello | socat -t9 - TCP:$R4:443,connect-timeout=9 2>/dev/null || true"; }
	hello
	assert "$output" == hello "without rules"
	ctl policy load - <<< 'allow tcp/name.test:443'
	inside dig +short @169.254.1.1 name.test
	hello
	assert "$output" == "" "what is no TLS"
}

@test "policy change: what goes from socket to socket, and datagrams" {
	NS=host echoes 7000
	background udp host socat UDP-LISTEN:7001,fork EXEC:cat
	wait_until port_is_open host udp 7001
	start_controlled --config-net -q -T 7000 -U 7001 -t 8000
	goes_on ends "$TOOLS/peer" connect 127.0.0.1 7000 send 5 recv 5 until "$T/go" is-reset
	wait_until connected 7000
	inside "$TOOLS/probe" udp 127.0.0.1 7001 wait=9000
	assert "$output" == "answer 1 bytes" "before"
	ctl policy load - <<< 'deny @host'
	assert "$output" == "1 rules hold now, 2 flows had to end" "load"
	: > "$T/go"
	end ends
	inside "$TOOLS/probe" udp 127.0.0.1 7001 wait=200
	assert "$output" == timeout "after"
}

@test "policy change: a thousand of them under load disturb no transfer" {
	head -c 20000000 /dev/urandom > "$T/data"
	serve remote tcp 5000 socat -U TCP-LISTEN:5000,fork,reuseaddr "OPEN:$T/data,rdonly"
	start_controlled --config-net -q
	for i in {1..200}; do printf 'deny 10.%d.0.0/16\n' $((RANDOM % 256)); done > "$T/policy"
	echo "allow tcp/$R4:5000" >> "$T/policy"
	background loads host bash -c 'while [ ! -e "$0/done" ]; do "$1" policy load "$0/policy" >/dev/null || exit 1; echo; done' "$T" "${PASTA}ctl"
	sum=$(sum_of "$T/data")
	for i in {1..5}; do
		inside bash -c "socat -b 65536 -u TCP:$R4:5000 - | sha256sum"
		assert "$output" == "$sum" "transfer $i"
	done
	: > "$T/done"
	finish loads
	assert "$(wc -l < "$T/loads")" -gt 10 "loads"
}
