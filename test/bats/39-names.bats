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
		for at in 127.0.0.1 ::1 198.51.100.1; do
			python3 -m http.server -d "$0/www" --bind $at 5000 </dev/null &>/dev/null & disown
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
	inside_udp 127.0.0.1 5000
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
