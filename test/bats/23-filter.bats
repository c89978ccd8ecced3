# SPDX-License-Identifier: Apache-2.0
#
# Every test fails if a filter of system calls kills something. Here it is tested that it would.

load helpers

killed() { [[ -s $T/sigsys ]]; }
status_is() { [[ $(cat "$T/$1.status" 2>/dev/null) == "$2" ]]; }

@test "filter: an orphan that is killed is noticed" {
	# one whose parent is still there is not process 1's to reap
	host bash -c 'setsid bash -c "until grep -q ^PPid:.1\$ /proc/\$\$/status; do :; done; kill -SYS \$\$" \
		>/dev/null 2>&1 </dev/null &'
	wait_until killed
	run nothing_was_filtered
	assert "$status" != 0 "status"
	assert "$output" contains "killed by SIGSYS" "message"
	rm "$T/sigsys"
}

@test "filter: a process in the background that is killed is noticed" {
	background victim host bash -c 'kill -SYS $$'
	wait_until status_is victim 159
	run nothing_was_filtered
	assert "$status" != 0 "status"
	rm "$T/victim.status"
}

@test "filter: pasta runs under one" {
	start_pasta --config-net -q
	inside true
	assert "$(host awk '/^Seccomp:/ { print $2 }' "/proc/$PASTA_PID/status")" == 2 "mode"
}

@test "filter: the lists of system calls are sorted" {
	local list
	list=$(awk '/\[\] = {/ || /^#/ { n++ } /SCMP_SYS/ { gsub(/[^a-z0-9_]/, "", $1); sub(/^_+/, "", $1); print n, $1 }' \
		"$TESTS/../../netns/lockin/seccomp_list.c")
	assert "$(wc -l <<< "$list")" -gt 50 "calls"
	LC_ALL=C sort -c -s -k1,1n -k2,2 <<< "$list"
}

@test "filter: where somebody else's refuses close_range, nothing of the caller's is open in the command" {
	local error
	for error in ENOSYS EPERM; do
		# shellcheck disable=SC2016
		output=$(host "$TOOLS/refuse" close_range $error bash -c \
			'"$0" -q --config-net -- bash -c "cd /proc/self/fd; echo *" 8< /etc 20< /etc' "$PASTA")
		assert "$output" == "0 1 2 3" "descriptors, 3 is the one that looks at them"
	done
}

@test "filter: where somebody else's says that clone3 is not there, another way is taken" {
	output=$(host "$TOOLS/refuse" clone3 ENOSYS "$PASTA" -q --config-net -- echo fine)
	assert "$output" == fine "output"
}

@test "filter: where somebody else's refuses a call that is needed, one line names it" {
	local call error
	for call in "clone3 EPERM" "signalfd4 ENOSYS" "signalfd4 EPERM" "seccomp ENOSYS" "seccomp EPERM"; do
		read -r call error <<< "$call"
		output=$(host "$TOOLS/refuse" "$call" "$error" "$PASTA" -q --config-net -- true 2>&1) && return 1
		assert "$output" contains "$call(2)" "complaint"
		assert "$(wc -l <<< "$output")" -eq 1 "lines of complaint: $output"
	done
}
