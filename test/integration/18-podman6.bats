# SPDX-License-Identifier: Apache-2.0
#
# Podman 6.1 with netavark 2, which has the ports of containers on bridge networks forwarded by the pasta
# that these share: rootless_port_forwarder = "pasta", as contrib/podman/pasta-ports.conf has it. It starts
# that pasta with -c SOCKET, and calls pesto --add and pesto --delete. Its packages, and what they need, are those
# that root.sh has put aside; they replace this machine's Podman 5.

load podman

CALLS=/tmp/pesto.calls # the arguments of each call of pesto, a line a call
NETNS=/run/user/1000/containers/networks/rootless-netns
MAPPED=0000:0000:0000:0000:0000:ffff # an IPv4 address on an IPv6 socket

setup_file() {
	DEBIAN_FRONTEND=noninteractive dpkg --force-confnew --install /usr/share/pasta-test/experimental/*.deb
	podman_setup
	user cp /src/contrib/podman/pasta-ports.conf "$CONF/"
	install -m 666 /dev/null $CALLS
	mv /usr/local/bin/pesto /usr/local/bin/pesto.real
	printf '#!/bin/sh\necho "$*" >> %s\nexec /usr/local/bin/pesto.real "$@"\n' $CALLS > /usr/local/bin/pesto
	chmod 755 /usr/local/bin/pesto
}

setup() {
	host_start
	: > $CALLS
	podman network create --ipv6 --subnet 10.89.0.0/24 --subnet fd00:89::/64 inner
}

teardown() {
	host_stop
	[[ -n ${KEPT:-} ]] || podman_end || return 1
}

# serving NAME [OPTION]...: a container that answers "TCP" on port 80 with the addresses of each connection
serving() {
	podman run --detach --name "$1" --network inner "${@:2}" localhost/box \
		socat TCP6-LISTEN:80,ipv6only=0,fork SYSTEM:'echo "'"$1"' from $SOCAT_PEERADDR to $SOCAT_SOCKADDR"'
}

# ask FROM ADDRESS: $output is the answer of a TCP server; refused FROM ADDRESS: nothing listens there
answers() { [[ -n $("$1" socat -u "TCP:$2,connect-timeout=3" - 2>/dev/null) ]]; }
ask() {
	wait_until answers "$@" || return 1
	output=$("$1" socat -u "TCP:$2,connect-timeout=3" -)
}
refused() {
	output=$("$1" socat -u "TCP:$2,connect-timeout=3" - 2>&1) || true
	assert "$output" contains "Connection refused" "answer of $2"
}

# udp_ask FROM ADDR PORT WANTED: a datagram there is answered with WANTED; the first ones may come before the server.
# Not socat: it sends an empty one after it, which the server would wait for the end of
ASK_UDP='exec 3<>"/dev/udp/$0/$1" && echo hello >&3 && timeout 2 head -n 1 <&3'
udp_answers() { [[ $("$1" bash -c "$ASK_UDP" "$2" "$3" 2>/dev/null) == *"$4"* ]]; }
udp_ask() { wait_until udp_answers "$@"; }

@test "podman 6: a bridge's pasta has a control socket, and pesto is what publishes and removes ports" {
	assert "$(user podman --version)" =~ 'version ([6-9]|[1-9][0-9])[.]' "version"
	podman run --detach --name a --network inner --ip 10.89.0.5 --ip6 fd00:89::5 -p 8080:80 -p 127.0.0.1:5353:53/udp \
		-p 8000-8010:80-90 localhost/box
	own_pastas
	local pids
	pids=$(pasta_pids)
	assert "$(tr '\0' ' ' < "/proc/${pids%%$'\n'*}/cmdline")" contains " -c $NETNS/pasta.sock " "pasta's arguments"
	assert "$(pgrep rootlessport || true)" == "" "Podman's own forwarders"
	podman rm --force --time 0 a
	local ports="-t 0.0.0.0/8000-8010:10.89.0.5/80-90 -t [::]/8000-8010:fd00:89::5/80-90 -t 0.0.0.0/8080:10.89.0.5/80 \
-t [::]/8080:fd00:89::5/80 -u 127.0.0.1/5353:10.89.0.5/53 $NETNS/pasta.sock"
	assert "$(tr ' ' '\n' < $CALLS | sort)" == "$(echo "--add $ports --delete $ports" | tr ' ' '\n' | sort)" "calls"
	assert "$(cut -d ' ' -f 1 $CALLS | paste -sd ' ')" == "--add --delete" "order of the calls"
}

@test "podman 6: servers see who connects, IPv4 and IPv6, and the bridge's address for the host itself" {
	serving a -p 8080:80
	ask outside "$HOST4:8080"
	assert "$output" contains "from [$MAPPED:c633:6403] to [$MAPPED:0a59:"
	ask outside "[$HOST6]:8080"
	assert "$output" contains "from [2001:0db8:0001:0000:0000:0000:0000:0003] to [fd00:0089:"
	ask host 127.0.0.1:8080
	assert "$output" contains "from [$MAPPED:0a59:0001]"
	ask host "[::1]:8080"
	assert "$output" contains "from [fd00:0089:0000:0000:0000:0000:0000:0001]"
	ask host "$HOST4:8080"
	ask host "[$HOST6]:8080"
}

@test "podman 6: UDP, with the address of who sends, IPv4 and IPv6" {
	podman run --detach --name a --network inner -p 5353:53/udp localhost/box \
		socat UDP6-RECVFROM:53,ipv6only=0,fork SYSTEM:'read -r x; echo "from $SOCAT_PEERADDR"'
	udp_ask outside $HOST4 5353 "from [$MAPPED:c633:6403]"
	udp_ask outside $HOST6 5353 "from [2001:0db8:0001:0000:0000:0000:0000:0003]"
	udp_ask host 127.0.0.1 5353 "from [$MAPPED:0a59:0001]"
	udp_ask host ::1 5353 "from [fd00:0089:"
	assert "$(ss -Hlnt)" == "" "TCP ports"
}

@test "podman 6: a port on an address is there only, beside the same one of another container" {
	serving a -p 127.0.0.1:8080:80
	serving b -p "$HOST4:8080:80"
	ask host 127.0.0.1:8080
	assert "$output" contains "a from"
	ask outside "$HOST4:8080"
	assert "$output" contains "b from"
	refused outside "[$HOST6]:8080"
	refused host '[::1]:8080'
}

@test "podman 6: ranges, and ports that Podman chooses" {
	podman run --detach --name a --network inner -p 9000-9002:7000-7002 -p 7001 localhost/box sh -c '
		for port in 7000 7001 7002; do
			socat TCP6-LISTEN:$port,ipv6only=0,fork SYSTEM:"echo $port" &
		done
		wait'
	ask host 127.0.0.1:9000
	assert "$output" == 7000
	ask outside "[$HOST6]:9002"
	assert "$output" == 7002
	podman port a 7001/tcp
	assert "$output" =~ '0[.]0[.]0[.]0:([0-9]+)'
	ask outside "$HOST4:${BASH_REMATCH[1]}"
	assert "$output" == 7001
	refused host 127.0.0.1:7000
}

@test "podman 6: two containers, of which one goes: its port does, the other's and its name stay" {
	serving a -p 8080:80
	serving b -p 8081:80
	ask outside "$HOST4:8080"
	ask outside "$HOST4:8081"
	podman rm --force --time 0 a
	refused outside "$HOST4:8080"
	refused host '[::1]:8080'
	ask outside "$HOST4:8081"
	assert "$output" contains "b from"
	assert "$(ss -Hlnt)" lacks :8080 "sockets"
	podman run --rm --network inner localhost/box socat -u TCP:b:80 -
	assert "$output" contains "b from"
	podman rm --force --time 0 b
	wait_until nothing_listens
}

# With a container beside it, so that it is one pasta that gets and loses these rules
@test "podman 6: 20 restarts with the same ports" {
	local i pids
	serving b -p 8081:80
	pids=$(pasta_pids)
	podman run --detach --name a --network inner -p 8080:80 -p 8080:80/udp localhost/box httpd -f -p 80 -h /etc
	for i in {1..20}; do
		podman restart --time 0 a
		fetch http://127.0.0.1:8080/group
	done
	fetch "http://[::1]:8080/group"
	assert "$(pasta_pids)" == "$pids" "processes"
	assert "$(ss -Hlntu | grep -c :8080)" == 4 "sockets on port 8080"
	ask outside "$HOST4:8081"
}

# As there: with the last container the pasta of all of them goes
@test "podman 6: a connection outlives that its port is published anew, when Podman reloads the network" {
	serving b
	podman run --detach --name a --network inner -p 8080:80 localhost/box socat TCP6-LISTEN:80,ipv6only=0,fork EXEC:cat
	wait_until eval '[[ $(echo hi | outside socat -t 2 - "TCP:$HOST4:8080") == hi ]]'
	background talk outside bash -c 'exec 3<>"/dev/tcp/$0/8080"
		for word in one two; do
			echo $word >&3
			read -r answer <&3
			echo "$answer"
			until [[ -e $1 ]]; do sleep 0.05; done
		done' $HOST4 "$T/go"
	wait_until grep -q one "$T/talk"
	podman network reload a
	assert "$(cut -d ' ' -f 1 $CALLS | paste -sd ' ')" == "--add --delete --add" "calls of pesto"
	touch "$T/go"
	finish talk
	assert "$(< "$T/talk")" == $'one\ntwo' "answers"
}

@test "podman 6: what contrib's page shows: the rules by pesto, the connections by pastactl" {
	local lines
	lines=$(sed -n '/^What is forwarded:/,/^## /s/^    //p' /src/contrib/podman/README.md)
	shows() { output=$(user bash -e -c "$lines") && [[ $output == *198.51.100.3* ]]; }
	podman run --detach --name a --network inner -p 8080:80 localhost/box socat TCP-LISTEN:80,fork EXEC:cat
	wait_until eval '[[ $(echo hi | outside socat -t 2 - "TCP:$HOST4:8080") == hi ]]'
	background hold outside socat -u "TCP:$HOST4:8080" -
	wait_until shows
	assert "$output" =~ 'HOST -t 0.0.0.0/8080:10.89.0.[0-9]+/80.HOST -t \[::\]/8080:\[?fd00:89::[0-9a-f]+\]?/80' "rules"
}

@test "podman 6: a pod publishes the ports of what is in it" {
	podman pod create --name p --network inner -p 8080:80
	podman run --detach --pod p localhost/box socat TCP-LISTEN:80,fork EXEC:'echo pod'
	ask outside "$HOST4:8080"
	assert "$output" == pod
	podman pod stop --time 0 p
	refused outside "$HOST4:8080"
}

# The last one: Podman 6.1 leaves the network of what could not be started, whoever refuses it
@test "podman 6: a port that is taken is one clear error, and the other ports are not there" {
	KEPT=1
	serve host tcp 8080 socat TCP4-LISTEN:8080,bind=0.0.0.0,fork EXEC:'echo taken'
	serving a -p 8082:80
	capture user podman run --name b --network inner -p 8081:80 -p 8080:80 localhost/box
	assert "$status" == 126
	assert "$stderr" contains "cannot listen on TCP port 8080: Address already in use"
	refused host 127.0.0.1:8081
	ask outside "$HOST4:8082"
	capture user podman run --name c --network inner -p 80:80 localhost/box
	assert "$status $stderr" contains "net.ipv4.ip_unprivileged_port_start"
}
