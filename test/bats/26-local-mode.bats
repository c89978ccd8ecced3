# SPDX-License-Identifier: Apache-2.0
#
# Local mode: a host that has nothing to copy from, for one family or both.

load helpers

# A host with no interface at all but lo
alone() { host ip link delete v0; }
no4() { host ip -4 address flush dev v0; }
# Link-local addresses stay
no6() { host ip -6 address flush dev v0 scope global; }

greeter() { serve host tcp 8080 socat "TCP$1-LISTEN:8080,bind=$2,fork,reuseaddr" SYSTEM:'echo hello'; }

@test "local mode: one line a family says so, and nothing is a warning" {
	alone
	run_pasta --config-net -- true
	assert "$(grep -c 'local mode' <<< "$stderr")" -eq 2 "lines: $stderr"
	assert "$stderr" lacks warning "complaints"
	assert "$stderr" lacks error "complaints"
}

@test "local mode: --quiet is silent" {
	alone
	in_ns true
	assert "$stderr" == "" "complaints"
}

@test "local mode: tap0 has 169.254.2.1/16 and a link-local IPv6 address only" {
	alone
	in_ns ip -o address show dev tap0
	assert "$output" contains "169.254.2.1/16" "IPv4"
	assert "$output" contains "fe80::" "IPv6"
	assert "$(grep -c inet6 <<< "$output")" -eq 1 "IPv6 addresses"
	assert "$output" lacks tentative "addresses"
}

@test "local mode: default routes by 169.254.2.2 and fe80::1" {
	alone
	in_ns sh -c 'ip -4 route show default; ip -6 route show default'
	assert "$output" contains "default via 169.254.2.2 dev tap0" "IPv4"
	assert "$output" contains "default via fe80::1 dev tap0" "IPv6"
}

@test "local mode: the gateway is the host's loopback, IPv4" {
	alone
	greeter 4 127.0.0.1
	in_ns socat -u TCP:169.254.2.2:8080 -
	assert "$output" == hello "answer"
}

@test "local mode: the gateway is the host's loopback, IPv6" {
	alone
	greeter 6 ::1
	in_ns socat -u 'TCP6:[fe80::1%tap0]:8080' -
	assert "$output" == hello "answer"
}

@test "local mode: UDP to the host's loopback, both families" {
	alone
	background four host socat UDP4-RECVFROM:9000,bind=127.0.0.1,fork SYSTEM:'read -r line; echo four'
	background six host socat UDP6-RECVFROM:9000,bind=[::1],fork SYSTEM:'read -r line; echo six'
	wait_until host bash -c '(($(ss -Hlun "sport = :9000" | wc -l) == 2))'
	in_ns sh -c "$TOOLS/probe udp 169.254.2.2 9000 wait=10000; $TOOLS/probe udp fe80::1%tap0 9000 wait=10000"
	assert "$output" == "answer 5 bytes"$'\n'"answer 4 bytes" "answers: four and six, with a newline"
}

@test "local mode: a ping to the gateways is answered" {
	alone
	in_ns sh -c 'ping -c1 -W10 169.254.2.2; ping -c1 -W10 fe80::1%tap0'
	assert "$(grep -c '1 received' <<< "$output")" -eq 2 "answers"
}

@test "local mode: destinations beyond are unreachable at once, not in time" {
	alone
	run_pasta 1 -q --config-net -- bash -c 'SECONDS=0; timeout 5 socat -u TCP:192.0.2.1:80 -
		status=$?; echo $SECONDS; exit $status'
	assert "$stderr" contains "unreachable" "reason"
	assert "$output" -le 2 "seconds"
}

@test "local mode: what the host can reach without a route of its own is reached" {
	no4; no6
	host ip route flush table main
	host ip -6 route flush table main
	in_ns true
	start_pasta -q --config-net
	inside true
	host ip address add 198.51.100.1/24 dev v0
	inside ping -c1 -W10 $R4
	assert "$output" contains "1 received" "ping after the host has got an address"
}

@test "local mode: a resolver on the host's loopback answers" {
	alone
	serve host udp 53 dnsmasq --keep-in-foreground --no-resolv --no-hosts --bind-interfaces \
		--listen-address=127.0.0.1 --address=/box.example/192.0.2.77 --user= --group= --pid-file=
	host mount --bind <(echo nameserver 127.0.0.1) /etc/resolv.conf 2>/dev/null || {
		echo "nameserver 127.0.0.1" > "$T/resolv"
		host mount --bind "$T/resolv" /etc/resolv.conf
	}
	in_ns dig +short +time=9 +tries=1 @169.254.2.2 box.example
	assert "$output" == 192.0.2.77 "answer"
}

@test "local mode: an interface with link-local addresses only is no template" {
	no4; no6
	run_pasta --config-net -- ip -o address
	assert "$(grep -c 'local mode' <<< "$stderr")" -eq 2 "lines: $stderr"
	assert "$output" contains "169.254.2.1/16" "IPv4"
}

@test "local mode: an interface that is down is no template" {
	host ip link set v0 down
	in_ns ip -o address
	assert "$output" contains "169.254.2.1/16" "IPv4"
}

@test "local mode: IPv4 template, IPv6 local" {
	no6
	greeter 6 ::1
	run_pasta --config-net -- sh -c "ip -o address; ping -c1 -W10 $R4; socat -u 'TCP6:[fe80::1%v0]:8080' -"
	assert "$output" contains "198.51.100.1/24" "IPv4"
	assert "$output" contains "1 received" "ping"
	assert "$output" contains hello "IPv6 loopback"
	assert "$(grep -c 'local mode' <<< "$stderr")" -eq 1 "lines: $stderr"
}

@test "local mode: IPv6 template, IPv4 local" {
	no4
	greeter 4 127.0.0.1
	run_pasta --config-net -- sh -c "ip -o address; ping -c1 -W10 $R6; socat -u TCP4:169.254.2.2:8080 -"
	assert "$output" contains "2001:db8:1::1/64" "IPv6"
	assert "$output" contains "169.254.2.1/16" "IPv4"
	assert "$output" contains "1 received" "ping"
	assert "$output" contains hello "IPv4 loopback"
}

@test "local mode: -4 and -6 hold" {
	alone
	in_ns true
	run_pasta -q -4 --config-net -- ip -o address show dev tap0
	assert "$output" lacks inet6 "IPv6"
	run_pasta -q -6 --config-net -- ip -o address show dev tap0
	assert "$output" lacks "169.254.2.1" "IPv4"
}

@test "local mode: explicit options win one by one" {
	alone
	run_pasta -q --config-net -a 10.1.0.5/24 -- ip -4 -o address show dev tap0
	assert "$output" contains "10.1.0.5/24" "address"
	run_pasta -q --config-net -a 10.1.0.5/24 -g 10.1.0.1 -- ip route show default
	assert "$output" contains "via 10.1.0.1" "gateway"
	run_pasta -q --config-net -I mine0 -- ip -o link
	assert "$output" contains "mine0" "interface"
	run_pasta -q --config-net -a 2001:db8::5/64 -- ip -o address show dev tap0
	assert "$output" contains "2001:db8::5/64" "IPv6 address"
	assert "$output" contains "169.254.2.1/16" "IPv4 address"
}

@test "local mode: an interface with an address and no default route is a template" {
	host ip route delete default
	run_pasta -4 --config-net -- ip -o address
	assert "$output" contains "198.51.100.1/24" "address"
	assert "$stderr" lacks "local mode" "summary"
}

@test "local mode: --no-map-gw keeps the gateway off the host's loopback" {
	alone
	greeter 4 127.0.0.1
	run_pasta 1 -q --config-net --no-map-gw -- timeout 3 socat -u TCP:169.254.2.2:8080 -
}

@test "local mode: a port is forwarded to the IPv6 address that was learnt" {
	alone
	start_pasta -q --config-net -t 8080 -T none
	inside bash -c 'socat TCP6-LISTEN:8080,fork,reuseaddr SYSTEM:"echo inside" > /dev/null 2>&1 &
		until ss -Hltn "sport = :8080" | grep -q .; do :; done'
	output=$(host socat -u 'TCP6:[::1]:8080' -)
	assert "$output" == inside "answer"
}

@test "local mode: a server on IPv4 only is reached by ::1 of the host, whether an IPv6 address was learnt or not" {
	alone
	start_pasta -q --config-net -t 8080 -T none
	inside bash -c 'socat TCP4-LISTEN:8080,fork,reuseaddr SYSTEM:"echo inside" > /dev/null 2>&1 &
		until ss -Hltn "sport = :8080" | grep -q .; do :; done'
	assert "$(host socat -u 'TCP6:[::1]:8080' -)" == inside "answer"
	inside ping -6 -c1 -W10 fe80::1%tap0
	assert "$(host socat -u 'TCP6:[::1]:8080' -)" == inside "answer, with an address"
}
