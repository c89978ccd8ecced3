# SPDX-License-Identifier: Apache-2.0
#
# passt: a guest's frames over a UNIX socket. Start and end, what is refused, configuration, traffic
# both ways, guests that come, go, stop reading or send nonsense.

load helpers
load ports
load passt
load passt-works

# refused_start WORDS ARGS: exit 1, one line that has WORDS in it, no process left
refused_start() {
	local words=$1 before
	shift
	before=$(host pgrep -c passt || true)
	run_passt 1 "$@"
	assert "$stderr" contains "$words" "complaint about $*"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
	assert "$(host pgrep -c passt || true)" -eq "$before" "processes left"
}

passt_is_gone() { ! host pgrep -x passt; }

@test "passt: in the background when it listens, gone with SIGTERM, and nothing is left" {
	run_passt -q -s "$SOCKET" --pid passt.pid
	assert "$(stat -c '%A' "$T/$SOCKET")" == srw------- "mode of the socket"
	host kill "$(< "$T/passt.pid")"
	wait_until passt_is_gone
	assert "$(ls "$T/$SOCKET" "$T/passt.pid" 2>/dev/null)" == "" "files left"
}

@test "passt: the default sockets are the first free ones in /tmp" {
	local first second
	background one host "$PASST" -f
	wait_until grep -q 'listening on /tmp/passt_' "$T/one.err"
	first=$(sed -n 's/.*listening on //p' "$T/one.err")
	background two host "$PASST" -f
	wait_until grep -q 'listening on /tmp/passt_' "$T/two.err"
	second=$(sed -n 's/.*listening on //p' "$T/two.err")
	assert "$second" != "$first" "the second one's socket"
	host kill "$(< "$T/one.pid")" "$(< "$T/two.pid")"
	finish one
	finish two
	assert "$(ls "$first" "$second" 2>/dev/null)" == "" "sockets left"
}

@test "passt: the place of a live socket or a file is not taken" {
	start_passt -q
	refused_start "another program listens on it" -s "$SOCKET"
	host kill -KILL "$(< "$T/passt.pid")"
	finish passt
	wait_until not test -e "$T/$SOCKET" # it is removed even so
	: > "$T/file"
	refused_start "not a socket" -s file
	assert "$(ls "$T/file")" == "$T/file" "the file"
}

@test "passt: a socket that nobody listens on is replaced" {
	host_dir timeout -s KILL 0.5 socat -u "UNIX-LISTEN:$SOCKET" - || true
	wait_until test -S "$T/$SOCKET"
	run_passt -q -s "$SOCKET" --pid passt.pid
	boot
	configure
	in_guest ping -c1 -W10 $R4
}

@test "passt: what is pasta's alone is refused by name" {
	local option
	for option in "-I eth0" "-T 80" "-U 80" --host-lo-to-ns-lo "--userns /x" "--netns x" --netns-only \
		--no-netns-quit --no-pidns --config-net --no-copy-routes --no-copy-addrs \
		"--ns-mac-addr 02:00:00:00:00:01" --no-splice --splice-only; do
		refused_start "is for namespaces" $option
	done
	refused_start "'true': passt runs no command" true
	refused_start "can't see what listens in a guest" -t auto
	refused_start "can't see what listens in a guest" -u 80,auto
}

@test "passt: descriptors that are none of its business are refused" {
	refused_start "--fd '99'" --fd 99
	refused_start "--fd '2'" --fd 2
	refused_start "--fd 'x'" --fd x
	refused_start "not a UNIX stream socket" --fd 5 5< /dev/null
	refused_start "contradicts" --fd 5 -s "$SOCKET"
}

@test "passt: a guest configures itself by DHCP, DHCPv6 and router advertisements" { configures_itself; }

@test "passt: TCP, UDP and ping, IPv4 and IPv6" { traffic_out; }

@test "passt: ports lead to the guest, with the client's address" { ports_in; }

@test "passt: the first datagram to a guest that has sent none arrives" { first_datagram; }

@test "passt: an address that the guest has made itself is where ports lead" {
	# By an advertisement it would make one more, sooner or later, and send from the youngest
	start_passt -q --no-ra -t 5000
	boot
	in_guest ip -batch - <<-END
		address add 198.51.100.77/24 dev eth0
		address add 2001:db8:1::77/64 dev eth0 nodad
		route add default via $G4
		route replace default via $G6
	END
	in_guest ping -c1 -W10 $R4
	in_guest ping -c1 -W10 $R6
	background tcp in_guest socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr 'SYSTEM:read -r x; echo at $SOCAT_SOCKADDR'
	wait_until port_is_open in_guest tcp 5000
	wait_until tcp_answers remote $H4 5000 c633:644d
	wait_until tcp_answers remote "[$H6]" 5000 0077
}

@test "passt: an address that the guest has only looked whether it is free is its own" {
	start_passt -q -t 5000
	DAD=1 boot
	background tcp in_guest socat TCP6-LISTEN:5000,fork,reuseaddr 'SYSTEM:read -r x; echo at $SOCAT_SOCKADDR'
	wait_until port_is_open in_guest tcp 5000
	wait_until tcp_answers remote "[$H6]" 5000 "at [2001:0db8:0001"
	assert "$output" lacks "0000:0001]" "the one that was offered"
}

@test "passt: 100 MB both ways, MTU 1500" { both_ways 1500; nothing_came_twice; }
@test "passt: 100 MB both ways, MTU 65520" { both_ways 65520; nothing_came_twice; }
nothing_came_twice() {
	assert "$(in_guest nstat -asz TcpExtTCPDSACKOldSent)" =~ TcpExtTCPDSACKOldSent\ +0\  "sent again to the guest"
}

@test "passt: a guest that stops reading loses nothing, and nothing is sent again" { stops_reading; }

@test "passt: the next guest finds all as the first one did" { next_guest; }

@test "passt: a guest that has migrated to another passt has its connections reset, and makes new ones" { migrates; }

@test "passt: with --one-off it ends with its guest" { ends_with_guest; }

@test "passt: a second guest is turned away while there is one" {
	start_passt
	boot
	wait_until grep -q "a guest is connected" "$T/passt.err"
	host_dir socat -u "UNIX-CONNECT:$SOCKET" OPEN:/dev/null
	wait_until grep -q "turned away" "$T/passt.err"
	configure
	in_guest ping -c1 -W10 $R4
}

# As QEMU does: a connected socket, exit 0 of what it has started, then the pid file
@test "passt: a connected socket, for the only guest there will be" {
	cat > "$T/qemu.py" <<-'END'
		import os, socket, subprocess, sys
		ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
		rc = subprocess.call([sys.argv[1], "--quiet", "--fd", str(its.fileno()), "--pid", "passt.pid"],
			pass_fds=[its.fileno()])
		its.close()
		print(rc, open("passt.pid").read().strip(), flush=True)
		os.set_inheritable(ours.fileno(), True)
		os.execvp("nsenter", ["nsenter", "-t", sys.argv[3], "--net", "--", sys.argv[2], str(ours.fileno()), "eth0"])
	END
	background holder host unshare --net sleep infinity
	GUEST=$(< "$T/holder.pid")
	wait_until is_elsewhere
	background card host_dir python3 "$T/qemu.py" "$PASST" "$TOOLS/guest" "$GUEST"
	wait_until in_guest ip link set eth0 up
	assert "$(< "$T/card")" == "0 $(< "$T/passt.pid")" "status and process id"
	configure
	in_guest ping -c1 -W10 $R4
	host kill "$(< "$T/card.pid")"
	wait_until passt_is_gone
	assert "$(ls "$T/passt.pid" 2>/dev/null)" == "" "pid file"
}

# nonsense PYTHON-BYTES: a guest that sends this; passt says so, and waits for the next one
nonsense() {
	: > "$T/passt.err"
	host_dir python3 -c "
import socket
s = socket.socket(socket.AF_UNIX)
s.connect('$SOCKET')
s.sendall($1)
while s.recv(65536): pass # it may say something before"
	wait_until grep -q "impossible length" "$T/passt.err"
}

@test "passt: frames of impossible lengths end that guest only" {
	start_passt
	nonsense "b'\\0\\0\\0\\0'"
	nonsense "b'\\0\\0\\0\\x0d' + bytes(13)"
	nonsense "b'\\0\\1\\0\\x0f' + bytes(100)"
	nonsense "b'\\xff\\xff\\xff\\xff'"
	boot
	configure
	in_guest ping -c1 -W10 $R4
}

@test "passt: random bytes in frames harm nobody" {
	start_passt -q
	host_dir python3 -c "
import random, socket
random.seed(1)
s = socket.socket(socket.AF_UNIX)
s.connect('$SOCKET')
s.settimeout(0.001)
for i in range(20000):
    n = random.choice((14, 34, 54, 60, 74, 1514))
    head = bytes(12) + random.choice((b'\\x08\\0', b'\\x86\\xdd', b'\\x08\\6'))
    frame = (head + random.choice((b'\\x45', b'\\x60', b'\\0')) + random.randbytes(n))[:n]
    s.settimeout(10)
    s.sendall(n.to_bytes(4, 'big') + frame)
    s.settimeout(0)
    try: s.recv(1 << 20)
    except BlockingIOError: pass"
	boot
	configure
	in_guest ping -c1 -W10 $R4
}

@test "passt: of all files that it makes, those go at the end that are for its life only" {
	start_passt -q -P "$T/pid" -l "$T/log" --pcap "$T/pcap" -c "$T/control" --policy-log "$T/policy"
	wait_until test -s "$T/pid"
	host kill "$(< "$T/passt.pid")"
	finish passt
	wait_until not test -e "$T/control"
	assert "$(cd "$T" && echo pid control "$SOCKET" log pcap policy | xargs ls 2>/dev/null | sort | tr '\n' ' ')" == "log pcap policy " "files"
}

@test "passt: nothing is left of its privileges" {
	start_passt -q
	output=$(host cat "/proc/$(< "$T/passt.pid")/status")
	assert "$(grep -c '^Cap[A-Z][a-z]*:.*[1-9a-f]' <<< "$output" || true)" -eq 0 "sets with a capability"
	assert "$output" =~ Seccomp:.2 "filter"
	assert "$output" =~ NoNewPrivs:.1 "no new privileges"
	assert "$(host ls "/proc/$(< "$T/passt.pid")/root/" 2>/dev/null)" == "" "its root"
}

@test "passt: local mode, where the host has no network" {
	host ip link set v0 down
	start_passt -q -t 5000
	boot
	in_guest ip address add 169.254.2.1/16 dev eth0
	in_guest ip route add default via 169.254.2.2
	serve host tcp 6000 socat TCP-LISTEN:6000,bind=127.0.0.1,fork,reuseaddr SYSTEM:'read -r x; echo "got $x"'
	output=$(in_guest bash -c "echo this | socat -t5 - TCP:169.254.2.2:6000")
	assert "$output" == "got this" "the host's loopback"
	background tcp in_guest socat TCP-LISTEN:5000,fork,reuseaddr SYSTEM:'read -r x; echo guest'
	wait_until port_is_open in_guest tcp 5000
	tcp_answers host 127.0.0.1 5000 guest
}

@test "passt: its control socket tells what it is, and ends it" {
	start_passt -q -c "$T/control"
	boot
	output=$(host_dir socat -t 5 - UNIX-CONNECT:control <<< status)
	assert "$output" contains '"program":"passt"' "status"
	assert "$output" contains '"mode":"guest"' "status"
	host_dir socat -t 5 - UNIX-CONNECT:control <<< quit
	finish passt
	wait_until not test -e "$T/control"
}

@test "passt: ports are added while it runs, but none of the guest's, and none automatically" {
	start_passt -q -c control
	boot
	configure
	background tcp in_guest socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr 'SYSTEM:read -r x; echo here'
	wait_until port_is_open in_guest tcp 5000
	output=$(host_dir "${PASTA%/*}/pesto" -A -t 5001:5000 ./control)
	tcp_answers remote $H4 5001 here
	output=$(host_dir "${PASTA%/*}/pesto" -A -t auto ./control 2>&1) || true
	assert "$output" contains "'auto': passt can't see what listens in a guest" "automatic ports"
	output=$(host_dir "${PASTA%/*}/pesto" -A -T 80 ./control 2>&1) || true
	assert "$output" contains "'80': passt can't listen in a guest" "ports of the guest"
	output=$(host_dir "${PASTA%/*}/pesto" ./control)
	assert "$output" == $'HOST -t 5001:5000\nHOST -u none\nSPLICE -T none\nSPLICE -U none' "ports"
}

@test "passt: a capture that is begun later has the guest's frames" {
	start_passt -q -c control
	boot
	configure
	background shot host_dir "${PASTA}ctl" -i ./control capture dump
	wait_until test -s "$T/dump"
	in_guest ping -c1 -W10 $R4
	host kill -INT "$(< "$T/shot.pid")"
	finish shot
	assert "$output" =~ [0-9]+" packets, " "what pastactl says: $stderr"
	output=$(tcpdump -nr "$T/dump" icmp 2>/dev/null)
	assert "$output" contains "ICMP echo reply" "capture"
}

@test "passt: --pcap has the guest's frames" {
	start_passt -q --pcap capture
	boot
	configure
	in_guest ping -c1 -W10 $R4
	host kill "$(< "$T/passt.pid")"
	finish passt
	output=$(tcpdump -nr "$T/capture" icmp 2>/dev/null)
	assert "$output" contains "ICMP echo request" "capture"
	assert "$output" contains "ICMP echo reply" "capture"
}

options_in() { grep -oE -- '--[a-z0-9-]+' | sort -u; }

@test "passt: the manual has every option of its own, and no other" {
	local own
	own=$(comm -13 <("$PASTA" --help | options_in) <("$PASST" --help | options_in))
	output=$(sed 's/\\-/-/g' "$TESTS/../../man/passt.1" | sed -n '/^\.TP/{n;p}' | grep '^.[BfI]' | options_in)
	assert "$(grep -vE -- '--(help|version|foreground)' <<< "$output")" == "$own" "options in the manual"
	run_passt --help
	assert "$output" lacks "--config-net" "help"
	assert "$output" lacks auto "help" # it has no such ports
	assert "$output" contains "Announce search domains, likewise (the default)" "help"
	run_passt --version
	assert "$output" =~ '^passt [0-9]+\.' "version"
}

@test "passt: with --follow all a guest gets the host's new address with its lease, and the new prefix" {
	printf '#!/bin/sh\n[ "$1" != bound ] || echo "$ip $lease"\n' > "$T/udhcpc.sh"
	chmod 755 "$T/udhcpc.sh"
	start_passt -q --follow all
	boot
	wait_until leased "$H4 60"
	wait_until guest_has "inet6 2001:db8:1:"
	host ip address add 192.0.2.1/24 dev v0
	host ip address add 2001:db8:1:7::1/64 dev v0 nodad
	host ip address del $H4/24 dev v0
	host ip address del $H6/64 dev v0
	wait_until leased "192.0.2.1 60"
	wait_until guest_has "inet6 2001:db8:1:7:"
	wait_until guest_has deprecated
}
leased() {
	output=$(in_guest busybox udhcpc -i eth0 -f -q -n -t 5 -T 1 -s "$T/udhcpc.sh" 2>/dev/null)
	[[ $output == "$1" ]]
}
