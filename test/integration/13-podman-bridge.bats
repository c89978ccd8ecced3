# SPDX-License-Identifier: Apache-2.0
#
# Podman's own bridge networks: all containers of a user share one namespace that has a pasta, started
# with --pid, and which Podman ends by that file.

load podman

setup() {
	host_start
	podman network create --ipv6 inner
}

web() { podman run --detach "$@" localhost/box httpd -f -p 80 -h /etc; }

@test "podman: bridge: one pasta of ours serves all containers, and goes with the last" {
	podman run --detach --name a --network inner localhost/box
	own_pastas
	local pids
	pids=$(pasta_pids)
	assert "$(tr '\0' ' ' < "/proc/${pids%%$'\n'*}/cmdline")" contains "--pid /run/user/1000/containers/"
	podman run --detach --name b --network inner localhost/box
	assert "$(pasta_pids)" == "$pids" "processes"
	podman rm --force --time 0 a
	assert "$(pasta_pids)" == "$pids" "processes"
	podman rm --force --time 0 b
	nothing_left
}

@test "podman: bridge: the outside by name, TCP, UDP and ping" {
	serve outside udp 5000 socat UDP6-LISTEN:5000,ipv6only=0,fork EXEC:cat
	podman run --detach --name a --network inner localhost/box
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
	exec_in a wget -qO- http://198.51.100.3/cgi-bin/peer
	assert "$output" contains "$HOST4"
	exec_in a wget -qO- "http://[2001:db8:1::3]/cgi-bin/peer"
	assert "$output" contains "$HOST6"
	wait_until echoes a 'UDP:198.51.100.3:5000'
	exec_in a ping -c 2 -W 5 198.51.100.3
}

@test "podman: bridge: two containers as compose makes them find each other by name" {
	podman run --detach --name db --network inner --network-alias database localhost/box \
		socat TCP-LISTEN:5432,fork EXEC:'echo rows'
	podman run --detach --name app --network inner -p 8080:80 localhost/box \
		socat TCP-LISTEN:80,fork TCP:database:5432
	wait_until eval '[[ $(socat -u TCP:127.0.0.1:8080 -) == rows ]]'
	capture outside socat -u "TCP:$HOST4:8080" -
	assert "$output" == rows
	exec_in app nslookup db
	assert "$output" contains db.dns.podman
}

@test "podman: bridge: published ports, TCP and UDP, from the host and the outside" {
	podman run --detach --name a --network inner -p 8080:80 -p 5353:53/udp localhost/box sh -c '
		socat UDP-LISTEN:53,fork EXEC:cat &
		exec socat TCP4-LISTEN:80,fork SYSTEM:"echo from \$SOCAT_PEERADDR"'
	wait_until eval '[[ $(socat -u TCP:127.0.0.1:8080 -) == "from 10.89."* ]]'
	capture outside socat -u "TCP:$HOST4:8080" -
	assert "$output" contains "from 10.89."
	wait_until eval '[[ $(echo hi | socat -t 0.5 - UDP:127.0.0.1:5353) == hi ]]'
	wait_until eval '[[ $(echo hi | outside socat -t 0.5 - "UDP:$HOST4:5353") == hi ]]'
}

@test "podman: bridge: host.containers.internal is the host, but not its loopback" {
	serve host tcp 7000 socat TCP4-LISTEN:7000,bind=0.0.0.0,fork EXEC:'echo any'
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	podman run --detach --name a --network inner localhost/box
	exec_in a socat -u TCP:host.containers.internal:7000 -
	assert "$output" == any
	capture user podman exec a socat -u TCP:host.containers.internal:7001,connect-timeout=3 -
	assert "$status $output" == "1 "
}

@test "podman: bridge: connect to and disconnect from a network while running" {
	podman network create other
	podman run --detach --name a --network inner localhost/box
	podman network connect other a
	exec_in a ip -o -4 addr
	assert "$output" contains eth1
	podman network disconnect inner a
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
}

@test "podman: bridge: an internal network reaches nobody outside" {
	podman network create --internal closed
	web --name a --network closed
	podman run --detach --name b --network closed localhost/box
	wait_until podman exec b wget -qO- -T 5 http://a/group
	exec_in b wget -qO- -T 5 http://a/group
	assert "$output" == root:x:0:
	capture user podman exec b wget -qO- -T 2 http://198.51.100.3/
	assert "$status $output" == "1 "
}

# IPv4 only: netavark does not wait for its own IPv6 address, and fails when it is too early
@test "podman: bridge: 10 restarts with the same port" {
	local i
	podman network create four
	web --name a --network four -p 8080:80
	for i in {1..10}; do
		podman restart --time 0 a
		fetch http://127.0.0.1:8080/group
	done
	own_pastas
}

@test "podman: bridge beside the default network: each has a pasta, and each ends with its own" {
	podman run --detach --name a --network inner localhost/box
	local shared
	shared=$(pasta_pids)
	podman run --detach --name b localhost/box
	podman rm --force --time 0 b
	wait_until eval '[[ $(pasta_pids) == "$shared" ]]'
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
}
