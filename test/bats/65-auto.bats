# SPDX-License-Identifier: Apache-2.0
#
# Automatic ports: services that come and go in one namespace are forwarded from the other.

load helpers
load ports

# By a client that only reads: at its end, the server would wait for its shell for half a second only
answers() { [[ $("$1" socat -u -T 5 "TCP:$2" - 2>/dev/null) == yes ]]; }

udp_answers() { [[ $("$1" "$TOOLS/probe" udp 127.0.0.1 "$2") == "answer 1 bytes" ]]; }

yes_server() { serve "$1" tcp "$2" socat "${3:-TCP6-LISTEN:$2,ipv6only=0}",fork SYSTEM:'echo yes'; }

stop_server() {
	host kill "$(< "$T/server-$1.pid")"
	finish "server-$1"
}

is_free() { [[ -z $("$1" ss -Hln "--$2" "sport = :$3") ]]; }
listens() { [[ -n $("$1" ss -Hln "--$2" "sport = :$3" | grep -F "$4") ]]; }

@test "auto: a port that may not be opened is told once, with the sysctl" {
	start_ports --debug
	yes_server ns 80
	wait_until grep -q "warning: .*TCP port 80: Permission denied.*ip_unprivileged_port_start" "$T/pasta.err"
	tried_again() { (($(grep -c "cannot listen on TCP port 80:" "$T/pasta.err") >= 5)); }
	WAIT=20 wait_until tried_again # one in 1.4 seconds
	assert "$(grep -c warning: "$T/pasta.err")" -eq 1 "warnings: $(< "$T/pasta.err")"
}

@test "auto: a port that somebody else has is taken over later, and nobody told" {
	start_ports -t 127.0.0.1/auto -t 127.0.0.2/auto --host-lo-to-ns-lo -T none
	# reuseaddr: if it closes a connection first, that keeps the port for a minute
	serve host tcp 5000 socat TCP4-LISTEN:5000,bind=127.0.0.2,reuseaddr,fork SYSTEM:'echo other'
	background server-ns ns socat TCP4-LISTEN:5000,fork SYSTEM:'echo yes'
	wait_until answers host 127.0.0.1:5000
	not answers host 127.0.0.2:5000
	stop_server 5000
	wait_until answers host 127.0.0.2:5000
	assert "$(< "$T/pasta.err")" == "" "messages"
}

@test "auto: an interface that is not there is an error" {
	run_pasta 1 -q --config-net -T %nosuch0/auto -- true
	assert "$stderr" == "pasta: --tcp-ns: there is no interface 'nosuch0'" "TCP"
	run_pasta 1 -q --config-net -T none -U %nosuch0/auto -- true
	assert "$stderr" == "pasta: --udp-ns: there is no interface 'nosuch0'" "UDP"
	run_pasta -q --config-net -T %lo/auto -- true
}

@test "auto: an address that is not there is an error, in the words that named ports have" {
	local why="Cannot assign requested address (the namespace does not have this address)"
	run_pasta 1 -q --config-net -T 192.0.2.99/auto -- true
	assert "$stderr" == "pasta: --tcp-ns '192.0.2.99/auto': cannot listen on TCP ports: $why" "TCP"
	run_pasta 1 -q --config-net -T none -U "[2001:db8:9::9]/5000,auto" -- true
	assert "$stderr" == "pasta: --udp-ns '[2001:db8:9::9]/5000,auto': cannot listen on UDP ports: $why" "UDP"
	run_pasta -q --config-net -T 192.0.2.99/auto --freebind -- true
	run_pasta -q --config-net -T $H4/auto -U "[$H6]/auto" -t $H4/auto -u "[$H6]/auto" -- true
}

@test "auto: a service in the namespace is reachable on the host, and then no more" {
	start_ports
	yes_server ns 5000
	wait_until answers host 127.0.0.1:5000
	wait_until answers host "[::1]:5000"
	stop_server 5000
	WAIT=3 wait_until is_free host tcp 5000
}

@test "auto: a service on the host is reachable in the namespace, and then no more" {
	start_ports
	yes_server host 5000
	wait_until answers ns 127.0.0.1:5000
	wait_until answers ns "[::1]:5000"
	stop_server 5000
	WAIT=3 wait_until is_free ns tcp 5000
}

@test "auto: a service that was there before pasta is forwarded" {
	yes_server host 5000
	start_ports
	wait_until answers ns 127.0.0.1:5000
}

# delay PORT: $output is how many milliseconds after a service has begun to listen in the namespace
# the host reaches it
delay() {
	background "delay-$1" host bash -c '
		until [[ $(< "/proc/$0/net/tcp6") == *":$1 "*":0000 0A "* ]]; do :; done
		begin=${EPOCHREALTIME//[.,]/}
		until : < "/dev/tcp/127.0.0.1/$2"; do :; done 2>/dev/null
		echo $(((${EPOCHREALTIME//[.,]/} - begin) / 1000))' "${NS_PID%% *}" "$(printf %X "$1")" "$1"
	inside_serve tcp "$1" "$TOOLS/load" serve "$1"
	finish "delay-$1"
}

@test "auto: it takes 100 ms at most" {
	local port delays=()
	start_ports -T none
	for port in {5000..5004}; do
		delay "$port"
		delays+=("$output")
	done
	# The median: a busy machine may be late now and then
	output=$(printf '%s\n' "${delays[@]}" | sort -n | sed -n 3p)
	assert "$output" -le 150 "milliseconds, those that it takes to look included, of ${delays[*]}"
}

@test "auto: IPv4-only and IPv6-only services are forwarded as such" {
	start_ports -T none
	yes_server ns 5000 TCP4-LISTEN:5000
	yes_server ns 5001 TCP6-LISTEN:5001,ipv6only=1
	wait_until answers host 127.0.0.1:5000
	wait_until answers host "[::1]:5001"
	assert "$(host ss -Hln6 --tcp 'sport = :5000')" == "" "IPv6 listeners of the IPv4-only one"
	assert "$(host ss -Hln4 --tcp 'sport = :5001')" == "" "IPv4 listeners of the IPv6-only one"
}

@test "auto: what is forwarded one way isn't forwarded back" {
	start_ports
	yes_server ns 5000
	wait_until answers host 127.0.0.1:5000
	pass_seconds 0.5
	stop_server 5000
	WAIT=3 wait_until is_free host tcp 5000
	WAIT=3 wait_until is_free ns tcp 5000
}

@test "auto: ports of rules that aren't automatic are no services either" {
	start_ports -t 5000 -T auto
	pass_seconds 0.5
	assert "$(ns ss -Hln --tcp 'sport = :5000')" == "" "listeners in the namespace"
}

@test "auto: a named port on one address hides no service on another" {
	yes_server host 5000 TCP4-LISTEN:5000,bind=127.0.0.1
	start_ports -t $H4/5000:80 -T auto
	wait_until answers ns 127.0.0.1:5000
	pass_seconds 0.5
	assert "$(host ss -Hlnt 'sport = :5000' | wc -l)" -eq 2 "listeners on the host"
	assert "$(ns ss -Hlnt 'sport = :5000' | wc -l)" -eq 1 "listeners in the namespace"
	stop_server 5000
	WAIT=3 wait_until is_free ns tcp 5000
}

@test "auto: an automatic port on one address hides no service on another, and goes round in no loop" {
	yes_server host 5000 TCP4-LISTEN:5000,bind=127.0.0.1
	start_ports -t $H4/auto -T auto
	background other ns socat TCP4-LISTEN:5000,bind=$H4,fork SYSTEM:'echo other'
	wait_until answers ns 127.0.0.1:5000
	wait_until listens host tcp 5000 $H4
	pass_seconds 0.5
	assert "$(host ss -Hlnt 'sport = :5000' | wc -l)" -eq 2 "listeners on the host"
	assert "$(ns ss -Hlnt 'sport = :5000' | wc -l)" -eq 2 "listeners in the namespace"
	host kill "$(< "$T/other.pid")"
	WAIT=3 wait_until not listens host tcp 5000 $H4
	answers ns 127.0.0.1:5000
}

@test "auto: by itself it takes no ephemeral TCP port of the host, by a list it does" {
	start_ports -t auto -t 127.0.0.1/40001-40002,auto --host-lo-to-ns-lo
	for port in 40000 40001 5000; do
		background server-$port ns socat TCP4-LISTEN:$port,fork SYSTEM:'echo yes'
	done
	wait_until answers host 127.0.0.1:5000
	wait_until answers host 127.0.0.1:40001
	assert "$(host ss -Hlnt 'sport = :40000')" == "" "listeners on an ephemeral port"
}

@test "auto: on a loopback address, only what that address gets to is opened" {
	start_ports -t 127.77.0.7/auto --host-lo-to-ns-lo
	background one ns socat TCP4-LISTEN:5000,bind=127.0.0.1,fork SYSTEM:'echo yes'
	background two ns socat TCP4-LISTEN:5001,bind=127.77.0.7,fork SYSTEM:'echo yes'
	background all ns socat TCP4-LISTEN:5002,fork SYSTEM:'echo yes'
	wait_until answers host 127.77.0.7:5001
	wait_until answers host 127.77.0.7:5002
	assert "$(host ss -Hlnt 'sport = :5000')" == "" "a port that would be reset"
}

@test "auto: ports take a share of the descriptors, which is said" {
	limit_pasta 200
	PASTA=$T/limited start_ports -t 20000-21000,auto
	inside bash -c "for i in {20001..20060}; do socat TCP4-LISTEN:\$i,fork SYSTEM:'echo yes' & disown; done"
	wait_until grep -q "automatic ports have 34 descriptors already, their share" "$T/pasta.err"
	assert "$(host ss -Hlnt 'sport >= :20000 and sport <= :21000' | wc -l)" -eq 34 "listeners"
	inside ping -c 1 -W 2 "$R4"
	assert "$status" == 0 "ping"
}

@test "auto: a list limits it" {
	start_ports -t 5000-5001,auto -T none
	yes_server ns 5001
	yes_server ns 5002
	wait_until answers host 127.0.0.1:5001
	pass_seconds 0.3
	assert "$(host ss -Hln --tcp 'sport = :5002')" == "" "listeners of another port"
}

@test "auto: a service on the namespace's loopback needs --host-lo-to-ns-lo" {
	start_ports -T none
	yes_server ns 5000 TCP4-LISTEN:5000,bind=127.0.0.1
	pass_seconds 0.3
	assert "$(host ss -Hln --tcp 'sport = :5000')" == "" "listeners on the host"
	stop_server 5000
	stop_pasta
	rm "$T/commands"
	start_ports -T none --host-lo-to-ns-lo
	yes_server ns 5000 TCP4-LISTEN:5000,bind=127.0.0.1
	wait_until answers host 127.0.0.1:5000
}

@test "auto: a service on an address that nothing is led to opens no port, unless a rule leads there" {
	start_ports -t auto -t 127.0.0.1/6000:10.99.0.1/5003,auto -T none
	inside ip address add 10.99.0.1/32 dev lo
	yes_server ns 5003 TCP4-LISTEN:5003,bind=10.99.0.1
	yes_server ns 5004 TCP4-LISTEN:5004,bind=$H4
	wait_until answers host 127.0.0.1:6000
	wait_until answers host 127.0.0.1:5004
	pass_seconds 0.3
	assert "$(host ss -Hlnt 'sport = :5003')" == "" "listeners of the port that leads nowhere"
}

@test "auto: a service on the namespace's link-local address, in local mode" {
	local ll
	host ip link delete v0
	start_ports -T none
	ll=$(ns ip -6 -brief address show dev tap0 scope link | grep -o 'fe80[^/]*')
	yes_server ns 5000 "TCP6-LISTEN:5000,bind=[$ll%tap0]"
	wait_until answers host "[::1]:5000"
}

@test "auto: without a tap, services on the namespace's loopback are forwarded" {
	start_pasta -q --splice-only -T none
	inside true
	NS_PID=$(init_of "$PASTA_PID")
	yes_server ns 5000 TCP4-LISTEN:5000,bind=127.0.0.1
	wait_until answers host 127.0.0.1:5000
}

@test "auto: UDP services, both ways" {
	start_ports
	serve ns udp 5000 "$TOOLS/load" serve 5000
	serve host udp 5001 "$TOOLS/load" serve 5001
	wait_until udp_answers host 5000
	wait_until udp_answers ns 5001
	host kill "$(< "$T/server-5000.pid")"
	WAIT=3 wait_until is_free host udp 5000
}

@test "auto: a port that somebody else has is forwarded once it is free" {
	start_ports -T none
	yes_server host 5000 TCP4-LISTEN:5000
	background other ns socat TCP4-LISTEN:5000,fork SYSTEM:'echo yes'
	pass_seconds 0.3
	stop_server 5000
	WAIT=3 wait_until answers host 127.0.0.1:5000
}

@test "auto: low ports of a joined namespace are opened too, with one capability left for that" {
	background joined host unshare --user --map-root-user --net --fork --kill-child sleep infinity
	wait_until has_sleep "$(< "$T/joined.pid")" # by then unshare has mapped its ids
	NS_PID=$(child_of "$(< "$T/joined.pid")")
	yes_server host 81
	background pasta host "$PASTA" -q -f --config-net -t none -T auto "$NS_PID"
	wait_until answers ns 127.0.0.1:81
	output=$(host sh -c 'grep -h ^CapEff /proc/$0/task/*/status' "$(< "$T/pasta.pid")")
	assert "$(grep -vc '0000000000000[04]00$' <<< "$output")" -eq 0 "threads with another one: $output"
	assert "$(grep -c '0000000000000400$' <<< "$output")" -eq 1 "threads with one: $output"
}

# bats test_tags=nosan
@test "auto: on all four it costs next to nothing" {
	yes_server host 5000
	start_ports
	WAIT=20 wait_until is_idle "$PASTA_PID"
}
