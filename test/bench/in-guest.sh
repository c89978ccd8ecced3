#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# in-guest.sh PASST TOOL MTU COMMAND...: run COMMAND where its network is PASST's guest: a namespace whose
# interface TOOL (test/tools/guest, guest_bulk or guest_vhost) connects. PASST is a command with options of its own, as
# "passt --vhost-user"; it listens on a socket, and is given the MTU. IPv4, with the addresses that
# test/bats/host.sh has.

set -eu

passt=$1 tool=$2 mtu=$3
shift 3
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT

# shellcheck disable=SC2086 # it's several words
$passt -f -s "$dir/socket" -m "$mtu" >"$dir/log" 2>&1 &
pid=$!
until [ -S "$dir/socket" ]; do
	kill -0 $pid 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
done

unshare --user --map-root-user --net bash -euc '
	tool=$1 socket=$2 mtu=$3
	shift 3
	"$tool" -r "$socket" eth0 & # it may listen a moment after the socket is there
	until ip link show dev eth0 >/dev/null 2>&1; do kill -0 $!; done
	ip link set lo up
	ip link set eth0 mtu "$mtu" up txqueuelen 10000
	ip address add 198.51.100.1/24 dev eth0
	ip route add default via 198.51.100.2
	until ping -c1 -W1 198.51.100.3 >/dev/null 2>&1; do kill -0 $!; done
	rc=0
	"$@" || rc=$?
	kill $!
	exit $rc' bash "$tool" "$dir/socket" "$mtu" "$@"
