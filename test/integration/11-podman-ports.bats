# SPDX-License-Identifier: Apache-2.0
#
# Published ports, in the forms that Podman knows and in those that only pasta's options have.

load podman

MAPPED=0000:0000:0000:0000:0000:ffff # an IPv4 address on an IPv6 socket

# serving [OPTION]...: a container "a" that answers "TCP" with the addresses of each connection
serving() {
	podman run --detach --name a "$@" localhost/box socat TCP6-LISTEN:80,ipv6only=0,fork \
		SYSTEM:'echo "from $SOCAT_PEERADDR to $SOCAT_SOCKADDR"'
	own_pastas
}

# udp_serving [OPTION]...: a container "a" that sends datagrams to port 53 back
udp_serving() {
	podman run --detach --name a "$@" localhost/box socat UDP6-LISTEN:53,ipv6only=0,fork EXEC:cat
	own_pastas
}

# ask FROM ADDRESS: $output is the answer of a TCP server, or nothing
answers() { [[ -n $("$1" socat -u "TCP:$2,connect-timeout=3" - 2>/dev/null) ]]; }
ask() {
	wait_until answers "$@" || return 1
	output=$("$1" socat -u "TCP:$2,connect-timeout=3" -)
}

# udp_ask FROM ADDRESS: $output is what comes back for "hello"
udp_echoes() { [[ $(echo hello | "$1" socat -t 0.5 - "UDP:$2") == hello ]]; }
udp_ask() { wait_until udp_echoes "$@"; }

refused() { ! "$1" socat -u "TCP:$2,connect-timeout=3" - 2>/dev/null; }

@test "podman: -p publishes a port to the host and the outside, IPv4 and IPv6" {
	serving -p 8080:80
	ask outside "$HOST4:8080"
	assert "$output" == "from [$MAPPED:c633:6403] to [$MAPPED:c633:6401]"
	ask outside "[$HOST6]:8080"
	assert "$output" contains "from [2001:0db8:0001:0000:0000:0000:0000:0003]"
	ask host 127.0.0.1:8080
	assert "$output" contains "from [$MAPPED:c633:6401]"
	ask host "[::1]:8080"
	ask host "$HOST4:8080"
	ask host "[$HOST6]:8080"
}

@test "podman: -p with an address publishes there only" {
	serving -p 127.0.0.1:8080:80
	ask host 127.0.0.1:8080
	assert "$(ss -Hlnt)" contains "127.0.0.1:8080"
	refused outside "$HOST4:8080"
	refused host "$HOST4:8080"
	refused host "[::1]:8080"
}

@test "podman: -p with an IPv6 address publishes there only" {
	serving -p "[$HOST6]:8080:80"
	ask outside "[$HOST6]:8080"
	refused outside "$HOST4:8080"
	refused host "[::1]:8080"
}

@test "podman: -p with ranges, and several of them" {
	podman run --detach --name a -p 9000-9002:7000-7002 -p 9500:7001 localhost/box sh -c '
		for port in 7000 7001 7002; do
			socat TCP-LISTEN:$port,fork SYSTEM:"echo $port" &
		done
		wait'
	ask host 127.0.0.1:9000
	assert "$output" == 7000
	ask outside "$HOST4:9002"
	assert "$output" == 7002
	ask host 127.0.0.1:9500
	assert "$output" == 7001
	refused host 127.0.0.1:7000
}

@test "podman: -p without a host port, and podman port tells which it is" {
	serving -p 80
	podman port a 80/tcp
	assert "$output" =~ ^0\.0\.0\.0:[0-9]+$
	ask host "127.0.0.1:${output##*:}"
}

@test "podman: -p with /udp, IPv4 and IPv6, from the host and the outside" {
	udp_serving -p 5353:53/udp
	udp_ask outside "$HOST4:5353"
	udp_ask outside "[$HOST6]:5353"
	udp_ask host 127.0.0.1:5353
	udp_ask host "[::1]:5353"
	assert "$(ss -Hlnt)" == "" "TCP ports"
}

@test "podman: the same port, TCP and UDP" {
	podman run --detach --name a -p 8080:80 -p 8080:80/udp localhost/box sh -c '
		socat UDP6-LISTEN:80,ipv6only=0,fork EXEC:cat &
		exec socat TCP6-LISTEN:80,ipv6only=0,fork EXEC:"echo tcp"'
	ask outside "$HOST4:8080"
	assert "$output" == tcp
	udp_ask outside "$HOST4:8080"
}

@test "podman: pasta's -t with an interface publishes on that one only" {
	serving --network pasta:-t,%v0/8080:80
	ask outside "$HOST4:8080"
	ask outside "[$HOST6]:8080"
	refused host 127.0.0.1:8080
}

@test "podman: pasta's -t auto publishes what is listened on, as long as it is" {
	podman run --detach --name a --network pasta:-t,auto localhost/box
	podman exec --detach a socat TCP-LISTEN:8080 EXEC:'echo auto'
	wait_until eval 'ss -Hlnt | grep -q :8080'
	ask host 127.0.0.1:8080 || true # answers once
	wait_until nothing_listens
}

@test "podman: a server on the container's loopback is not published" {
	podman run --detach --name a -p 8080:80 localhost/box \
		socat TCP-LISTEN:80,bind=127.0.0.1,fork EXEC:'echo private'
	wait_until podman exec a socat -u TCP:127.0.0.1:80 -
	refused outside "$HOST4:8080"
	assert "$(outside socat -u "TCP:$HOST4:8080" - 2>/dev/null)" == ""
}

@test "podman: a port that is taken is one clear error, and nothing is left" {
	serve host tcp 8080 socat TCP4-LISTEN:8080,bind=0.0.0.0,fork EXEC:'echo taken'
	capture user podman run --name a -p 8080:80 localhost/box
	assert "$status" == 126
	assert "$stderr" contains "8080"
	assert "$stderr" contains "Address already in use"
	assert "$(pasta_pids)" == ""
}

@test "podman: a port below 1024 is refused with a reason for a regular user" {
	capture user podman run --name a -p 80:80 localhost/box
	assert "$status" == 126
	assert "$stderr" contains "80"
	assert "$stderr" contains "ip_unprivileged_port_start"
	assert "$(pasta_pids)" == ""
}

@test "podman: 2000 published ports start in 10 seconds, and each one is there" {
	SECONDS=0
	podman run --detach --name a -p 20000-21999:20000-21999 localhost/box \
		socat TCP-LISTEN:21999,fork EXEC:'echo last'
	assert "$SECONDS" -le 10 "seconds"
	ask host 127.0.0.1:21999
	assert "$(ss -Hlnt | wc -l)" -ge 2000 "sockets"
}
