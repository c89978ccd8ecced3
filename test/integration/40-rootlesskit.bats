# SPDX-License-Identifier: Apache-2.0
#
# rootlesskit with --net=pasta, as rootless Docker and others start it. Version 2.0.2 makes a tap
# named tap0, sets it up, and while it gives it an address calls
#
#	pasta --foreground --stderr --ns-ifname=tap0 --mtu=65520 --no-dhcp --no-ra --address=10.0.2.100
#		--netmask=24 --gateway=10.0.2.2 --dns-forward=10.0.2.3 [--no-map-gw] [--ipv4-only]
#		--tcp-ports=auto --udp-ports=auto PID
#
# with --no-map-gw for --disable-host-loopback, --ipv4-only without --ipv6, "none" as ports with
# --port-driver=none, and --userns=/proc/PID/ns/user --netns=/proc/PID/root/.../netns instead of
# PID with --detach-netns. It ends pasta with SIGKILL.

load lib

STATE=/run/user/1000/rk
CLOSED=/src/contrib/rootless-docker/pasta-closed

teardown() {
	[[ ! -e $STATE/child_pid ]] || stop_rk || true
	host_stop
}

# start_rk ARGS: rootlesskit in the background, until its command runs and pasta is there
start_rk() {
	background rk user rootlesskit --net=pasta --state-dir=$STATE "$@" \
		sh -c 'touch "$0/up"; exec sleep infinity' "$T"
	wait_until test -e "$T/up" || { cat "$T/rk.err"; return 1; }
	CHILD=$(< $STATE/child_pid)
	IN=(user nsenter -t "$CHILD" --user --preserve-credentials --mount)
	[[ $* == *--detach-netns* ]] && IN+=(nsenter "--net=$STATE/netns") || IN+=(--net)
	IN+=(--)
	wait_until tap_is_up || { cat "$T/rk.err"; return 1; }
}

# Run in the child's namespaces; also as a place for `background` and `serve`
in_rk() { "${IN[@]}" "$@"; }
tap_is_up() { in_rk ip link show tap0 | grep -q LOWER_UP; }

stop_rk() {
	pkill -TERM -P "$CHILD" -x sleep
	finish rk
}

fetch_in_rk() { output=$(in_rk curl -gsS --max-time 5 "$@"); }
command_line() { tr '\0' ' ' < "/proc/$(pasta_pids | head -n 1)/cmdline"; }

# Not socat: it sends an empty datagram after the one that it has read, which a server that forks may
# refuse
ASK_UDP='exec 3<>"/dev/udp/$0/$1" && echo hello >&3 && timeout 2 head -n 1 <&3'

# unreachable ADDR PORT: neither TCP nor UDP gets an answer there, seen from the child's namespace
unreachable() {
	output=$(in_rk timeout 2 socat -u "TCP:$1:$2" - 2>&1) || true
	assert "$output" lacks served "answer of TCP $1 port $2" || return 1
	output=$(in_rk bash -c "$ASK_UDP" "${1//[][]/}" "$2" 2>&1) || true
	assert "$output" lacks served "answer of UDP $1 port $2"
}

# answer ADDR PORT [PLACE]: what TCP and UDP get there
answer() {
	output=$(${3:-in_rk} socat -t2 -u "TCP:$1:$2" -)
	assert "$output" == served "answer of TCP $1 port $2" || return 1
	output=$(${3:-in_rk} bash -c "$ASK_UDP" "$1" "$2")
	assert "$output" == served "answer of UDP $1 port $2"
}

# listen PLACE ADDR PORT: TCP and UDP servers that say "served"; what comes in by UDP has to be read, or
# socat ends on writing it to somebody who has gone
listen() {
	local v=4
	[[ $2 != \[* ]] || v=6
	serve "$1" tcp "$3" socat "TCP$v-LISTEN:$3,bind=$2,fork,reuseaddr" SYSTEM:'echo served'
	mv "$T/server-$3.pid" "$T/tcp-$3.pid"
	serve "$1" udp "$3" socat "UDP$v-LISTEN:$3,bind=$2,fork,reuseaddr" SYSTEM:'read -r line; echo served'
}

@test "rootlesskit: TCP, names and ping from inside" {
	start_rk --port-driver=implicit
	fetch_in_rk http://198.51.100.3/
	assert "$output" == outside "page by address"
	fetch_in_rk http://www.outside.example/
	assert "$output" == outside "page by name"
	output=$(in_rk ping -c1 -W2 198.51.100.3)
	assert "$output" contains "1 received" "ping"
	output=$(in_rk ip -br address show tap0)
	assert "$output" contains 10.0.2.100/24 "address"
}

@test "rootlesskit: it is our pasta that it runs, with these options" {
	start_rk --port-driver=implicit --disable-host-loopback
	assert "$(readlink "/proc/$(pasta_pids | head -n 1)/exe")" == "$PASTA" "program"
	output=$(command_line)
	assert "$output" contains "--ns-ifname=tap0 --mtu=65520 " "the tap's options"
	assert "$output" contains "--address=10.0.2.100 --netmask=24 --gateway=10.0.2.2 --dns-forward=10.0.2.3" \
		"addresses"
	assert "$output" contains "--no-map-gw" "host's loopback"
	assert "$output" contains "--tcp-ports=auto --udp-ports=auto" "ports"
	[[ $(rootlesskit --version) != *2.0.2* ]] || assert "$output" == "pasta --foreground --stderr \
--ns-ifname=tap0 --mtu=65520 --no-dhcp --no-ra --address=10.0.2.100 --netmask=24 --gateway=10.0.2.2 \
--dns-forward=10.0.2.3 --no-map-gw --ipv4-only --tcp-ports=auto --udp-ports=auto $CHILD " "command line"
}

@test "rootlesskit: implicit: what listens inside can be reached from outside, until it ends" {
	start_rk --port-driver=implicit
	listen in_rk 0.0.0.0 8080
	wait_until answer $HOST4 8080 outside
	kill "$(< "$T/tcp-8080.pid")" "$(< "$T/server-8080.pid")"
	wait_until not port_is_open host tcp 8080
	wait_until not port_is_open host udp 8080
}

@test "rootlesskit: implicit: the server sees who has called" {
	start_rk --port-driver=implicit
	serve in_rk tcp 8080 socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR'
	wait_until port_is_open host tcp 8080
	output=$(outside socat -t2 -u TCP:$HOST4:8080 -)
	assert "$output" == 198.51.100.3 "address of the client"
}

@test "rootlesskit: implicit: what listens on the loopback inside stays inside" {
	start_rk --port-driver=implicit
	serve in_rk tcp 8081 socat TCP4-LISTEN:8081,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo served'
	# A second server shows that the first one has been looked at
	serve in_rk tcp 8082 socat TCP4-LISTEN:8082,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8082
	assert "$(outside socat -t2 -u TCP:$HOST4:8082 -)" == served "the other server"
	output=$(outside socat -t2 -u TCP:$HOST4:8081 - 2>/dev/null || true)
	assert "$output" lacks served "answer to the outside"
}

# What newer versions pass, and README.md tells for this one
@test "rootlesskit: implicit: with --host-lo-to-ns-lo the loopback inside is there for the host alone" {
	printf '#!/bin/sh\nexec pasta --host-lo-to-ns-lo "$@"\n' > "$T/pasta"
	chmod 755 "$T/pasta"
	start_rk --port-driver=implicit "--pasta-binary=$T/pasta"
	serve in_rk tcp 8081 socat TCP4-LISTEN:8081,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8081
	assert "$(host socat -t2 -u TCP:127.0.0.1:8081 -)" == served "answer to the host"
	output=$(outside socat -t2 -u TCP:$HOST4:8081 - 2>/dev/null || true)
	assert "$output" lacks served "answer to the outside"
}

@test "rootlesskit: --port-driver=none: nothing can be reached from outside" {
	start_rk --port-driver=none
	assert "$(command_line)" contains "--tcp-ports=none --udp-ports=none" "options"
	listen in_rk 0.0.0.0 8080
	fetch_in_rk http://198.51.100.3/
	assert "$output" == outside "page"
	pass_seconds 0.3
	port_is_open host tcp 8080 && return 1
	port_is_open host udp 8080 && return 1
	answer 10.0.2.100 8080
}

@test "rootlesskit: --port-driver=builtin: where it is allowed with pasta, it publishes" {
	capture user rootlesskit --net=pasta --port-driver=builtin true
	if [[ $stderr == *'requires port driver "none" or "implicit"'* ]]; then
		assert "$status" -ne 0 "exit status" # 2.0.2
		nothing_left
		return
	fi
	start_rk --port-driver=builtin --publish 0.0.0.0:8080:80/tcp
	serve in_rk tcp 80 socat TCP4-LISTEN:80,fork,reuseaddr SYSTEM:'echo served'
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" == served "published port"
	user rootlessctl --socket $STATE/api.sock add-ports 0.0.0.0:8083:80/tcp
	assert "$(outside socat -t2 -u TCP:$HOST4:8083 -)" == served "port added later"
}

# portd: pasta-portd for the pasta of start_rk; rootlessctl asks it
portd() {
	wait_until eval '[[ -S $(echo /run/user/1000/pasta/*.sock) ]]'
	user pasta-portd --quiet --pid "$T/portd.pid"
	CTL=(user rootlessctl --socket /run/user/1000/pasta-portd/api.sock)
}
portd_has_ended() { [[ ! -e /proc/$PORTD ]]; }

@test "rootlesskit: pasta-portd: rootlessctl adds, lists and removes ports, and learns what there is" {
	start_rk --port-driver=none
	portd
	serve in_rk tcp 80 socat TCP4-LISTEN:80,fork,reuseaddr SYSTEM:'echo served'
	mapfile -t ids < <("${CTL[@]}" add-ports 0.0.0.0:8080:80/tcp 127.0.0.1:5353:53/udp)
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" == served "published port"
	output=$("${CTL[@]}" list-ports)
	assert "$output" =~ ${ids[0]}\ +tcp\ +0.0.0.0\ +8080\ .*80 "list"
	assert "$("${CTL[@]}" list-ports --json | jq -c .spec | head -n 1)" == \
		'{"proto":"tcp","parentIP":"0.0.0.0","parentPort":8080,"childPort":80}' "port, as JSON"
	capture "${CTL[@]}" add-ports 0.0.0.0:8080:81/tcp
	assert "$status $stderr" contains "overlap" "a port that is taken"
	"${CTL[@]}" remove-ports "${ids[@]}"
	wait_until not port_is_open host tcp 8080
	capture "${CTL[@]}" remove-ports "${ids[0]}"
	assert "$status $stderr" contains "there is no port ${ids[0]}" "a port that is not there"
	output=$("${CTL[@]}" info --json)
	assert "$(jq -r '.networkDriver | .driver + " " + .childIP + " " + .dns[0]' <<< "$output")" == \
		"pasta 10.0.2.100 10.0.2.3" "network driver"
	assert "$(jq .childPID <<< "$output")" == "$CHILD" "childPID"
	PORTD=$(< "$T/portd.pid")
	stop_rk
	wait_until portd_has_ended
}

# lines_of TITLE: the commands of a section of contrib/rootlesskit
lines_of() { sed -n "/^## $1/,/^## /s/^    //p" /src/contrib/rootlesskit/README.md; }

@test "rootlesskit: pasta-portd in its command waits for a pasta that is slow, and does what contrib's page says" {
	local line=
	printf '#!/bin/sh\nsleep 0.5\nexec /usr/local/bin/pasta "$@"\n' > "$T/pasta"
	chmod 755 "$T/pasta"
	line=$(lines_of "Ports by rootlesskit's API" | sed -n "1s|rootlesskit|& --state-dir=$STATE|; 1s/COMMAND/sleep infinity/p")
	PATH=$T:$PATH background rk user bash -c "$line"
	wait_until test -S /run/user/1000/pasta-portd/api.sock
	CHILD=$(< $STATE/child_pid)
	output=$(user bash -e -c "$(lines_of "Ports by rootlesskit's API" | sed 1d)")
	assert "$output" =~ 'tcp +0.0.0.0 +8080 .*80 .*udp +127.0.0.1 +5353 .*53 ' "list"
	wait_until not port_is_open host tcp 8080
	port_is_open host udp 5353
	stop_rk
}

@test "rootlesskit: pesto publishes and removes ports, as contrib's page has it, and --publish needs a driver" {
	start_rk --port-driver=none
	wait_until eval '[[ -S $(echo /run/user/1000/pasta/*.sock) ]]'
	serve in_rk udp 53 socat UDP4-LISTEN:53,fork,reuseaddr SYSTEM:'read -r line; echo served'
	output=$(user bash -e -c "$(lines_of "Ports by pesto")")
	assert "$output" contains $'HOST -t 127.0.0.1/8080:80\nHOST -u 0.0.0.0/5353:53' "what pesto prints"
	assert "$(outside bash -c "$ASK_UDP" $HOST4 5353)" == served "UDP port"
	wait_until not port_is_open host tcp 8080
	stop_rk
	capture user rootlesskit --net=pasta --port-driver=none --publish 0.0.0.0:8080:80/tcp true
	assert "$status" -ne 0 "exit status with --publish"
}

@test "rootlesskit: the gateway's address is the host's loopback" {
	listen host 127.0.0.1 5001
	start_rk --port-driver=implicit
	answer 10.0.2.2 5001
}

@test "rootlesskit: --disable-host-loopback: the gateway's address leads nowhere" {
	listen host 127.0.0.1 5001
	start_rk --port-driver=implicit --disable-host-loopback
	unreachable 10.0.2.2 5001
	unreachable $HOST4 5001
	fetch_in_rk http://198.51.100.3/
	assert "$output" == outside "page"
}

@test "rootlesskit: --disable-host-loopback with pasta-closed: no way to the host's loopback" {
	listen host 127.0.0.1 5001
	listen host '[::1]' 5002
	start_rk --port-driver=implicit --disable-host-loopback --pasta-binary=$CLOSED
	unreachable 10.0.2.2 5001
	unreachable 127.0.0.1 5001
	unreachable '[::1]' 5002
	unreachable 10.0.2.100 5001
	unreachable 10.0.2.3 5001
	unreachable $HOST4 5001
	fetch_in_rk http://www.outside.example/
	assert "$output" == outside "page"
	serve in_rk tcp 8080 socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8080
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" == served "published port"
}

@test "rootlesskit: without pasta-closed, automatic ports lead to the host's loopback" {
	listen host 127.0.0.1 5001
	start_rk --port-driver=implicit --disable-host-loopback
	wait_until port_is_open in_rk tcp 5001
	assert "$(in_rk socat -t2 -u TCP:127.0.0.1:5001 -)" == served "what README.md warns of"
}

@test "rootlesskit: --detach-netns: the network is that of a path, the command keeps the host's" {
	start_rk --port-driver=implicit --detach-netns
	assert "$(command_line)" =~ --userns=/proc/$CHILD/ns/user\ --netns=.*/rk/netns "options"
	assert "$(readlink "/proc/$(pgrep -P "$CHILD" -x sleep)/ns/net")" == "$(readlink /proc/self/ns/net)" \
		"the command's namespace"
	output=$(in_rk ip -br address show tap0)
	assert "$output" contains 10.0.2.100/24 "address"
	fetch_in_rk http://198.51.100.3/
	assert "$output" == outside "page"
	listen in_rk 0.0.0.0 8080
	wait_until answer $HOST4 8080 outside
}

@test "rootlesskit: --detach-netns with --disable-host-loopback" {
	listen host 127.0.0.1 5001
	start_rk --port-driver=implicit --detach-netns --disable-host-loopback --pasta-binary=$CLOSED
	unreachable 10.0.2.2 5001
	unreachable 127.0.0.1 5001
	fetch_in_rk http://198.51.100.3/
	assert "$output" == outside "page"
}

# 2.0.2 leaves it to the user to give the tap an address
@test "rootlesskit: --ipv6: IPv6 is translated, and only then" {
	start_rk --port-driver=implicit --ipv6
	assert "$(command_line)" lacks --ipv4-only "options"
	in_rk ip -6 address replace $HOST6/64 dev tap0 nodad
	in_rk ip -6 route replace default via 2001:db8:1::2 dev tap0
	fetch_in_rk 'http://[2001:db8:1::3]/'
	assert "$output" == outside "page"
	output=$(in_rk ping -6 -c1 -W2 2001:db8:1::3)
	assert "$output" contains "1 received" "ping"
	serve in_rk tcp 8080 socat TCP6-LISTEN:8080,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8080
	assert "$(outside socat -t2 -u "TCP6:[$HOST6]:8080" -)" == served "port"
	stop_rk
	rm "$T/up"
	start_rk --port-driver=implicit
	in_rk ip -6 address replace $HOST6/64 dev tap0 nodad
	in_rk curl -gsS --max-time 2 'http://[2001:db8:1::3]/' && return 1
	true
}

@test "rootlesskit: as rootless Docker starts it" {
	start_rk --mtu=65520 --slirp4netns-sandbox=auto --slirp4netns-seccomp=auto --disable-host-loopback \
		--port-driver=implicit --copy-up=/etc --copy-up=/run --propagation=rslave
	assert "$(in_rk cat /etc/resolv.conf)" contains "nameserver 10.0.2.3" "resolver"
	fetch_in_rk http://www.outside.example/
	assert "$output" == outside "page by name"
	listen in_rk 0.0.0.0 8080
	wait_until answer $HOST4 8080 outside
}

@test "rootlesskit: at its end no process, port or file is left" {
	local before
	before=$(ls -lR /run/user/1000; ss -Hlntup; cat /proc/self/mounts)
	start_rk --port-driver=implicit
	serve in_rk tcp 8080 socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8080
	kill "$(< "$T/server-8080.pid")"
	stop_rk
	nothing_left
	assert "$(ls -lR /run/user/1000; ss -Hlntup; cat /proc/self/mounts)" == "$before" "files, ports, mounts"
}

@test "rootlesskit: killed, it leaves no pasta and no port" {
	start_rk --port-driver=implicit
	serve in_rk tcp 8080 socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:'echo served'
	wait_until port_is_open host tcp 8080
	kill "$(< "$T/server-8080.pid")"
	kill -KILL "$(< "$T/rk.pid")" "$CHILD"
	nothing_left
	wait_until not port_is_open host tcp 8080
	rm -r $STATE
}

@test "rootlesskit: a host without network: it starts, ports are forwarded, and the network that comes is its own" {
	unplug
	start_rk --port-driver=implicit
	listen in_rk 0.0.0.0 8080
	wait_until answer 127.0.0.1 8080 host
	plug
	wait_until fetch_in_rk http://www.outside.example/
	assert "$output" == outside "page by name"
	wait_until answer $HOST4 8080 outside
}
