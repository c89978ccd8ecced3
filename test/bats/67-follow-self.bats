# SPDX-License-Identifier: Apache-2.0
#
# Ports of a namespace that configures itself, when the host has other addresses: they lead to what the
# namespace uses, before, while and after it takes what it is offered.

load helpers
load ports
load control
load follow

has_status() { ctl --json status && [[ $(field "$1") == "$2" ]]; }

start_bare() {
	start_controlled -q -t 8080 "$@"
	wait_until is_locked_in pasta-host
}

# asked ADDR: from now on, the other machine asks port 8080 of ADDR again and again
asked() {
	touch "$T/asking"
	: > "$T/asked"
	background asking remote bash -c 'while [[ -e $1/asking ]]; do
		answer=$(echo x | timeout 5 socat -t5 - "TCP:$0:8080" 2>&1); echo "${answer:-none} after $((++n))"; done >> "$1/asked"
		touch "$1/asked_all"; read -r' "$1" "$T"
}
# answers ADDR: the namespace answers from there
answers() { tail -n 1 "$T/asked" | grep -qF "to $1 "; }
# Of all questions the one at most is lost that was being answered from an address which was taken away
all_answered() {
	rm "$T/asking"
	wait_until test -e "$T/asked_all"
	assert "$(grep -cv '^from' "$T/asked")" -le 1 "questions without an answer: $(< "$T/asked")"
}

# The other machine comes to the new prefix, too
renumber_both6() {
	remote ip address add 2001:db8:1:7::3/64 dev v0 nodad
	renumber6
}

# as wait_until, for what dhcpcd does: an answer that comes while it opens a socket, or closes one, is lost, and
# it asks again after 4 seconds, and 8
wait_for_lease() { WAIT=40 wait_until "$@"; }

# dhcpcd_runs OPTION...: in the namespace, until its end
dhcpcd_runs() {
	printf '%s\n' '#!/bin/sh' 'echo "$reason $new_ip_address $new_dhcp6_ia_na1_ia_addr1" >> "'"$T"'/leased"' > "$T/dhcpcd.sh"
	chmod 755 "$T/dhcpcd.sh" "$T"
	printf '%s\n' "script $T/dhcpcd.sh" noarp noipv6rs "interface ${IFNAME:-v0}" "$@" > "$T/dhcpcd.conf"
	inside bash -c 'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/dhcpcd
		dhcpcd -B -f "$0/dhcpcd.conf" "$1" </dev/null >"$0/dhcpcd" 2>&1 & disown' "$T" "${IFNAME:-v0}"
}

@test "self: --follow all: a port answers all the time while dhcpcd goes to the host's new address" {
	start_bare --follow all
	inside_tells TCP4 8080
	inside ip link set v0 up
	dhcpcd_runs ipv4only
	wait_for_lease grep -q "BOUND 198.51.100.1" "$T/leased"
	wait_until tcp_answers remote 198.51.100.1 8080 "to 198.51.100.1"
	renumber4
	wait_until has_status '.ipv4.addresses[0]' 192.0.2.1/24
	asked 192.0.2.1
	wait_until answers 198.51.100.1
	inside dhcpcd -f "$T/dhcpcd.conf" -N v0
	wait_for_lease grep -q "BOUND 192.0.2.1" "$T/leased"
	wait_until answers 192.0.2.1
	all_answered
}

@test "self: --follow grow: a port answers all the time while dhcpcd leaves local mode" {
	unplug
	start_bare
	inside_tells TCP4 8080
	inside ip link set tap0 up
	IFNAME=tap0 dhcpcd_runs ipv4only
	wait_for_lease grep -q "BOUND 169.254.2.1" "$T/leased"
	plug
	wait_until has_status '.ipv4.local_mode' false
	asked 198.51.100.1
	wait_until answers 169.254.2.1
	inside dhcpcd -f "$T/dhcpcd.conf" -N tap0
	wait_for_lease answers 198.51.100.1
	all_answered
}

@test "self: --follow all: a port answers all the time while addresses of another prefix are made" {
	start_bare --follow all
	inside_tells TCP6 8080
	inside ip link set v0 up # its kernel makes sure that an address is nobody else's
	wait_until tcp_answers remote "[2001:db8:1::1]" 8080 "to [2001:0db8:0001:0000:"
	renumber_both6
	asked "[2001:db8:1:7::1]"
	wait_until answers_by "2001:0db8:0001:0007:"
	all_answered
	wait_until has_status '.ipv6.addresses[0]' 2001:db8:1:7::1/64
}
answers_by() { tail -n 1 "$T/asked" | grep -qF "to [$1"; }

@test "self: --follow all: a port answers after dhcpcd's renewal of a lease of DHCPv6" {
	start_bare --follow all
	inside_tells TCP6 8080
	inside bash -c 'echo 0 > /proc/sys/net/ipv6/conf/v0/autoconf; ip link set v0 up'
	dhcpcd_runs "ia_na 1" ipv6only
	wait_for_lease grep -q "BOUND6.* 2001:db8:1::1" "$T/leased"
	wait_until tcp_answers remote "[2001:db8:1::1]" 8080 "to [2001:0db8:0001:0000:"
	renumber_both6
	wait_until has_status '.ipv6.addresses[0]' 2001:db8:1:7::1/64
	tcp_answers remote "[2001:db8:1:7::1]" 8080 "to [2001:0db8:0001:0000:"
	inside dhcpcd -f "$T/dhcpcd.conf" -N v0
	wait_for_lease grep -q "6.* 2001:db8:1:7::1" "$T/leased"
	wait_until tcp_answers remote "[2001:db8:1:7::1]" 8080 "to [2001:0db8:0001:0007:"
}

@test "self: a connection made while the namespace has no address goes to the one that it has then" {
	start_bare --follow host
	inside_tells TCP4 8080
	inside bash -c 'ip link set v0 up; ip address add 198.51.100.6/24 dev v0; ip route add default via '$G4'; ping -c1 '$G4
	wait_until tcp_answers remote 198.51.100.1 8080 "to 198.51.100.6"
	inside ip address flush dev v0
	background asking remote bash -c 'echo x | socat -t9 - TCP:198.51.100.1:8080 > "$0/asked"; read -r' "$T"
	wait_until asks_in_vain
	inside bash -c 'ip address add 198.51.100.7/24 dev v0; ip route add default via '$G4
	wait_until is_answered_by_the_other
}
is_answered_by_the_other() {
	inside ping -c1 -W1 $G4
	grep -qF "to 198.51.100.7 " "$T/asked"
}
asks_in_vain() { ctl --json flows tcp && [[ $output == *198.51.100.6* ]]; }

@test "self: without any DHCP a port leads to the address that the namespace has by hand" {
	start_bare
	inside_tells TCP4 8080
	inside bash -c 'ip link set v0 up; ip address add 198.51.100.77/24 dev v0; ip route add default via '$G4'; ping -c1 -W1 '$G4
	wait_until tcp_answers remote 198.51.100.1 8080 "to 198.51.100.77"
}
