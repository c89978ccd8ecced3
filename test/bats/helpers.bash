# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What every test file loads. Each test gets its own host (see host.sh): namespaces of its own, in
# which ports are fixed and everything may be changed; nothing of it is left when the test ends,
# because process 1 of its PID namespace is killed. No root is needed.
#
#	host CMD, remote CMD, far CMD   run a command there
#	serve NS tcp|udp PORT CMD       run CMD in the background, wait until the port is open
#	background NAME NS CMD          run CMD in the background, output to $T/NAME, pid in $T/NAME.pid
#	run_pasta [RC] ARGS             run pasta on the host, check its exit status, default 0;
#	                                $output is what it printed, $stderr what it complained about
#	in_ns CMD                       run_pasta --config-net --quiet -- CMD
#	start_pasta ARGS                start pasta in the background, with a shell to which
#	inside CMD                      feeds commands: CMD runs in the namespace, $output is set
#	assert A OP B WHAT              OP: == != =~ contains lacks -eq -lt ...
#	wait_until CMD                  until CMD succeeds, 10 seconds at most

bats_require_minimum_version 1.5.0
PATH=$PATH:/usr/sbin:/sbin
unset XDG_RUNTIME_DIR # a control socket is for the tests that want one: control.bash
TESTS=$(dirname "${BASH_SOURCE[0]}")

R4=198.51.100.3 R6=2001:db8:1::3 # remote
F4=203.0.113.9 F6=2001:db8:2::9 # far
G4=198.51.100.2 G6=2001:db8:1::2 # the gateways, by default: the host's loopback

# For the namespace: on a busy machine everybody waits 200 ms for a processor now and then, and TCP
# would send again what is not lost. What is lost is sent again even so, after 2 seconds at the latest.
PATIENT="ip route replace $R4 dev v0 rto_min 2s"

# For the namespace: what its TCP has sent again, but for what was not lost. Where nothing answers for some
# milliseconds, as on a busy machine, Linux asks by a segment that the other end has (a tail loss probe,
# RFC 8985, 7), and is told so (RFC 2883)
LOST='nstat -asz TcpRetransSegs TcpExtTCPDSACKRecvSegs |
	awk "/Retrans/ { n += \$2 } /DSACK/ { n -= \$2 } END { print \"lost=\" (n > 0 ? n : 0) }"'

setup() { host_start; }
teardown() { host_stop; }

host_start() {
	T=$BATS_TEST_TMPDIR
	rm -f "$T/pids" "$T/remote" "$T/far"
	local user=(--user --map-root-user)
	[[ -z ${REAL_ROOT:-} ]] || user=()
	unshare "${user[@]}" --net --mount --pid --ipc --uts --fork \
		--kill-child --propagation private "$TOOLS/reaper" "$T/sigsys" bash "$TESTS/host.sh" "$T" \
		</dev/null >"$T/host.log" 2>&1 3>&- &
	HOST_JOB=$!
	# Nobody looks at how long it takes; the kernel makes network namespaces one at a time
	WAIT=60 wait_until host_is_up
	[[ -s $T/pids ]] || { cat "$T/host.log"; return 1; }
	read -r HOST REMOTE FAR < "$T/pids"
}

host_is_up() { [[ -s $T/pids ]] || ! kill -0 $HOST_JOB; }

host_stop() {
	# unshare takes its child with it, which is process 1 of the PID namespace: everything in there
	kill -KILL "$HOST_JOB" || true
	wait "$HOST_JOB" 2>/dev/null || true
	nothing_was_filtered
}

# No process may have met a system call that its filter does not know: those that were orphaned are
# noted by process 1, those in the background have left their status (128 + SIGSYS), pasta tells of its own
nothing_was_filtered() {
	! cat "$T/sigsys" 2>/dev/null || return 1
	! grep -s 'killed by SIGSYS' "$T"/*.err "$T/stderr" || return 1
	! grep -sx 159 "$T"/*.status || return 1
}

# enter PID CMD: what host, remote and far are made of
enter() {
	local pid=$1 user=(--user --preserve-credentials)
	shift
	[[ -z ${REAL_ROOT:-} ]] || user=()
	nsenter -t "$pid" "${user[@]}" --net --mount --pid --ipc --uts -- "$@" 3>&-
}
host() { enter "$HOST" "$@"; }
remote() { enter "$REMOTE" "$@"; }
far() { enter "$FAR" "$@"; }

background() {
	local name=$1 ns=$2 left
	shift 2
	# what an earlier command of this name has left would be taken for this one's
	nothing_was_filtered || return 1
	for left in "$T/$name" "$T/$name.pid" "$T/$name.err"; do
		[[ ! -e $left ]] || : > "$left"
	done
	echo >> "$T/$name.starts"
	{
		local rc=0
		# what is in the background of a script has the keys' signals ignored
		"$ns" env --default-signal=INT,QUIT bash -c 'echo $$ > "$0.pid"; exec "$@"' "$T/$name" "$@" \
			</dev/null >"$T/$name" 2>"$T/$name.err" || rc=$?
		echo "$rc" >> "$T/$name.status"
	} 3>&- &
	wait_until test -s "$T/$name.pid"
}

serve() {
	local ns=$1 proto=$2 port=$3
	shift 3
	background "server-$port" "$ns" "$@"
	wait_until port_is_open "$ns" "$proto" "$port" || { cat "$T/server-$port.err"; return 1; }
}

port_is_open() { [[ -n $("$1" ss -Hn "--$2" --listening "sport = :$3") ]]; }

# finish NAME: wait for a background command to end, $output is what it printed
finish() {
	local pid
	pid=$(< "$T/$1.pid")
	wait_until not host test -e "/proc/$pid"
	wait_until status_is_there "$1"
	output=$(< "$T/$1")
	stderr=$(< "$T/$1.err")
}

# as many of this name have ended as were started
status_is_there() { [[ $(wc -l < "$T/$1.starts") == "$(wc -l 2>/dev/null < "$T/$1.status")" ]]; }

not() { ! "$@"; }

run_pasta() {
	local rc=0
	if [[ ${1:-} =~ ^[0-9]+$ ]]; then
		rc=$1
		shift
	fi
	status=0
	output=$(host timeout --kill-after 2 "${LIMIT:-60}" "$PASTA" "$@" </dev/null 2>"$T/stderr") ||
		status=$?
	stderr=$(< "$T/stderr")
	assert "$status" == "$rc" "exit status of pasta $*" || { show_output; return 1; }
}

show_output() { printf '# stdout: %s\n# stderr: %s\n' "$output" "$stderr"; }

in_ns() { run_pasta --config-net --quiet -- "$@"; }

# A pasta whose command is a shell that reads commands from a pipe: the namespace stays, while
# inside runs one thing after another there.
start_pasta() {
	mkfifo "$T/commands"
	background pasta host bash -c 'exec "$@" < "$0"' "$T/commands" "$PASTA" "$@" -- bash -c '
		while IFS= read -r line; do
			( eval "$line" ) > "$0/out" 2> "$0/err" < /dev/null
			echo $? > "$0/status.new"
			mv "$0/status.new" "$0/status"
		done' "$T"
	exec {COMMANDS}> "$T/commands"
	PASTA_PID=$(< "$T/pasta.pid")
}

inside() {
	rm -f "$T/status"
	printf '%s\n' "${*@Q}" >&"$COMMANDS"
	wait_until test -s "$T/status" || { echo "no end of: $*"; cat "$T/out" "$T/err" "$T/pasta.err"; return 1; }
	status=$(< "$T/status") output=$(< "$T/out") stderr=$(< "$T/err")
}

# Close the pipe: the shell ends, then pasta
stop_pasta() {
	exec {COMMANDS}>&-
	finish pasta
}

assert() {
	local ok=1
	case $2 in
	==) [[ $1 == "$3" ]] || ok=0 ;;
	!=) [[ $1 != "$3" ]] || ok=0 ;;
	=~) [[ $1 =~ $3 ]] || ok=0 ;;
	contains) [[ $1 == *"$3"* ]] || ok=0 ;;
	lacks) [[ $1 != *"$3"* ]] || ok=0 ;;
	-eq | -ne | -lt | -le | -gt | -ge) test "$1" "$2" "$3" || ok=0 ;;
	*) echo "assert: unknown operator $2"; return 1 ;;
	esac
	((ok)) && return
	printf '%s:\n  is:       %s\n  wanted: %s %s\n' "${4:-value}" "$1" "$2" "$3"
	return 1
}

# at_least_received N: of a ping in $output; one that ends with its Nth answer sends more while it waits
at_least_received() {
	[[ $output =~ ([0-9]+)\ received ]]
	assert "${BASH_REMATCH[1]}" -ge "$1" "answers of ping"
}

wait_until() {
	local end=$((SECONDS + ${WAIT:-30}))
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS > end)); then
			echo "waited in vain for: $*"
			return 1
		fi
		read -rt 0.02 <> <(:) || true
	done
}

# For measuring over a time, never for waiting until something has happened
pass_seconds() { read -rt "$1" <> <(:) || true; }

# The one random file that all tests send around
payload() {
	local file=${BATS_RUN_TMPDIR}/payload-$1 new=$T/payload
	if [[ ! -s $file ]]; then
		head -c "$1" /dev/urandom > "$new"
		chmod 644 "$new"
		ln "$new" "$file" 2>/dev/null || true # unless another test was faster
		rm "$new"
	fi
	echo "$file"
}

sum_of() { sha256sum < "$1"; }

# Sum of the resident memory of processes, in KiB
rss_of() {
	local pid sum=0
	for pid in "$@"; do
		sum=$((sum + $(host awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")))
	done
	echo "$sum"
}

# All descendants of a process, itself first
tree_of() {
	local pid
	echo "$1"
	for pid in $(host cat "/proc/$1/task/$1/children"); do
		tree_of "$pid"
	done
}

# Whether pasta's process of that name is locked in: that ends with its filter of system calls, and takes
# place beside pasta's own start
is_locked_in() { is_filtered "$(host pgrep -x "$1")"; }
# locks_in NAME CAPABILITIES: it is, before long, with these in hexadecimal and no right to get more. $pid is
# its process
locks_in() {
	local status
	wait_until is_locked_in "$1"
	pid=$(host pgrep -x "$1")
	status=$(host cat "/proc/$pid/status")
	assert "$status" =~ "CapPrm:.$2" "permitted capabilities of $1"
	assert "$status" =~ "CapEff:.$2" "effective capabilities of $1"
	assert "$status" =~ Seccomp:.2 "filter of $1"
	assert "$status" =~ NoNewPrivs:.1 "privileges of $1"
}
is_filtered() { host grep -q '^Seccomp:.2' "/proc/$1/status"; }

# The only child of a process on the host, and whether that is a sleep by now
child_of() { host cat "/proc/$1/task/$1/children" | tr -d ' '; }
has_sleep() { [[ $(host cat "/proc/$(child_of "$1")/comm") == sleep ]]; }

# COMMAND's init: of pasta's children the one that is in another network; side processes stay on the host
init_of() {
	# shellcheck disable=SC2016
	host bash -c 'for pid in $(< "/proc/$0/task/$0/children"); do
		[[ /proc/$pid/ns/net -ef /proc/self/ns/net ]] || echo "$pid"; done' "$1"
}

fd_count() { host bash -c 'set -- /proc/'"$1"'/fd/*; echo $#'; }
fds_are() { [[ $(fd_count "$PASTA_PID") -le $1 ]]; }

# Microseconds that the scheduler has given to all threads of a process: exact, where ticks are samples
cpu_us() { host bash -c 'cat /proc/'"$1"'/task/*/schedstat' | awk '{ ns += $1 } END { print int(ns / 1000) }'; }

# Whether a process takes next to nothing of a processor, over a second. By itself it would be less than
# 0.2 %; on a machine that is busy with other tests, with its caches full of them, the same work takes up
# to twice the time. What a sanitizer adds is not counted.
is_idle() {
	local before limit=4000
	[[ -z ${SAN:-} ]] || limit=20000
	before=$(cpu_us "$1")
	pass_seconds 1
	(($(cpu_us "$1") - before <= limit))
}
