# SPDX-License-Identifier: Apache-2.0
#
# Ports of the host that are forwarded to the namespace (-t, -u): every form of the grammar, with
# real servers; what the namespace sees of a client, by the tap; what goes wrong. Local clients that
# don't take the tap have a file of their own.

load helpers
load ports

SIZE=100000000

@test "ports: one TCP port, IPv4; the client keeps its address and port" {
	start_pasta --config-net -q -t 5000
	inside_tells TCP4 5000
	asks remote "TCP:$H4:5000,sourceport=41234"
	assert "$output" == "from $R4 to $H4 port 5000 by 41234" "what the server sees"
}

@test "ports: one TCP port, IPv6; the client keeps its address" {
	start_pasta --config-net -q -t 5000
	inside_tells TCP6 5000
	tcp_answers remote "[$H6]" 5000 "from [2001:0db8:0001:0000:0000:0000:0000:0003]"
}

@test "ports: -u follows -t, the client keeps its address and port, IPv4 and IPv6" {
	start_pasta --config-net -q -t 5000
	inside_tells UDP4 5000
	asks remote "UDP:$H4:5000,sourceport=41235"
	assert "$output" =~ "from $R4 ".*" by 41235" "what the server sees"
	inside_tells UDP6 5000
	udp_answers remote "[$H6]" 5000 "from [2001:0db8:0001:0000:0000:0000:0000:0003]"
}

@test "ports: -u none stops it from following" {
	start_pasta --config-net -q -t 5000 -u none
	inside true
	assert "$(host ss -Hnul 'sport = :5000')" == "" "UDP sockets"
	assert "$(host ss -Hntl 'sport = :5000')" != "" "TCP sockets"
}

@test "ports: none" {
	start_pasta --config-net -q -t none -u none -T none -U none
	inside_tells TCP4 5000
	refused remote $H4 5000
	assert "$(host ss -Hntul)" == "" "sockets that listen"
}

@test "ports: another port in the namespace" {
	start_pasta --config-net -q -t 8080:80 -u 5353:53
	inside_tells TCP4 80
	inside_tells UDP4 53
	tcp_answers remote $H4 8080 "port 80"
	udp_answers remote $H4 5353 "port 53"
}

@test "ports: a range, and a range to another range" {
	start_pasta --config-net -q -t 5000-5002,6000-6002:7000-7002 -u none
	inside_tells TCP4 5002
	inside_tells TCP4 7001
	tcp_answers remote $H4 5002 "port 5002"
	tcp_answers remote $H4 6001 "port 7001"
	refused remote $H4 5003
	refused remote $H4 7001
}

@test "ports: to an address in the namespace" {
	start_pasta --config-net -q -t 5000:192.0.2.9,5001:192.0.2.9/6001 -u none
	inside ip address add 192.0.2.9/32 dev lo
	inside_tells TCP4 5000
	inside_tells TCP4 6001
	tcp_answers remote $H4 5000 "to 192.0.2.9 port 5000"
	tcp_answers remote $H4 5001 "to 192.0.2.9 port 6001"
}

@test "ports: to an IPv6 address in the namespace, with and without brackets" {
	start_pasta --config-net -q -t "5000:[2001:db8:9::9]/6000,5001:2001:db8:9::9" -u none
	inside ip address add 2001:db8:9::9/128 dev lo nodad
	inside_tells TCP6 6000
	inside_tells TCP6 5001
	tcp_answers remote "[$H6]" 5000 "port 6000"
	tcp_answers remote "[$H6]" 5001 "port 5001"
	refused remote $H4 5000
}

@test "ports: on one address of the host, IPv4" {
	host ip address add $B4/24 dev v0
	start_pasta --config-net -q -t $B4/5000 -u none
	inside_tells TCP4 5000
	tcp_answers remote $B4 5000
	refused remote $H4 5000
}

@test "ports: on one address of the host, IPv6, with and without brackets" {
	start_pasta --config-net -q -t $H6/5000 -t "[$H6]/5001" -u none
	inside_tells TCP6 5000
	inside_tells TCP6 5001
	tcp_answers remote "[$H6]" 5000
	tcp_answers remote "[$H6]" 5001
	refused remote $H4 5000
}

@test "ports: one port on two addresses, to different ports" {
	host ip address add $B4/24 dev v0
	start_pasta --config-net -q -t $H4/5000 -t $B4/5000:6000 -u none
	inside_tells TCP4 5000
	inside_tells TCP4 6000
	tcp_answers remote $H4 5000 "port 5000"
	tcp_answers remote $B4 5000 "port 6000"
}

@test "ports: on one interface of the host" {
	start_pasta --config-net -q -t %v0/5000 -t ::%lo/5001 -u none
	inside_tells TCP4 5000
	tcp_answers remote $H4 5000
	refused host 127.0.0.1 5000
	refused remote $H4 5001
}

@test "ports: on an address and an interface" {
	start_pasta --config-net -q -t $H4%v0/5000 -u none
	inside_tells TCP4 5000
	tcp_answers remote $H4 5000
	assert "$(host ss -Hntl 'sport = :5000')" contains "$H4%v0:5000" "what it listens on"
}

@test "ports: on a link-local address" {
	local ll
	ll=$(host ip -6 -brief address show dev v0 scope link | grep -o 'fe80[^/]*')
	start_pasta --config-net -q -t "$ll%v0/5000" -u none
	inside_tells TCP6 5000
	remote ip -6 route replace fe80::/64 dev v0
	host ip -6 route replace fe80::/64 dev v0
	output=$(remote timeout 5 bash -c "exec 3<> '/dev/tcp/$ll%v0/5000'; echo x >&3; cat <&3")
	assert "$output" contains "from [fe80" "what the server sees"
}

@test "ports: several options add up" {
	start_pasta --config-net -q -t 5000 -t 5001:6001 -t 5002-5003 -u 5000 -u 5009
	inside_tells TCP4 6001
	tcp_answers remote $H4 5001 "port 6001"
	local port
	for port in 5000 5001 5002 5003; do
		assert "$(host ss -Hntl "sport = :$port")" != "" "TCP port $port"
	done
	for port in 5000 5009; do
		assert "$(host ss -Hnul "sport = :$port")" != "" "UDP port $port"
	done
	assert "$(host ss -Hnul 'sport = :5001')" == "" "UDP port 5001"
}

@test "ports: exclusions win" {
	start_pasta --config-net -q -t 5000-5010,~5005 -t ~5007-5008 -u none
	inside true
	local port
	for port in 5005 5007 5008; do
		refused remote $H4 $port
	done
	assert "$(host ss -Hntl | wc -l)" -eq 8 "ports that are open"
}

@test "ports: only an exclusion means all others but the ephemeral ones" {
	host bash -c 'echo "2000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	start_pasta --config-net -q -t ~1000-1009 -u none
	inside true
	assert "$(host ss -Hntl | wc -l)" -eq 1989 "ports that are open"
	inside_tells TCP4 999
	tcp_answers remote $H4 999
	refused remote $H4 1005
	refused remote $H4 2000
}

@test "ports: all leaves out what is taken and what is ephemeral, without a word" {
	host bash -c 'echo "3000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	serve host tcp 2500 "$TOOLS/load" serve 2500
	start_pasta --config-net -q -t all
	inside_tells TCP4 2999
	inside_tells UDP4 2999
	tcp_answers remote $H4 2999
	udp_answers remote $H4 2999
	refused remote $H4 3000
	assert "$(< "$T/pasta.err")" == "" "messages"
}

@test "ports: all to an address in the namespace" {
	host bash -c 'echo "2000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	start_pasta --config-net -q -t all:192.0.2.9 -u none
	inside ip address add 192.0.2.9/32 dev lo
	inside_tells TCP4 1234
	tcp_answers remote $H4 1234 "to 192.0.2.9 port 1234"
	refused remote "$H6" 1234
}

@test "ports: an address and nothing after it means all" {
	host bash -c 'echo "2000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	start_pasta --config-net -q -t $H4/ -u none
	inside_tells TCP4 1234
	tcp_answers remote $H4 1234
	assert "$(host ss -Hntl | wc -l)" -eq 1999 "ports that are open"
}

@test "ports: too few descriptors for all of them is said, and leaves some for connections" {
	start_pasta_limited 2000 --config-net -q -t all -u none
	inside_tells TCP4 999
	assert "$(< "$T/pasta.err")" =~ "RLIMIT_NOFILE allows 2000" "warning"
	tcp_answers remote $H4 999
}

@test "ports: connections wait while there are no descriptors, and it costs nothing" {
	start_pasta_limited 200 --config-net -q -t 5000 -u none -T none -U none
	inside_serve tcp 5000 "$TOOLS/load" serve 5000
	mkfifo "$T/hold"
	remote "$TOOLS/load" open $H4 5000 400 < "$T/hold" > "$T/opened" 2>&1 &
	exec {HOLD}<> "$T/hold"
	wait_until grep -q "have to wait" "$T/pasta.err"
	local before
	before=$(cpu_us "$PASTA_PID")
	pass_seconds 2
	assert $(($(cpu_us "$PASTA_PID") - before)) -le 100000 "microseconds of CPU in 2 seconds"
	exec {HOLD}>&-
}

@test "ports: COMMAND keeps the caller's limit on descriptors, and none of ours" {
	local before
	before=$(host bash -c 'ulimit -n; ulimit -Hn')
	run_pasta --config-net -q -t 5000-5100 -- bash -c 'ulimit -n; ulimit -Hn
		ls /proc/$$/fd > "$0"; wc -l < "$0"' "$T/descriptors" # a pipe would be one more
	assert "$output" == "$before"$'\n3' "limits, and descriptors"
}

@test "ports: a local client, by the tap, comes from the gateway" {
	start_pasta --config-net -q -t 5000 --no-splice
	inside_tells TCP4 5000
	inside_tells UDP4 5000
	tcp_answers host 127.0.0.1 5000 "from $G4 to $H4"
	tcp_answers host $H4 5000 "from $G4 to $H4"
	udp_answers host 127.0.0.1 5000 "from $G4"
	inside_tells TCP6 5000
	tcp_answers host "[::1]" 5000 "from [2001:0db8:0001:0000:0000:0000:0000:0002]"
}

@test "ports: a local client, by the tap, comes from the addresses that were asked for" {
	start_pasta --config-net -q -t 5000 -u 5000 --no-splice --map-host-loopback 192.0.2.1 \
		--map-guest-addr 192.0.2.2
	inside_tells TCP4 5000
	inside_tells UDP4 5000
	tcp_answers host 127.0.0.1 5000 "from 192.0.2.1 to $H4"
	tcp_answers host $H4 5000 "from 192.0.2.2 to $H4"
	udp_answers host 127.0.0.1 5000 "from 192.0.2.1"
	udp_answers host $H4 5000 "from 192.0.2.2"
}

@test "ports: --map-guest-addr leads to the host's own address" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	run_pasta --config-net -q -t none --map-guest-addr 192.0.2.2 -- "$TOOLS/probe" tcp 192.0.2.2 5000
	assert "$output" == connected "connection to the host"
	run_pasta --config-net -q -t none --map-guest-addr none -- "$TOOLS/probe" tcp $H4 5000
	assert "$output" == ECONNREFUSED "connection to itself"
}

@test "ports: local clients on a host without any network" {
	host ip link delete v0
	start_pasta --config-net -q -t 5000
	inside_tells TCP4 5000
	tcp_answers host 127.0.0.1 5000 "to 169.254.2.1"
	inside_tells TCP6 5000
	tcp_answers host "[::1]" 5000 "from [fe80:0000:0000:0000:0000:0000:0000:0001]"
	inside_tells UDP6 5000
	udp_answers host "[::1]" 5000 "from [fe80:0000:0000:0000:0000:0000:0000:0001]"
}

@test "ports: nobody listens in the namespace: the client is reset at once" {
	start_pasta --config-net -q -t 5000 -u none
	inside true
	remote timeout 2 "$TOOLS/peer" connect $H4 5000 is-reset
	remote timeout 2 "$TOOLS/peer" connect $H6 5000 is-reset
	host timeout 2 "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
}

@test "ports: a SYN that the namespace did not answer is repeated" {
	start_pasta --config-net -q -t 5000 -u none
	inside_tells TCP4 5000
	inside nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 5000 drop'
	background client remote bash -c "echo x | socat -t5 - TCP:$H4:5000"
	wait_until client_is_there
	inside nft delete table inet t
	finish client
	assert "$output" contains "from $R4" "answer"
}

client_is_there() { [[ -n $(host ss -Htn 'sport = :5000') ]]; }

@test "ports: a client that gives up before the namespace has answered is forgotten" {
	start_pasta --config-net -q -t 5000 -u none
	inside nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 5000 drop'
	local before
	before=$(fd_count "$PASTA_PID")
	remote "$TOOLS/peer" connect $H4 5000 reset
	wait_until fds_are "$before"
}

@test "ports: what a client has sent arrives, though it gave up before the namespace has answered" {
	start_pasta --config-net -q -t 5000 -u none
	inside_serve tcp 5000 bash -c "$TOOLS/peer listen :: 5000 recv 1000 is-reset > $T/server 2>&1; echo \$? >> $T/server"
	inside nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 5000 drop'
	remote "$TOOLS/peer" connect $H4 5000 send 1000 reset
	inside nft delete table inet t
	wait_until test -s "$T/server"
	assert "$(< "$T/server")" == 0 "server"
}

# passes NS ADDR OPTION...: a file to the namespace and one back arrive whole
passes() {
	local ns=$1 addr=$2 file
	shift 2
	file=$(payload $SIZE)
	start_pasta --config-net -q -t 5000-5001 "$@"
	inside_serve tcp 5000 socat -b 262144 -u TCP6-LISTEN:5000,ipv6only=0 "SYSTEM:sha256sum > $T/sum,nofork"
	inside_serve tcp 5001 socat -b 262144 -u "OPEN:$file" TCP6-LISTEN:5001,ipv6only=0
	$ns socat -b 262144 -u "OPEN:$file" "TCP:$addr:5000"
	wait_until test -s "$T/sum"
	assert "$(< "$T/sum")" == "$(sum_of "$file")" "checksum in the namespace"
	output=$($ns bash -c "socat -b 262144 -u 'TCP:$addr:5001' - | sha256sum")
	assert "$output" == "$(sum_of "$file")" "checksum at the client"
}

@test "ports: 100 MB to the namespace and back, IPv4, MTU 65520" { passes remote $H4; }
@test "ports: 100 MB to the namespace and back, IPv4, MTU 1500" { passes remote $H4 -m 1500; }
@test "ports: 100 MB to the namespace and back, IPv4, MTU 576" { passes remote $H4 -4 -m 576; }
@test "ports: 100 MB to the namespace and back, IPv6, MTU 65520" { passes remote "[$H6]"; }
@test "ports: 100 MB to the namespace and back, IPv6, MTU 1280" { passes remote "[$H6]" -m 1280; }
@test "ports: 100 MB to the namespace and back, local by the tap" { passes host 127.0.0.1 --no-splice; }
@test "ports: 100 MB to the namespace and back, without SO_PEEK_OFF and TSO" {
	passes remote $H4 --debug-disable peek-off,tso
}

# conversation "CLIENT ACTIONS" "SERVER ACTIONS": both ends do as told; the server is inside
conversation() {
	start_pasta --config-net -q -t 5000 -u none
	inside_serve tcp 5000 bash -c "$TOOLS/peer listen :: 5000 $2 > $T/server 2>&1; echo \$? >> $T/server"
	remote "$TOOLS/peer" connect $H4 5000 $1
	wait_until grep -qx '[0-9]*' "$T/server"
	assert "$(tail -n 1 "$T/server")" == 0 "the server's end: $(< "$T/server")"
}

@test "ports: half-close by the client" { conversation "send 100000 shut recv 100000 eof" "recv 100000 eof send 100000 shut"; }
@test "ports: half-close by the server" { conversation "recv 100000 eof send 100000 shut" "send 100000 shut recv 100000 eof"; }
@test "ports: reset by the client" { conversation "send 10 recv 10 reset" "recv 10 send 10 is-reset"; }
@test "ports: reset by the server" { conversation "send 10 recv 10 is-reset" "recv 10 send 10 reset"; }
@test "ports: a slow server" { conversation "send 20000000 shut eof" "rcvbuf 20000 pause 1000 recv 20000000 eof shut"; }
@test "ports: a slow client" { conversation "rcvbuf 20000 pause 1000 recv 20000000 eof shut" "send 20000000 shut eof"; }

@test "ports: a full segment of the namespace is so many full ones of the host" {
	start_pasta --config-net -q -t 5000
	inside_serve tcp 5000 socat TCP-LISTEN:5000 SYSTEM:'head -c 5000000 /dev/zero && ss -tinH sport = 5000'
	output=$(remote timeout 10 socat -u TCP:$H4:5000 - | tr -d '\0')
	assert "$output" contains " mss:65160 " "in the namespace"
}
@test "ports: the server speaks first" { conversation "recv 10 send 10 shut eof" "send 10 recv 10 eof shut"; }

@test "ports: clients with equal ports to two ports that lead to one" {
	start_pasta --config-net -q -t 5000:7000 -t 5001:7000 -u none
	inside_serve tcp 7000 "$TOOLS/load" serve 7000
	background one remote socat -t3 "SYSTEM:echo one; sleep 2" "TCP:$H4:5000,sourceport=42000,reuseaddr"
	output=$(remote bash -c "echo two | socat -t2 - TCP:$H4:5001,sourceport=42000,reuseaddr")
	assert "$output" == two "the second client's echo"
	finish one
}

@test "udp: datagrams of every size from outside, and back, IPv4 and IPv6, MTU 65520 and 1500" {
	local mtu size
	start_pasta --config-net -q -u 5000 -m 1500
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	for size in 0 1 1472 1473 9000 65507; do
		output=$(remote "$TOOLS/probe" udp $H4 5000 size=$size)
		assert "$output" == "answer $size bytes" "IPv4"
		output=$(remote "$TOOLS/probe" udp $H6 5000 size=$size)
		assert "$output" == "answer $size bytes" "IPv6"
	done
}

@test "udp: answers leave from the address that was asked" {
	host ip address add $B4/24 dev v0
	start_pasta --config-net -q -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	# connected sockets: an answer from elsewhere would not arrive
	output=$(remote "$TOOLS/probe" udp $B4 5000 size=10)
	assert "$output" == "answer 10 bytes" "the second address"
	output=$(remote "$TOOLS/probe" udp $H4 5000 size=10)
	assert "$output" == "answer 10 bytes" "the first address"
	asks remote "UDP:$B4:5000,sourceport=43000"
	assert "$output" == x "one client port, second address"
	asks remote "UDP:$H4:5000,sourceport=43000"
	assert "$output" == x "one client port, first address"
}

@test "udp: a client that the namespace has sent to is known by the port it is sent to" {
	start_pasta --config-net -q -u 5000
	serve remote udp 5000 socat -u UDP4-RECV:5000,reuseaddr -
	background answer remote bash -c "until grep -q hello $T/server-5000; do :; done
		echo to-ns | socat -u - UDP4-SENDTO:$H4:5000,sourceport=5000,reuseaddr"
	inside bash -c "{ echo hello; until grep -q to-ns $T/came; do :; done; } |
		socat - UDP4-DATAGRAM:$R4:5000,bind=:5000 > $T/came"
	assert "$(< "$T/came")" == "to-ns" "what came, to the same socket"
}

@test "udp: 5,000 clients, and nothing is left of them but records" {
	start_pasta --config-net -q -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	local before
	before=$(fd_count "$PASTA_PID")
	remote "$TOOLS/load" udp_flows $H4 5000 5000
	assert "$(fd_count "$PASTA_PID")" -le $((before + 8)) "descriptors"
}

# Where somebody gets no processor for a while, the kernel's buffers overflow: there are several tries
loses_nothing() { remote iperf3 -J -u -b 10M -t 1 -l 1400 -c $H4 | jq -e '.end.sum.lost_packets == 0'; }

@test "udp: iperf3 from outside, without loss at a moderate rate" {
	start_pasta --config-net -q -t 5201
	inside_serve tcp 5201 iperf3 -s
	wait_until loses_nothing
}

@test "tcp: iperf3 from outside, both ways" {
	start_pasta --config-net -q -t 5201
	inside_serve tcp 5201 iperf3 -s
	remote iperf3 -t 1 -c $H4
	wait_until remote iperf3 -t 1 -R -c $H6 # the server may still be busy with the first
}

@test "tcp: nginx in the namespace serves the outside" {
	mkdir "$T/www"
	echo "hello from inside" > "$T/www/index.html"
	cat > "$T/nginx.conf" <<- END
		daemon off; pid $T/nginx.pid; error_log stderr; user root;
		events {}
		http { access_log off; client_body_temp_path $T/b; proxy_temp_path $T/p;
			fastcgi_temp_path $T/f; uwsgi_temp_path $T/u; scgi_temp_path $T/s;
			server { listen 80; listen [::]:80; root $T/www; } }
	END
	start_pasta --config-net -q -t 8080:80
	inside_serve tcp 80 nginx -c "$T/nginx.conf"
	assert "$(remote curl -s "http://$H4:8080/")" == "hello from inside" "IPv4"
	assert "$(remote curl -s "http://[$H6]:8080/")" == "hello from inside" "IPv6"
	assert "$(host curl -s "http://127.0.0.1:8080/")" == "hello from inside" "locally"
}

@test "dns: a server in the namespace answers the outside, UDP and TCP" {
	start_pasta --config-net -q -t 53 -u 53
	inside_serve udp 53 dnsmasq --no-daemon --conf-file=/dev/null --user=root \
		--no-resolv --no-hosts --address=/a.test/192.0.2.55 --pid-file= --dhcp-leasefile=/dev/null
	assert "$(remote dig +short +time=2 @$H4 a.test)" == 192.0.2.55 "UDP, IPv4"
	assert "$(remote dig +short +time=2 +tcp @$H4 a.test)" == 192.0.2.55 "TCP, IPv4"
	assert "$(remote dig +short +time=2 @$H6 a.test)" == 192.0.2.55 "UDP, IPv6"
}

# complains WHAT ARGS: refused with one line that has WHAT in it
complains() {
	local what=$1
	shift
	run_pasta 1 --config-net -q "$@" -- true
	assert "$stderr" contains "$what" "message for $*"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines for $*"
}

@test "ports: bad specs, one line each" {
	complains "--tcp-ports '0'" -t 0
	complains "--tcp-ports '65536'" -t 65536
	complains "--tcp-ports 'x'" -t x
	complains "--udp-ports '80,'" -u 80,
	complains "--tcp-ports '9-8'" -t 9-8
	complains "--tcp-ports '1-2:3'" -t 1-2:3
	complains "--tcp-ports '1.2.3/80'" -t 1.2.3/80
	complains "--tcp-ports '80:1.2.3.4.5/80'" -t 80:1.2.3.4.5/80
	complains "--tcp-ns 'none,80'" -T none,80
	complains "--udp-ns '~'" -U '~'
	complains "--tcp-ports '%averylonginterfacename/80'" -t %averylonginterfacename/80
	complains "--tcp-ports '239.0.0.1/80': address to listen on '239.0.0.1': not an address of one host" -t 239.0.0.1/80
	complains "--udp-ports '255.255.255.255/80'" -u 255.255.255.255/80
	complains "--tcp-ns '[ff02::1]%lo/80'" -T '[ff02::1]%lo/80'
}

@test "ports: contradictions, one line each" {
	complains "overlap" -t 5000 -t 5000
	complains "overlap" -t 5000-5010,5005
	complains "overlap" -t 5000 -t $H4/5000:6000
	complains "--tcp-ports '5000' contradicts --no-tcp" -t 5000 --no-tcp
	complains "--udp-ports '5000' contradicts --no-udp" -u 5000 --no-udp
	complains "--no-splice contradicts --host-lo-to-ns-lo" --no-splice --host-lo-to-ns-lo
	complains "--no-splice contradicts --splice-only" --no-splice --splice-only
	complains "not enabled" -4 -t "[::1]/5000"
	complains "--tcp-ports '[::]/auto': cannot listen on TCP ports: Address family not supported by protocol (this address family is not enabled)" -4 -t ::/auto
	complains "not enabled" -6 -U 127.0.0.1/auto
	complains "no port is left" -t 5000,~5000
}

@test "ports: an interface or an address that the host does not have" {
	complains "no interface 'nope0'" -t %nope0/5000
	complains "--freebind" -t 192.0.2.77/5000
	complains "--freebind" -t 192.0.2.77/auto
	complains "--udp-ports '192.0.2.77/5000-5001,auto'" -u 192.0.2.77/5000-5001,auto
	run_pasta --config-net -q -t 192.0.2.77/5000 --freebind -- true
	run_pasta --config-net -q -t 192.0.2.77/auto --freebind -- true
}

@test "ports: a port that is taken" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	complains "port 5000: Address already in use" -t 5000 -u none
	complains "port 5000: Address already in use" -t 4999-5001 -u none
	complains "UDP port 5000: Address already in use" -t none -u 5000
	complains "port 5000: Address already in use" -t $H4/5000 -u none
	run_pasta --config-net -q -t 4999-5001,~5000 -u none -- true
}

@test "ports: a port whose owner is on its way out is waited for" {
	serve host tcp 5000 socat -u TCP-LISTEN:5000 -
	background waiting host "$PASTA" --config-net -q -t 5000 -u none -- echo started
	pass_seconds 0.3 # nothing tells from outside that it has found the port taken
	host kill "$(< "$T/server-5000.pid")"
	finish waiting
	assert "$output $stderr" == "started " "output"
}

@test "ports: a UDP port that follows is waited for too" {
	serve host udp 5000 socat -u UDP-RECV:5000 -
	background waiting host "$PASTA" --config-net -q -t 5000 -- echo started
	pass_seconds 0.3 # nothing tells from outside that it has found the port taken
	host kill "$(< "$T/server-5000.pid")"
	finish waiting
	assert "$output $stderr" == "started " "output"
}

@test "ports: too few descriptors for named ports, or for any at all, is one line" {
	run_limited 1 100 --config-net -q -t 5000-5200 -- true
	assert "$stderr" =~ ^pasta:\ .*RLIMIT_NOFILE\ is\ too\ low\)$ "named"
	run_limited 1 100 --config-net -q -t 5000-5060 -- true
	assert "$stderr" =~ ^pasta:\ .*RLIMIT_NOFILE\ is\ too\ low\)$ "named, UDP"
	run_limited 1 70 --config-net -q -t all -u none -- true
	assert "$stderr" =~ ^pasta:\ .*RLIMIT_NOFILE\ is\ too\ low\)$ "all"
}

@test "ports: a privileged port names the sysctl" {
	run_unprivileged --config-net -q -t 80 -- true
	assert "$status" == 1 "exit status"
	assert "$stderr" contains "ip_unprivileged_port_start" "message"
	host bash -c 'echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start'
	run_unprivileged --config-net -q -t 80 -- true
	assert "$status" == 0 "exit status: $stderr"
}

# As a user without privileges over the host
run_unprivileged() {
	status=0
	host setpriv --inh-caps=-all --bounding-set=-net_bind_service --ambient-caps=-all \
		"$PASTA" "$@" > /dev/null 2> "$T/stderr" || status=$?
	stderr=$(< "$T/stderr")
}

@test "ports: restarted 50 times on the same ports, under traffic" {
	background traffic remote bash -c "while :; do
		timeout 2 $TOOLS/load tcp_crr $H4 5000 1 4; timeout 2 $TOOLS/load udp_rr $H4 5000 1 1; done"
	local i
	for ((i = 0; i < 50; i++)); do
		run_pasta --config-net -q -t 5000-5009 -- timeout .1 "$TOOLS/load" serve 5000 ||
			[[ $status == 124 ]]
		assert "$stderr" == "" "messages of start $i"
	done
}

@test "ports: restarted at once after the last one was killed" {
	local i
	for ((i = 0; i < 20; i++)); do
		background pasta host "$PASTA" --config-net -q -t 5000-5019 -- sleep 60
		wait_until port_is_open host tcp 5019
		host kill -KILL "$(< "$T/pasta.pid")"
		wait_until not host test -e "/proc/$(< "$T/pasta.pid")/fd/0"
		assert "$(< "$T/pasta.err")" lacks "pasta: " "messages of start $i"
		rm "$T/pasta.pid"
	done
}

@test "ports: 20,000 connections from outside, one after another, leave nothing" {
	start_pasta --config-net -q -t 5000 -u none
	inside_serve tcp 5000 "$TOOLS/load" serve 5000
	local before
	before=$(fd_count "$PASTA_PID")
	remote "$TOOLS/load" churn $H4 5000 20000 50
	wait_until fds_are "$before"
}

@test "ports: 1,000 connections from outside at once" {
	start_pasta --config-net -q -t 5000 -u none
	inside_serve tcp 5000 "$TOOLS/load" serve 5000
	output=$(remote "$TOOLS/load" open $H4 5000 1000 < /dev/null)
	assert "$output" == "1000 open" "connections"
}
