# SPDX-License-Identifier: Apache-2.0
#
# Forwarded ports on one address or interface, UDP above all; rules that lead to the namespace's
# loopback; addresses that the host gets later; sets of ports.

load helpers
load ports

B6=2001:db8:1::7 # a second address of the host

# adds ADDR: the host gets it, and remote knows where it is
adds() {
	case $1 in
	*:*)
		host ip address add "$1/64" dev v0 nodad
		remote ip neighbour add "$1" lladdr 02:00:00:00:00:01 dev v0
		;;
	*) host ip address add "$1/24" dev v0 ;;
	esac
}

udp_refused() {
	output=$("$1" "$TOOLS/probe" udp "$2" "${3:-5000}")
	assert "$output" =~ ^ECONNREFUSED "$2 port ${3:-5000}, asked by $1"
}

# udp_silent NS ADDR PORT: nothing listens where it leads to, and pasta has no means to say so
udp_silent() {
	output=$("$1" "$TOOLS/probe" udp "$2" "$3" wait=300)
	assert "$output" == timeout "$2 port $3"
}

# inside_tells_at ADDR TCP4|TCP6 PORT: as inside_tells, on one address only
inside_tells_at() {
	inside_serve tcp "$3" socat -t 5 "$2-LISTEN:$3,bind=$1,fork,reuseaddr" \
		'SYSTEM:read x; echo from $SOCAT_PEERADDR on $SOCAT_SOCKADDR'
}

@test "udp: on one address of the host, IPv4, from outside and from the host" {
	adds $B4
	start_pasta --config-net -q -t none -u $B4/5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes remote $B4
	udp_echoes host $B4
	udp_refused remote $H4
	udp_refused host $H4
	udp_refused host 127.0.0.1
}

@test "udp: on one address of the host, IPv6, from outside and from the host" {
	adds $B6
	start_pasta --config-net -q -t none -u "[$B6]/5000"
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes remote $B6
	udp_echoes host $B6
	udp_refused remote $H6
	udp_refused host $H6
	udp_refused host ::1
}

@test "udp: on one address of the host's loopback" {
	start_pasta --config-net -q -t none -u 127.0.0.2/5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes host 127.0.0.2
	udp_refused host 127.0.0.1
	udp_refused remote $H4
}

@test "udp: on the host's loopback, IPv6" {
	start_pasta --config-net -q -t none -u ::1/5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes host ::1
	udp_refused host 127.0.0.1
	udp_refused remote $H6
}

@test "udp: on one interface of the host" {
	start_pasta --config-net -q -t none -u %v0/5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes remote $H4
	udp_echoes remote $H6
	udp_refused host 127.0.0.1
	udp_refused host ::1
}

@test "udp: on the loopback interface of the host" {
	start_pasta --config-net -q -t none -u %lo/5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes host 127.0.0.1
	udp_echoes host ::1
	udp_refused remote $H4
	udp_refused remote $H6
}

@test "udp: one port on two addresses, to different ports" {
	adds $B4
	start_pasta --config-net -q -t none -u $H4/5000 -u $B4/5000:6000
	inside_tells UDP4 5000
	inside_tells UDP4 6000
	udp_answers remote $H4 5000 "port 5000"
	udp_answers remote $B4 5000 "port 6000"
	udp_answers host $B4 5000 "port 6000"
}

@test "ports: to the namespace's loopback, IPv4: the rule alone opens it to the outside" {
	start_pasta --config-net -q -t 5000,5001:127.0.0.1/5000 -u none
	inside_tells_at 127.0.0.1 TCP4 5000
	tcp_answers remote $H4 5001 "on 127.0.0.1"
	tcp_answers host 127.0.0.1 5001 "on 127.0.0.1"
	remote timeout 5 "$TOOLS/peer" connect $H4 5000 is-reset
	host timeout 5 "$TOOLS/peer" connect 127.0.0.1 5000 is-reset
}

@test "ports: to the namespace's loopback, IPv6: the rule alone opens it to the outside" {
	start_pasta --config-net -q -t "5000,5001:[::1]/5000" -u none
	inside_tells_at '[::1]' TCP6 5000
	tcp_answers remote "[$H6]" 5001 "on [0000:0000:0000:0000:0000:0000:0000:0001]"
	tcp_answers host "[::1]" 5001 "on [0000:0000:0000:0000:0000:0000:0000:0001]"
	remote timeout 5 "$TOOLS/peer" connect $H6 5000 is-reset
	host timeout 5 "$TOOLS/peer" connect ::1 5000 is-reset
}

@test "ports: to the same port of the namespace's loopback" {
	start_pasta --config-net -q -t 5000:127.0.0.1,5001:127.0.0.2/5001 -u none
	inside_tells_at 127.0.0.1 TCP4 5000
	inside_tells_at 127.0.0.2 TCP4 5001
	tcp_answers remote $H4 5000 "on 127.0.0.1"
	tcp_answers remote $H4 5001 "on 127.0.0.2"
}

@test "udp: to the namespace's loopback, IPv4: the rule alone opens it to the outside" {
	start_pasta --config-net -q -t none -u 5000,5001:127.0.0.1/5000
	inside_serve udp 5000 socat UDP4-LISTEN:5000,bind=127.0.0.1,fork EXEC:cat
	udp_echoes remote $H4 5001
	udp_echoes host 127.0.0.1 5001
	udp_silent remote $H4 5000
}

@test "udp: to the namespace's loopback, IPv6: the rule alone opens it to the outside" {
	start_pasta --config-net -q -t none -u "5000,5001:[::1]/5000"
	inside_serve udp 5000 socat 'UDP6-LISTEN:5000,bind=[::1],fork' EXEC:cat
	udp_echoes remote $H6 5001
	udp_echoes host ::1 5001
	udp_silent remote $H6 5000
}

@test "udp: to the namespace's loopback: answers leave from the address that was asked" {
	adds $B4
	start_pasta --config-net -q -t none -u 5000:127.0.0.1
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes remote $B4
	udp_echoes remote $H4
}

@test "ports: --freebind: an address that comes later is served, TCP and UDP, IPv4" {
	start_pasta --config-net -q --freebind -t $B4/5000 -u $B4/5000
	inside_tells TCP4 5000
	inside_serve udp 5000 socat UDP4-LISTEN:5000,fork EXEC:cat
	adds $B4
	tcp_answers remote $B4 5000 "from $R4"
	udp_echoes remote $B4
	udp_echoes host $B4
	refused remote $H4 5000
}

@test "ports: --freebind: an address that comes later is served, TCP and UDP, IPv6" {
	start_pasta --config-net -q --freebind -t "[$B6]/5000" -u "[$B6]/5000"
	inside_tells TCP6 5000
	inside_serve udp 5000 socat UDP6-LISTEN:5000,fork EXEC:cat
	adds $B6
	tcp_answers remote "[$B6]" 5000 "from [2001:0db8:0001:0000:0000:0000:0000:0003]"
	udp_echoes remote $B6
	udp_echoes host $B6
	refused remote $H6 5000
}

@test "ports: --freebind: an address that goes and comes back is served again" {
	adds $B4
	start_pasta --config-net -q --freebind -t $B4/5000 -u none
	inside_tells TCP4 5000
	tcp_answers remote $B4 5000
	host ip address delete $B4/24 dev v0
	adds $B4
	tcp_answers remote $B4 5000
}

@test "ports: a range beside auto limits it, first and last included" {
	start_pasta --config-net -q -t 8000-8010,auto -u none -T none
	local port
	for port in 7999 8011 8000 8010; do
		inside_tells TCP4 $port
	done
	wait_until tcp_answers remote $H4 8010 # the last one: the others were seen by then
	tcp_answers remote $H4 8000 "port 8000"
	refused remote $H4 7999
	refused remote $H4 8011
	refused remote $H4 8005
}

@test "ports: a range to a range of eleven, TCP and UDP: both ends, and nothing beside" {
	start_pasta --config-net -q -t 5000-5010:6000-6010 -u 5000-5010:6000-6010
	local port
	for port in 6000 6010; do
		inside_tells TCP4 $port
		inside_tells UDP4 $port
		tcp_answers remote $H4 $((port - 1000)) "port $port"
		udp_answers remote $H4 $((port - 1000)) "port $port"
	done
	refused remote $H4 4999
	refused remote $H4 5011
	udp_refused remote $H4 5011
}

@test "ports: nothing at all means all" {
	host bash -c 'echo "2000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	start_pasta --config-net -q -t '' -u none
	inside_tells TCP4 1234
	tcp_answers remote $H4 1234
	assert "$(host ss -Hntl | wc -l)" -eq 1999 "ports that are open"
}

@test "ports: an interface and nothing after it means all" {
	host bash -c 'echo "2000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	start_pasta --config-net -q -t %v0/ -u none
	inside_tells TCP4 1234
	inside_tells TCP6 1999
	tcp_answers remote $H4 1234
	tcp_answers remote "[$H6]" 1999
	refused remote $H4 2000
	refused host 127.0.0.1 1234
}

@test "udp: answers leave from the address that was asked, IPv6" {
	adds $B6
	start_pasta --config-net -q -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes remote $B6
	udp_echoes remote $H6
	asks remote "UDP:[$B6]:5000,sourceport=43000"
	assert "$output" == x "one client port, second address"
	asks remote "UDP:[$H6]:5000,sourceport=43000"
	assert "$output" == x "one client port, first address"
	udp_echoes host $B6
}

@test "ports: the client keeps its port, IPv6, TCP and UDP" {
	start_pasta --config-net -q -t 5000 -u 5000
	inside_tells TCP6 5000
	inside_tells UDP6 5000
	asks remote "TCP:[$H6]:5000,sourceport=41234"
	assert "$output" contains "by 41234" "what the TCP server sees"
	asks remote "UDP:[$H6]:5000,sourceport=41235"
	assert "$output" contains "by 41235" "what the UDP server sees"
}

# refuses OPTION VALUE ARGS: with 128 descriptors; that option and value are named
refuses() {
	run_limited 1 128 --config-net -q -u none "${@:3}" -- true
	assert "$stderr" =~ "^pasta: $1 '$2': [^"$'\n'"]* [(]RLIMIT_NOFILE is too low[)]$" "one line"
}

@test "ports: named ports that leave too few descriptors for all else are one line" {
	local last
	for last in 5065 5110 5111 5115 5118 5122 5124 5127; do
		refuses --tcp-ports 5001-$last -t 5001-$last -T none
	done
	refuses --tcp-ports 5001-5060 -t 4000-4003 -t 5001-5060 -t 6000 -T none
	refuses --tcp-ns 6001-6030 -t 5001-5040 -T 6001-6030 -U none
	run_limited 0 128 --config-net -q -u none -t 5001-5064 -T none -- true
	assert "$stderr" == "pasta: warning: ports take 64 of the 128 descriptors that RLIMIT_NOFILE allows: 0 are left for connections (raise its hard limit, or name fewer ports)" "as many as there may be"
}
