# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For tests of the control socket: a directory for it, and questions.
#
#	start_controlled ARGS      start_pasta, with a control socket at $SOCKET
#	ask WORDS                  one request, $output is the answer
#	ctl ARGS                   run pastactl: $status, $output, $stderr
#	refused TEXT ARGS          pastactl refuses it, in one line that has TEXT
#	field FILTER               of the answer, by jq; "null" if it has none

setup() {
	host_start
	mkdir -m 700 "$T/run"
	export XDG_RUNTIME_DIR=$T/run
}

socket_is_there() { host test -S "$SOCKET"; }

start_controlled() {
	start_pasta "$@"
	SOCKET=$T/run/pasta/$PASTA_PID.sock
	inside true # who comes too early waits, but it's not there at once
}

raw() { host socat -t 20 - "UNIX-CONNECT:$SOCKET"; }
ask() { output=$(raw <<< "$*"); }
field() { jq -r "$1" <<< "$output"; }
answers() { [[ $(raw <<< log) == *'"ok":true'* ]]; }

# The program is beside pasta
ctl() {
	status=0
	output=$(host "${PASTA}ctl" "$@" 2> "$T/ctl.err") || status=$?
	stderr=$(< "$T/ctl.err")
}
refused() {
	ctl "${@:2}"
	assert "$status $(wc -l < "$T/ctl.err")" == "1 1" "exit status and lines of $*: $output$stderr"
	assert "$stderr" contains "$1" "complaint"
}
