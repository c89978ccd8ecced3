#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# apparmor.sh PROFILE FILE...: run end-to-end tests with the program that PROFILE (usr.bin.NAME) is of under
# strace, whenever it is started, and say what it did that PROFILE does not allow, see apparmor.py. Only that
# counts: some tests fail under strace. Takes PASTA, TOOLS and JOBS from the environment.

set -eu
here=$(dirname "$0") profile=$1 name=${1##*.}
shift
command -v strace > /dev/null || { echo 'strace is missing' >&2; exit 1; }
work=$(mktemp -d /tmp/pasta-apparmor.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -m 1777 "$work/log"
cp "${PASTA%/*}"/* "$work/"
mv "$work/$name" "$work/$name.real"
cat > "$work/$name" <<-END
	#!/bin/sh
	exec strace -D -f -qq -y -s 200 -o $work/log/\$\$.\$(date +%N) \\
		-e trace=execve,open,openat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,link,linkat,connect,clone,clone3,fork,vfork \\
		$work/$name.real "\$@"
END
chmod 755 "$work/$name"
PASTA=$work/pasta bash "$here/run-bats.sh" "$work/result" "$@" > "$work/out" 2>&1 || true
python3 "$here/apparmor.py" "$profile" "$work"/log/*
