# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# For tests of passt, on top of helpers.bash: a guest, which is a network namespace of its own whose
# interface, eth0, is carried over passt's socket by test/tools/guest.

PASST=${PASTA%pasta}passt
SOCKET=guest.socket # in $T, which may be too long for a socket's path: programs start in there

BACKEND='' CARD=guest # how frames go: an option of passt, and the program that is the guest's card

H4=198.51.100.1 H6=2001:db8:1::1 # the host, and what the guest has as well

# in_dir NS CMD: run in $T
in_dir() { "$1" bash -c 'cd "$0" && exec "$@"' "$T" "${@:2}"; }
host_dir() { in_dir host "$@"; }

# run_passt [RC] ARGS: as run_pasta
run_passt() {
	local rc=0
	if [[ ${1:-} =~ ^[0-9]+$ ]]; then
		rc=$1
		shift
	fi
	status=0
	output=$(host_dir timeout --kill-after 2 60 "$PASST" "$@" </dev/null 2>"$T/stderr") || status=$?
	stderr=$(< "$T/stderr")
	assert "$status" == "$rc" "exit status of passt $*" || { show_output; return 1; }
}

# start_passt ARGS: in the foreground, listening on $SOCKET and locked in, which it is a moment later
start_passt() {
	# shellcheck disable=SC2086 # none or one
	background passt host_dir "$PASST" -f -s "$SOCKET" $BACKEND "$@"
	wait_until host test -S "$T/$SOCKET" || { cat "$T/passt.err"; return 1; }
	wait_until is_filtered "$(< "$T/passt.pid")"
}

# boot [-r]: a guest that is connected, its interface up and not configured; -r: again and again
boot() {
	background holder host unshare --net sleep infinity
	GUEST=$(< "$T/holder.pid")
	wait_until is_elsewhere
	in_guest sysctl -qw net.ipv6.conf.default.accept_dad="${DAD:-0}"
	plug "$@"
}

is_elsewhere() {
	[[ $(host readlink "/proc/$GUEST/ns/net") != $(host readlink /proc/self/ns/net) ]]
}

# plug [-r]: the guest's network card
plug() {
	# shellcheck disable=SC2086 # its options
	background card guest_dir "$TOOLS/"$CARD "$@" "$SOCKET_ARG$SOCKET" eth0
	wait_until in_guest ip link set eth0 up mtu "${MTU:-1500}"
	in_guest ip link set lo up
}
SOCKET_ARG=./

in_guest() { host nsenter -t "$GUEST" --net -- "$@"; }
guest_dir() { in_dir in_guest "$@"; }

# configure: what a DHCP client and a router's advertisement would do, at once. The same patience as
# namespaces have: see PATIENT in helpers.bash
configure() {
	in_guest ip -batch - <<-END
		address replace $H4/24 dev eth0
		address replace $H6/64 dev eth0 nodad
		route replace default via $G4
		route replace default via $G6
		route replace $R4 dev eth0 rto_min 2s
	END
}

# passt_and_guest ARGS: both, ready
passt_and_guest() {
	start_passt -q "$@"
	boot
	configure
}
