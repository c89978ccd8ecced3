# SPDX-License-Identifier: Apache-2.0
#
# DNS forwarding: where queries go, what happens when a resolver is silent, gone or slow, and when
# resolv.conf changes.

load helpers
load names

D4=169.254.1.1 D6=fd00:53::1 # forwarding addresses

# The same, replaced at once as careful programs do it
replace_resolv_conf() {
	cat > "$T/etc/resolv.conf.new"
	mv "$T/etc/resolv.conf.new" "$T/etc/resolv.conf"
}

# slow ADDR ANSWER [DELAY_MS]: one on UDP that takes its time
slow() {
	background "dns-$1" host "$TOOLS/resolver" "$1" 53 "${@:2}"
	wait_until port_is_open host udp 53
}

lookup() { echo "dig +short +time=${TIME:-9} +tries=1 @${*:-$D4} name.test"; }
forwarding() { run_pasta -q --config-net --dns-forward $D4 --dns-forward $D6 "$@"; }

# forwarding_takes SECONDS ANSWERS CMD...: under pasta the commands print these lines, and take so many whole
# seconds, a line each: to wait for a silent resolver is one, whatever comes at once is less. On a busy
# machine the best of several counts
forwarding_takes() {
	local round commands
	printf -v commands 'time %s; ' "${@:3}"
	for round in 1 2 3 4 5; do
		forwarding -- bash -c "TIMEFORMAT=%R; $commands"
		assert "$output" == "$2" "answers"
		[[ ${stderr//.[0-9][0-9][0-9]/} != "$1" ]] || return 0
	done
	assert "${stderr//.[0-9][0-9][0-9]/}" == "$1" "whole seconds of: $stderr"
}

@test "dns: UDP and TCP, both families, port 853 too, to a resolver on the host's loopback" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.53 192.0.2.85 853
	resolv_conf <<< 'nameserver 127.0.0.53'
	forwarding -- bash -c "$(lookup $D4); $(lookup $D4 +tcp); $(lookup $D6); $(lookup $D6 +tcp)
		$(lookup $D4 -p 853); $(lookup $D4 +tcp -p 853)"
	assert "$output" == $'192.0.2.1\n192.0.2.1\n192.0.2.1\n192.0.2.1\n192.0.2.85\n192.0.2.85' "answers"
}

@test "dns: answers come from the address and port that was asked" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< 'nameserver 127.0.0.53'
	forwarding --pcap "$T/dump" -- bash -c "$(lookup)"
	assert "$(tcpdump -n -r "$T/dump" src $D4 and src port 53 2>/dev/null)" contains 192.0.2.1 "frames"
}

@test "dns: other ports of the forwarding address do not reach the host" {
	serve host tcp 5000 "$TOOLS/load" serve 5000
	forwarding -- bash -c "timeout 2 $TOOLS/probe tcp $D4 5000 1500"
	assert "$output" != connected "TCP"
}

@test "dns: an IPv6 resolver answers for the IPv4 forwarding address if there is no other" {
	dns ::1 192.0.2.6
	resolv_conf <<< 'nameserver ::1'
	forwarding -- bash -c "$(lookup $D4); $(lookup $D6); $(lookup $D4 +tcp)"
	assert "$output" == $'192.0.2.6\n192.0.2.6\n192.0.2.6' "answers"
}

@test "dns: each family asks the first resolver of its own" {
	dns 127.0.0.53 192.0.2.4
	dns ::1 192.0.2.6
	resolv_conf <<< $'nameserver 127.0.0.53\nnameserver ::1'
	forwarding -- bash -c "$(lookup $D4); $(lookup $D6)"
	assert "$output" == $'192.0.2.4\n192.0.2.6' "answers"
}

@test "dns: --dns-host is asked instead of resolv.conf's" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.7 192.0.2.7
	dns ::1 192.0.2.6
	resolv_conf <<< 'nameserver 127.0.0.53'
	forwarding --dns-host 127.0.0.7 --dns-host ::1 -- bash -c "$(lookup $D4); $(lookup $D6)"
	assert "$output" == $'192.0.2.7\n192.0.2.6' "answers"
}

@test "dns: a scoped link-local resolver" {
	host ip address add fe80::53/64 dev v0 nodad
	slow fe80::53%v0 192.0.2.80
	resolv_conf <<< 'nameserver fe80::53%v0'
	forwarding -- bash -c "$(lookup $D6); $(lookup $D4)"
	assert "$output" == $'192.0.2.80\n192.0.2.80' "answers"
}

@test "dns: --outbound and --outbound-if4 do not keep queries from the host's loopback" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< 'nameserver 127.0.0.53'
	forwarding --outbound-if4 v0 -o 198.51.100.1 -- bash -c "$(lookup); $(lookup $D4 +tcp)"
	assert "$output" == $'192.0.2.1\n192.0.2.1' "answers"
}

@test "dns: --outbound-if4 does not keep queries from another address of the host's own" {
	host ip address add 192.0.2.53/32 dev lo
	dns 192.0.2.53 192.0.2.1
	resolv_conf <<< 'nameserver 192.0.2.53'
	forwarding --outbound-if4 v0 -- bash -c "$(lookup); $(lookup $D4 +tcp)"
	assert "$output" == $'192.0.2.1\n192.0.2.1' "answers"
}

@test "dns: a remote resolver is asked from the --outbound address" {
	host ip address add 198.51.100.44/24 dev v0
	serve remote udp 53 socat UDP4-RECVFROM:53,fork SYSTEM:'echo $SOCAT_PEERADDR >&2'
	resolv_conf <<< "nameserver $R4"
	forwarding -o 198.51.100.44 -- bash -c "$(TIME=1 lookup); true"
	assert "$(< "$T/server-53.err")" contains 198.51.100.44 "source"
}

@test "dns: the gateway leads to a loopback resolver without any option" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< 'nameserver 127.0.0.53'
	in_ns bash -c "$(lookup $G4); $(lookup $G4 +tcp)"
	assert "$output" == $'192.0.2.1\n192.0.2.1' "answers"
}

@test "dns: without a file, or a resolver in it, the host's own is asked" {
	dns 127.0.0.1 192.0.2.9
	resolv_conf <<< '# nothing'
	forwarding -- bash -c "$(lookup)"
	assert "$output" == 192.0.2.9 "empty file"
	rm "$T/etc/resolv.conf"
	forwarding -- bash -c "$(lookup)"
	assert "$output" == 192.0.2.9 "no file"
}

@test "dns: a silent resolver costs one query one second, and the next ones nothing" {
	serve host udp 53 socat -u UDP4-RECV:53,bind=127.0.0.54 /dev/null
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding_takes $'1\n0' $'192.0.2.1\n192.0.2.1' "$(lookup)" "$(lookup)"
}

@test "dns: a resolver that refuses is passed over at once, and nobody notices" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding_takes 0 192.0.2.1 "$(lookup)"
}

@test "dns: a resolver without a route is passed over" {
	dns 127.0.0.53 192.0.2.1
	host ip route add unreachable 192.0.2.53
	resolv_conf <<< $'nameserver 192.0.2.53\nnameserver 127.0.0.53'
	forwarding_takes 0 192.0.2.1 "$(lookup)"
}

# An address of which nothing ever comes back
silent_neighbour() { host ip neighbour add "$1" lladdr 02:00:00:00:00:99 dev v0; }

@test "dns: TCP, a silent resolver costs one connection one second, and the next ones nothing" {
	silent_neighbour 198.51.100.77
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 198.51.100.77\nnameserver 127.0.0.53'
	forwarding_takes $'1\n0' $'192.0.2.1\n192.0.2.1' "$(lookup $D4 +tcp)" "$(lookup $D4 +tcp)"
}

@test "dns: TCP, resolvers that refuse or have no route are passed over at once" {
	dns 127.0.0.53 192.0.2.1
	host ip route add unreachable 192.0.2.53
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 192.0.2.53\nnameserver 127.0.0.53'
	forwarding_takes 0 192.0.2.1 "$(lookup $D4 +tcp)"
}

@test "dns: TCP, all resolvers refuse, the client hears of it at once" {
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding_takes 0 ECONNREFUSED "$TOOLS/probe tcp $D4 53 3000"
}

@test "dns: TCP, the only resolver takes its time, and is waited for" {
	serve remote tcp 53 "$TOOLS/load" serve 53
	silent_neighbour $R4
	resolv_conf <<< "nameserver $R4"
	{ pass_seconds 1.5; host ip neighbour replace $R4 lladdr 02:00:00:00:00:03 dev v0; } &
	forwarding -- "$TOOLS/probe" tcp $D4 53 9000
	assert "$output" == connected "connection"
	wait $!
}

@test "dns: a resolver without port 853 keeps port 53" {
	dns 127.0.0.54 192.0.2.54
	dns 127.0.0.53 192.0.2.85 853
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding -- bash -c "$(lookup $D4 -p 853 +tcp); $(lookup $D4 +tcp); $(lookup $D4)"
	assert "$output" == $'192.0.2.85\n192.0.2.54\n192.0.2.54' "answers"
}

@test "dns: refused by all resolvers, the client hears of it at once" {
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding_takes 0 "ECONNREFUSED from $D4" "$TOOLS/probe udp $D4 53 wait=3000"
}

@test "dns: both queries of getaddrinfo() survive a silent resolver" {
	serve host udp 53 socat -u UDP4-RECV:53,bind=127.0.0.54 /dev/null
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	echo "nameserver $D4" > "$T/inside.conf"
	run_pasta -q --config-net --dns-forward $D4 -- bash -c "
		mount --bind $T/inside.conf /etc/resolv.conf
		TIMEFORMAT=%R; time getent ahosts name.test"
	assert "$output" contains 192.0.2.1 "answer"
	assert "$stderr" =~ ^[12]\. "time"
}

@test "dns: forty clients at once survive a silent resolver" {
	serve host udp 53 socat -u UDP4-RECV:53,bind=127.0.0.54 /dev/null
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding -- bash -c "for i in {1..40}; do $(lookup) & done; wait"
	assert "$(grep -c '^192.0.2.1$' <<< "$output")" -eq 40 "answers"
}

@test "dns: a slow resolver's late answer still arrives" {
	slow 127.0.0.54 192.0.2.2 1500
	resolv_conf <<< 'nameserver 127.0.0.54'
	forwarding -- bash -c "$(lookup)"
	assert "$output" == 192.0.2.2 "answer"
}

@test "dns: a resolver that is passed over comes back when it answers" {
	slow 127.0.0.54 192.0.2.2 2500 # long after it is passed over, long before it is asked again
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	forwarding -- bash -c "$(lookup); sleep 4; $(lookup)"
	assert "$output" == $'192.0.2.1\n192.0.2.1' "answers"
	assert "$(grep -c query "$T/dns-127.0.0.54")" -eq 2 "queries to the slow one"
}

change_is_followed() {
	inside bash -c "$(TIME=${TIME:-1} lookup)"
	[[ $output == "$1" ]]
}

@test "dns: another resolv.conf, written in place and by renaming" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.7 192.0.2.7
	resolv_conf <<< 'nameserver 127.0.0.53'
	start_pasta -q --config-net --dns-forward $D4
	wait_until change_is_followed 192.0.2.1
	echo 'nameserver 127.0.0.7' > "$T/etc/resolv.conf"
	wait_until change_is_followed 192.0.2.7
	replace_resolv_conf <<< 'nameserver 127.0.0.53'
	wait_until change_is_followed 192.0.2.1
	rm "$T/etc/resolv.conf"
	pass_seconds 0.3
	TIME=9 change_is_followed 192.0.2.1 || return 1
	stop_pasta
	assert "$stderr" == "" "complaints"
}

@test "dns: another resolv.conf: a program that always asks from one port asks the new one, while the old one answers" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.54 192.0.2.2
	resolv_conf <<< "nameserver 127.0.0.53"
	start_pasta -q --config-net --dns-forward $D4
	asks_from_one_port() { inside dig +short +time=1 +tries=1 -b 0.0.0.0#4321 @$D4 name.test && [[ $output == "$1" ]]; }
	wait_until asks_from_one_port 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	wait_until asks_from_one_port 192.0.2.2
}

@test "dns: another resolv.conf where inotify is refused, as to a user with too many containers" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.7 192.0.2.7
	resolv_conf <<< 'nameserver 127.0.0.53'
	host bash -c 'echo 0 > /proc/sys/user/max_inotify_instances'
	start_pasta --config-net --dns-forward $D4
	wait_until grep -q "'/etc/resolv.conf' is looked at every 5 seconds: inotify: Too many" "$T/pasta.err"
	echo 'nameserver 127.0.0.7' > "$T/etc/resolv.conf"
	WAIT=30 wait_until change_is_followed 192.0.2.7
	stop_pasta
	assert "$(grep -c inotify <<< "$stderr")" -eq 1 "lines"
}

@test "dns: another resolv.conf, where the gateway leads to the resolver unasked" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.7 192.0.2.7
	resolv_conf <<< 'nameserver 127.0.0.53'
	start_pasta -q --config-net
	D4=$G4 wait_until change_is_followed 192.0.2.1
	echo 'nameserver 127.0.0.7' > "$T/etc/resolv.conf"
	D4=$G4 wait_until change_is_followed 192.0.2.7
}

@test "dns: the summary tells what is announced" {
	resolv_conf <<< $'nameserver 192.0.2.53\nnameserver 127.0.0.53\nsearch a.test b.test'
	run_pasta --config-net --dhcp-dns --dhcp-search -- true
	assert "$stderr" contains "announced resolvers: 192.0.2.53 $G4"$'\n' "resolvers"
	assert "$stderr" contains "announced search domains: a.test b.test" "domains"
	run_pasta --config-net -- true
	assert "$stderr" lacks announced "without announcing"
}

@test "dns: a symbolic link, its target replaced, and another link" {
	dns 127.0.0.53 192.0.2.1
	dns 127.0.0.7 192.0.2.7
	resolv_conf <<< ''
	host mkdir /run/resolve
	host bash -c 'echo nameserver 127.0.0.53 > /run/resolve/stub.conf'
	rm "$T/etc/resolv.conf"
	ln -s ../run/resolve/stub.conf "$T/etc/resolv.conf"
	start_pasta -q --config-net --dns-forward $D4
	wait_until change_is_followed 192.0.2.1
	host bash -c 'echo nameserver 127.0.0.7 > /run/resolve/new; mv /run/resolve/new /run/resolve/stub.conf'
	wait_until change_is_followed 192.0.2.7
	host bash -c 'mkdir /run/other; echo nameserver 127.0.0.53 > /run/other/conf'
	ln -s /run/other/conf "$T/etc/resolv.conf.new"
	mv "$T/etc/resolv.conf.new" "$T/etc/resolv.conf"
	wait_until change_is_followed 192.0.2.1
	host bash -c 'echo nameserver 127.0.0.7 > /run/other/conf'
	wait_until change_is_followed 192.0.2.7
}

@test "dns: a dangling link whose directory comes later" {
	dns 127.0.0.1 192.0.2.1
	dns 127.0.0.7 192.0.2.7
	resolv_conf <<< ''
	rm "$T/etc/resolv.conf"
	ln -s /run/late/er/conf "$T/etc/resolv.conf"
	start_pasta -q --config-net --dns-forward $D4
	wait_until change_is_followed 192.0.2.1
	host mkdir -p /run/late/er
	host bash -c 'echo nameserver 127.0.0.7 > /run/late/er/conf'
	wait_until change_is_followed 192.0.2.7
}

@test "dns: a slow name sends nobody's queries to the next resolver" {
	background silent host socat -u UDP4-RECV:5353,bind=127.0.0.9 -
	background dns-slow host dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= \
		--bind-interfaces --listen-address=127.0.0.7 --address=/name.test/192.0.2.7 \
		--server=/slow.test/127.0.0.9#5353
	dns 127.0.0.8 192.0.2.8
	resolv_conf <<< $'nameserver 127.0.0.7\nnameserver 127.0.0.8'
	wait_until host dig +short +time=1 +tries=1 @127.0.0.7 name.test
	forwarding -- bash -c "dig +time=4 +tries=1 @$D4 slow.test >/dev/null &
		while kill -0 \$! 2>/dev/null; do $(lookup); done | sort -u; $(lookup)"
	assert "$output" == $'192.0.2.7\n192.0.2.7' "answers while another one waits, and later"
}

@test "dns: when all resolvers have failed, one that is back is asked soon" {
	background silent host socat -u UDP4-RECV:53,bind=127.0.0.7 -
	wait_until port_is_open host udp 53
	resolv_conf <<< $'nameserver 127.0.0.7\nnameserver 127.0.0.8'
	start_pasta -q --config-net --dns-forward $D4
	inside dig +time=4 +tries=1 @$D4 name.test
	assert "$status" -ne 0 "neither is there"
	dns 127.0.0.8 192.0.2.8
	answers() { inside dig +short +time=2 +tries=1 @$D4 name.test && [[ $output == 192.0.2.8 ]]; }
	WAIT=20 wait_until answers
}

@test "dns: the process that watches is locked in, and leaves with pasta" {
	resolv_conf <<< 'nameserver 127.0.0.53'
	start_pasta -q --config-net --dns-forward $D4
	inside true
	locks_in pasta-resolv 0000000000000000
	stop_pasta
	wait_until not host pgrep -x pasta-resolv
}

# start_ms COUNT ARGS: how long so many starts take
start_ms() {
	local begin=${EPOCHREALTIME/./} count=$1 i
	shift
	for ((i = 0; i < count; i++)); do
		host "$PASTA" -q --config-net "$@" -- true
	done
	echo $(((${EPOCHREALTIME/./} - begin) / 1000))
}

@test "dns: the process that watches costs a short life little" {
	local without=60000 with=60000 took
	resolv_conf <<< 'nameserver 127.0.0.53'
	for _ in {1..6}; do # in turn, the fastest of each, as the machine may be busy with other things
		took=$(start_ms 5 --no-map-gw)
		((took >= without)) || without=$took
		took=$(start_ms 5 --no-map-gw --dns-forward $D4)
		((took >= with)) || with=$took
	done
	assert "$with" -lt $((without * 17 / 10)) "milliseconds for 5 starts, against $without"
}

@test "dns: a change in the first moments is seen, too" {
	dns 127.0.0.7 192.0.2.7
	resolv_conf <<< 'nameserver 127.0.0.53'
	start_pasta -q --config-net --dns-forward $D4
	replace_resolv_conf <<< 'nameserver 127.0.0.7'
	wait_until change_is_followed 192.0.2.7
}

@test "dns: nothing is watched where nothing depends on it" {
	start_pasta -q --config-net --dns-forward $D4 --dns-host 127.0.0.7
	inside true
	assert "$(host pgrep -x pasta-resolv || true)" == "" "processes"
}

@test "dns: the summary says where queries go" {
	resolv_conf <<< 'nameserver fe80::53%v0'
	run_pasta --config-net --dns-forward $D4 -- true
	assert "$stderr" contains "DNS queries to $D4 go to the host's resolver fe80::53%v0" "summary"
}

@test "dns: a forwarding address of a family that is off has no effect, which is said" {
	run_pasta -6 --config-net --dns-forward $D4 -- true
	assert "$stderr" contains "--dns-forward '$D4' has no effect: its address family is off" "message"
	run_pasta -4 -q --config-net --dns-forward $D6 --map-guest-addr $D6 -- true
	assert "$stderr" == "" "messages"
}

@test "dns: without a tap nothing is announced or forwarded, and nothing is said of it" {
	resolv_conf <<< $'nameserver 192.0.2.53\nsearch example.com'
	run_pasta --splice-only --dhcp-dns --dhcp-search --dns-forward $D4 -- true
	assert "$stderr" contains "no interface but loopback" "summary"
	assert "$stderr" lacks announced "summary"
	assert "$stderr" lacks DNS "summary"
}

@test "dns: bad values, one clear line each" {
	local args
	for args in "--dns x" "--dns 0.0.0.0" "--dns ff02::1" "--dns-forward 127.0.0.1" \
		"--dns-forward none" "--dns-host 1.2.3" "--dns-host fe80::1%" "--dns-host 10.0.0.1%v0"; do
		# shellcheck disable=SC2086
		run_pasta 1 --config-net $args -- true
		assert "$stderr" =~ ^"pasta: ${args% *} '${args#* }': "[^$'\n']*$ "message"
	done
	run_pasta 1 -6 -D 10.0.0.1 -- true
	assert "$stderr" == "pasta: --dns '10.0.0.1' contradicts --ipv6-only" "message"
}
