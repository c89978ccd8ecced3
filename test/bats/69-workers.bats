# SPDX-License-Identifier: Apache-2.0
#
# Several workers: as with one, and each is seen to take part.

load helpers
load control
load ports
load names
load policy

# thread NUMBER: the worker's thread
thread() { host bash -c "grep -lx 'worker $1' /proc/$PASTA_PID/task/*/comm" | cut -d / -f 5; }
# Microseconds that a thread has had
thread_us() { host awk '{ print int($1 / 1000) }' "/proc/$PASTA_PID/task/$(thread "$1")/schedstat"; }
all_take_part() {
	for number in 1 2 3; do
		assert "$(thread_us "$number")" -gt 2000 "CPU time of worker $number in us"
	done
}
counter() { ask counters; field ".counters[\"$1\"]"; }
no_flow_is_left() { ask counters && [[ $(field .flows) == 0 ]]; }
has_said() { grep -q "$2" "$T/$1"; }

@test "workers: each is a thread that has no right and a filter" {
	local task
	start_pasta -q --config-net --workers 4
	inside bash -c 'ls -d /sys/class/net/v0/queues/tx-* | wc -l'
	assert "$output" == 4 "queues"
	for number in 1 2 3; do
		task=$(host cat "/proc/$PASTA_PID/task/$(thread $number)/status")
		assert "$task" =~ CapPrm:.0000000000000000 "permitted capabilities"
		assert "$task" =~ CapBnd:.0000000000000000 "bounding set"
		assert "$task" =~ Seccomp:.2 "filter"
		assert "$task" =~ NoNewPrivs:.1 "privileges"
	done
}

@test "workers: one alone has no thread and one queue" {
	start_pasta -q --config-net --workers 1
	inside bash -c 'ls -d /sys/class/net/v0/queues/tx-* | wc -l'
	assert "$output" == 1 "queues"
	assert "$(host bash -c "cat /proc/$PASTA_PID/task/*/comm")" lacks worker "threads"
}

@test "workers: connections out, in and local are everybody's, and none is lost" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	serve host tcp 5001 "$TOOLS/load" serve 5001
	start_controlled -q --config-net --workers 4 -t 5002 -T 5001
	inside "$TOOLS/load" churn $R4 5000 2000 100
	assert "$output" == "2000 connections" "out: $stderr"
	all_take_part
	inside "$TOOLS/load" churn 127.0.0.1 5001 1000 100
	assert "$output" == "1000 connections" "local: $stderr"
	inside bash -c '"$0" serve 5002 > /dev/null 2>&1 & until ss -Hltn "sport = :5002" | grep -q .; do :; done' "$TOOLS/load"
	output=$(remote "$TOOLS/load" churn 198.51.100.1 5002 1000 100)
	assert "$output" == "1000 connections" "in"
	wait_until no_flow_is_left
	assert "$(counter 'TCP reset')/$(counter 'TCP opened')" == 0/3000 "connections reset and opened"
	assert "$(counter 'local TCP opened')" == 1000 "local ones"
}

# The kernel knows where a flow's frames go for 3 seconds
@test "workers: 10,000 connections that are silent for 5 seconds go on, from either side" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4 -t 5002
	inside bash -c '"$0" serve 5002 > /dev/null 2>&1 & until ss -Hltn "sport = :5002" | grep -q .; do :; done' "$TOOLS/load"
	mkfifo "$T/go" "$T/go-in"
	inside bash -c '"$0" twice '"$R4"' 5000 5000 < "$1/go" > "$1/out-said" 2>&1 & exec 9> "$1/go"; sleep infinity & ' "$TOOLS/load" "$T"
	background in remote bash -c '"$0" twice 198.51.100.1 5002 5000 < "$1"' "$TOOLS/load" "$T/go-in"
	exec {GO}> "$T/go-in"
	WAIT=60 wait_until has_said out-said "5000 open"
	WAIT=60 wait_until has_said in "5000 open"
	pass_seconds 5
	echo now > "$T/go"
	echo now >&"$GO"
	WAIT=60 wait_until has_said out-said "5000 twice"
	WAIT=60 wait_until has_said in "5000 twice"
	exec {GO}>&-
	assert "$(counter 'TCP reset')" == 0 "connections reset"
	assert "$(counter 'frames handed over')" -gt 1000 "frames that came to another worker"
	assert "$(counter 'frames not handed over')" == 0 "and were lost"
}

@test "workers: pastactl has all of their connections, each once" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net --workers 4
	mkfifo "$T/go"
	inside bash -c '"$0" open '"$R4"' 5000 300 < "$1/go" > "$1/out-said" 2>&1 & exec 9> "$1/go"; sleep infinity & ' "$TOOLS/load" "$T"
	WAIT=30 wait_until has_said out-said "300 open"
	ctl flows tcp limit 1000
	assert "$(grep -c "^tcp .*established" <<< "$output")" == 300 "connections"
	assert "$(awk '/^tcp/ { print $2 }' <<< "$output" | sort -u | wc -l)" == 300 "different ones"
}
