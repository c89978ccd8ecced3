# SPDX-License-Identifier: Apache-2.0
#
# UDP from the namespace: datagrams of every size, segment offload, errors, TTL, path MTU.

load helpers

# echoes ADDR SIZE OPTION...: a datagram comes back in its size
echoes() {
	local addr=$1 size=$2
	shift 2
	run_pasta -q --config-net "$@" -- "$TOOLS/probe" udp "$addr" 5000 "size=$size"
	assert "$output" == "answer $size bytes" "echo of $size bytes by $addr, $*"
}

# same_error WHAT ADDR PORT OPTION...: the namespace gets the error that the host gets
same_error() {
	local wanted=$1 expected
	shift
	expected=$(host "$TOOLS/probe" udp "$@")
	in_ns "$TOOLS/probe" udp "$@"
	assert "$output" == "$expected" "error in the namespace, $*"
	assert "$output" =~ "$wanted" "error"
}

@test "udp: datagrams from 0 to 65,507 bytes and back, MTU 65520" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	local size
	for size in 0 1 1471 1472 1473 9000 65507; do
		echoes $R4 $size
	done
}

@test "udp: datagrams from 0 to 65,507 bytes and back, MTU 1500" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	local size
	for size in 0 1 1471 1472 1473 9000 65507; do
		echoes $R4 $size -m 1500
	done
}

@test "udp: datagrams from 0 to 65,507 bytes and back, IPv6, MTU 1500 and 1280" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	local size
	for size in 0 1 1232 1233 1452 1453 65507; do
		echoes $R6 $size -m 1500
		echoes $R6 $size -m 1280
	done
}

@test "udp: fragments both ways at MTU 576" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	echoes $R4 548 -4 -m 576
	echoes $R4 549 -4 -m 576
	echoes $R4 30000 -4 -m 576
}

@test "udp: datagrams out arrive with their contents" {
	local file
	file=$(payload 40000)
	serve remote udp 5000 bash -c "socat -u -b 65536 UDP6-RECVFROM:5000,ipv6only=0 - | sha256sum"
	run_pasta -q --config-net -m 1500 -- socat -u -b 65536 "OPEN:$file" UDP:$R4:5000
	finish server-5000
	assert "$output" == "$(sum_of "$file")" "checksum"
}

@test "udp: datagrams in arrive with their contents" {
	local file
	file=$(payload 40000)
	serve remote udp 5000 socat -b 65536 -t 5 UDP6-RECVFROM:5000,ipv6only=0 SYSTEM:"read -r x; exec cat $file"
	run_pasta -q --config-net -m 1500 -- bash -c "echo x | socat -b 65536 -t 5 - UDP:[$R6]:5000 | sha256sum"
	assert "$output" == "$(sum_of "$file")" "checksum"
}

@test "udp: the answer comes from the address that was asked" {
	serve host udp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "$TOOLS/probe udp $G4 5000; $TOOLS/probe udp $G6 5000"
	assert "$output" == $'answer 1 bytes\nanswer 1 bytes' "answers to connected sockets"
}

@test "udp: a burst by segment offload arrives whole and in order" {
	serve remote tcp 5000 iperf3 -s -1 -p 5000
	in_ns iperf3 -J -u -b 100M -l 1400 -t 1 -p 5000 -c $R4
	output=$(tr -d ' \t\n' <<< "$output")
	assert "$output" =~ '"lost_packets":0,' "loss"
	assert "$output" =~ '"out_of_order":0' "order"
}

has_bytes() { [[ $(stat -c %s "$T/got") == "$1" ]]; }

@test "udp: as many small datagrams as the kernel puts into one frame arrive" {
	serve remote udp 5000 socat -u UDP4-RECV:5000 "OPEN:$T/got,creat,append"
	in_ns "$TOOLS/blast" $R4 5000 10 128 128
	wait_until has_bytes 1280
}

# loses_nothing PASTA_ARGS: in. Where somebody gets no processor for a while, the kernel's buffers
# overflow: one of some tries has no loss
loses_nothing() {
	serve remote tcp 5000 iperf3 -s -p 5000
	run_pasta -q --config-net "$@" -- bash -c "for i in {1..8}; do
		iperf3 -J -u -b 10M -l 1400 -R -t 1 -p 5000 -c $R4 | jq -e '.end.sum.lost_packets == 0' && exit
	done; exit 1"
}

@test "udp: in, none is lost at a moderate rate" { loses_nothing; }
@test "udp: in without segment offload" { loses_nothing --debug-disable uso; }

@test "udp: a refused port is reported as it is on the host" {
	same_error "ECONNREFUSED from $R4" $R4 5999
	same_error "ECONNREFUSED from $R6" $R6 5999
}

@test "udp: a refused port of the host's loopback is reported as by the gateway" {
	in_ns "$TOOLS/probe" udp $G4 5999
	assert "$output" == "ECONNREFUSED from $G4" "IPv4"
	in_ns "$TOOLS/probe" udp $G6 5999
	assert "$output" == "ECONNREFUSED from $G6" "IPv6"
}

@test "udp: hosts and networks without a route" {
	host ip route add unreachable 192.0.2.0/24
	host ip -6 route add unreachable 2001:db8:dead::/48
	in_ns "$TOOLS/probe" udp 192.0.2.1 80
	assert "$output" =~ ^EHOSTUNREACH "IPv4"
	in_ns "$TOOLS/probe" udp 2001:db8:dead::1 80
	assert "$output" =~ ^EHOSTUNREACH "IPv6"
}

@test "udp: a router's complaint is passed on with the router's address" {
	remote ip route add unreachable 192.0.2.0/24
	host ip route add 192.0.2.0/24 via $R4
	same_error "EHOSTUNREACH from $R4" 192.0.2.1 80
}

@test "udp: the TTL is carried over, and its end reported" {
	serve far udp 5000 "$TOOLS/load" serve 5000
	same_error "EHOSTUNREACH from $R4" $F4 5000 ttl=1
	same_error "EHOSTUNREACH from $R6" $F6 5000 ttl=1
	in_ns "$TOOLS/probe" udp $F4 5000 ttl=2
	assert "$output" == "answer 1 bytes" "TTL 2"
}

# A sender of single datagrams hears of the path MTU with the second one at the latest
finds_mtu() {
	in_ns bash -c 'for i in 1 2 3; do "$0" udp "$1" 5000 df size=1450; done' "$TOOLS/probe" "$1"
	assert "${output##*$'\n'}" =~ ^EMSGSIZE.*mtu\ 1400$ "third try"
}

@test "udp: path MTU discovery, IPv4" {
	serve far udp 5000 "$TOOLS/load" serve 5000
	finds_mtu $F4
	in_ns "$TOOLS/probe" udp $F4 5000 df size=1372
	assert "$output" == "answer 1372 bytes" "what fits"
}

@test "udp: path MTU discovery, IPv6" {
	serve far udp 5000 "$TOOLS/load" serve 5000
	finds_mtu $F6
	in_ns "$TOOLS/probe" udp $F6 5000 df size=1352
	assert "$output" == "answer 1352 bytes" "what fits"
}

@test "udp: larger than the path's MTU without DF arrives all the same" {
	serve far udp 5000 "$TOOLS/load" serve 5000
	in_ns "$TOOLS/probe" udp $F4 5000 size=5000
	assert "$output" == "answer 5000 bytes" "IPv4"
	# in IPv6 the first one is lost on the host as well
	in_ns bash -c "$TOOLS/probe udp $F6 5000 size=5000 wait=500; $TOOLS/probe udp $F6 5000 size=5000"
	assert "${output##*$'\n'}" == "answer 5000 bytes" "IPv6"
}

@test "udp: TOS and ECN bits are carried over, IPv4 and IPv6" {
	serve remote udp 5000 socat -u UDP4-RECVFROM:5000,ip-recvtos SYSTEM:'echo $SOCAT_IP_TOS',nofork
	in_ns bash -c "echo x | socat -u - UDP4:$R4:5000,tos=185"
	finish server-5000
	assert "$output" == 185 "IPv4 TOS"
	serve remote udp 5001 socat -u UDP6-RECVFROM:5001,ipv6-recvtclass \
		SYSTEM:'echo $SOCAT_IPV6_TCLASS',nofork
	in_ns bash -c "echo x | socat -u - UDP6:[$R6]:5001,ipv6-tclass=104"
	finish server-5001
	assert "$output" == x00000068 "IPv6 traffic class"
}

@test "udp: multicast and broadcast from the namespace do no harm" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	in_ns bash -c "echo x | socat -u - UDP4-DATAGRAM:255.255.255.255:5000,broadcast
		echo x | socat -u - UDP4-DATAGRAM:198.51.100.255:5000,broadcast
		echo x | socat -u - UDP4-DATAGRAM:239.1.2.3:5000
		echo x | socat -u - UDP6-DATAGRAM:[ff02::1%v0]:5000
		$TOOLS/probe udp $R4 5000"
	assert "$output" == "answer 1 bytes" "what comes after"
}

@test "udp: a name is resolved by a server on the host's loopback, with dig" {
	serve host udp 53 dnsmasq --no-daemon --port=53 --user=root --no-resolv --no-hosts \
		--pid-file= --address=/some.example/192.0.2.7 --listen-address=127.0.0.1 --bind-interfaces
	in_ns dig +short +time=2 +tries=1 some.example "@$G4"
	assert "$output" == 192.0.2.7 "answer by UDP"
	in_ns dig +short +tcp +time=2 +tries=1 some.example "@$G4"
	assert "$output" == 192.0.2.7 "answer by TCP"
}

# what the host has sent to the remote, and in how many packets: a train is one
sent() { host cat /sys/class/net/v0/statistics/tx_"$1"; }
has_sent() { (($(sent bytes) >= $1)); }

@test "udp: what waits in the tap's queue goes out 32 datagrams a call" {
	local bytes packets
	start_pasta -q --config-net
	inside "$TOOLS/probe" udp $R4 5001 wait=100 # and the neighbours know each other
	head -c $((320 * 1400)) /dev/zero > "$T/datagrams"
	host kill -STOP "$PASTA_PID"
	inside socat -u -b 1400 "OPEN:$T/datagrams" "UDP4-SENDTO:$R4:5000"
	bytes=$(sent bytes) packets=$(sent packets)
	host kill -CONT "$PASTA_PID"
	wait_until has_sent $((bytes + 320 * 1400))
	assert $(($(sent packets) - packets)) -le $((320 / 32 + 2)) "packets"
}
