#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh: show the main job on real traffic, without internet. It makes a host of its own, a
# namespace with a network card, a web server on its loopback and a second machine behind a veth
# pair (see bats/host.sh), so it works everywhere in the same way and leaves nothing behind.
# $PASTA: the program.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
dir=$(mktemp -d)
if [[ $(id -u) == 0 ]]; then
	[[ -e /dev/net/tun ]] || { mkdir -p /dev/net && mknod /dev/net/tun c 10 200; }
	chmod 666 /dev/net/tun
fi

unshare --user --map-root-user --net --mount --pid --ipc --uts --fork --kill-child \
	--propagation private bash "$here/bats/host.sh" "$dir" > "$dir/log" 2>&1 &
job=$!
finish() {
	kill -KILL $job 2>/dev/null || true # and with it all processes in there
	wait $job 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT

until [[ -s $dir/pids ]] || ! kill -0 $job 2>/dev/null; do read -rt 0.02 <> <(:) || true; done
if [[ ! -s $dir/pids ]]; then
	cat "$dir/log"
	echo "This system does not let us make namespaces; see the notes in the manual, man/pasta.1"
	exit 1
fi
read -r host remote _ < "$dir/pids"
enter() {
	local pid=$1
	shift
	nsenter -t "$pid" --user --preserve-credentials --net --mount --pid --ipc --uts -- "$@"
}

bold='' plain=''
if [[ -t 1 ]]; then
	bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
fi
step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
# show COMMAND: print it as a user would type it, then run it on the host
show() {
	local word line='$'
	for word in "${@/#"$PASTA"/pasta}"; do
		[[ $word =~ ^[A-Za-z0-9_./:=-]+$ ]] || word="'$word'"
		line+=" $word"
	done
	printf '%s\n' "$line"
	enter "$host" "$@"
}
listening() { [[ -n $(enter "$1" ss -Htln "sport = :$2") ]]; }
wait_for() { until listening "$@"; do read -rt 0.02 <> <(:) || true; done; }

printf '<h1>Hello from the loopback of the host</h1>\n' > "$dir/page"
printf 'while read -r line && [ ${#line} -gt 1 ]; do :; done\nprintf "HTTP/1.0 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\n"\ncat %s/page\n' "$dir" > "$dir/serve"
enter "$host" socat -t 5 TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr EXEC:"sh $dir/serve" 2> /dev/null &
disown
enter "$remote" iperf3 -s -p 5201 > /dev/null 2>&1 &
disown
wait_for "$host" 8080
wait_for "$remote" 5201

step "The host has a network card, v0:"
enter "$host" ip -br address
step "A command under pasta has a network of its own that looks the same (no root, no bridge, no NAT rule):"
show "$PASTA" --config-net -q -- sh -c 'ip -br address; echo; ip route; ip -6 route show default'
step "It fetches a page from a web server that listens on the host's loopback only. The gateway's address leads there, through the tap:"
show "$PASTA" --config-net -q -- curl -sS http://198.51.100.2:8080/
step "It pings another machine on the host's network, over IPv4 and IPv6:"
show "$PASTA" --config-net -q -- ping -c 2 -i 0.2 198.51.100.3
show "$PASTA" --config-net -q -- ping -c 2 -i 0.2 2001:db8:1::3
step "And how fast is that? TCP to the other machine and back, 2 seconds each:"
rate() { jq -r '.end.sum_received.bits_per_second / 1e9 * 10 | round / 10'; }
printf 'directly from the host:  %s Gbit/s out\n' \
	"$(enter "$host" iperf3 -J -t 2 -c 198.51.100.3 | rate)"
printf 'from under pasta:        %s Gbit/s out, %s Gbit/s back\n' \
	"$(enter "$host" "$PASTA" --config-net -q -- iperf3 -J -t 2 -c 198.51.100.3 | rate)" \
	"$(enter "$host" "$PASTA" --config-net -q -- iperf3 -J -t 2 -R -c 198.51.100.3 | rate)"
step "On your own network it is as simple:"
printf '$ %s --config-net\n' "$PASTA"
