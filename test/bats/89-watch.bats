# SPDX-License-Identifier: Apache-2.0
#
# pastactl flows --watch on a terminal, which is tmux's.

load helpers
load control

teardown() {
	mux kill-server 2> /dev/null || true
	host_stop
}
mux() { host tmux -f /dev/null -S "$T/tmux" "$@"; }
screen() { output=$(mux capture-pane -p) && [[ $output == *$1* ]]; }
# watch COLUMNS ROWS: a shell's screen with a word on it, and then the flows
watch() {
	mux new-session -d -x "$1" -y "$2" -e PS1='$ ' sh -c 'echo before; "$0" flows --watch tcp; echo "status $?" $(stty -a | tr " ;" "\n\n" | grep -xE -- "-?(icanon|echo)"); exec sleep 1000' "${PASTA}ctl"
	wait_until screen "OUT/s"
}
a_flow() {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled --config-net -q
	inside bash -c "exec 3<> /dev/tcp/$R4/5000; touch $T/open; sleep 1000 3<&3 & exec sleep 0"
	wait_until test -e "$T/open"
}
rate_is_there() { screen tcp && [[ $output =~ established\ +0\ +0\ +0\ +0 ]]; }

@test "watch: flows and their rates are a table, and what was there is back at the end" {
	a_flow
	watch 100 8
	wait_until rate_is_there
	assert "$(sed 's/198.51.100.1:[0-9]*/198.51.100.1:PORT/; s/  *$//; s/  */ /g; s/[0-9]*s$/AGE/' <<< "$output")" == \
		"sort by b)oth rates, o)ut, i)n, i(d)le; q)uit
KIND NAMESPACE REMOTE STATE OUT/s IN/s OUT IN IDLE
tcp 198.51.100.1:PORT $R4:5000 established 0 0 0 0 AGE" "screen"
	mux send-keys q
	wait_until screen "status 0 icanon echo"
	assert "$output" =~ ^before "screen afterwards"
	assert "$output" lacks "OUT/s" "screen afterwards"
}

@test "watch: it fits the terminal, also when that changes" {
	a_flow
	watch 100 8
	assert "$output" contains IDLE "wide screen"
	mux resize-window -x 40 -y 3
	wait_until not screen IDLE
	mux resize-window -x 120 -y 10
	wait_until screen IDLE
	assert "$(head -n 1 <<< "$output")" contains "sort by" "first line"
}

@test "watch: Ctrl-Z gives the terminal back, and fg takes it again" {
	a_flow
	mux new-session -d -x 100 -y 10 -e PS1='prompt> ' bash --norc --noprofile -i
	wait_until screen "prompt>"
	mux send-keys "${PASTA}ctl flows --watch" Enter
	wait_until screen "OUT/s"
	mux send-keys C-z
	wait_until screen "Stopped"
	assert "$output" lacks "OUT/s" "screen"
	mux send-keys fg Enter
	wait_until screen "OUT/s"
	mux send-keys C-c
	wait_until not screen "OUT/s"
	wait_until screen "prompt>"
}

@test "watch: a signal leaves the terminal as it was" {
	a_flow
	watch 100 8
	host kill -TERM "$(host pgrep -x pastactl)"
	wait_until screen "status 0 icanon echo"
	assert "$output" =~ ^before "screen afterwards"
	assert "$output" lacks "OUT/s" "screen afterwards"
}

@test "watch: the end of the instance is said on a terminal that is as it was" {
	a_flow
	watch 100 8
	ctl quit
	wait_until screen "status 1 icanon echo"
	assert "$output" =~ ^before "screen afterwards"
	assert "$output" =~ "pastactl: ".*"has ended the connection" "complaint"
	assert "$output" lacks "OUT/s" "screen afterwards"
}

@test "watch: what has no terminal, or no meaning, is one line" {
	start_controlled --config-net -q
	refused "--watch needs a terminal" flows --watch
	refused "--watch is for flows alone" stats --watch
	refused "--watch and --json contradict each other" --json flows --watch
}
