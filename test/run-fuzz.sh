#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run-fuzz.sh RESULT FUZZER...: replay each fuzzer's inputs of test/fuzz/corpus/NAME, where there are
# some, then run it for FUZZ_SECONDS on a corpus that it keeps beside it, starting from these.

set -u
result=$1
shift
passed=0 failed=0
for fuzzer in "$@"; do
	name=${fuzzer##*/}
	mkdir -p "$fuzzer.corpus"
	seeds=
	[ -d "test/fuzz/corpus/$name" ] && seeds=test/fuzz/corpus/$name
	# shellcheck disable=SC2086
	if { [ -z "$seeds" ] || "$fuzzer" -runs=0 -timeout=10 $seeds > "$fuzzer.log" 2>&1; } &&
		"$fuzzer" -max_total_time="${FUZZ_SECONDS:-10}" -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$fuzzer." "$fuzzer.corpus" $seeds > "$fuzzer.log" 2>&1; then
		echo "ok: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$fuzzer.log") inputs"
		passed=$((passed + 1))
	else
		echo "not ok: $name"
		tail -n 40 "$fuzzer.log"
		failed=$((failed + 1))
	fi
done
echo "$passed $failed 0" > "$result"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
