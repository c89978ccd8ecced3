# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
#
# For tests of changes of the host's network, on top of helpers.bash, ports.bash and control.bash.

# A second cable to the same machine: v5 on the host, 192.0.2.1/24, and 192.0.2.3 at the other end
plug_v5() {
	host ip link add v5 type veth peer name v5 netns "$(host_view "$REMOTE")"
	remote ip address add 192.0.2.3/24 dev v5
	remote ip address add 2001:db8:5::3/64 dev v5 nodad
	remote ip link set v5 up
	host ip link set v5 up
	host ip address add 192.0.2.1/24 dev v5
	host ip address add 2001:db8:5::1/64 dev v5 nodad
}
# The number that the host has for a process that we know by ours: the namespaces of both are the same
host_view() { host bash -c 'for p in /proc/[0-9]*; do [[ $(readlink $p/ns/net) != "$0" ]] || { echo ${p#/proc/}; exit; }; done' \
	"$(remote readlink /proc/self/ns/net)"; }

# The machine is offline: no address but link-local ones, and no way out
unplug() {
	host bash -c 'ip -4 address flush dev v0; ip -6 address flush dev v0 scope global; ip -6 route flush default'
}
# And on the network, whose router is the other machine
plug() {
	printf '%s\n' "address add 198.51.100.1/24 dev v0" "address add 2001:db8:1::1/64 dev v0 nodad" \
		"route add default via $R4" "route add default via $R6" | host ip -batch -
}

# Another network of the host's, on which the other machine is as well
renumber4() {
	remote ip address replace 192.0.2.3/24 dev v0
	host ip address add 192.0.2.1/24 dev v0
	host ip route replace default via 192.0.2.3
	host ip address delete 198.51.100.1/24 dev v0
	host ip route replace 203.0.113.0/24 via 192.0.2.3
}
renumber6() {
	remote ip -6 route replace 2001:db8:1:7::/64 dev v0
	host ip address add 2001:db8:1:7::1/64 dev v0 nodad
	host ip address delete 2001:db8:1::1/64 dev v0
}

# Like a laptop that comes to another network: only new addresses, and routes by them; all is where it was
host_moves() {
	host ip address del 198.51.100.1/24 dev v0
	host ip address add 198.51.100.77/24 dev v0
	host ip address add 2001:db8:1::77/64 dev v0 nodad
	host ip address del 2001:db8:1::1/64 dev v0
	host ip route replace default via $G4 dev v0
	host ip -6 route replace default via $G6 dev v0
	remote ip neighbour replace 2001:db8:1::77 lladdr 02:00:00:00:00:01 dev v0
}

leaves_by() { ctl --json status && [[ $(field "[.$1.host.interface, .$1.host.address] | join(\" \")") == "$2" ]]; }
says() { grep -qF "$1" "$T/pasta.err"; }
# tells NS PORT: a server on all addresses that tells its clients where they come from
tells() {
	serve "$1" tcp "$2" socat "TCP6-LISTEN:$2,fork,reuseaddr,ipv6only=0" \
		'SYSTEM:read x; echo from $SOCAT_PEERADDR to $SOCAT_SOCKADDR'
}
# told ADDR PORT [WORDS]: what such a server tells COMMAND
told() {
	inside bash -c 'echo x | timeout 5 socat -T2 -t2 - "TCP:$1:$2"' bash "$1" "$2"
	[[ $output == *"${3:-from}"* ]]
}

# holds ADDR: a connection to port 5000 there, which says when it has ended
holds() {
	inside bash -c '(exec 3<> "/dev/tcp/$0/5000"; touch "$1/open"; read -r x <&3; touch "$1/ended") \
		</dev/null >/dev/null 2>&1 & disown' "$1" "$T"
}

# source_is ADDR: what the far machine sees of a flow of UDP that is always the same, and has a socket of
# its own, as those to port 53 have
source_is() {
	inside bash -c 'echo x | socat -T1 -t1 - "UDP:$0:53,sourceport=4321"' $F4
	[[ $output == "from $1" ]]
}

# has 4|6 WHAT...: an address or a route inside is printed so
has() {
	inside bash -c 'ip -oneline -"$0" address; ip -"$0" route' "$1"
	[[ $output == *"${*:2}"* ]]
}

# What all of pasta's processes have open, and what one of them has for itself alone
descriptors() { host bash -c 'for p in $(pgrep -x "pasta|pasta-host|pasta-mirror"); do ls "/proc/$p/fd" | wc -l; done' | xargs; }
same_descriptors() { [[ $(descriptors) == "$1" ]]; }
private_kb() { host awk '/^Private/ { n += $2 } END { print n }' "/proc/$(host pgrep -x "$1")/smaps_rollup"; }
