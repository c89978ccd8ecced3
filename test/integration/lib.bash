# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What every integration test file loads. The tests of a file run as root, one after another, on a
# machine of their own (boot.sh), on which everything may be changed: it is thrown away afterwards.
# Files run in parallel. This is helpers.bash of the end-to-end tests (assert, wait_until, background,
# serve, finish, run_pasta and more) with other places to run commands in:
#
#	host CMD      here, as root
#	user CMD      here, as the regular user "u", with an environment as after a login; 60 seconds
#	              at most (LIMIT)
#	outside CMD   on the other side of v0, as root
#	capture CMD   run CMD: $status, $output (stdout) and $stderr; never fails
#	nothing_left  no pasta runs
#	unplug, plug  take the machine off its network, and back
#
# PASTA is ours, PEER the distribution's one.

# shellcheck source=test/bats/helpers.bash
source "$(dirname "${BASH_SOURCE[0]}")/../bats/helpers.bash"
PASTA=/usr/local/bin/pasta PEER=/usr/bin/pasta
SRC=/src
IMAGE_TAR=/usr/share/pasta-test/image.tar
HOST4=198.51.100.1 HOST6=2001:db8:1::1

host_start() {
	T=$BATS_TEST_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}"
	chmod 1777 "$T"
}

# What `background` and `serve` started
host_stop() {
	local file
	for file in "$T"/*.pid; do
		[[ ! -s $file ]] || kill -KILL "$(< "$file")" 2>/dev/null || true
	done
}

host() { "$@" 3>&-; }
outside() { nsenter -t "$(< /run/outside.pid)" -n -- "$@" 3>&-; }
remote() { outside "$@"; }

user() {
	bash -c 'echo 0 > /sys/fs/cgroup/u/session/cgroup.procs && cd /home/u && exec "$@"' user \
		setpriv --reuid 1000 --regid 1000 --init-groups env -i HOME=/home/u USER=u LOGNAME=u \
		XDG_RUNTIME_DIR=/run/user/1000 LANG=C.UTF-8 PATH="$PATH" \
		timeout --foreground --kill-after 5 "${LIMIT:-60}" "$@" 3>&-
}

unplug() {
	ip link set v0 down
	ip address flush dev v0
}

# As boot.sh has it
plug() {
	ip -batch - <<-END
	address add $HOST4/24 dev v0
	link set v0 up
	address add $HOST6/64 dev v0 nodad
	neighbour replace 2001:db8:1::3 lladdr 02:00:00:00:00:03 dev v0
	route replace default via 198.51.100.2
	route replace default via 2001:db8:1::2
	END
}

capture() {
	status=0
	output=$("$@" </dev/null 2>"$T/stderr") || status=$?
	stderr=$(< "$T/stderr")
}

pasta_pids() { pgrep -x 'pasta(\.avx2)?' || true; }
no_pasta() { [[ -z $(pasta_pids) ]]; }
nothing_left() {
	wait_until no_pasta || { ps -ef; return 1; }
}
