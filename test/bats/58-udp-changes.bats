# SPDX-License-Identifier: Apache-2.0
#
# UDP and ping go on when the host gets another address or route, or the namespace's server restarts.

load helpers
load ports
load follow

# echoes ADDR OWN-ADDR: by the same flow each time
echoes() {
	inside "$TOOLS/probe" udp "$1" 5000 "from=$2" by=4321 wait=500
	[[ $output == "answer 1 bytes" ]]
}

# pings_go_on ADDR: one flow, while the host moves
pings_go_on() {
	printf '%s\n' "ping -n -i 0.1 $1 > $T/pings & echo \$! > $T/ping.pid" >&"$COMMANDS"
	wait_until grep -q 'seq=3 ' "$T/pings"
	host_moves
	: > "$T/pings"
	WAIT=20 wait_until grep -q 'ttl=' "$T/pings"
	inside kill "$(< "$T/ping.pid")"
}

@test "ping: goes on when the host has got another address, IPv4" {
	start_pasta --config-net -q -u none -U none
	pings_go_on $R4
}

@test "ping: goes on when the host has got another address, IPv6" {
	start_pasta --config-net -q -u none -U none
	pings_go_on $R6
}

@test "udp: a flow goes on when the host has got another address, IPv4" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q -u none -U none
	echoes $R4 $H4
	host_moves
	wait_until echoes $R4 $H4
}

@test "udp: a flow goes on when the host has got another address, IPv6" {
	serve remote udp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q -u none -U none
	echoes $R6 $H6
	host_moves
	WAIT=20 wait_until echoes $R6 $H6
}

@test "udp: a flow goes on when there was no route for a time" {
	serve far udp 5000 "$TOOLS/load" serve 5000
	start_pasta --config-net -q -u none -U none
	echoes $F4 $H4
	host ip route del 203.0.113.0/24
	host ip route del default
	not echoes $F4 $H4
	host ip route add default via $R4
	wait_until echoes $F4 $H4
}

@test "udp: a server that has restarted on an automatic port speaks first" {
	start_pasta --config-net -q -t none -u auto
	mkfifo "$T/client-says" "$T/server-says"
	background client remote bash -c 'exec socat - "UDP4:$1:5000,sourceport=43000" <> "$0"' \
		"$T/client-says" $H4
	inside_serve udp 5000 socat -u UDP4-RECVFROM:5000 OPEN:/dev/null
	wait_until port_is_open host udp 5000
	echo hello > "$T/client-says" # which ends the server
	wait_until not port_is_open host udp 5000
	printf '%s\n' "socat - UDP4-DATAGRAM:$R4:43000,bind=:5000 <> $T/server-says &" >&"$COMMANDS"
	wait_until port_is_open host udp 5000
	echo first > "$T/server-says"
	wait_until grep -q first "$T/client"
}
