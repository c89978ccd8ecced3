# SPDX-License-Identifier: Apache-2.0
#
# Start and end of a command: namespaces, status, signals, descriptors, what stays behind, and what
# is said when the system does not allow it. The terminal has a file of its own.

load helpers

# fails WORDS ARGS: exit 1 with one line that has WORDS in it, and no process left
fails() {
	local words=$1
	shift
	run_pasta 1 "$@"
	assert "$stderr" contains "$words" "reason"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines: $stderr"
	assert "$(host pgrep -c pasta || true)" -eq 0 "processes left"
}

@test "start: the command is root in a user namespace of its own" {
	in_ns sh -c 'id -u; id -g; readlink /proc/self/ns/user'
	assert "$output" =~ ^0$'\n'0$'\n'user: "ids and namespace"
	assert "$output" lacks "$(host readlink /proc/self/ns/user)" "user namespace"
}

@test "start: the command has its own net, PID, mount, UTS and IPC namespaces" {
	local ns
	for ns in net pid mnt uts ipc; do
		in_ns readlink "/proc/self/ns/$ns"
		assert "$output" != "$(host readlink "/proc/self/ns/$ns")" "$ns namespace"
	done
}

@test "start: /proc shows the command's PID namespace" {
	in_ns sh -c 'readlink /proc/self/exe > /dev/null; ls -d /proc/[0-9]* | wc -l'
	assert "$output" -le 4 "processes in /proc"
}

@test "start: the command has all capabilities in its namespace and no seccomp filter" {
	in_ns cat /proc/self/status
	assert "$output" =~ CapEff:.000001ffff "capabilities"
	assert "$output" =~ Seccomp:.0 "seccomp"
	assert "$output" =~ NoNewPrivs:.0 "no_new_privs"
}

@test "start: the command has default signal handling" {
	# some awks ignore SIGPIPE themselves
	output=$(host env --default-signal "$PASTA" -q -- grep -E '^Sig(Blk|Ign)' /proc/self/status)
	output=${output//Sig???:?/}
	assert "${output%%$'\n'*}" == 0000000000000000 "blocked signals"
	# the C library keeps 32 and 33 to itself
	assert $((0x${output##*$'\n'} & 0x7fffffff)) -eq 0 "ignored signals"
}

@test "start: the command inherits stdin, stdout and stderr, and no other descriptor" {
	in_ns bash -c 'cd /proc/self/fd; echo *'
	assert "$output" == "0 1 2 3" "descriptors, 3 is the one that looks at them"
}

@test "start: pasta itself holds nothing that its caller had open, beyond stdin, stdout and stderr" {
	background pasta host bash -c 'exec 8< /etc 9> "$0/lock" && flock 9 && exec "${@:1}"' "$T" \
		"$PASTA" -q --config-net -- sh -c 'echo up; exec sleep 60'
	wait_until grep -q up "$T/pasta"
	output=$(host ls -l "/proc/$(< "$T/pasta.pid")/fd")
	assert "$output" contains /dev/net/tun "descriptors"
	assert "$output" lacks /etc "descriptors"
	wait_until flock -n "$T/lock" true
}

@test "start: addresses can be used at once" {
	in_ns ip -o address show dev v0
	assert "$output" contains 198.51.100.1/24 "addresses"
	assert "$output" contains 2001:db8:1::1/64 "addresses"
	assert "$output" contains fe80:: "addresses"
	assert "$output" lacks tentative "addresses"
}

@test "start: the command may ping as any group and bind any port" {
	in_ns cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range
	assert "$output" =~ ^0$'\n'0.0 "sysctls"
}

@test "start: without --config-net lo is up and the tap is down, without addresses" {
	run_pasta -q -- ip -br address
	assert "$output" =~ lo\ +UNKNOWN\ +127.0.0.1 "lo"
	assert "$output" =~ v0\ +DOWN "tap"
	assert "$output" lacks 198.51.100.1 "addresses"
}

@test "start: the tap's queue holds a window of MTU-sized frames" {
	in_ns cat /sys/class/net/v0/tx_queue_len
	assert "$output" -ge 4096 "queue length"
}

@test "start: without a command \$SHELL is run" {
	printf '#!/bin/sh\necho it is me\n' > "$T/shell"
	chmod +x "$T/shell"
	SHELL=$T/shell run_pasta -q
	assert "$output" == "it is me" "output"
}

@test "start: without \$SHELL it is /bin/sh" {
	status=0
	output=$(host env -u SHELL "$PASTA" -q <<< 'echo from $0') || status=$?
	assert "$status" == 0 "exit status"
	assert "$output" =~ "from "-?/bin/sh "shell"
}

@test "start: an empty environment is enough" {
	output=$(host env -i ${ASAN_OPTIONS:+ASAN_OPTIONS=$ASAN_OPTIONS} "$PASTA" -q --config-net -- /bin/echo fine)
	assert "$output" == fine "output"
}

@test "start: without a PATH a command is found where systems have them" {
	output=$(host env -u PATH "$PASTA" -q --config-net -- echo fine)
	assert "$output" == fine "output"
}

@test "start: a closed stdin, stdout or stderr does no harm" {
	host bash -c '"$0" -q --config-net -- true <&-' "$PASTA"
	host bash -c '"$0" -q --config-net -- true >&-' "$PASTA"
	host bash -c '"$0" -q --config-net -- true 2>&-' "$PASTA"
	host bash -c '"$0" -q --config-net -- true <&- >&- 2>&-' "$PASTA"
}

@test "start: a command in a pipeline reads and writes through it" {
	output=$(host bash -c 'echo abc | "$0" -q -- tr a-z A-Z | cat' "$PASTA")
	assert "$output" == ABC "output"
}

@test "start: a namespace inside the namespace works" {
	in_ns "$PASTA" --config-net -q -- ping -c1 -W10 $R4
	assert "$output" contains "1 received" "ping"
}

# twenty COMMAND: sets took, how long 20 of them in a row take, in microseconds
twenty() {
	local begin=${EPOCHREALTIME/./}
	host bash -c 'for i in {1..20}; do "$@" || exit; done' - "$@"
	took=$((${EPOCHREALTIME/./} - begin))
}

# bats test_tags=nosan
@test "start: 20 in a row take less than a second" {
	# on a busy machine the best of several counts, and what namespaces alone take there
	local limit round
	for round in 1 2 3 4 5; do
		twenty unshare --user --map-root-user --net --pid --fork true
		limit=$((10 * took > 1000000 ? 10 * took : 1000000))
		twenty "$PASTA" -q --config-net -- true
		((took >= limit)) || break
	done
	assert $took -lt $limit "microseconds"
}

@test "exit: the command's status is passed on" {
	run_pasta 0 -q -- true
	run_pasta 1 -q -- false
	run_pasta 77 -q -- sh -c 'exit 77'
}

@test "exit: death by a signal is 128 + its number" {
	run_pasta 137 -q -- sh -c 'kill -KILL $$'
	run_pasta 139 -q -- sh -c 'ulimit -c 0; kill -SEGV $$'
	run_pasta 143 -q -- sh -c 'kill -TERM $$'
}

@test "exit: a command that is not there is 127, with one line" {
	run_pasta 127 -q -- /no/such/command
	assert "$stderr" contains "/no/such/command" "reason"
	assert "$stderr" contains "No such file or directory" "reason"
	assert "$(grep -c ^pasta: <<< "$stderr")" -eq 1 "lines"
}

@test "exit: a file that cannot be executed is 126" {
	run_pasta 126 -q -- /etc/passwd
	assert "$stderr" contains "Permission denied" "reason"
}

@test "exit: a caller that ignores the ends of its children gets the status all the same" {
	status=0
	host timeout -k1 20 env --ignore-signal=CHLD "$PASTA" -q --config-net -- sh -c '(exit 4) & wait $!; exit $?' ||
		status=$?
	assert "$status" == 4 "exit status"
	host timeout -k1 20 env --ignore-signal=CHLD "$PASTA" -q -- grep -q 'SigIgn:.*0$' /proc/self/status
}

@test "exit: what the command left running does not keep pasta" {
	LIMIT=10 in_ns sh -c 'sleep 1000 > /dev/null 2>&1 & exit 0'
	assert "$(host pgrep -fc 'sleep 1000' || true)" -eq 0 "processes left"
}

@test "exit: orphans are reaped" {
	in_ns bash -c 'for i in {1..50}; do (true & exec true) & done; wait
		until [ "$(cat /proc/[0-9]*/stat | grep -c ") Z ")" = 0 ]; do :; done'
}

@test "signals: TERM, INT, HUP, QUIT, USR1 and USR2 reach the command" {
	local name
	for name in TERM INT HUP QUIT USR1 USR2; do
		# opened once: a trap that is due while bash forks may get lost
		background pasta host "$PASTA" -q -- bash -c "
			trap 'echo got $name; exit 9' $name
			exec 9<> <(:)
			echo up
			while :; do read -rt 1 -u 9; done"
		wait_until grep -q up "$T/pasta"
		host kill -$name "$(< "$T/pasta.pid")"
		finish pasta
		assert "$output" == up$'\n'"got $name" "the command's output"
	done
}

@test "signals: what the caller ignores the command does, but for the ends of its children" {
	output=$(host env --default-signal --ignore-signal=HUP,INT,USR1,CHLD "$PASTA" -q -- \
		grep '^SigIgn' /proc/self/status)
	assert $((0x${output##*:?} & 0x7fffffff)) -eq $((0x203)) "ignored signals"
}

@test "signals: a command that does not care about TERM goes on" {
	background pasta host "$PASTA" -q -- bash -c '
		trap "" TERM
		trap "echo end; exit" WINCH
		exec 9<> <(:) # as above
		echo up
		while :; do read -rt 1 -u 9; done'
	wait_until grep -q up "$T/pasta"
	host kill -TERM "$(< "$T/pasta.pid")"
	# of the higher number, so passed on later even if pasta finds both
	host kill -WINCH "$(< "$T/pasta.pid")"
	finish pasta
	assert "$output" == up$'\n'end "the command's output"
}

@test "signals: if pasta is killed, the command dies" {
	background pasta host "$PASTA" -q -- sleep 987
	wait_until host pgrep -fx 'sleep 987'
	host kill -KILL "$(< "$T/pasta.pid")"
	wait_until not host pgrep -fx 'sleep 987'
	wait_until not host pgrep pasta
}

@test "signals: an init that was made to live on without a word is not waited for" {
	background pasta host "$PASTA" -q -- sleep 987
	wait_until host pgrep -fx 'sleep 987'
	host "$TOOLS/mute" "$(init_of "$(< "$T/pasta.pid")")"
	WAIT=60 finish pasta
	assert "$(< "$T/pasta.status")" == 137 "exit status of pasta"
	wait_until not host pgrep -fx 'sleep 987'
}

@test "--no-pidns: the command is in the caller's PID namespace" {
	run_pasta -q --no-pidns -- readlink /proc/self/ns/pid
	assert "$output" == "$(host readlink /proc/self/ns/pid)" "PID namespace"
}

@test "--no-pidns: the command dies with pasta" {
	background pasta host "$PASTA" -q --no-pidns -- sleep 987
	wait_until host pgrep -fx 'sleep 987'
	host kill -KILL "$(< "$T/pasta.pid")"
	wait_until not host pgrep -fx 'sleep 987'
}

@test "--no-pidns: no command is started once pasta is dead" {
	# the first that asks to die with its parent is pasta's init, the second is to become the command
	host "$TOOLS/late" 2 "$PASTA" -q --no-pidns -- sleep 987
	wait_until not host pgrep -f 'sleep 987'
}

@test "lock-in: pasta has no capability left in any set" {
	start_pasta --config-net -q
	inside true
	output=$(host grep ^Cap "/proc/$PASTA_PID/status")
	assert "$(grep -vc '0000000000000000$' <<< "$output")" -eq 0 "sets that are not empty: $output"
}

@test "lock-in: pasta runs under seccomp and no_new_privs" {
	start_pasta --config-net -q
	inside true
	output=$(host cat "/proc/$PASTA_PID/status")
	assert "$output" =~ NoNewPrivs:.1 "no_new_privs"
	assert "$output" =~ Seccomp:.2 "seccomp"
}

@test "lock-in: pasta's root file system is empty" {
	start_pasta --config-net -q
	inside true
	assert "$(host ls -A "/proc/$PASTA_PID/root/")" == "" "root file system"
}

@test "lock-in: pasta is in mount, IPC and UTS namespaces of its own" {
	local ns
	start_pasta --config-net -q
	inside true
	for ns in mnt ipc uts; do
		assert "$(host readlink "/proc/$PASTA_PID/ns/$ns")" != "$(host readlink "/proc/self/ns/$ns")" "$ns"
	done
}

@test "end: nothing is left behind" {
	local before
	before=$(host ip address; host ip route; host ls /run; host cat /proc/mounts)
	in_ns ping -c1 -W10 $R4
	assert "$(host ip address; host ip route; host ls /run; host cat /proc/mounts)" == "$before" "the host"
	assert "$(host pgrep -c pasta || true)" -eq 0 "processes left"
}

@test "two at once do not disturb each other" {
	start_pasta --config-net -q
	inside ping -c1 -W10 $R4
	in_ns ping -c1 -W10 $R4
	inside ping -c1 -W10 $R4
	assert "$output" contains "1 received" "ping"
}

@test "no /dev/net/tun: one line says so" {
	host mount -t tmpfs tmpfs /dev/net
	fails "/dev/net/tun" --config-net -- true
}

@test "no user namespaces allowed: one line names the limit" {
	host bash -c 'echo 0 > /proc/sys/user/max_user_namespaces'
	fails "max_user_namespaces" --config-net -- true
}

@test "no network namespaces allowed: one line names the limit" {
	host bash -c 'echo 0 > /proc/sys/user/max_net_namespaces'
	fails "max_net_namespaces" --config-net -- true
}

@test "an interface that does not exist: one line names it" {
	fails "'nosuch0'" --config-net -i nosuch0 -- true
	fails "'nosuch0'" --config-net --outbound-if4 nosuch0 -- true
	fails "'nosuch0'" --config-net --outbound-if6 nosuch0 -- true
}

@test "a capture file that cannot be written: one line names it" {
	fails "/nowhere/at/all" --config-net --pcap /nowhere/at/all -- true
}
