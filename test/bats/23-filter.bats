# SPDX-License-Identifier: Apache-2.0
#
# Every test fails if a filter of system calls kills something. Here it is tested that it would.

load helpers

killed() { [[ -s $T/sigsys ]]; }
status_is() { [[ $(cat "$T/$1.status" 2>/dev/null) == "$2" ]]; }

# run_tuned TUNABLES: traffic both ways, names looked up, files that go
run_tuned() {
	output=$(host env GLIBC_TUNABLES="$1" "$PASTA" -q --config-net --dns-forward 198.51.100.53 \
		--pid "$T/pid" --log-file "$T/log" --pcap "$T/dump" -- bash -c \
		"ping -c1 -W10 $R4; echo hello | socat -t5 - TCP:$G4:8080; socat -u OPEN:/dev/null UDP:$R4:9" 2>&1)
	assert "$output" contains "1 received" "ping with $1"
	assert "$output" contains hello "TCP with $1"
	assert "$(< "$T/log")" lacks SIGSYS "log with $1"
	not test -e "$T/pid"
}

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
	for call in "clone3 EPERM" "signalfd4 ENOSYS" "signalfd4 EPERM" "seccomp ENOSYS" "seccomp EPERM" \
		"epoll_create1 EPERM" "epoll_ctl ENOSYS" "epoll_wait ENOSYS" "getrandom EPERM"; do
		read -r call error <<< "$call"
		output=$(host "$TOOLS/refuse" "$call" "$error" "$PASTA" -q --config-net -- true 2>&1) && return 1
		assert "$output" contains "$call(2)" "complaint"
		assert "$(wc -l <<< "$output")" -eq 1 "lines of complaint: $output"
	done
}

@test "filter: where somebody else's refuses pidfd_open, a process is joined and its end noticed" {
	local error
	for error in ENOSYS EPERM; do
		background target host unshare --user --map-root-user --net sleep infinity
		wait_until host grep -q sleep "/proc/$(< "$T/target.pid")/comm"
		host "$TOOLS/refuse" pidfd_open $error "$PASTA" -q --config-net --pid "$T/pid" "$(< "$T/target.pid")"
		output=$(host nsenter -t "$(< "$T/target.pid")" --user --preserve-credentials --net ping -c1 -W10 $R4)
		assert "$output" contains "1 received" "ping"
		host kill "$(< "$T/target.pid")"
		wait_until not test -e "$T/pid"
	done
}

@test "filter: where pidfd_open is refused and /proc has other numbers, one line names the call" {
	# shellcheck disable=SC2016
	output=$(host unshare --pid --fork "$TOOLS/refuse" pidfd_open ENOSYS "$PASTA" -q --config-net 1 2>&1) && return 1
	assert "$output" == "pasta: cannot join process '1': pidfd_open(2): Function not implemented" "complaint"
}

@test "filter: calls that somebody else's refuses are done without where that can be" {
	local call error
	for call in statx landlock_create_ruleset inotify_init1 memfd_create rseq membarrier; do
		for error in ENOSYS EPERM; do
			output=$(host "$TOOLS/refuse" $call $error "$PASTA" -q --config-net -- echo fine 2>&1)
			assert "$output" == fine "output where $call fails with $error"
		done
	done
}

# A sanitizer has memory of its own, and lets the C library's begin only when it is to give something back
# bats test_tags=nosan
@test "filter: it fits whatever the C library is told to do" {
	# each has it make other system calls: for memory, threads, and processors it takes there to be
	local tunables
	serve host tcp 8080 socat TCP-LISTEN:8080,fork EXEC:cat
	for tunables in glibc.malloc.mmap_threshold=1 glibc.malloc.hugetlb=1 glibc.malloc.hugetlb=2 \
		glibc.malloc.top_pad=1:glibc.malloc.trim_threshold=1 glibc.malloc.tcache_count=0 \
		glibc.pthread.rseq=0 glibc.pthread.stack_cache_size=0 glibc.malloc.arena_max=8; do
		run_tuned "$tunables"
	done
}
