# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For tests in which pasta is run by somebody who is nobody special: no capability over the host's
# namespaces, an id that no database knows, the system's limits as they are. Started as root, the
# tests make the host with real root, and pasta is run by another id in it; otherwise the host's
# user namespace holds a second one in which the tests' user has its own id again.
#
#	as_user CMD                on the host
#	as_remote_user CMD         on the remote host; a namespace for `serve` and `background`
#	user_pasta RC ARGS         run_pasta by the user; RC is its exit status

ID=41234

setup() {
	[[ $(id -u) != 0 ]] || REAL_ROOT=1
	host_start
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$T"
}

# unprivileged NS CMD: run it in there without any privilege
unprivileged() {
	local ns=$1
	shift
	if [[ -n ${REAL_ROOT:-} ]]; then
		"$ns" setpriv --reuid $ID --regid $ID --clear-groups -- "$@"
	else
		"$ns" unshare --user --map-user=$ID --map-group=$ID -- "$@"
	fi
}
as_user() { unprivileged host "$@"; }
as_remote_user() { unprivileged remote "$@"; }

user_pasta() {
	local rc=$1
	shift
	status=0
	output=$(as_user timeout --kill-after 2 60 "$PASTA" "$@" </dev/null 2>"$T/stderr") || status=$?
	stderr=$(< "$T/stderr")
	assert "$status" == "$rc" "exit status of pasta $*" || { show_output; return 1; }
}
