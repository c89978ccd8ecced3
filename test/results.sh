#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# results.sh FILE COMMAND [ARG]...: run COMMAND as one test, write "PASSED FAILED SKIPPED" to FILE.

set -u
file=$1
shift
mkdir -p "$(dirname "$file")"
if "$@"; then
	echo "1 0 0" > "$file"
	echo "ok: ${file##*/}"
else
	echo "0 1 0" > "$file"
	echo "not ok: ${file##*/}"
	exit 1
fi
