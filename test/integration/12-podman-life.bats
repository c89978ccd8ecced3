# SPDX-License-Identifier: Apache-2.0
#
# The life of containers: start, stop, restart, kill, pods, counters, and what remains of them.

load podman

web() { podman run --detach "$@" localhost/box httpd -f -p 80 -h /etc; }

@test "podman: exec runs in the container's network, also with a terminal" {
	podman run --detach --name a localhost/box
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
	capture user podman exec -t a wget -qO- http://www.outside.example/
	assert "$status ${output//$'\r'/}" == "0 outside"
}

@test "podman: 20 restarts with the same port, and the port works after each" {
	local i
	web --name a -p 8080:80
	for i in {1..20}; do
		podman restart --time 0 a
		fetch http://127.0.0.1:8080/group
		assert "$output" == root:x:0: "restart $i"
	done
	own_pastas
	assert "$(pasta_pids | wc -l)" -le 2 "processes"
}

@test "podman: stop and start again, the port is free in between" {
	web --name a -p 8080:80
	fetch http://127.0.0.1:8080/group
	podman stop --time 0 a
	wait_until nothing_listens
	nothing_left
	podman start a
	fetch http://127.0.0.1:8080/group
}

@test "podman: a port is free for the next container as soon as stop has returned" {
	local i
	for i in {1..10}; do
		web --name "a$i" -p 8080:80
		podman stop --time 0 "a$i"
	done
}

@test "podman: a container that is killed, or ends by itself, takes its pasta along" {
	podman run --detach --name a localhost/box
	podman kill a
	nothing_left
	podman run --detach --name b localhost/box sleep 0.2
	podman wait b
	assert "$output" == 0
	nothing_left
}

@test "podman: run --rm has the command's output and status, and no other" {
	capture user podman run --rm localhost/box sh -c 'echo out; exit 42'
	assert "$status" == 42
	assert "$output" == out
	assert "$stderr" == ""
	nothing_left
}

@test "podman: a pod's containers share one network and one pasta" {
	podman pod create --name p -p 8080:80
	web --pod p --name one
	podman run --detach --pod p --name two localhost/box
	wait_until podman exec two wget -qO- http://127.0.0.1/group
	exec_in two wget -qO- http://www.outside.example/
	assert "$output" == outside
	fetch http://127.0.0.1:8080/group
	own_pastas
	podman pod restart p
	fetch http://127.0.0.1:8080/group
	podman pod stop --time 0 p
	nothing_left
}

@test "podman: --network container:NAME joins, and outlives nothing" {
	web --name one -p 8080:80
	wait_until podman exec one wget -qO- http://127.0.0.1/group
	podman run --rm --network container:one localhost/box wget -qO- http://127.0.0.1/group
	assert "$output" == root:x:0:
	fetch http://127.0.0.1:8080/group
	own_pastas
}

@test "podman: stats counts what went over the network" {
	podman run --detach --name a localhost/box
	serve outside tcp 5001 socat -u "OPEN:$(payload 30000000)" TCP-LISTEN:5001
	serve outside tcp 5002 socat -u TCP-LISTEN:5002 OPEN:/dev/null
	exec_in a socat -u TCP:198.51.100.3:5001 OPEN:/dev/null
	exec_in a sh -c 'head -c 20000000 /dev/zero | socat -u - TCP:198.51.100.3:5002'
	podman stats --no-stream --format '{{.NetIO}}' a
	assert "$output" =~ '^3[0-9](\.[0-9]+)?MB / 2[0-9](\.[0-9]+)?MB$'
}

@test "podman: the network is ready when the command starts, also its IPv6" {
	local i
	for i in {1..5}; do
		podman run --rm localhost/box wget -qO- "http://[2001:db8:1::3]/"
		assert "$output" == outside "start $i"
	done
}

@test "podman: pause and unpause keep the connections" {
	podman run --detach --name a -p 8080:80 localhost/box \
		socat TCP-LISTEN:80 SYSTEM:'read line; echo "got $line"'
	mkfifo "$T/line"
	background client host bash -c 'exec socat TCP:127.0.0.1:8080,retry=50,interval=0.1 - < "$0"' "$T/line"
	exec {LINE}> "$T/line"
	wait_until eval "user podman exec a netstat -tn | grep -q ESTABLISHED"
	podman pause a
	podman unpause a
	echo hello >&$LINE
	finish client
	assert "$output" == "got hello"
}

@test "podman: pasta killed means no network, and rm still cleans up" {
	web --name a -p 8080:80
	fetch http://127.0.0.1:8080/group
	own_pastas
	kill -KILL $(pasta_pids)
	wait_until nothing_listens
	podman rm --force --time 0 a
	web --name a -p 8080:80
	fetch http://127.0.0.1:8080/group
}
