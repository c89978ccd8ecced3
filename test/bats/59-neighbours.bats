# SPDX-License-Identifier: Apache-2.0
#
# Hardware addresses of the inner side: the tap's may change, and with a bridge or a macvlan behind it
# there are several. Frames go to the one that an address is at now.

load helpers
load ports

# MACs of this test
M1=02:00:00:00:aa:01

@test "neighbours: when the tap's address has changed, connections out and in, TCP and UDP" {
	start_pasta --config-net -q -t 5000 -u 5000 -T none
	inside_tells TCP4 5000
	inside_tells UDP6 5000
	inside ip link set v0 address "$M1"
	wait_until tcp_answers remote "$H4" 5000
	wait_until udp_answers remote "[$H6]" 5000
	serve remote tcp 6000 socat TCP6-LISTEN:6000,fork SYSTEM:'read x; echo from'
	inside bash -c "echo x | socat -T2 -t2 - TCP:[$R6]:6000"
	assert "$output" contains from "answer"
}

# The tap has had more bytes than so many
received() { inside cat /sys/class/net/v0/statistics/rx_bytes && (($(< "$T/out") > $1)); }

@test "neighbours: a connection that only receives goes on when the tap's address has changed" {
	start_pasta --config-net -q -t none
	serve remote tcp 6000 "$TOOLS/peer" listen "$R4" 6000 send 1000000 until "$T/go" send 1000000 shut
	inside bash -c "$TOOLS/peer connect $R4 6000 recv 1000000 recv 1000000 eof >$T/peer 2>&1 && touch $T/done & disown"
	wait_until received 1000000
	inside ip link set v0 address "$M1"
	touch "$T/go"
	wait_until test -e "$T/done"
}

@test "neighbours: datagrams that nobody answers arrive when the tap's address has changed" {
	start_pasta --config-net -q -u 5000
	inside_serve udp 5000 socat -u UDP4-RECV:5000 "CREATE:$T/got"
	background sender remote bash -c "while :; do echo x; read -rt 0.05 <> <(:); done | socat -u - UDP4-SENDTO:$H4:5000"
	wait_until test -s "$T/got"
	inside ip link set v0 address "$M1"
	: > "$T/got"
	wait_until test -s "$T/got"
}

# another N: a namespace of its own, where within N CMD runs
another() {
	inside bash -c "unshare --net sleep infinity & echo \$! > $T/behind-$1; disown
		until [[ \$(readlink /proc/\$!/ns/net) != \$(readlink /proc/self/ns/net) ]]; do :; done"
}
within() { inside bash -c 'nsenter -t "$0" --net "$@"' "$(< "$T/behind-$1")" "${@:2}"; }

# In a namespace of its own: where the tap is, the kernel would take what is for the macvlan in any frame
@test "neighbours: the address is on a macvlan behind the tap" {
	start_pasta -q -t 5000 -T none
	another 1
	inside ip link set v0 up
	inside ip link add m0 link v0 address $M1 netns "$(< "$T/behind-1")" type macvlan mode bridge
	within 1 bash -c "ip link set m0 up; ip address add $H4/24 dev m0; ip route add default via $G4
		socat TCP4-LISTEN:5000,fork SYSTEM:'read x; echo from' </dev/null &>/dev/null & disown"
	wait_until tcp_answers remote "$H4" 5000
	serve remote tcp 6000 socat TCP4-LISTEN:6000,fork SYSTEM:'read x; echo from'
	within 1 bash -c "echo x | socat -T2 -t2 - TCP:$R4:6000"
	assert "$output" contains from "answer"
}

# behind N ADDR: a namespace of its own behind the bridge that the tap is in
behind() {
	another "$1"
	inside ip link add p$1 type veth peer name v0 netns "$(< "$T/behind-$1")"
	inside ip link set p$1 master br0 up
	within "$1" bash -c "ip link set v0 up; ip address add $2/24 dev v0; ip route add default via $G4"
}

@test "neighbours: several behind a bridge, all at once, and the forwarded port of one of them" {
	start_pasta -q -t "5000:198.51.100.21/5000" -T none
	inside bash -c "ip link add br0 type bridge; ip link set br0 up; ip link set v0 master br0 up"
	for i in 1 2 3; do behind $i 198.51.100.2$i; done
	serve remote tcp 6000 socat TCP4-LISTEN:6000,fork SYSTEM:'read x; cat'
	inside bash -c "for i in 1 2 3; do
			{ echo x; head -c 3000000 /dev/zero; } | nsenter -t \$(< $T/behind-\$i) --net \
				socat -t5 - TCP:$R4:6000 | wc -c & done; wait"
	assert "${output//$'\n'/ }" == "3000000 3000000 3000000" "bytes"
	within 1 bash -c "socat TCP4-LISTEN:5000,fork SYSTEM:'read x; echo from' </dev/null &>/dev/null & disown"
	wait_until tcp_answers remote "$H4" 5000
}
