#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# inroot.sh ROOT STAGE USER COMMAND [ARG]...: run COMMAND as USER ("root" or "u") on a machine of its
# own that is made from the Debian in ROOT, which stays as it is, with the files of STAGE on top, and
# ends with COMMAND. Exits with COMMAND's status. See boot.sh for what that machine looks like.
#
# Nothing outside is changed: mounts, processes, network and control groups live in namespaces of
# their own. What lives there dies with process 1, which dies with this script, however that ends.
# Kept in the caller's view while it runs: a directory below /tmp, and a control group.

set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
fail() { echo "inroot.sh: $*" >&2; exit 1; }

(($# >= 4)) || fail "usage: inroot.sh ROOT STAGE root|u COMMAND [ARG]..."
[[ $(id -u) == 0 ]] || fail "needs root"
if [[ ${INROOT_PRIVATE:-} != "$$" ]]; then
	INROOT_PRIVATE=$$ exec unshare --mount --propagation private bash "$0" "$@"
fi
unset INROOT_PRIVATE

work=$(mktemp -d /tmp/pasta-machine.XXXXXX)
machine='' group=''
end() {
	trap '' INT TERM HUP
	if [[ -n $machine ]]; then
		kill -KILL "$machine" 2>/dev/null || true # takes its child with it, which is process 1
		wait "$machine" 2>/dev/null || true
	fi
	if [[ -n $group ]]; then
		for _ in {1..100}; do
			find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
			[[ -d $group ]] || break
			read -rt 0.05 <> <(:) || true # the last processes are on their way out
		done
	fi
	umount -l "$work/cgroup" "$work" 2>/dev/null || true
	rmdir "$work"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mount -t tmpfs -o mode=755 tmpfs "$work" || fail "cannot mount a tmpfs (CAP_SYS_ADMIN is needed)"
mkdir "$work/cgroup"
mount -t cgroup2 cgroup2 "$work/cgroup" ||
	fail "cannot mount cgroup2: containers need it, and this environment does not allow it"
mkdir "$work/cgroup/pasta-test.$$" || fail "cannot make a control group"
group=$work/cgroup/pasta-test.$$

# Process 1 enters the group, its parent does not: the machine's own root group is to be empty
setpriv --pdeathsig KILL unshare --mount --pid --net --ipc --uts --fork --kill-child \
	--propagation private bash -c 'echo 0 > "$0/cgroup.procs" && exec unshare --cgroup "$@"' "$group" \
	bash "$here/boot.sh" "$work" "$@" &
machine=$!
status=0
wait "$machine" || status=$?
machine=
exit "$status"
