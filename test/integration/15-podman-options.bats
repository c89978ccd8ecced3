# SPDX-License-Identifier: Apache-2.0
#
# --network=pasta:OPTION,... and pasta_options: what people pass, as Podman hands it on.

load podman

# with OPTION,...: a container "a" with these options of pasta
with() {
	podman run --detach --name a --network "pasta:$1" "${@:2}" localhost/box
	own_pastas
}

@test "podman: pasta:--map-gw makes the gateway the host's loopback" {
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	with --map-gw
	exec_in a socat -u TCP:198.51.100.2:7001 -
	assert "$output" == loopback
}

@test "podman: pasta:--policy keeps a container from what the file does not allow" {
	with --map-gw # as without, but for the policy
	exec_in a wget -qO- "http://[2001:db8:1::3]/cgi-bin/peer"
	podman rm --force --time 0 a
	printf 'allow @dns\nallow tcp/198.51.100.3:80\n' > /tmp/policy
	with --map-gw,--policy,/tmp/policy
	exec_in a wget -qO- http://198.51.100.3/cgi-bin/peer
	capture user podman exec a wget -T5 -qO- "http://[2001:db8:1::3]/cgi-bin/peer"
	assert "$status" == 1
}

@test "podman: as contrib/sandbox has it, a build works in its folder and reaches what its policy has" {
	printf 'include %s/contrib/sandbox/packages.policy\nallow tcp/www.outside.example:80\n' "$SRC" > /tmp/policy
	user mkdir "$T/work"
	podman run --rm --network=pasta:--policy,/tmp/policy -v "$T/work:/src:Z" -w /src localhost/box sh -c '
		wget -T5 -qO- "http://[2001:db8:1::3]/" 2>/dev/null || echo no other address
		wget -T5 -qO- http://some.outside.example/ 2>/dev/null || echo no other name
		wget -T30 -qO got http://www.outside.example/ && cat got'
	assert "$output" == $'no other address\nno other name\noutside' "what it could do"
	assert "$(< "$T/work/got")" == outside "what it has left"
}

@test "podman: pasta:-T makes a port of the host's loopback one of the container's" {
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	with -T,7001
	exec_in a socat -u TCP:127.0.0.1:7001 -
	assert "$output" == loopback
	capture user podman exec a socat -u TCP:127.0.0.1:7002 -
	assert "$status" == 1
}

@test "podman: pasta:-T,auto follows what listens on the host" {
	with -T,auto
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	wait_until podman exec a socat -u TCP:127.0.0.1:7001 -
}

@test "podman: pasta:-U makes a UDP port of the host's loopback one of the container's" {
	serve host udp 7001 socat UDP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:cat
	with -U,7001
	wait_until echoes a 'UDP:127.0.0.1:7001'
}

@test "podman: pasta:-a,-n,-g give other addresses, and everything goes on working" {
	with -a,10.0.2.100,-n,24,-g,10.0.2.2 -p 8080:80
	exec_in a ip -4 -o addr show v0
	assert "$output" contains "inet 10.0.2.100/24"
	exec_in a ip route
	assert "$output" contains "default via 10.0.2.2"
	exec_in a wget -qO- http://www.outside.example/cgi-bin/peer
	podman exec --detach a httpd -f -p 80 -h /etc
	fetch http://127.0.0.1:8080/group
	capture outside curl -sS "http://$HOST4:8080/group"
	assert "$output" == root:x:0:
}

@test "podman: pasta:-i takes another interface's configuration, -I names the container's" {
	ip link add other type veth peer name other-side
	ip link set other-side up
	ip addr add 192.0.2.7/24 dev other
	ip link set other up
	with -i,other,-I,eth7
	ip link del other
	exec_in a ip -4 -o addr show eth7
	assert "$output" contains "inet 192.0.2.7/24"
}

@test "podman: pasta:--mtu sets the container's MTU" {
	with --mtu,1400
	exec_in a cat /sys/class/net/v0/mtu
	assert "$output" == 1400
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
}

@test "podman: pasta:-4 and pasta:--ipv6-only leave one family" {
	with -4
	exec_in a ip -o addr show v0
	assert "$output" lacks 2001:db8
	podman rm --force --time 0 a
	with --ipv6-only
	exec_in a ip -o addr show v0
	assert "$output" lacks 198.51.100.1
	exec_in a wget -qO- "http://[2001:db8:1::3]/"
	assert "$output" == outside
}

@test "podman: pasta:--dns-forward, --map-guest-addr and --map-host-loopback take other addresses" {
	serve host tcp 7000 socat TCP4-LISTEN:7000,bind=0.0.0.0,fork EXEC:'echo any'
	serve host tcp 7001 socat TCP4-LISTEN:7001,bind=127.0.0.1,fork EXEC:'echo loopback'
	with --dns-forward,192.0.2.53,--map-guest-addr,192.0.2.80,--map-host-loopback,192.0.2.81
	exec_in a nslookup -type=a www.outside.example 192.0.2.53
	assert "$output" contains 198.51.100.3
	exec_in a socat -u TCP:192.0.2.80:7000 -
	assert "$output" == any
	exec_in a socat -u TCP:192.0.2.81:7001 -
	assert "$output" == loopback
}

@test "podman: pasta:--outbound-if4 and -o choose where connections come from" {
	ip addr add 198.51.100.9/24 dev v0
	with --outbound-if4,v0,-o,198.51.100.9
	exec_in a wget -qO- http://198.51.100.3/cgi-bin/peer
	ip addr del 198.51.100.9/24 dev v0
	assert "$output" contains 198.51.100.9
}

@test "podman: pasta:--ns-mac-addr and --no-copy-addrs" {
	ip addr add 198.51.100.9/24 dev v0
	with --ns-mac-addr,02:00:00:00:00:77,--no-copy-addrs
	ip addr del 198.51.100.9/24 dev v0
	exec_in a ip addr show v0
	assert "$output" contains 02:00:00:00:00:77
	assert "$output" lacks 198.51.100.9
}

@test "podman: pasta:--pcap and --log-file write what they should" {
	with "--pcap,$T/packets,--log-file,$T/log,--trace"
	exec_in a wget -qO- http://www.outside.example/
	podman rm --force --time 0 a
	assert "$(stat -c %s "$T/packets")" -gt 500 "bytes"
	assert "$(stat -c %s "$T/log")" -gt 500 "bytes"
}

@test "podman: an option that does not exist is one clear error, and nothing is left" {
	capture user podman run --name a --network pasta:--no-such-option localhost/box
	assert "$status" == 126
	assert "$stderr" contains "unrecognized option '--no-such-option'"
	assert "$(pasta_pids)" == ""
}

@test "podman: pasta_options of containers.conf apply, together with those after pasta:" {
	user cp /src/contrib/podman/pasta-private.conf "$CONF/"
	podman run --detach --name a localhost/box
	podman run --detach --name b --network pasta:--mtu,1400 localhost/box
	rm "$CONF/pasta-private.conf"
	exec_in a ip -4 -o addr show v0
	assert "$output" contains "inet 10.0.2.100/24"
	exec_in a wget -qO- http://198.51.100.3/cgi-bin/peer
	assert "$output" contains "$HOST4"
	exec_in b ip -4 addr show v0
	assert "$output" contains "inet 10.0.2.100/24"
	assert "$output" contains "mtu 1400"
}
