#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run-bats.sh RESULT FILE|DIR...: run the end-to-end tests, several at a time, and write the sums.
# Takes PASTA, TOOLS, JOBS, BATS_FILTER and SAN from the environment. Tests with the tag "nosan"
# measure what a sanitizer changes, and are left out under one.
#
# Several files run beside one another, the one with most tests first so that no long one is left over
# at the end, and each does its own tests one by one: where bats hands out places among the tests of a
# file, it looks for a free one once a second, which is as long as most tests take.

set -u
result=$1
shift
mkdir -p "$(dirname "$result")"

# What the packages set on a running system, and minimal installations lack
if [[ $(id -u) == 0 ]]; then
	if [[ ! -e /dev/net/tun ]]; then
		mkdir -p /dev/net
		mknod /dev/net/tun c 10 200
	fi
	chmod 666 /dev/net/tun
fi

# Regular users are to reach the program and the tests' files: a place that everybody can read
work=$(mktemp -d /tmp/pasta-test.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -m 1777 "$work/tmp"
cp -r "$TOOLS" "$work/tools"
cp "$PASTA" "$PASTA-oci-hook" "$PASTA-portd" "${PASTA%/*}/passt" "${PASTA%/*}/pesto" "${PASTA}ctl" "$work/"
export PASTA=$work/pasta TOOLS=$work/tools TMPDIR=$work/tmp

export BATS_TEST_TIMEOUT=120
options=(--formatter tap --timing)
mapfile -t files < <(find "$@" -maxdepth 1 -name '*.bats' -exec grep -c '^@test' /dev/null {} + |
	sort -t : -k 2,2nr -k 1,1 | sed 's/:[0-9]*$//; /^\/dev\/null$/d')
((${JOBS:-2} > 0)) && options+=(--jobs $((${JOBS:-2} * 5 / 2)))
((${#files[@]} > 1)) && options+=(--no-parallelize-within-files)
[[ -z ${BATS_FILTER:-} ]] || options+=(--filter "$BATS_FILTER")
if [[ -n ${SAN:-} ]]; then
	options+=(--filter-tags '!nosan')
	export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_segv=1
	export UBSAN_OPTIONS=print_stacktrace=1
fi

bats "${options[@]}" "${files[@]}" 2>&1 </dev/null | tee "$result.tap"
status=${PIPESTATUS[0]}
skipped=$(grep -c '^ok .* # skip' "$result.tap")
passed=$(($(grep -c '^ok ' "$result.tap") - skipped))
failed=$(grep -c '^not ok ' "$result.tap")
planned=$(sed -n 's/^1\.\.//p' "$result.tap" | head -n 1)
missing=$((${planned:-0} - passed - failed - skipped))
((missing > 0)) && failed=$((failed + missing))
((status != 0 && failed == 0)) && failed=1
echo "$passed $failed $skipped" > "$result"
echo "bats: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
