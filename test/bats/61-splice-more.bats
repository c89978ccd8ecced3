# SPDX-License-Identifier: Apache-2.0
#
# More of the local fast path: targets of -T and -U, loopback that stays loopback, no tap at all, sets
# of ports, and automatic ones of one family.

load helpers
load ports

# tells_at ADDR PORT TEXT: a server on one address of the host
tells_at() {
	local family=4 addr=$1
	[[ $1 != *:* ]] || family=6 addr="[$1]"
	serve host tcp "$2" socat "TCP$family-LISTEN:$2,bind=$addr,fork,reuseaddr" "SYSTEM:echo $3"
}

# inside_asks ADDR PORT WANTED: what a server on the host tells
inside_asks() {
	inside socat -u "TCP:$1:$2" -
	assert "$output" == "$3" "answer of $1 port $2"
}

# inside_udp ADDR PORT: an echo, from the address that was asked
inside_udp() {
	inside "$TOOLS/probe" udp "$1" "$2"
	assert "$output" == "answer 1 bytes" "$1 port $2"
}

# inside_closed udp|tcp ADDR PORT: nothing is forwarded there
inside_closed() {
	inside "$TOOLS/probe" "$1" "$2" "$3"
	assert "$output" =~ ^ECONNREFUSED "$1, $2 port $3"
}

# inside_echoes ADDR: UDP, on one address
inside_echoes() {
	local family=4 addr=$1
	[[ $1 != *:* ]] || family=6 addr="[$1]"
	inside_serve udp 5000 socat "UDP$family-LISTEN:5000,bind=$addr,fork" EXEC:cat
}

@test "splice: -T leads to another address of the host's loopback" {
	tells_at 127.0.0.2 5000 second
	start_pasta -q --config-net -t none -T 5000:127.0.0.2,5001:127.0.0.2/5000 -U none
	inside_asks 127.0.0.1 5000 second
	inside_asks 127.0.0.1 5001 second
}

@test "splice: -T leads to the host's loopback, IPv6" {
	tells_at ::1 5000 six
	start_pasta -q --config-net -t none -T "5001:[::1]/5000" -U none
	inside_asks "[::1]" 5001 six
}

@test "splice: -T leads to an address that is not of the loopback" {
	tells_at $H4 5000 outer
	start_pasta -q --config-net -t none -T 5000:$H4 -U none
	inside_asks 127.0.0.1 5000 outer
}

@test "splice: -U leads to another address of the host's loopback" {
	serve host udp 5000 socat UDP4-LISTEN:5000,bind=127.0.0.2,fork EXEC:cat
	start_pasta -q --config-net -t none -T none -U 5000:127.0.0.2,5001:127.0.0.2/5000
	inside_udp 127.0.0.1 5000
	inside_udp 127.0.0.1 5001
}

@test "splice: -U leads to the host's loopback, IPv6" {
	serve host udp 5000 socat 'UDP6-LISTEN:5000,bind=[::1],fork' EXEC:cat
	start_pasta -q --config-net -t none -T none -U "5001:[::1]/5000"
	inside_udp ::1 5001
}

@test "splice: --host-lo-to-ns-lo: loopback stays loopback, IPv6" {
	start_pasta -q --config-net -t 5000 -T none --host-lo-to-ns-lo
	inside_serve tcp 5000 socat -t 5 'TCP6-LISTEN:5000,bind=[::1],fork' 'SYSTEM:read x; echo to $SOCAT_SOCKADDR'
	tcp_answers host "[::1]" 5000 "to [0000:0000:0000:0000:0000:0000:0000:0001]"
}

@test "splice: --host-lo-to-ns-lo: UDP to the loopback arrives there, IPv4" {
	start_pasta -q --config-net -t none -u 5000 -T none --host-lo-to-ns-lo
	inside_echoes 127.0.0.1
	udp_echoes host 127.0.0.1 5000
}

@test "splice: --host-lo-to-ns-lo: UDP to the loopback arrives there, 127.0.0.2 at 127.0.0.2" {
	start_pasta -q --config-net -t none -u 5000 -T none --host-lo-to-ns-lo
	inside_echoes 127.0.0.2
	udp_echoes host 127.0.0.2 5000
}

@test "splice: --host-lo-to-ns-lo: UDP to the loopback arrives there, IPv6" {
	start_pasta -q --config-net -t none -u 5000 -T none --host-lo-to-ns-lo
	inside_echoes ::1
	udp_echoes host ::1 5000
}

@test "splice: --host-lo-to-ns-lo: the host's own address leads to the namespace's" {
	start_pasta -q --config-net -t 5000 -T none --host-lo-to-ns-lo
	inside_tells TCP4 5000
	tcp_answers host $H4 5000 "to $H4"
	inside_tells TCP6 5000
	tcp_answers host "[$H6]" 5000 "to [2001:0db8:0001:0000:0000:0000:0000:0001]"
}

@test "splice: --splice-only forwards TCP by IPv6, both ways" {
	tells_at ::1 5001 six
	start_pasta -q --splice-only -t 5000 -T 5001
	inside_tells TCP6 5000
	tcp_answers host "[::1]" 5000
	inside_asks "[::1]" 5001 six
}

@test "splice: --splice-only forwards UDP, both ways, IPv4 and IPv6" {
	serve host udp 5001 "$TOOLS/load" serve 5001
	start_pasta -q --splice-only -t none -u 5000 -T none -U 5001
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	local addr
	for addr in 127.0.0.1 ::1; do
		udp_echoes host $addr 5000
		inside_udp $addr 5001
	done
}

@test "splice: --splice-only serves the host's own address too" {
	start_pasta -q --splice-only -t 5000 -u 5000
	inside_serve tcp 5000 "$TOOLS/load" serve 5000
	asks host "TCP:$H4:5000"
	assert "$output" == x "echo by TCP"
	udp_echoes host $H4 5000
}

@test "splice: --splice-only: connections from outside are reset, IPv4 and IPv6" {
	start_pasta -q --splice-only -t 5000 -u none
	inside_serve tcp 5000 "$TOOLS/load" serve 5000
	remote timeout 5 "$TOOLS/peer" connect $H4 5000 is-reset
	remote timeout 5 "$TOOLS/peer" connect $H6 5000 is-reset
}

@test "splice: --splice-only: datagrams from outside get no answer" {
	start_pasta -q --splice-only -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes host 127.0.0.1 5000
	output=$(remote "$TOOLS/probe" udp $H4 5000 wait=300)
	assert "$output" == timeout "outcome"
}

@test "splice: -T all leads every port that is not ephemeral to the host" {
	host bash -c 'echo "2000 65535" > /proc/sys/net/ipv4/ip_local_port_range'
	tells_at 127.0.0.1 81 first
	tells_at 127.0.0.1 1999 last
	tells_at 127.0.0.1 2000 wrong
	start_pasta -q --config-net -t none -T all -U none
	inside_asks 127.0.0.1 81 first
	inside_asks 127.0.0.1 1999 last
	inside_closed tcp 127.0.0.1 2000
	assert "$(< "$T/pasta.err")" == "" "messages"
}

@test "splice: -U with a list, a mapped range and an exclusion" {
	serve host udp 5000 "$TOOLS/load" serve 5000
	serve host udp 6001 "$TOOLS/load" serve 6001
	serve host udp 6002 "$TOOLS/load" serve 6002
	start_pasta -q --config-net -t none -T none -U 5000,5500-5502:6000-6002,~5502
	inside_udp 127.0.0.1 5000
	inside_udp ::1 5501
	inside_closed udp 127.0.0.1 5502
	inside_closed udp 127.0.0.1 6001
}

@test "splice: -U on one address of the namespace's loopback, and it stays what it is" {
	serve host udp 5000 socat UDP4-LISTEN:5000,bind=127.0.0.2,fork EXEC:cat
	start_pasta -q --config-net -t none -T none -U 127.0.0.2/5000
	inside_udp 127.0.0.2 5000
	inside_closed udp 127.0.0.1 5000
	inside_closed udp ::1 5000
}

@test "auto: IPv4-only and IPv6-only services of the host are forwarded as such" {
	tells_at 127.0.0.1 5000 four
	tells_at ::1 5001 six
	start_pasta -q --config-net -t none -T auto -U none
	wait_until inside_asks 127.0.0.1 5000 four
	wait_until inside_asks "[::1]" 5001 six
	inside_closed tcp ::1 5000
	inside_closed tcp 127.0.0.1 5001
}

@test "auto: IPv4-only and IPv6-only UDP services of the host are forwarded as such" {
	serve host udp 5000 socat UDP4-LISTEN:5000,bind=127.0.0.1,fork EXEC:cat
	serve host udp 5001 socat 'UDP6-LISTEN:5001,bind=[::1],fork' EXEC:cat
	start_pasta -q --config-net -t none -T none -U auto
	wait_until inside_udp 127.0.0.1 5000
	wait_until inside_udp ::1 5001
	inside_closed udp ::1 5000
	inside_closed udp 127.0.0.1 5001
}
