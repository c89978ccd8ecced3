#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sum.sh DIR STAGE...: add up the stages' "PASSED FAILED SKIPPED" lines and print the sums. A stage
# that left no line (it could not be built, or died) is one failure.

set -u
dir=$1
shift
passed=0 failed=0 skipped=0
for stage in "$@"; do
	if read -r p f s 2>/dev/null < "$dir/$stage"; then
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	else
		echo "not ok: $stage did not run to its end"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
