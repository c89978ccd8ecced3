# SPDX-License-Identifier: Apache-2.0
#
# What a namespace may reach, by DNS name.

load helpers
load ports
load names
load policy
load control

@test "policy names: a name opens its ports at the addresses that it has, once it was asked for" {
	echoes 6000 6001
	zone --host-record=up.test,$R4,$R6 --host-record=down.test,$R4
	with --allow up.test:6000 "try $R4 6000; try $R6 6000; try up.test 6000; try up.test 6001
		try $R4 6000; try [$R6] 6000; try $R4 6001; try down.test 6000"
	assert "$output" == $'up.test:6000\n'"$R4:6000"$'\n'"[$R6]:6000" "what could be reached"
	assert "$(asked down.test)" == 0 "questions for the other name"
}

@test "policy names: all below a name, in any case, and by what names are aliases of" {
	echoes 6000
	zone --host-record=up.test,$R4 --host-record=www.up.test,$R4 --host-record=far.example,$R4 \
		--cname=a.up.test,far.example
	with --allow '*.Up.Test:6000' "try up.test 6000; try A.uP.teSt 6000; try a.up.test. 6000; try www.up.test 6000"
	assert "$output" == $'A.uP.teSt:6000\na.up.test.:6000\nwww.up.test:6000' "what could be reached"
}

@test "policy names: datagrams and pings, too" {
	background echo remote socat "UDP6-LISTEN:6000,ipv6only=0,fork" EXEC:cat
	wait_until port_is_open remote udp 6000
	zone --host-record=up.test,$R4
	run_pasta -q --config-net --allow udp/up.test:6000 --allow icmp/up.test -- bash -c "
		$TOOLS/probe udp $R4 6000 wait=2000; ping -c1 -w9 up.test | grep -c 'bytes from'; $TOOLS/probe udp $R4 6000 wait=2000"
	assert "$output" =~ "EHOSTUNREACH from $R4"$'\n'"1"$'\n'"answer 1 bytes"$ "before, ping, and after"
}

@test "policy names: who asks for another name is told at once that it is blocked" {
	zone --host-record=up.test,$R4 --host-record=down.test,$R4
	run_pasta -q --config-net --allow up.test -- dig down.test
	assert "$output" contains "status: NXDOMAIN" "status"
	assert "$output" =~ "EDE: 15 "'(\(|: )'"?\(?Blocked" "the reason"
	run_pasta -q --config-net --allow up.test -- dig +noedns down.test
	assert "$output" contains "status: NXDOMAIN" "status without EDNS"
	assert "$output" lacks OPT "the reason, which wasn't asked for"
	assert "$(asked down.test)" == 0 "questions that went on"
}

@test "policy names: no data leaves in names below what is denied" {
	zone --host-record=up.test,$R4
	run_pasta -q --config-net --allow up.test:443 --deny '*.test' --allow @dns:853 -- bash -c '
		for i in {1..50}; do printf "%s.%s.test\n%s.up.test\n" $RANDOM$RANDOM $RANDOM$RANDOM $RANDOM$RANDOM; done > "$0"
		dig -f "$0" +tries=1 | grep -c NXDOMAIN' "$T/names"
	assert "$output" == 100 "answers"
	assert "$(cat "$T/zone" "$T/zone.err" | grep "query\[" | grep -vc is-it-up || true)" == 0 "questions"
}

@test "policy names: an answer opens no private network, unless a rule allows something of it" {
	remote ip address add 10.9.0.1/32 dev lo
	host ip route add 10.9.0.1 via $R4
	echoes 6000 6001
	zone --host-record=up.test,10.9.0.1
	with --allow up.test "try up.test 6000"
	assert "$output" == "" "without"
	with --allow up.test --allow 10.9.0.0/24:6001 "try up.test 6000"
	assert "$output" == "up.test:6000" "with"
}

@test "policy names: no answer leads to the host" {
	serve host tcp 6000 socat TCP-LISTEN:6000,fork,reuseaddr EXEC:cat
	host ip address add 198.51.100.77/24 dev v0
	zone --host-record=up.test,$G4 --host-record=own.test,198.51.100.77
	with -a 198.51.100.1 --allow up.test --allow own.test "try up.test 6000; try own.test 6000"
	assert "$output" == "" "without a rule for it"
	with -a 198.51.100.1 --allow up.test --allow own.test --allow @host:6000 "try up.test 6000; try own.test 6000"
	assert "$output" == $'up.test:6000\nown.test:6000' "with one"
}

@test "policy names: COMMAND asks who forwards, unless it keeps the host's resolv.conf" {
	zone --host-record=up.test,$R4
	run_pasta -q --config-net --allow up.test -- cat /etc/resolv.conf
	assert "$output" == "nameserver $G4" "COMMAND's"
	run_pasta -q --config-net --allow up.test --no-resolv-conf -- cat /etc/resolv.conf
	assert "$output" == "nameserver 127.0.0.53" "the host's"
	assert "$(host cat /etc/resolv.conf)" == "nameserver 127.0.0.53" "the host's file"
}

@test "policy names: a resolver of the network's is as good, by its own address" {
	echoes 6000
	dns_on remote $R4 $R4
	resolv_conf <<< "nameserver $R4"
	with --no-resolv-conf --allow name.test:6000 "cat /etc/resolv.conf; try name.test 6000; dig +short other.test"
	assert "$output" == "nameserver $R4"$'\nname.test:6000' "what could be reached"
}

@test "policy names: the log has the name that was asked for" {
	echoes 6000
	zone --host-record=up.test,$R4
	with --policy-log "$T/log" --allow up.test:6000 "try up.test 6000; try down.test 6000; try $R4 6001"
	assert "$(jq -r 'select(.dport == 6000) | .verdict + .rule + .name' "$T/log")" == "allowup.test:6000up.test" "the flow"
	assert "$(jq -r 'select(.dport == 53 and .name == "down.test") | .verdict + .rule' "$T/log" | sort -u)" == denydefault "the question"
	assert "$(jq -r 'select(.dport == 6001) | .verdict + .name' "$T/log")" == denyup.test "another port"
}

@test "policy names: a name whose address changes opens the new one" {
	echoes 6000
	remote ip address add 203.0.113.9/32 dev lo
	host ip route add 203.0.113.9 via $R4
	echo "$R4 up.test" > "$T/hosts"
	zone --addn-hosts="$T/hosts"
	moves() {
		with --allow up.test:6000 "try up.test 6000; try 203.0.113.9 6000; echo next > $T/next
			until [ \"\$(dig +short up.test)\" = 203.0.113.9 ]; do :; done; try 203.0.113.9 6000; try $R4 6000"
		assert "$output" == $'up.test:6000\n203.0.113.9:6000\n'"$R4:6000" "what could be reached"
	}
	moves &
	wait_until grep -q next "$T/next"
	echo "203.0.113.9 up.test" > "$T/hosts"
	host kill -HUP "$(< "$T/zone.pid")"
	wait $!
}

# --- what connections say themselves ------------------------------------------------------------------

# Certificates of an authority of our own, and servers on the remote that have them
tls() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=up.test -days 9 \
		-addext subjectAltName=DNS:up.test,DNS:down.test -keyout "$T/key" -out "$T/cert" 2>/dev/null
	serve remote tcp 443 openssl s_server -quiet -accept 443 -www -cert "$T/cert" -key "$T/key"
}

@test "policy names: of two names at one address, TLS reaches the one that is allowed" {
	tls
	zone --host-record=up.test,$R4 --host-record=down.test,$R4
	run_pasta -q --config-net --allow up.test:443 -- bash -c "
		c() { curl -sS --max-time 20 --cacert $T/cert -o /dev/null -w '%{http_code}\n' \"\$@\" 2>&1; }
		c https://up.test/; c https://down.test/; c --resolve down.test:443:$R4 https://down.test/
		c --connect-to up.test:443:up.test: https://up.test/"
	mapfile -t lines <<< "$output"
	assert "${lines[0]}" == 200 "the name that is allowed"
	assert "${lines[1]}" contains "Could not resolve host" "the other, by DNS"
	assert "${lines[3]}" =~ "reset|SSL_ERROR|SSL_connect|unexpected eof" "the other, by its address"
	assert "${lines[-1]}" == 200 "the first again"
}

# A server that keeps what it gets
sink() { serve remote tcp "$1" socat -u "TCP6-LISTEN:$1,ipv6only=0,fork,reuseaddr" "OPEN:$T/got,creat,append"; }

@test "policy names: nothing of a connection leaves that says another name" {
	sink 443
	zone --host-record=up.test,$R4
	run_pasta -q --config-net --allow up.test:443 -- bash -c "dig +short up.test
		timeout 5 openssl s_client -connect $R4:443 -servername down.test </dev/null >/dev/null 2>&1
		printf 'GET / HTTP/1.1\r\nHost: down.test\r\n\r\n' | socat -t5 - TCP:$R4:443 2>/dev/null
		printf 'GET / HTTP/1.1\r\nHost: up.test\r\nHost: down.test\r\n\r\n' | socat -t5 - TCP:$R4:443 2>/dev/null; true"
	assert "$(cat "$T/got" 2>/dev/null || true)" == "" "what the server has got"
}

@test "policy names: a name that comes in pieces is read" {
	sink 80
	zone --host-record=up.test,$R4
	cat > "$T/pieces.py" <<-END
		import socket, sys
		socket.getaddrinfo("up.test", 80)
		s = socket.create_connection(("$R4", 80))
		s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		for c in b"GET /x HTTP/1.1\r\nHost: up.test\r\n\r\n":
		    s.send(bytes([c]))
		s.shutdown(socket.SHUT_WR)
		s.recv(1)
	END
	run_pasta -q --config-net --allow up.test:80 -- python3 "$T/pieces.py"
	assert "$(cat "$T/got")" == $'GET /x HTTP/1.1\r\nHost: up.test\r\n\r' "what the server has got"
}

@test "policy names: without a name, the address decides, unless the policy is strict" {
	sink 443
	zone --host-record=up.test,$R4
	hello() {
		rm -f "$T/got"
		run_pasta -q --config-net "$@" --allow up.test:443 -- bash -c "dig +short up.test >/dev/null
			echo hello | socat -t5 - TCP:$R4:443 2>/dev/null; true"
		cat "$T/got" 2>/dev/null || true
	}
	assert "$(hello)" == hello "by default"
	assert "$(hello --policy-sni strict)" == "" "strict"
	assert "$(hello --policy-sni off)" == hello "off"
}

@test "policy names: pastactl says what becomes of a name" {
	start_controlled -q --config-net --deny tcp/bad.test:25 --allow '*.test' --allow tcp/@internet:443
	tested() { ctl policy test "$1"; assert "$output" == "$2" "test of $1"; }
	tested tcp/bad.test:25 "deny: --deny tcp/bad.test:25"
	tested tcp/A.Bad.test:25 "allow: --allow *.test"
	tested tcp/example.org:443 "allow: --allow tcp/@internet:443"
	tested udp/example.org:443 "deny: no rule is for it"
	tested icmp/up.test "allow: --allow *.test"
}

@test "policy names: names that are not ASCII are what DNS makes of them, wherever rules are written" {
	echoes 6000
	zone --host-record=xn--bcher-kva.test,$R4 --host-record=down.test,$R6
	printf '# für alle\nallow tcp/BÜCHER.test:6000 # Küche\n' > "$T/policy"
	with --policy "$T/policy" 'try xn--bcher-kva.test 6000; try down.test 6000'
	assert "$output" == xn--bcher-kva.test:6000 "what could be reached"
	start_controlled -q --config-net --deny "*.faß.test"
	ctl policy test tcp/www.Faß.test:80
	assert "$output" == "deny: --deny *.xn--fa-hia.test" "the option's rule"
	ctl policy load - < "$T/policy"
	ctl policy test tcp/bücher.test:6000
	assert "$output" == "allow: -:2: allow tcp/xn--bcher-kva.test:6000" "the rule that was loaded"
	printf 'default deny\nallow ａny\n' > "$T/policy"
	refused "pastactl: $T/policy:2: '???ny': this stands for something that is no name" policy load "$T/policy"
	refused "policy test: 'b?cher.test': " policy test $'tcp/b\xfccher.test:80'
	run_pasta 1 --policy "$T/policy" -- true
	assert "$stderr" == "pasta: $T/policy:2: '???ny': this stands for something that is no name" "pasta's complaint"
	run_pasta 1 --allow 'tcp/a／8:80' -- true
	assert "$stderr" == "pasta: --allow 'tcp/a???8:80': 'a???8': this stands for something that is no name" "option"
}

@test "policy names: libidn2 is for those that are not ASCII, and may be missing" {
	host bash -c 'for file in $(ldconfig -p | awk "/libidn2.so.0/ { print \$NF }"); do
		mount --bind /dev/null "$file" || exit; done'
	run_pasta -q --config-net --deny fass.test -- true
	run_pasta 1 --deny faß.test -- true
	assert "$stderr" == "pasta: --deny 'fa??.test': 'fa??.test': names that are not ASCII take libidn2, which cannot be loaded: install it, or write them as xn--..." "complaint"
}

# --- questions by TCP -----------------------------------------------------------------------------------

@test "policy names: questions by TCP are judged, too, and their answers learnt from" {
	echoes 6000
	zone --host-record=up.test,$R4 --host-record=down.test,$R4
	with --allow up.test:6000 "dig +tcp +short up.test; try $R4 6000; dig +tcp down.test
		dig +tcp +keepopen +short down.test up.test down.test up.test"
	assert "$output" contains "$R4"$'\n'"$R4:6000" "the one that is allowed"
	assert "$output" contains "status: NXDOMAIN" "the other"
	assert "$output" =~ "EDE: 15" "its reason"
	assert "$(tail -n 2 <<< "$output")" == "$R4"$'\n'"$R4" "one after another on a connection"
	assert "$(asked down.test)" == 0 "questions for the other name"
}

@test "policy names: by TCP, too, the next resolver is asked where one is not there" {
	zone --host-record=up.test,$R4 --host-record=down.test,$R4
	resolv_conf <<< $'nameserver 127.0.0.52\nnameserver 127.0.0.53'
	run_pasta -q --config-net --allow up.test -- bash -c '
		for name in up.test down.test up.test; do dig +tcp +short +tries=1 $name; done; dig +tcp down.test | grep -c NXDOMAIN'
	assert "$output" == "$R4"$'\n'"$R4"$'\n1' "answers"
}

@test "policy names: large answers come by TCP" {
	records=()
	for i in {1..120}; do records+=(--host-record="big.test,203.0.113.$i"); done
	zone "${records[@]}"
	with --allow big.test:6000 "dig +short big.test | sort -u | wc -l"
	assert "$output" == 120 "addresses"
}

@test "policy names: an example of the manual" {
	page
	zone --address=/example.org/$F4
	example_command "One site and the packages of a distribution, and no name but these"
	assert "$(host bash -c "$in_example" "$T" "$command")" == hello "page"
	! host bash -c "$in_example" "$T" "${command/http:\/\/www./http:\/\/}"
	assert "$(asked example.org)" == 0 "questions for another name"
}

# --- learning -------------------------------------------------------------------------------------------

@test "policy learning: what a run has used is what the learnt policy allows" {
	echoes 6000 6001
	background echo remote socat "UDP6-LISTEN:6000,ipv6only=0,fork" EXEC:cat
	wait_until port_is_open remote udp 6000
	zone --host-record=up.test,$R4 --host-record=down.test,$R4
	uses="try up.test 6000; try up.test 6001; try $R4 6000; $TOOLS/probe udp $R6 6000; ping -qc1 -w9 $R6 | grep -o '1 received'"
	with --policy-learn "$T/learnt" "try $R4 6000; $uses"
	assert "$(< "$T/learnt")" == "allow tcp/up.test:6000,6001
allow tcp/$R4:6000
allow icmp/[$R6]
allow udp/[$R6]:6000
default deny" "the policy"
	with --policy "$T/learnt" "$uses; try down.test 6000; try $R4 6001; try [$R6] 6000"
	assert "$output" == "up.test:6000
up.test:6001
$R4:6000
answer 1 bytes
1 received
$R4:6001" "with it" # which is a port of up.test's
}

@test "policy learning: what was learnt by now is told while pasta runs" {
	echoes 6000
	zone --host-record=up.test,$R4
	start_controlled -q --config-net --policy-learn "$T/learnt"
	ctl policy learnt
	assert "$status $output" == "0 default deny" "nothing yet"
	inside bash -c "$try_names; try up.test 6000"
	ctl policy learnt
	assert "$output" == $'allow tcp/up.test:6000\ndefault deny' "after a connection"
	many() { # 16 ports in each rule
		inside bash -c 'for i in {1..20}; do for p in {1..40}; do echo > /dev/udp/203.0.113.$i/$p; done; done'
		ctl policy learnt
		[[ $(grep -c ^allow <<< "$output") == 61 ]]
	}
	wait_until many
	learnt=$output
	stop_pasta
	assert "$(< "$T/learnt")" == "$learnt" "the file, at the end"
}

@test "policy learning: who only asks resolvers may do so, and nobody else may do anything" {
	dns_on remote $R4 $R4
	resolv_conf <<< "nameserver $R4"
	run_pasta -q --config-net --no-resolv-conf --policy-learn "$T/learnt" -- dig +short name.test
	assert "$(< "$T/learnt")" == $'allow @dns:53\ndefault deny' "a resolver was asked"
	run_pasta -q --config-net --policy-learn "$T/learnt" -- true
	assert "$(< "$T/learnt")" == "default deny" "nothing was done"
}

@test "policy learning: there can be no other rules" {
	run_pasta 1 --policy-learn "$T/learnt" --allow any -- true
	assert "$stderr" == "pasta: --policy-learn lets everything out: there can be no --policy, --allow or --deny" "text"
}
