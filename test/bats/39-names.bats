# SPDX-License-Identifier: Apache-2.0
#
# Names as they are found with no option that is about them, wherever the host's resolver is; and the
# loopback addresses that lead to it.

load helpers
load ports
load names

LOOKUPS="dig +short +time=5 +tries=1 name.test; dig +short +time=5 +tries=1 +tcp name.test
	getent hosts name.test"
FOUND=$'192.0.2.1\n192.0.2.1\n192.0.2.1 name.test'

# tells ADDR PORT TEXT: on the host, TCP
tells() { serve host tcp "$2" socat "TCP4-LISTEN:$2,bind=$1,fork,reuseaddr" "SYSTEM:echo $3"; }

# echoes ADDR PORT: on the host, UDP
echoes() { serve host udp "$2" socat "UDP4-LISTEN:$2,bind=$1,fork" EXEC:cat; }

told() { inside socat -u -T5 "TCP:$1:$2" - && [[ $output == "$3" ]]; }

# inside_udp ADDR PORT: a service on the host answers, from the address that was asked
inside_udp() {
	inside "$TOOLS/probe" udp "$1" "$2"
	assert "$output" == "answer 1 bytes" "UDP port $2 of $1"
}

# inside_reset ADDR PORT: there is no service behind it
inside_reset() {
	inside "$TOOLS/peer" connect "$1" "$2" is-reset
	assert "$status" -eq 0 "reset by port $2 of $1: $stderr"
}

@test "names: all defaults, and the host's resolver is 127.0.0.53" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< 'nameserver 127.0.0.53'
	run_pasta -q -- bash -c "$LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == "$FOUND" "with the tap down"
	run_pasta -q --config-net -- bash -c "$LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == "$FOUND" "configured"
}

@test "names: all defaults, and the host's resolver is 127.0.0.53, in a joined namespace" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< 'nameserver 127.0.0.53'
	run_pasta -q --config-net -- bash -c 'exec unshare -Urn sleep 100 & disown
		until [[ $(readlink /proc/$!/ns/net) != "$(readlink /proc/self/ns/net)" ]]; do :; done
		'"$PASTA"' -q --config-net $! && nsenter -t $! -U --preserve-credentials -n dig +short +time=5 name.test'
	assert "$output" == 192.0.2.1 "answer"
}

# The host's gateways are its resolvers, as at home, on both ports
R4=198.51.100.3 R6=2001:db8:1::3
gateways_resolve() {
	local ll=${1:-}
	R6=${ll:+fe80::ff:fe00:3%v0}
	R6=${R6:-2001:db8:1::3}
	host ip route replace default via $R4 dev v0
	host ip -6 route replace default via "${R6%%%*}" dev v0
	dns_on remote $R4 192.0.2.4
	dns_on remote $R4 192.0.2.85 853
	dns_on remote "$R6" 192.0.2.6
	printf 'nameserver %s\n' $R4 "$R6" | resolv_conf
}

# asked ADDR [PORT]: by UDP and by TCP
asked() { for t in +notcp +tcp; do echo "dig +short +time=5 +tries=1 $t -p ${2:-53} @$1 name.test;"; done; }

@test "names: the host's resolver is its gateway: ports 53 and 853, UDP and TCP, both families" {
	gateways_resolve
	run_pasta -q --config-net -- bash -c "$(asked $R4) $(asked $R4 853) $(asked $R6)"
	assert "$(xargs <<< "$output")" == "192.0.2.4 192.0.2.4 192.0.2.85 192.0.2.85 192.0.2.6 192.0.2.6" "answers"
	run_pasta -q --config-net -T none -U none -D none -- bash -c "$LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == "${FOUND//192.0.2.1/192.0.2.4}" "with resolv.conf as it is"
}

@test "names: the host's resolver is its link-local gateway" {
	gateways_resolve link-local
	run_pasta -q --config-net -- bash -c "$(asked fe80::ff:fe00:3%v0)"
	assert "$output" == $'192.0.2.6\n192.0.2.6' "answers"
	# nothing is announced, so that no address has to stand for one that can't be
	run_pasta -q --config-net -D none -- bash -c "$(asked fe80::ff:fe00:3%v0)"
	assert "$output" == $'192.0.2.6\n192.0.2.6' "answers with -D none"
}

@test "names: all other ports of a gateway that is a resolver are the host's loopback" {
	gateways_resolve
	serve host tcp 5000 socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr 'SYSTEM:echo host'
	serve host tcp 54 socat TCP6-LISTEN:54,ipv6only=0,fork,reuseaddr 'SYSTEM:echo host'
	dns 127.0.0.1 192.0.2.127
	run_pasta -q --config-net -T none -U none -- bash -c "for to in $R4:5000 [$R6]:5000 $R4:54; do
		socat -u -T5 TCP:\$to -; done; $(asked $R4)"
	assert "$(xargs <<< "$output")" == "host host host 192.0.2.4 192.0.2.4" "answers"
}

@test "names: a gateway that is no resolver means the host's loopback on port 53 too" {
	gateways_resolve
	dns 127.0.0.1 192.0.2.127
	resolv_conf <<< 'nameserver 203.0.113.9'
	run_pasta -q --config-net -- bash -c "$(asked $R4)"
	assert "$output" == $'192.0.2.127\n192.0.2.127' "answers"
}

@test "names: a resolver as --map-host-loopback, and beside a forwarding address" {
	gateways_resolve
	run_pasta -q --config-net --map-host-loopback $R4 --dns-forward 169.254.1.1 --dns-host 198.51.100.1 -- \
		bash -c "$(asked $R4)"
	assert "$output" == $'192.0.2.4\n192.0.2.4' "answers"
	dns 127.0.0.7 192.0.2.7
	run_pasta -q --config-net --dns-forward $R4 --dns-host 127.0.0.7 -- bash -c "$(asked $R4)"
	assert "$output" == $'192.0.2.7\n192.0.2.7' "answers of the resolver that was asked for"
}

@test "names: what a gateway's port 53 means follows resolv.conf" {
	gateways_resolve
	dns 127.0.0.1 192.0.2.127
	start_pasta -q --config-net
	says() { inside dig +short +time=5 +tries=1 @$R4 name.test && [[ $output == "$1" ]]; }
	says 192.0.2.4
	resolv_conf <<< 'nameserver 203.0.113.9'
	wait_until says 192.0.2.127
	resolv_conf <<< "nameserver $R4"
	wait_until says 192.0.2.4
}

ISOLATED=(-q --config-net --no-map-gw -T none -U none)

@test "names: where nothing leads to the host's loopback, COMMAND gets a resolv.conf" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'search example.org\nnameserver 127.0.0.53\noptions edns0'
	run_pasta "${ISOLATED[@]}" -- bash -c "cat /etc/resolv.conf; $LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == $'nameserver 169.254.1.1\nsearch example.org\noptions edns0\n'"$FOUND" "inside"
	run_pasta "${ISOLATED[@]}" -6 --no-pidns -- bash -c "$LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == "$FOUND" "IPv6 only"
	run_pasta -q --config-net -U none -- bash -c "head -n1 /etc/resolv.conf; $LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == $'nameserver 198.51.100.2\n'"$FOUND" "with a gateway that leads there"
	run_pasta "${ISOLATED[@]}" --dns-forward 192.0.2.53 -D none -- cat /etc/resolv.conf
	assert "$output" contains "nameserver 192.0.2.53" "the address that was asked for"
	assert "$(host cat /etc/resolv.conf)" == $'search example.org\nnameserver 127.0.0.53\noptions edns0' "the host's"
}

@test "names: COMMAND's resolv.conf where the host's is a link" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< ''
	host bash -c 'mkdir -p /run/r && echo nameserver 127.0.0.53 > /run/r/stub && ln -sf ../run/r/stub /etc/resolv.conf'
	run_pasta "${ISOLATED[@]}" -- bash -c "readlink /etc/resolv.conf; $LOOKUPS"
	assert "$(tr -s ' ' <<< "$output")" == $'../run/r/stub\n'"$FOUND" "inside"
	assert "$(host cat /run/r/stub)" == "nameserver 127.0.0.53" "the host's"
}

@test "names: COMMAND has the host's resolv.conf if it can reach a resolver, or if told so" {
	local text
	for text in 'nameserver 127.0.0.53' $'nameserver 127.0.0.53\nnameserver 203.0.113.9' ''; do
		resolv_conf <<< "$text"
		run_pasta "${ISOLATED[@]}" --no-resolv-conf -- cat /etc/resolv.conf
		assert "$output" == "$text" "--no-resolv-conf"
		run_pasta -q --config-net --no-map-gw -- cat /etc/resolv.conf
		assert "$output" == "$text" "with automatic ports"
		[[ $text == 'nameserver 127.0.0.53' ]] || run_pasta "${ISOLATED[@]}" -- cat /etc/resolv.conf
		assert "$output" == "$text" "not all of them on the loopback"
	done
}

@test "loopback: named ports take services on any address of it, at the address asked" {
	tells 127.0.0.2 5000 two
	tells 127.0.0.77 5000 many
	echoes 127.0.0.2 5001
	start_pasta -q --config-net -t none -T 5000,6001:5001
	told 127.0.0.2 5000 two
	told 127.0.0.77 5000 many
	inside_reset 127.0.0.1 5000
	inside_udp 127.0.0.2 6001
	inside_reset ::1 6001
}

@test "loopback: automatic ports are where the host's services are, and not on other addresses" {
	tells 127.0.0.2 5000 two
	echoes 127.0.0.3 5000
	start_pasta -q --config-net
	told 127.0.0.2 5000 two
	inside_udp 127.0.0.3 5000
	inside ss -Hlntu "sport = :5000"
	assert "$(awk '{ print $1, $5 }' <<< "$output" | sort)" == \
		$'tcp 127.0.0.2%lo:5000\nudp 127.0.0.3%lo:5000' "sockets"
}

@test "loopback: what the host has on all addresses is on all of the namespace's loopback" {
	tells 0.0.0.0 5000 any
	background dns host dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= \
		--port=5353 --address=/name.test/192.0.2.1
	wait_until port_is_open host udp 5353
	start_pasta -q --config-net
	told 127.0.0.1 5000 any
	told 127.0.1.1 5000 any
	inside dig +short +time=5 +tries=1 -p 5353 @127.200.0.1 name.test
	assert "$output" == 192.0.2.1 "answer"
}

@test "loopback: other addresses of the namespace's are not the host's" {
	tells 0.0.0.0 5000 host
	echoes 0.0.0.0 5000
	start_pasta -q --config-net
	inside ip address add 192.0.2.77/32 dev lo
	inside_reset 192.0.2.77 5000
	inside "$TOOLS/probe" udp 192.0.2.77 5000 wait=200
	assert "$output" == timeout "UDP"
	inside "$TOOLS/probe" tcp $H4 5000
	assert "$output" == ECONNREFUSED "on the tap"
}

@test "loopback: COMMAND can listen beside a service of the host's on another loopback address" {
	tells 127.0.0.53 5000 host
	echoes 127.0.0.53 5000
	start_pasta -q --config-net
	told 127.0.0.53 5000 host
	inside bash -c 'mkdir "$0/www" && echo inside > "$0/www/x"
		for at in 127.0.0.1 [::1] 198.51.100.1; do
			busybox httpd -f -h "$0/www" -p $at:5000 </dev/null &>/dev/null & disown
		done
		for at in 4-LISTEN:5000,bind=127.0.0.1 4-LISTEN:5000,bind=198.51.100.1 6-LISTEN:5000,bind=[::1]; do
			socat UDP$at,fork EXEC:cat </dev/null &>/dev/null & disown
		done' "$T"
	for at in 127.0.0.1 "[::1]" $H4; do
		serves() { inside curl -s "http://$at:5000/x" && [[ $output == inside ]]; }
		wait_until serves
	done
	listens_six() { inside ss -Hlntu "sport = :5000" && (($(wc -l <<< "$output") == 8)); }
	wait_until listens_six
	told 127.0.0.53 5000 host
}

@test "loopback: what COMMAND listens on first stays its own, and the rest leads to the host" {
	start_pasta -q --config-net -t none
	inside_serve tcp 5000 socat TCP4-LISTEN:5000,bind=127.0.0.2,fork,reuseaddr 'SYSTEM:echo inside'
	inside_serve udp 5000 socat UDP4-LISTEN:5000,bind=$H4,fork EXEC:cat
	tells 0.0.0.0 5000 host
	echoes 0.0.0.0 5000
	wait_until told 127.0.0.1 5000 host
	told 127.0.0.2 5000 inside
	wait_until inside_udp 127.0.0.1 5000
	inside ss -Hlnu "sport = :5000"
	assert "$output" contains "127.0.0.1%lo:5000" "sockets"
}

@test "loopback: COMMAND can bind to an interface and a port that the host has" {
	echoes 0.0.0.0 68
	start_pasta -q --config-net -I tap0
	inside_udp 127.0.0.1 68
	inside bash -c 'socat -u UDP4-RECV:68,so-bindtodevice=tap0 - </dev/null & 
		until ss -Hlnu sport = :68 | grep -q %tap0; do kill -0 $! || exit; done; kill $!'
	assert "$status" -eq 0 "bound"
}
