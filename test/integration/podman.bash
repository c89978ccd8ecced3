# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For the tests with Podman, run by the user "u" with the configuration of contrib/podman. The image is
# localhost/box. The distribution's pasta is replaced by a trap: what works, works with ours. Each test
# ends with a look at what must not be left.
#
#	podman ARGS      has to succeed, and to complain about nothing; sets $output
#	fetch URL        $output is what curl got from there, by the host; waits until there is something
#	exec_in NAME CMD run CMD in a container
#	echoes NAME ADDR the container gets back what it sends there; to be repeated, because socat's
#	                 UDP-LISTEN,fork may lose what comes while it forks
#	on_the_network NAME  it reaches the outside, by name too, and the outside its port 8080, a web server
#	own_pastas       every pasta that runs is ours, and there is one
#
# shellcheck source=test/integration/lib.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

CONF=/home/u/.config/containers/containers.conf.d

setup_file() { podman_setup; }

podman_setup() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_FILE_TMPDIR%/*}"
	chmod 1777 "$BATS_FILE_TMPDIR"
	T=$BATS_FILE_TMPDIR
	user mkdir -p "$CONF"
	mkdir -p /etc/containers/containers.conf.d
	user cp /src/contrib/podman/pasta.conf "$CONF/"
	printf '[engine]\nstop_timeout = 0\n' > /etc/containers/containers.conf.d/test.conf
	podman import --quiet --change 'CMD ["sleep", "infinity"]' "$IMAGE_TAR" localhost/box
	printf '#!/bin/sh\necho "this is not the pasta of the tests" >&2\nexit 99\n' > "$PEER"
}

teardown() {
	host_stop
	podman_end
}

# Without `set -e`: bats runs teardown like that
podman_end() {
	podman pod rm --all --force --time 0 &&
		podman rm --all --force --time 0 &&
		podman network prune --force || return 1
	wait_until nothing_listens || { ss -Hlntup; return 1; }
	nothing_left || return 1
	assert "$(find /run/user/1000/{netns,containers/networks/rootless-netns} -mindepth 1 2>/dev/null)" == "" \
		"network namespaces left" || return 1
	assert "$(find /tmp -user u -name '*pasta*')" == "" "files left"
}

nothing_listens() { [[ -z $(ss -Hlntu) ]]; }

podman() {
	capture user podman "$@"
	if [[ $status != 0 || $stderr == *level=* || $stderr == *pasta* ]]; then
		printf 'podman %s: status %s\n%s\n%s\n' "$*" "$status" "$output" "$stderr"
		return 1
	fi
}

exec_in() {
	local name=$1
	shift
	podman exec "$name" "$@"
}

echoes() {
	[[ $(user podman exec "$1" sh -c "echo question | socat -t 1 - '$2'") == question ]]
}

fetch() {
	wait_until curl -gsf --max-time 5 -o /dev/null "$@" || return 1
	output=$(curl -gsS --max-time 5 "$@")
}

on_the_network() {
	wait_until podman exec "$1" wget -T5 -qO- http://www.outside.example/
	wait_until podman exec "$1" wget -T5 -qO- "http://[2001:db8:1::3]/"
	assert "$output" == outside "what it gets"
	wait_until outside curl -gsf --max-time 5 -o /dev/null "http://$HOST4:8080/group"
	wait_until outside curl -gsf --max-time 5 -o /dev/null "http://[$HOST6]:8080/group"
}

own_pastas() {
	local pid program found=
	for pid in $(pasta_pids); do
		program=$(readlink "/proc/$pid/exe") || continue # on its way out
		assert "$program" == "$PASTA" "program of process $pid" || return 1
		found=1
	done
	assert "$found" == 1 "running pasta"
}

pid_of() { podman inspect --format '{{.State.Pid}}' "$1" && CONTAINER=$output; }
