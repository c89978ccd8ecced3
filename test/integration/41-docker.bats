# SPDX-License-Identifier: Apache-2.0
#
# Rootless Docker as contrib/rootless-docker sets it up, run by the user "u": dockerd-rootless.sh, pasta
# as network, published ports by the implicit port driver. One daemon serves all tests of the file; the
# image is "box". The distribution's pasta is replaced by a trap: what works, works with ours.
#
#	docker ARGS        has to succeed; sets $output
#	run_web ARGS       a container in the background whose port 80 tells who has asked
#	asked PLACE ADDR   what the server at ADDR:PORT says to PLACE, in $output

load lib

SCRIPT=/usr/share/docker.io/contrib/dockerd-rootless.sh
RUN=/run/user/1000 DOCKER=unix:///run/user/1000/docker.sock
NAME='http://www.outside.example/'

setup_file() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_FILE_TMPDIR%/*}"
	chmod 1777 "$BATS_FILE_TMPDIR"
	T=$BATS_FILE_TMPDIR
	printf '#!/bin/sh\necho "this is not the pasta of the tests" >&2\nexit 99\n' > "$PEER"
	install -m 755 /src/contrib/rootless-docker/pasta-closed /usr/local/bin/
	start_docker
	docker import --change 'CMD ["sleep", "infinity"]' "$IMAGE_TAR" box
}

# start_docker VARIABLE...: others are those of the user's docker.service
start_docker() {
	local variables
	mapfile -t variables < <(sed -n 's/^Environment=//p' /src/contrib/rootless-docker/override.conf)
	LIMIT=280 background dockerd user env "${variables[@]}" DOCKERD_ROOTLESS_ROOTLESSKIT_MTU=1500 "$@" \
		$SCRIPT --storage-driver=fuse-overlayfs --shutdown-timeout=0
	WAIT=60 wait_until user docker --host $DOCKER version || { cat "$T/dockerd.err"; return 1; }
}

# rootlesskit takes the daemon along, and the daemon its containers
stop_docker() {
	kill -TERM "$(pgrep -u u -o -x rootlesskit)"
	WAIT=60 wait_until no_docker || { ps -ef; return 1; }
}
no_docker() { ! pgrep -u u -x 'rootlesskit|exe|dockerd|containerd|containerd-shim.*|docker-proxy|fuse-overlayfs'; }

teardown_file() { no_docker || stop_docker; }

# Without `set -e`: bats runs teardown like that
teardown() {
	local containers
	host_stop
	no_docker && return
	docker ps --all --quiet || return 1
	mapfile -t containers <<< "$output"
	[[ -z $output ]] || docker rm --force --volumes "${containers[@]}" || return 1
	docker network prune --force || return 1
	wait_until nothing_listens || { ss -Hlntp; return 1; }
}

# UDP ports stay for what the containers may still be sent
nothing_listens() { [[ -z $(ss -Hlnt) ]]; }

docker() {
	capture user docker --host $DOCKER "$@"
	[[ $status == 0 ]] || { printf 'docker %s: status %s\n%s\n%s\n' "$*" "$status" "$output" "$stderr"; return 1; }
}

run_web() { docker run --detach "$@" box socat TCP4-LISTEN:80,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR'; }

# A published port is there shortly after `docker run`
asked() {
	wait_until "$1" socat -u "TCP:$2" OPEN:/dev/null || return 1
	output=$("$1" socat -t 5 -u "TCP:$2" -)
}

@test "docker: it is our pasta that is started, with an MTU of 1500" {
	local pid
	pid=$(pasta_pids | head -n 1)
	assert "$(readlink "/proc/$pid/exe")" == "$PASTA" "program"
	assert "$(tr '\0' ' ' < "/proc/$pid/cmdline")" =~ ^pasta\ --tcp-ns\ none\ --udp-ns\ none\ .*\ --mtu=1500\ \
.*--address=10.0.2.100\ .*--no-map-gw\ .*--tcp-ports=auto\ --udp-ports=auto\ [0-9]+ "command line"
	docker info --format '{{.SecurityOptions}}'
	assert "$output" contains name=rootless "options"
}

@test "docker: default bridge: TCP, names, UDP and ping to the outside" {
	serve outside udp 5000 socat UDP4-LISTEN:5000,fork EXEC:cat
	docker run --detach --name one box
	docker exec one wget -qO- http://198.51.100.3/cgi-bin/peer
	assert "$output" contains "$HOST4" "address that the outside sees"
	docker exec one wget -qO- $NAME
	assert "$output" == outside "page by name"
	docker exec one ping -c 1 -W 5 198.51.100.3
	assert "$output" contains "1 received" "ping"
	wait_until echoes one UDP:198.51.100.3:5000
}
echoes() { [[ $(user docker --host $DOCKER exec "$1" sh -c "echo question | socat -t 1 - '$2'") == question ]]; }

@test "docker: default bridge: 20 MB out and in arrive whole" {
	local file
	file=$(payload 20000000)
	serve outside tcp 6000 socat TCP4-LISTEN:6000,reuseaddr EXEC:sha256sum
	serve outside tcp 6001 socat -u "OPEN:$file" TCP4-LISTEN:6001,reuseaddr
	docker run --rm --volume "$file:/file:ro" box sh -c 'socat -t 60 - TCP:198.51.100.3:6000 < /file'
	assert "${output%% *}" == "$(sum "$file")" "what went out"
	docker run --rm box sh -c 'socat -u TCP:198.51.100.3:6001 - | sha256sum'
	assert "${output%% *}" == "$(sum "$file")" "what came in"
}
sum() { sha256sum < "$1" | cut -d ' ' -f 1; }

@test "docker: the host's loopback is out of reach" {
	local place
	serve host tcp 5001 socat TCP4-LISTEN:5001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo served'
	for place in bridge host; do
		docker run --rm --network $place box sh -c 'for to in 10.0.2.2 172.17.0.1 127.0.0.1 10.0.2.100 10.0.2.3; do
			socat -u TCP:$to:5001,connect-timeout=1 - 2>/dev/null
		done; true'
		assert "$output" == "" "answers, in the network '$place'"
	done
}

@test "docker: a published port, from the host's loopback and from the outside" {
	run_web --publish 8080:80
	asked host 127.0.0.1:8080
	assert "$output" == 10.0.2.100 "address of the client, from the host"
	asked host $HOST4:8080
	assert "$output" == 10.0.2.100 "address of the client, by the host's own address"
	asked outside $HOST4:8080
	assert "$output" == 198.51.100.3 "address of the client, from the outside"
}

@test "docker: published ports: UDP, and a range" {
	docker run --detach --publish 5353:53/udp --publish 8100-8102:8100-8102 --name one box sh -c '
		socat UDP4-LISTEN:53,fork EXEC:cat &
		for port in 8100 8101 8102; do socat TCP4-LISTEN:$port,fork,reuseaddr SYSTEM:"echo port $port" & done
		wait'
	wait_until eval '[[ $(echo hi | socat -t 1 - UDP:127.0.0.1:5353) == hi ]]'
	wait_until eval '[[ $(echo hi | outside socat -t 1 - UDP:$HOST4:5353) == hi ]]'
	for port in 8100 8101 8102; do
		asked outside $HOST4:$port
		assert "$output" == "port $port"
	done
	docker rm --force one
	wait_until not port_is_open host udp 5353
}

# Clients of the host's may need them: an automatic port is none of these unless a list says so
@test "docker: a port of the daemon's choice is one of the host's ephemeral ports, and not opened" {
	run_web --publish 80 --publish 8080:80 --name one
	docker port one 80/tcp
	port=$(sed -n 's/^0.0.0.0:\(327..\)$/\1/p' <<< "$output")
	assert "$port" -ge 32768 "port"
	asked outside $HOST4:8080
	output=$(outside socat -u "TCP:$HOST4:$port" - 2>&1) || true
	assert "$output" contains refused "what README.md tells"
}

@test "docker: 20 MB out of and into a published port arrive whole" {
	local file
	file=$(payload 20000000)
	docker run --detach --publish 8080:80 --publish 8081:81 --volume "$file:/file:ro" --name one box sh -c '
		socat -u OPEN:/file TCP4-LISTEN:80,fork,reuseaddr &
		socat TCP4-LISTEN:81,fork,reuseaddr EXEC:sha256sum'
	wait_until both_listen one
	outside socat -u "TCP:$HOST4:8080" "CREATE:$T/copy"
	cmp "$file" "$T/copy"
	output=$(outside socat -t 60 "TCP:$HOST4:8081" - < "$file")
	assert "${output%% *}" == "$(sum "$file")" "what came in"
}
# In the container, and published
both_listen() {
	local listening
	listening=$(user docker --host $DOCKER exec "$1" netstat -lnt)
	[[ $listening == *:80\ * && $listening == *:81\ * ]] &&
		port_is_open host tcp 8080 && port_is_open host tcp 8081
}

@test "docker: two containers of a network of the user's find each other, and the outside, by name" {
	docker network create inner
	docker run --detach --name database --network inner box socat TCP4-LISTEN:5432,fork EXEC:'echo rows'
	docker run --detach --name app --network inner --publish 8080:80 box \
		socat TCP4-LISTEN:80,fork,reuseaddr TCP:database:5432
	asked host 127.0.0.1:8080
	assert "$output" == rows "by the published port, from the host"
	asked outside $HOST4:8080
	assert "$output" == rows "by the published port, from the outside"
	docker exec app wget -qO- $NAME
	assert "$output" == outside "page by name"
	docker rm --force app database
}

@test "docker: restarted, a container has its port again, and the port is closed while it is stopped" {
	run_web --name one --publish 8080:80
	asked outside $HOST4:8080
	docker stop --timeout 0 one
	wait_until not port_is_open host tcp 8080
	docker start one
	asked outside $HOST4:8080
	assert "$output" == 198.51.100.3 "after stop and start"
	docker restart --timeout 0 one
	asked outside $HOST4:8080
	assert "$output" == 198.51.100.3 "after a restart"
	asked host 127.0.0.1:8080
}

@test "docker: a port is free for the next container as soon as the last is removed" {
	local i
	for i in 1 2 3 4; do
		run_web --name "web$i" --publish 8080:80
		asked host 127.0.0.1:8080
		docker rm --force "web$i"
	done
}

@test "docker: a port published to 127.0.0.1 is not there for the outside" {
	run_web --publish 127.0.0.1:8081:80 --publish 8080:80
	asked outside $HOST4:8080
	output=$(outside socat -u TCP:$HOST4:8081 - 2>&1) || true
	assert "$output" contains refused "answer"
}

@test "docker: build: what RUN does has the network" {
	printf 'FROM box\nRUN wget -qO /page %s\n' $NAME > "$T/Dockerfile"
	DOCKER_BUILDKIT=0 docker build --quiet --tag built "$T"
	docker run --rm built cat /page
	assert "$output" == outside "page"
	docker rmi built
}

# The last ones: the daemon ends
@test "docker: the daemon is started again: containers with a restart policy get their ports back" {
	run_web --restart always --publish 8080:80
	asked outside $HOST4:8080
	stop_docker
	nothing_left
	wait_until nothing_listens
	T=$BATS_FILE_TMPDIR start_docker
	asked outside $HOST4:8080
	assert "$output" == 198.51.100.3 "address of the client"
}

@test "docker: pasta-portd as port driver: ports are there at once, on the address that was named, and go" {
	install -m 755 /src/contrib/rootless-docker/dockerd-portd /usr/local/bin/
	stop_docker
	T=$BATS_FILE_TMPDIR start_docker DOCKERD=/usr/local/bin/dockerd-portd DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=none
	run_web --name one --publish 8080:80 --publish 127.0.0.1:8081:80 --publish 80
	output=$(user rootlessctl --socket $RUN/pasta-portd/api.sock list-ports --json | jq -r '.spec | "\(.proto) \(.parentIP)"' | sort -u)
	assert "$output" == $'tcp4 0.0.0.0\ntcp4 127.0.0.1' "ports"
	asked outside $HOST4:8080
	assert "$output" == 198.51.100.3 "address of the client"
	asked host 127.0.0.1:8081
	output=$(outside socat -u "TCP:$HOST4:8081" - 2>&1) || true
	assert "$output" contains refused "the other one, from outside"
	docker port one 80/tcp
	asked outside "$HOST4:$(sed -n 's/^0.0.0.0:\(327..\)$/\1/p' <<< "$output")"
	docker rm --force one
	wait_until nothing_listens
}

@test "docker: at its end no process and no port is left" {
	run_web --publish 8080:80
	asked host 127.0.0.1:8080
	stop_docker
	nothing_left
	wait_until nothing_listens
	assert "$(pgrep -u u -a)" == "" "processes"
}
