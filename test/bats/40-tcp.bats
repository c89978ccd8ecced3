# SPDX-License-Identifier: Apache-2.0
#
# TCP from the namespace: data whole at every MTU, both ways; how connections fail, end and wait.
# "peer" (test/tools) is one end of a connection that does what its arguments say and checks what
# it receives against a pattern.

load helpers

SIZE=100000000

# sends ADDR OPTION...: a file from the namespace arrives whole
sends() {
	local addr=$1 file ns=remote
	shift
	[[ $addr != "$F4" ]] || ns=far
	file=$(payload $SIZE)
	serve $ns tcp 5000 socat -b 262144 -u TCP6-LISTEN:5000,ipv6only=0 SYSTEM:sha256sum,nofork
	run_pasta -q --config-net "$@" -- socat -b 262144 -u "OPEN:$file" "TCP:$addr:5000"
	finish server-5000
	assert "$output" == "$(sum_of "$file")" "checksum at the other end"
}

# receives ADDR OPTION...: a file from the other end arrives whole
receives() {
	local addr=$1 file
	shift
	file=$(payload $SIZE)
	serve remote tcp 5000 socat -b 262144 -u "OPEN:$file" TCP6-LISTEN:5000,ipv6only=0
	run_pasta -q --config-net "$@" -- bash -c "socat -b 262144 -u 'TCP:$addr:5000' - | sha256sum"
	assert "$output" == "$(sum_of "$file")" "checksum in the namespace"
}

# conversation "SERVER ACTIONS" "CLIENT ACTIONS" [ADDR]: both ends do as told; the client is inside
conversation() {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 $1
	in_ns "$TOOLS/peer" connect "${3:-$R4}" 5000 $2
	local client=$output
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
	output="$client/$output"
}

# same_error WHAT ADDR PORT: the namespace gets the error that the host gets
same_error() {
	local expected
	expected=$(host "$TOOLS/probe" tcp "$2" "$3" 20000)
	in_ns "$TOOLS/probe" tcp "$2" "$3" 20000
	assert "$output" == "$expected" "error in the namespace, $2"
	assert "$output" == "$1" "error"
}

@test "tcp: 100 MB out, IPv4, MTU 65520" { sends $R4; }
@test "tcp: 100 MB out, IPv4, MTU 1500" { sends $R4 -m 1500; }
@test "tcp: 100 MB out, IPv4, MTU 1280" { sends $R4 -m 1280; }
@test "tcp: 100 MB out, IPv4, MTU 576" { sends $R4 -4 -m 576; }
@test "tcp: 100 MB out, IPv6, MTU 65520" { sends "[$R6]"; }
@test "tcp: 100 MB out, IPv6, MTU 1500" { sends "[$R6]" -m 1500; }
@test "tcp: 100 MB out, IPv6, MTU 1280" { sends "[$R6]" -m 1280; }
@test "tcp: 100 MB in, IPv4, MTU 65520" { receives $R4; }
@test "tcp: 100 MB in, IPv4, MTU 1500" { receives $R4 -m 1500; }
@test "tcp: 100 MB in, IPv4, MTU 1280" { receives $R4 -m 1280; }
@test "tcp: 100 MB in, IPv4, MTU 576" { receives $R4 -4 -m 576; }
@test "tcp: 100 MB in, IPv6, MTU 65520" { receives "[$R6]"; }
@test "tcp: 100 MB in, IPv6, MTU 1500" { receives "[$R6]" -m 1500; }
@test "tcp: 100 MB in, IPv6, MTU 1280" { receives "[$R6]" -m 1280; }
@test "tcp: 100 MB out through a narrower link on the way" { sends $F4; }
@test "tcp: 100 MB in through a narrower link on the way" {
	local file
	file=$(payload $SIZE)
	serve far tcp 5000 socat -b 262144 -u "OPEN:$file" TCP6-LISTEN:5000,ipv6only=0
	in_ns bash -c "socat -b 262144 -u 'TCP:[$F6]:5000' - | sha256sum"
	assert "$output" == "$(sum_of "$file")" "checksum in the namespace"
}

@test "tcp: 100 MB out without SO_PEEK_OFF, TSO and USO" { sends $R4 --debug-disable peek-off,tso,uso; }
@test "tcp: 100 MB in without SO_PEEK_OFF" { receives $R4 --debug-disable peek-off; }
@test "tcp: 100 MB in without TSO" { receives $R4 -m 1500 --debug-disable tso; }
@test "tcp: without Landlock" { run_pasta -q --config-net --debug-disable landlock -- ping -c1 -W10 $R4; }

@test "tcp: data both ways at once" {
	local file
	file=$(payload $SIZE)
	printf 'cat %q & head -c %s | sha256sum > %q; wait\n' "$file" $SIZE "$T/sum" > "$T/end"
	serve remote tcp 5000 socat TCP-LISTEN:5000 EXEC:"bash $T/end",nofork
	in_ns bash -c "exec 3<>/dev/tcp/$R4/5000; cat $file >&3 & head -c $SIZE <&3 | sha256sum; wait"
	assert "$output" == "$(sum_of "$file")" "checksum in the namespace"
	finish server-5000
	assert "$(< "$T/sum")" == "$(sum_of "$file")" "checksum at the server"
}

@test "tcp: the client half-closes first, data still comes" {
	conversation "drain send 3000000 shut" "send 1000000 shut drain"
	assert "$output" == "3000000/1000000" "received"
}

@test "tcp: the server half-closes first, data still goes" {
	conversation "send 3000000 shut drain" "drain send 1000000 shut" $R6
	assert "$output" == "3000000/1000000" "received"
}

@test "tcp: a half-closed connection stays open, at no cost" {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 eof until "$T/go" send 10
	background pasta host "$PASTA" -q --config-net -- "$TOOLS/peer" connect $R4 5000 shut recv 10 eof
	wait_until port_is_closed remote 5000
	WAIT=20 wait_until is_idle "$(< "$T/pasta.pid")"
	touch "$T/go"
	finish pasta
	assert "$stderr" == "" "complaints of the client"
}

port_is_closed() { ! port_is_open "$1" tcp "$2"; }

@test "tcp: RST by the client arrives as RST" {
	conversation "recv 1000 is-reset" "send 1000 reset"
}

@test "tcp: RST by the server arrives as RST" {
	conversation "recv 1 send 1000 reset" "send 1 recv 1000 is-reset" $R6
}

@test "tcp: RST after a half-close" {
	conversation "eof send 100 reset" "shut recv 100 is-reset"
}

@test "tcp: both ends close at once" {
	conversation "recv 1 send 1 shut eof" "send 1 recv 1 shut eof"
}

@test "tcp: urgent data arrives as urgent, at its mark, both ways" {
	conversation "mark 3 recv 4 send 3 urgent send 3 oob 100000 recv 3 eof" "send 3 urgent send 3 mark 3 recv 4 send 100000 urgent send 3"
	conversation "oob 3 recv 3 urgent send 5 eof" "send 3 urgent send 3 oob 0 recv 5" $R6
}

@test "tcp: urgent data waits for its turn at a slow reader, out" {
	conversation "rcvbuf 20000 pause 500 mark 20000000 recv 1000001 eof" "send 20000000 urgent send 1000000"
}

@test "tcp: urgent data waits for its turn at a slow reader, in" {
	conversation "send 20000000 urgent send 1000000 shut eof" "rcvbuf 20000 pause 500 mark 20000000 recv 1000001 eof"
}

# slow_reader BYTES ACTION...: a connection from inside, whose end there reads nothing until $T/go; wait
# until it has all that it has room for, $unread bytes
slow_reader() {
	rm -f "$T/go" "$T/more" "$T/reader"
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 send "$1" until "$T/more" urgent send 1000 eof
	inside bash -c "{ $TOOLS/peer connect $R4 5000 rcvbuf 20000 until $T/go ${*:2}; echo \$? > $T/reader; } 2> $T/reader.err &"
	unread=0
	wait_until has_settled
}

# sees_unread NS: in its connection's queue
sees_unread() {
	$1 ss -Htn state established "dport = :5000" > "$T/ss"
	[[ $1 != inside ]] || echo "$output" > "$T/ss"
	read -r unread _ < "$T/ss"
}
has_settled() { local before=$unread; sees_unread inside; [[ $unread -gt 0 && $unread == "$before" ]]; }
has_unread() { sees_unread "$1"; [[ $unread -ge $2 && $unread -le $3 ]]; }

@test "tcp: an urgent byte is no less so where the window has ended" {
	local window
	start_pasta -q --config-net
	slow_reader 300000 recv 301001
	window=$unread
	touch "$T/go" "$T/more"
	finish server-5000
	slow_reader "$window" mark "$window" recv 1001
	host kill -STOP "$PASTA_PID" # is to hear of both at once
	touch "$T/go"
	wait_until has_unread inside 0 0
	touch "$T/more"
	wait_until has_unread host 1001 1000000
	host kill -CONT "$PASTA_PID"
	wait_until grep -q . "$T/reader"
	assert "$(< "$T/reader")/$(< "$T/reader.err")" == 0/ "the reader"
	finish server-5000
}

@test "tcp: urgent data in arrives at its mark without SO_PEEK_OFF" {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 send 3 urgent send 3000000 urgent shut eof
	run_pasta -q --config-net -m 1500 --debug-disable peek-off -- "$TOOLS/peer" connect $R4 5000 mark 3 recv 1 oob 3000000 eof
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
}

@test "tcp: the server is slow to read, the window closes and opens" {
	conversation "rcvbuf 20000 recv 1 pause 1500 recv 99999 pause 1500 drain" "send 30000000 shut eof"
	assert "$output" == "/30000000" "received"
}

@test "tcp: the namespace is slow to read, the window closes and opens" {
	conversation "send 30000000 shut eof" "rcvbuf 20000 recv 1 pause 1500 recv 99999 pause 1500 drain"
	assert "$output" == "30000000/" "received"
}

@test "tcp: tiny send buffers on the host do not stall" {
	host bash -c 'echo 4096 4096 8192 > /proc/sys/net/ipv4/tcp_wmem'
	conversation "drain" "send 5000000 shut eof"
	assert "$output" == "/5000000" "received"
}

@test "tcp: tiny receive buffers on the host do not stall" {
	host bash -c 'echo 4096 4096 8192 > /proc/sys/net/ipv4/tcp_rmem'
	conversation "send 5000000 shut eof" "drain"
	assert "$output" == "5000000/" "received"
}

# The last bytes of a large buffer hold all of it, and so the window, until they have left the socket
@test "tcp: small receive buffers at both ends do not stall" {
	local blocks=
	for _ in {1..40}; do blocks+="send 120307 pause 10 "; done
	host bash -c 'echo 4096 16384 65536 > /proc/sys/net/ipv4/tcp_rmem'
	for _ in {1..4}; do
		conversation "$blocks shut eof" "rcvbuf 9003 recv $((40 * 120307)) eof shut"
	done
	# a closed window is asked after every 200 ms; a busy machine may hold it closed so long, too
	assert "$(remote nstat -asz TcpExtTCPWinProbe | awk 'END { print $2 }')" -le 5 "probes"
}

# A segment takes 1448 bytes to the other end here, 1428 over IPv6. fits ADDR MTU MSS: what the
# namespace's kernel sends at once is so many full ones
fits() {
	run_pasta -q --config-net -m "$2" -- bash -c "
		exec 3<>/dev/tcp/$1/5000 && head -c 5000000 /dev/zero >&3 && ss -tinH dport = 5000"
	assert "$output" contains " mss:$3 " "$1, MTU $2"
}

@test "tcp: a full segment of the namespace is so many full ones of the host" {
	serve remote tcp 5000 socat -u TCP6-LISTEN:5000,ipv6only=0,fork OPEN:/dev/null
	fits $R4 65520 65160
	fits $R4 9000 8688
	fits $R4 1500 1448
	fits $R4 1280 1240
	fits $R6 65520 64260
	fits $R6 1500 1428
}

@test "tcp: a full segment of the namespace fits the host's loopback" {
	serve host tcp 5000 socat -u TCP6-LISTEN:5000,ipv6only=0,fork OPEN:/dev/null
	fits $G4 65520 65480
	fits $G6 65520 65460
}

@test "tcp: one byte at a time arrives in order" {
	serve remote tcp 5000 socat TCP-LISTEN:5000 PIPE
	in_ns "$TOOLS/load" tcp_rr $R4 5000 1 1
	assert "$output" =~ rate=[0-9]+ "rate"
}

@test "tcp: what is written just before the command exits arrives whole" {
	local file
	file=$(payload 5000000)
	serve remote tcp 5000 socat -u TCP-LISTEN:5000 SYSTEM:sha256sum,nofork
	in_ns bash -c "exec 3<>/dev/tcp/$R4/5000; cat $file >&3; exit 0"
	finish server-5000
	assert "$output" == "$(sum_of "$file")" "checksum at the other end"
}

@test "tcp: with nothing left to deliver the exit is not delayed" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "exec 3<>/dev/tcp/$R4/5000; echo x >&3; read -n 1 <&3; echo \$EPOCHSECONDS"
	assert $((EPOCHSECONDS - output)) -le 2 "seconds from the command's end to pasta's"
}

@test "tcp: refused is refused" {
	same_error ECONNREFUSED $R4 5999
	same_error ECONNREFUSED $R6 5999
}

@test "tcp: no route to a network" {
	host ip route del default
	host ip -6 route del default
	run_pasta -q --config-net -g $G4 -- "$TOOLS/probe" tcp 192.0.2.1 80
	assert "$output" == "$(host "$TOOLS/probe" tcp 192.0.2.1 80)" "IPv4 error"
	run_pasta -q --config-net -g $G6 -- "$TOOLS/probe" tcp 2001:db8:ffff::1 80
	assert "$output" == "$(host "$TOOLS/probe" tcp 2001:db8:ffff::1 80)" "IPv6 error"
}

@test "tcp: a route that says unreachable" {
	host ip route add unreachable 192.0.2.0/24
	host ip -6 route add unreachable 2001:db8:dead::/48
	same_error EHOSTUNREACH 192.0.2.1 80
	same_error EHOSTUNREACH 2001:db8:dead::1 80
}

@test "tcp: a host that does not answer ARP or neighbour solicitations" {
	same_error EHOSTUNREACH 198.51.100.77 80
	same_error EHOSTUNREACH 2001:db8:1::77 80
}

# router_says ICMP ICMPV6: the router answers so to everything for the far host
router_says() {
	remote nft -f - <<-END
	table inet f { chain c { type filter hook forward priority 0;
		ip daddr $F4 reject with icmp $1
		ip6 daddr $F6 reject with icmpv6 $2
	}
	}
	END
}

@test "tcp: a router that says host unreachable" {
	router_says host-unreachable addr-unreachable
	same_error EHOSTUNREACH $F4 80
	same_error EHOSTUNREACH $F6 80
}

@test "tcp: a router that says administratively prohibited" {
	router_says admin-prohibited admin-prohibited
	same_error EHOSTUNREACH $F4 80
	same_error EACCES $F6 80
}

@test "tcp: a router that says protocol unreachable" {
	router_says prot-unreachable no-route
	same_error ENOPROTOOPT $F4 80
	same_error ENETUNREACH $F6 80
}

@test "tcp: a destination that is silent times out, not earlier than on the host" {
	remote nft add table inet f
	remote nft add chain inet f c '{ type filter hook input priority 0; }'
	remote nft add rule inet f c tcp dport 80 drop
	host bash -c 'echo 1 > /proc/sys/net/ipv4/tcp_syn_retries'
	run_pasta -q --config-net -- bash -c "echo 1 > /proc/sys/net/ipv4/tcp_syn_retries
		$TOOLS/probe tcp $R4 80 20000"
	assert "$output" == ETIMEDOUT "error"
}

@test "tcp: a first SYN that gets lost is sent again" {
	remote nft add table inet f
	remote nft add chain inet f c '{ type filter hook input priority 0; }'
	remote nft add rule inet f c tcp dport 5000 tcp flags syn limit rate over 1/minute burst 1 packets accept
	remote nft add rule inet f c tcp dport 5000 tcp flags syn drop
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	in_ns "$TOOLS/probe" tcp $R4 5000
	assert "$output" == connected "TCP"
}

@test "tcp: keep-alive probes keep an idle connection, at both ends" {
	conversation "keepalive 1 silent 4500 send 10 eof" "keepalive 1 recv 10 shut"
}

# keeps_alive TIME: the host's socket probes, and the next time in so many seconds
keeps_alive() { host ss -Htno state established 'dport = :5000' | grep -q "timer:(keepalive,$1"; }

@test "tcp: keep-alive of the namespace goes on to the other end" {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 recv 1 eof
	background pasta host "$PASTA" -q --config-net -- "$TOOLS/peer" connect $R4 5000 keepalive 3 until "$T/go" send 1
	wait_until keeps_alive '[0-3]'
	touch "$T/go"
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
}

@test "tcp: without keep-alive of the namespace there is none to the other end" {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 recv 2 eof
	background pasta host "$PASTA" -q --config-net -- "$TOOLS/peer" connect $R4 5000 send 1 until "$T/go" send 1
	wait_until taken_at_remote 1
	assert "$(host ss -Htno state established 'dport = :5000')" lacks keepalive "the host's socket"
	touch "$T/go"
	finish server-5000
}
taken_at_remote() { remote ss -Htni state established 'sport = :5000' | grep -q "bytes_received:$1 "; }

@test "tcp: a namespace that keeps alive is told that the other end is gone" {
	host bash -c 'echo 2 > /proc/sys/net/ipv4/tcp_keepalive_probes'
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 silent 60000
	background pasta host "$PASTA" -q --config-net -- "$TOOLS/peer" connect $R4 5000 keepalive 1 until "$T/go" is-reset
	wait_until keeps_alive '[0-9]'
	remote nft 'table inet f { chain c { type filter hook input priority 0; tcp dport 5000 drop; }; }'
	touch "$T/go"
	WAIT=30 finish pasta
	assert "$stderr" == "" "complaints of the client"
}

@test "tcp: a port is usable again right after its connection was closed" {
	serve remote tcp 5000 socat TCP-LISTEN:5000,fork SYSTEM:'echo x'
	in_ns bash -c "for i in 1 2 3 4 5; do
		socat -u TCP:$R4:5000,bind=:4999,reuseaddr - || exit
		while ss -Htan sport = :4999 | grep -q LAST-ACK; do :; done; done"
	assert "$output" == $'x\nx\nx\nx\nx' "answers"
}

@test "tcp: a page by curl, from the host's loopback through the tap" {
	printf 'HTTP/1.0 200 OK\r\n\r\nhello\n' > "$T/page"
	serve host tcp 5000 socat -t 5 TCP-LISTEN:5000,bind=127.0.0.1,fork \
		SYSTEM:"sed -u /^.\$/q >/dev/null; cat $T/page"
	in_ns curl -sS --max-time 5 "http://$G4:5000/"
	assert "$output" == hello "page"
}
