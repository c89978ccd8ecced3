# SPDX-License-Identifier: Apache-2.0
#
# Podman's default network: what a container sees, and what it can and cannot reach.

load podman

@test "podman: info names our binary and its version" {
	podman info --format '{{.Host.Pasta.Executable}} {{.Host.Pasta.Version}}'
	assert "$output" == "$PASTA $("$PASTA" --version | head -n 1)"
}

@test "podman: without the drop-in file it is not ours that runs" {
	user mv "$CONF/pasta.conf" "$CONF/pasta.off"
	capture user env PATH=/usr/bin:/bin podman run --rm localhost/box true
	user mv "$CONF/pasta.off" "$CONF/pasta.conf"
	assert "$status" != 0 "exit status"
	assert "$stderr" contains "this is not the pasta of the tests"
}

@test "podman: a container has the host's addresses, routes and a working loopback" {
	podman run --detach --name a localhost/box
	own_pastas
	exec_in a ip -o addr
	assert "$output" contains "v0    inet 198.51.100.1/24"
	assert "$output" contains "v0    inet6 2001:db8:1::1/64"
	assert "$output" contains "lo    inet 127.0.0.1/8"
	assert "$output" lacks tentative
	exec_in a ip route
	assert "$output" contains "default via 198.51.100.2 dev v0"
	exec_in a ip -6 route
	assert "$output" contains "default via 2001:db8:1::2 dev v0"
}

@test "podman: a container reaches the outside by name, IPv4 and IPv6" {
	podman run --detach --name a localhost/box
	exec_in a cat /etc/resolv.conf
	assert "$output" contains "nameserver 169.254.1.1"
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
	exec_in a wget -qO- http://198.51.100.3/cgi-bin/peer
	assert "$output" contains "$HOST4"
	exec_in a wget -qO- "http://[2001:db8:1::3]/cgi-bin/peer"
	assert "$output" contains "$HOST6"
}

@test "podman: DNS in a container, A and AAAA, over UDP and TCP" {
	podman run --detach --name a localhost/box
	exec_in a nslookup some.outside.example
	assert "$output" contains 198.51.100.3
	assert "$output" contains 2001:db8:1::3
	pid_of a
	capture nsenter -t "$CONTAINER" -n dig +tcp +short @169.254.1.1 tcp.outside.example
	assert "$output" == 198.51.100.3
}

@test "podman: UDP and ping from a container to the outside" {
	serve outside udp 5000 socat UDP6-LISTEN:5000,ipv6only=0,fork EXEC:cat
	podman run --detach --name a localhost/box
	wait_until echoes a 'UDP:198.51.100.3:5000'
	wait_until echoes a 'UDP:[2001:db8:1::3]:5000'
	exec_in a ping -c 2 -W 5 198.51.100.3
	exec_in a ping -6 -c 2 -W 5 2001:db8:1::3
	assert "$output" contains " 0% packet loss"
}

@test "podman: host.containers.internal is the host, but not its loopback" {
	serve host tcp 7000 socat TCP4-LISTEN:7000,bind=0.0.0.0,fork EXEC:'echo any'
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	podman run --detach --name a localhost/box
	exec_in a cat /etc/hosts
	assert "$output" contains "169.254.1.2	host.containers.internal"
	exec_in a socat -u TCP:host.containers.internal:7000 -
	assert "$output" == any
	capture user podman exec a socat -u TCP:host.containers.internal:7001 -
	assert "$status" == 1
	assert "$stderr" contains "Connection refused"
	capture user podman exec a socat -u TCP:198.51.100.2:7001,connect-timeout=2 -
	assert "$status $output" == "1 "
}

host_is_internal() { podman exec a socat -u TCP:host.containers.internal:7000 - && [[ $output == any ]]; }

@test "podman: host.containers.internal stays the host when its address becomes another" {
	serve host tcp 7000 socat TCP4-LISTEN:7000,bind=0.0.0.0,fork EXEC:'echo any'
	podman run --detach --name a localhost/box
	host_is_internal
	ip address del $HOST4/24 dev v0
	ip address add 198.51.100.77/24 dev v0
	wait_until host_is_internal
	exec_in a wget -T5 -qO- http://198.51.100.3/cgi-bin/peer
	assert "$output" contains 198.51.100.77 "address that the outside sees"
	unplug
	plug
	wait_until host_is_internal
}

@test "podman: a big file arrives whole, both ways" {
	local file sum
	file=$(payload 30000000)
	sum=$(sum_of "$file")
	serve outside tcp 5001 socat -u "OPEN:$file" TCP-LISTEN:5001
	serve outside tcp 5002 socat -u TCP-LISTEN:5002 "CREATE:$T/got"
	podman run --detach --name a localhost/box
	exec_in a sh -c 'socat -u TCP:198.51.100.3:5001 CREATE:/tmp/file && sha256sum < /tmp/file'
	assert "$output" == "$sum"
	exec_in a socat -u OPEN:/tmp/file TCP:198.51.100.3:5002
	finish server-5002
	assert "$(sum_of "$T/got")" == "$sum"
}

@test "podman: a container on the host's network starts no pasta" {
	podman run --detach --name a --network host localhost/box
	assert "$(pasta_pids)" == ""
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
}

@test "podman: two containers have their own pasta and their own loopback each" {
	podman run --detach --name a localhost/box socat TCP-LISTEN:80,bind=127.0.0.1,fork EXEC:'echo a'
	podman run --detach --name b localhost/box socat TCP-LISTEN:80,bind=127.0.0.1,fork EXEC:'echo b'
	wait_until exec_in a socat -u TCP:127.0.0.1:80 -
	exec_in a socat -u TCP:127.0.0.1:80 -
	assert "$output" == a
	wait_until exec_in b socat -u TCP:127.0.0.1:80 -
	exec_in b socat -u TCP:127.0.0.1:80 -
	assert "$output" == b
	podman rm --force --time 0 a
	own_pastas
	exec_in b wget -qO- http://www.outside.example/
	assert "$output" == outside
}
