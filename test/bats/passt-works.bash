# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# What has to work for a guest however its frames go: bodies of tests, on top of passt.bash.

guest_has() { [[ $(in_guest ip address show dev eth0) == *"$1"* ]]; }
guest_routes() { [[ $(in_guest ip -6 route) == *"$1"* ]]; }

configures_itself() {
	start_passt -q -D 192.0.2.53 -S example.org -m 1400
	boot
	cat > "$T/udhcpc.sh" <<-'END'
		#!/bin/sh
		[ "$1" != bound ] || echo "$ip/$mask via $router, $dns, $domain, mtu $mtu"
	END
	chmod 755 "$T/udhcpc.sh"
	output=$(in_guest busybox udhcpc -i eth0 -f -q -n -t 5 -T 1 -O mtu -s "$T/udhcpc.sh" 2>/dev/null)
	assert "$output" == "$H4/24 via $G4, 192.0.2.53, example.org, mtu 1400" "DHCP"
	wait_until guest_has "inet6 2001:db8:1:"
	wait_until guest_routes "default via fe80:"
	in_guest ping -c1 -W10 $R6
}

traffic_out() {
	passt_and_guest
	serve remote tcp 5000 socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr SYSTEM:'read -r x; echo "got $x"'
	serve remote udp 5000 socat UDP6-LISTEN:5000,ipv6only=0,fork,reuseaddr SYSTEM:'read -r x; echo "got $x"'
	local addr
	for addr in "$R4" "[$R6]"; do
		output=$(in_guest bash -c "echo this | socat -t5 - 'TCP:$addr:5000'")
		assert "$output" == "got this" "TCP, $addr"
		output=$(in_guest bash -c "echo that | socat -t5 -T5 - 'UDP:$addr:5000'")
		assert "$output" == "got that" "UDP, $addr"
		in_guest ping -c1 -W10 "${addr//[][]/}"
	done
}

ports_in() {
	passt_and_guest -t 5000,5001:5002 -u 5000
	background tcp in_guest socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr 'SYSTEM:read -r x; echo from $SOCAT_PEERADDR'
	background tcp2 in_guest socat TCP6-LISTEN:5002,ipv6only=0,fork,reuseaddr 'SYSTEM:read -r x; echo other'
	background udp in_guest socat UDP6-LISTEN:5000,ipv6only=0,fork,reuseaddr 'SYSTEM:read -r x; echo from $SOCAT_PEERADDR'
	wait_until port_is_open in_guest tcp 5000
	wait_until port_is_open in_guest tcp 5002
	wait_until port_is_open in_guest udp 5000
	tcp_answers remote $H4 5000 "from [0000:0000:0000:0000:0000:ffff:c633:6403]"
	tcp_answers remote "[$H6]" 5000 "from [2001:0db8:0001:0000:0000:0000:0000:0003]"
	tcp_answers host 127.0.0.1 5001 other
	udp_answers remote $H4 5000 "from"
	udp_answers remote "[$H6]" 5000 "from"
}

# Nothing is known of the guest but that it has sent something, and nobody sends a datagram again
first_datagram() {
	start_passt -q -u 5000
	boot
	in_guest ip address add $H4/24 dev eth0
	background udp in_guest socat UDP4-RECVFROM:5000,fork 'SYSTEM:read -r x; echo from $SOCAT_PEERADDR'
	wait_until port_is_open in_guest udp 5000
	wait_until guest_hears # an advertisement, which its network card has to be ready for
	output=$(remote timeout 30 bash -c 'exec 3<>"/dev/udp/$0/5000"; echo question >&3; head -n 1 <&3' $H4)
	assert "$output" == "from $R4" "answer"
}
guest_hears() { [[ $(in_guest nstat -asz Icmp6InRouterAdvertisements) =~ Advertisements\ +[1-9] ]]; }

stops_reading() {
	passt_and_guest
	serve remote tcp 5001 socat -b 262144 -u "OPEN:$(payload 100000000)" TCP-LISTEN:5001,reuseaddr
	background download in_guest bash -c "socat -b 262144 -u TCP:$R4:5001 - | sha256sum"
	wait_until received_more_than 1000000
	host kill -STOP "$(< "$T/card.pid")"
	sleep 3 # more than the retransmission timeout, several times
	host kill -CONT "$(< "$T/card.pid")"
	WAIT=60 finish download
	assert "$output" == "$(sum_of "$(payload 100000000)")" "checksum"
}

next_guest() {
	start_passt -q -t 5000
	boot
	configure
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 send 5 is-reset
	background client in_guest "$TOOLS/peer" connect $R4 5000 recv 5 pause 100000
	wait_until in_guest ss -Htn state established dst $R4
	host kill "$(< "$T/card.pid")"
	finish server-5000 # what the guest had open is reset
	assert "$stderr" == "" "complaints of the server"
	remote "$TOOLS/peer" connect $H4 5000 is-reset # as nobody is there
	plug
	configure
	in_guest ping -c1 -W10 $R4
	in_guest ping -c1 -W10 $R6
}

# As after a migration: the guest has its connections, another passt knows nothing of them
migrates() {
	start_passt -q
	boot
	configure
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 recv 5 until "$T/migrated"
	background old in_guest "$TOOLS/peer" connect $R4 5000 send 5 until "$T/migrated" send 5 is-reset
	wait_until guest_is_heard
	host kill "$(< "$T/card.pid")" "$(< "$T/passt.pid")"
	finish card
	finish passt
	wait_until not test -e "$T/$SOCKET"
	start_passt -q -t 5002 --repair-path repair --migrate-exit --migrate-no-linger
	plug
	configure
	: > "$T/migrated"
	finish old
	assert "$stderr" == "" "complaints of the guest's client"
	serve remote tcp 5001 socat TCP6-LISTEN:5001,ipv6only=0,fork,reuseaddr SYSTEM:'read -r x; echo new'
	tcp_answers in_guest $R4 5001 new
	serve in_guest tcp 5002 socat TCP6-LISTEN:5002,ipv6only=0,fork,reuseaddr SYSTEM:'read -r x; echo new'
	tcp_answers remote $H4 5002 new
}

# Its SYN, and 5 bytes
guest_is_heard() { [[ $(in_guest ss -Htni dst $R4) =~ bytes_acked:6( |$) ]]; }

ends_with_guest() {
	start_passt -q --one-off
	boot
	host kill "$(< "$T/card.pid")"
	finish passt
	assert "$(tail -n 1 "$T/passt.status")" -eq 0 "exit status"
	wait_until not test -e "$T/$SOCKET"
}

# both_ways MTU: 100 MB each way arrive whole, none of it was too much for the guest, and it sends
# nothing again
both_ways() {
	local file before
	file=$(payload 100000000)
	MTU=$1 passt_and_guest -m "$1" -c "$T/control"
	wait_until in_guest ping -c1 -W10 $R4 # its link is up in both directions
	before=$(not_taken)
	assert "$before" =~ ^[0-9]+$ "frames not taken so far"
	serve remote tcp 5000 socat -b 262144 -u TCP-LISTEN:5000,reuseaddr SYSTEM:sha256sum,nofork
	serve remote tcp 5001 socat -b 262144 -u "OPEN:$file" TCP-LISTEN:5001,reuseaddr
	in_guest socat -b 262144 -u "OPEN:$file" TCP:$R4:5000
	output=$(in_guest bash -c "socat -b 262144 -u TCP:$R4:5001 - | sha256sum")
	assert "$output" == "$(sum_of "$file")" "checksum in the guest"
	finish server-5000
	assert "$output" == "$(sum_of "$file")" "checksum at the other end"
	output=$(in_guest bash -c "$LOST") # the last probe of a connection may find it closed
	assert "${output#lost=}" -le 1 "sent again by the guest"
	assert "$(not_taken)" == "$before" "frames that the guest had no room for"
}

not_taken() { host_dir socat -t 5 - UNIX-CONNECT:control <<< counters | jq '.counters["frames not taken"]'; }

received_more_than() { (($(in_guest cat /sys/class/net/eth0/statistics/rx_bytes 2>/dev/null || guest_rx) > $1)); }
guest_rx() { in_guest ip -j -s link show eth0 | sed -n 's/.*"rx":{"bytes":\([0-9]*\).*/\1/p'; }
