# SPDX-License-Identifier: Apache-2.0
#
# A host with no network but its loopback: a laptop on a train, an isolated machine, early boot.

load podman

setup_file() {
	podman_setup
	ip link delete v0
}

@test "podman: offline: a container starts, has addresses and a default route" {
	podman run --detach --name a localhost/box
	own_pastas
	exec_in a ip -4 -o addr show tap0
	assert "$output" contains "inet 169.254.2.1/16"
	exec_in a ip route
	assert "$output" contains "default via 169.254.2.2 dev tap0"
}

@test "podman: offline: published ports work, TCP and UDP, IPv4 and IPv6" {
	podman run --detach --name a -p 8080:80 -p 5353:53/udp localhost/box sh -c '
		socat UDP6-LISTEN:53,ipv6only=0,fork EXEC:cat &
		exec httpd -f -p 80 -h /etc'
	fetch http://127.0.0.1:8080/group
	assert "$output" == root:x:0:
	fetch "http://[::1]:8080/group"
	assert "$output" == root:x:0:
	wait_until eval '[[ $(echo hi | socat -t 0.5 - UDP:127.0.0.1:5353) == hi ]]'
	wait_until eval '[[ $(echo hi | socat -t 0.5 - "UDP:[::1]:5353") == hi ]]'
}

@test "podman: offline: a container reaches the host's loopback by --map-gw" {
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	serve host tcp 7006 socat TCP6-LISTEN:7006,bind='[::1]',fork EXEC:'echo loopback6'
	podman run --detach --name a --network pasta:--map-gw localhost/box
	exec_in a socat -u TCP:169.254.2.2:7001 -
	assert "$output" == loopback
	exec_in a socat -u 'TCP:[fe80::1%tap0]:7006' -
	assert "$output" == loopback6
}

@test "podman: offline: by default the host's loopback is out of reach" {
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	podman run --detach --name a localhost/box
	capture user podman exec a socat -u TCP:169.254.2.2:7001,connect-timeout=2 -
	assert "$status $output" == "1 "
	capture user podman exec a socat -u TCP:host.containers.internal:7001,connect-timeout=2 -
	assert "$status $output" == "1 "
	assert "$stderr" contains "unreachable" "the reason"
}

@test "podman: offline: an address outside is unreachable at once" {
	podman run --detach --name a localhost/box
	SECONDS=0
	capture user podman exec a socat -u TCP:203.0.113.9:80,connect-timeout=20 -
	assert "$status" == 1
	assert "$stderr" contains "unreachable"
	assert "$SECONDS" -lt 10 "seconds"
}

@test "podman: offline: bridge networks and their names work" {
	podman network create inner
	podman run --detach --name web --network inner -p 8080:80 localhost/box httpd -f -p 80 -h /etc
	podman run --detach --name app --network inner localhost/box
	wait_until podman exec app wget -qO- http://web/group
	fetch http://127.0.0.1:8080/group
}

@test "podman: offline: restarts and builds" {
	podman run --detach --name a -p 8080:80 localhost/box httpd -f -p 80 -h /etc
	podman restart --time 0 a
	fetch http://127.0.0.1:8080/group
	printf 'FROM localhost/box\nRUN ip -4 addr show tap0\n' > "$T/Containerfile"
	podman build --quiet --network=pasta --file "$T/Containerfile" "$T"
}
