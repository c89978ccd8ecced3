#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run-unit.sh RESULT PROGRAM...: run the C test programs, show the failures, write the sums. With $RUNNER
# in front of each, if it is set.

set -u
result=$1
shift
mkdir -p "$(dirname "$result")"
RUNNER=${RUNNER:-}
passed=0 failed=0 skipped=0
for program in "$@"; do
	out=$(CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 $RUNNER "$program" 2>&1)
	status=$?
	p=$(echo "$out" | grep -c '^ok .*') s=$(echo "$out" | grep -c '^ok .*# SKIP')
	f=$(echo "$out" | grep -c '^not ok ')
	[ $status -ne 0 ] && [ "$f" -eq 0 ] && f=1
	echo "${program##*/}: $((p - s)) passed, $f failed, $s skipped"
	[ "$f" -eq 0 ] || echo "$out" | grep -v '^ok '
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed $failed $skipped" > "$result"
[ "$failed" -eq 0 ]
