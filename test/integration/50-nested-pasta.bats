# SPDX-License-Identifier: Apache-2.0
#
# pasta in a namespace that pasta made: two and three of them, one in the other, as a regular user.
# Every level copies addresses and routes from the one around it, so that they are the same everywhere.

load lib

P=(pasta --config-net --quiet)
CLOSED=(-t none -u none -T none -U none)

# levels N [CMD]: run it N levels deep, no ports open on the way
levels() {
	local n=$1 cmd=()
	shift
	while ((n-- > 0)); do
		cmd+=("${P[@]}" "${CLOSED[@]}" --)
	done
	capture user "${cmd[@]}" "$@"
	assert "$status" == 0 "exit status ($stderr)"
	assert "$stderr" == "" "complaints"
}

# start_levels ARGS -- ARGS [-- ARGS]: pastas with these options, one in the other; `deep` runs
# things in the innermost, also as a place for `serve`
start_levels() {
	local cmd=("${P[@]}") word
	for word; do
		[[ $word == -- ]] && cmd+=(-- "${P[@]}") || cmd+=("$word")
	done
	background levels user "${cmd[@]}" -- sh -c 'touch "$0/up"; exec sleep infinity' "$T"
	wait_until test -e "$T/up" || { cat "$T/levels.err"; return 1; }
	wait_until eval 'DEEP=$(pgrep -x sleep -u u)' # the shell is still about to become it
}
deep() { user nsenter -t "$DEEP" --user --preserve-credentials --net -- "$@"; }

connect_all() {
	levels "$1" bash -c 'set -e
		curl -gsS --max-time 5 http://198.51.100.3/ "http://[2001:db8:1::3]/" http://www.outside.example/
		ping -c1 -W2 198.51.100.3
		ping -c1 -W2 2001:db8:1::3
		dig +short +tries=1 -4 www.outside.example'
	assert "$(grep -cx outside <<< "$output")" -eq 3 "pages: $output"
	assert "$(grep -c "1 received" <<< "$output")" -eq 2 "pings: $output"
	assert "$(tail -n 1 <<< "$output")" == 198.51.100.3 "name"
	nothing_left
}

@test "nested: two levels: TCP, UDP, ping and names" { connect_all 2; }

@test "nested: three levels: TCP, UDP, ping and names" { connect_all 3; }

@test "nested: the addresses are the same at each level" {
	levels 3 ip -brief address show v0
	assert "$output" contains $HOST4/24 "addresses"
	assert "$output" contains $HOST6/64 "addresses"
}

@test "nested: ten million bytes come through three levels unchanged" {
	head -c 10000000 /dev/urandom > "/run/www/${T##*/}"
	levels 3 bash -c "curl -sS --max-time 30 http://198.51.100.3/${T##*/} | sha256sum"
	assert "$output" == "$(sum_of "/run/www/${T##*/}")" "sum"
}

@test "nested: a port is published through two levels, TCP and UDP" {
	start_levels -t 8080:8081 -u 8080:8081 -- -t 8081:80 -u 8081:80
	serve deep tcp 80 socat TCP6-LISTEN:80,ipv6only=0,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR'
	# ::ffff:198.51.100.3, as socat writes it
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" contains ffff:c633:6403 "client's address"
	assert "$(outside socat -t2 -u "TCP:[$HOST6]:8080" -)" contains "[2001:0db8:0001:0000:0000:0000:0000:0003]" \
		"client's address"
	mv "$T/server-80.pid" "$T/tcp-80.pid"
	serve deep udp 80 socat UDP4-LISTEN:80,fork,reuseaddr SYSTEM:'read -r line; echo served'
	output=$(outside bash -c "exec 3<>/dev/udp/$HOST4/8080; echo hello >&3; timeout 5 head -n 1 <&3")
	assert "$output" == served "UDP"
}

@test "nested: a port is published through three levels, and to the host's loopback" {
	start_levels -t 8080 -u none -- -t 8080 -u none -- -t 8080 -u none
	serve deep tcp 8080 socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo served'
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" == served "outside"
	assert "$(host socat -t2 -u TCP:127.0.0.1:8080 -)" == served "host"
}

@test "nested: automatic ports reach through two levels" {
	start_levels -T none -U none -- -T none -U none
	serve deep tcp 8080 socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8080
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" == served "outside"
}

@test "nested: the gateway is the loopback of the level around, not of the host" {
	serve host tcp 5001 socat TCP4-LISTEN:5001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo host'
	levels 1 socat -t2 -u TCP:198.51.100.2:5001 -
	assert "$output" == host "one level"
	capture user "${P[@]}" "${CLOSED[@]}" -- "${P[@]}" "${CLOSED[@]}" -- timeout 3 socat -u TCP:198.51.100.2:5001 -
	assert "$output" == "" "two levels"
	assert "$status" -ne 0 "exit status"
}

@test "nested: --dns-forward at each level leads to the host's resolver" {
	capture user "${P[@]}" --dns-forward 192.0.2.53 -- "${P[@]}" --dns-forward 192.0.2.54 \
		--dns-host 192.0.2.53 -- dig +short +tries=1 @192.0.2.54 www.outside.example
	assert "$output" == 198.51.100.3 "answer ($stderr)"
}

@test "nested: a resolver on the host's loopback is found by automatic ports, two levels deep" {
	serve host udp 53 dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts --no-resolv \
		--listen-address=127.0.0.1 --bind-interfaces --pid-file --address=/loop.example/192.0.2.1
	capture user "${P[@]}" -- "${P[@]}" -- bash -c '
		for i in {1..50}; do
			dig +short +tries=1 +timeout=1 @127.0.0.1 www.loop.example | grep -F 192.0.2.1 && exit
		done; exit 1'
	assert "$output" == 192.0.2.1 "answer ($stderr)"
}

@test "nested: the exit status comes through three levels" {
	capture user "${P[@]}" -- "${P[@]}" -- "${P[@]}" -- sh -c 'exit 42'
	assert "$status" -eq 42 "exit status"
	capture user "${P[@]}" -- "${P[@]}" -- "${P[@]}" -- sh -c 'kill -USR1 $$'
	assert "$status" -eq 138 "exit status"
}

@test "nested: a pasta inside joins a namespace made inside" {
	levels 1 bash -c 'unshare --net sleep infinity &
		until [[ $(readlink /proc/$!/ns/net) != $(readlink /proc/self/ns/net) ]]; do :; done
		pasta --config-net -q -t none -u none $! && nsenter --net -t $! curl -sS http://198.51.100.3/'
	assert "$output" == outside "page"
	nothing_left
}

@test "nested: when the outermost is killed, all end, and the ports are free" {
	start_levels -t 8080 -u none -- -t 8080 -u none -- -t 8080 -u none
	kill -KILL "$(< "$T/levels.pid")"
	nothing_left
	wait_until not port_is_open host tcp 8080
	wait_until not pgrep -u u
}
