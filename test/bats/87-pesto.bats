# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
#
# pesto: the command lines that Podman and rootlesskit have, and what else its options mean.

load helpers
load control
load ports

pesto() {
	status=0
	output=$(host timeout --kill-after 2 60 "${PASTA%/*}/pesto" "$@" </dev/null 2>"$T/stderr") || status=$?
	stderr=$(< "$T/stderr")
}
does() { pesto "$@"; assert "$status $stderr" == "0 " "pesto $*"; }

# fails TEXT ARGS: one line, and nothing is changed
fails() {
	local before
	before=$(raw <<< "forward list")
	pesto "${@:2}"
	assert "$status" == 1 "exit status of pesto ${*:2}"
	assert "$stderr" contains "$1" "complaint"
	assert "$(grep -c . <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
	assert "$(raw <<< "forward list")" == "$before" "rules"
}

# ruled ARGS: a pasta that forwards what ARGS say
ruled() { start_controlled -q --config-net -t none -u none -T none -U none "$@"; }

# the address of a container, on a bridge in the namespace
container() {
	inside ip address add 10.89.0.5/32 dev lo
	inside ip address add fd00::5/128 dev lo nodad
	inside_tells TCP4 80
	inside_tells TCP6 80
	inside_serve udp 53 "$TOOLS/load" serve 53
}

@test "pesto: as Podman publishes and removes ports" {
	ruled
	container
	does --add -t 0.0.0.0/8080:10.89.0.5/80 -t '[::]/8080:fd00::5/80' -u 127.0.0.1/5353:10.89.0.5/53 "$SOCKET"
	tcp_answers remote $H4 8080 "to 10.89.0.5 port 80"
	tcp_answers remote "[$H6]" 8080 "port 80"
	udp_echoes host 127.0.0.1 5353
	does --delete -t 0.0.0.0/8080:10.89.0.5/80 -t '[::]/8080:fd00::5/80' -u 127.0.0.1/5353:10.89.0.5/53 "$SOCKET"
	refused remote $H4 8080
	refused remote $H6 8080
	not udp_echoes host 127.0.0.1 5353
}

@test "pesto: as Podman publishes a range, and once more on the same ports" {
	ruled
	container
	for _ in 1 2 3; do
		does --add -t $H4/8000-8010:10.89.0.5/80-90 "$SOCKET"
		tcp_answers remote $H4 8000 "to 10.89.0.5 port 80"
		does --delete -t $H4/8000-8010:10.89.0.5/80-90 "$SOCKET"
		refused remote $H4 8000
	done
}

@test "pesto: as rootlesskit does" {
	ruled
	container
	does --version
	assert "$output" =~ ^pesto\ [0-9] "version"
	does -A --tcp-ports=127.0.0.1/8080:80 "$SOCKET"
	does -A --udp-ports=127.0.0.1/8080:53 "$SOCKET"
	tcp_answers host 127.0.0.1 8080 "port 80"
	udp_echoes host 127.0.0.1 8080
	does -D --tcp-ports=127.0.0.1/8080:80 "$SOCKET"
	does -D --udp-ports=127.0.0.1/8080:53 "$SOCKET"
	refused host 127.0.0.1 8080
	not udp_echoes host 127.0.0.1 8080
}

@test "pesto: options are commands in their order, and adding or deleting twice does no harm" {
	ruled -t 8080:80 -T 81
	container
	does -D -t 8080:80 -A -t 8081:80 -u 5353:53 -D -U 99 -A -T 82 "$SOCKET"
	tcp_answers remote $H4 8081
	refused remote $H4 8080
	does -A -t 8081:80 "$SOCKET"
	does -D -t 8080:80 "$SOCKET"
	does "$SOCKET"
	assert "$output" == $'HOST -t 8081:80\nHOST -u 5353:53\nSPLICE -T 81\nSPLICE -T 82\nSPLICE -U none' "ports"
	does -C host -t 8082:80 --clear SPLICE "$SOCKET"
	does "$SOCKET"
	assert "$output" == $'HOST -t 8082:80\nHOST -u none\nSPLICE -T none\nSPLICE -U none' "ports in the end"
}

@test "pesto: ports alone replace their table, and leave the other one" {
	ruled -t 8080:80 -u 5353:53 -T 81
	does -t 8081:80 -t 8082:80 "$SOCKET"
	does "$SOCKET"
	assert "$output" == $'HOST -t 8081:80\nHOST -t 8082:80\nHOST -u none\nSPLICE -T 81\nSPLICE -U none' "HOST replaced"
	does -t none -U 53:5353 "$SOCKET"
	does "$SOCKET"
	assert "$output" == $'HOST -t none\nHOST -u none\nSPLICE -T none\nSPLICE -U 53:5353' "both replaced"
}

@test "pesto: --show prints before and after, --debug what is asked" {
	ruled -t 8080:80
	does --show -A -T 81 "$SOCKET"
	assert "$output" == $'before:\nHOST -t 8080:80\nHOST -u none\nSPLICE -T none\nSPLICE -U none
after:\nHOST -t 8080:80\nHOST -u none\nSPLICE -T 81\nSPLICE -U none' "ports"
	pesto --debug -A -T 82 "$SOCKET"
	assert "$status $stderr" contains "0 pesto: asks: begin" "debug"
	assert "$stderr" contains "pesto: asks: forward add -T 82" "debug"
}

@test "pesto: what cannot be is one line and status 1, and nothing of it is done" {
	ruled -t 8080:80
	serve host tcp 8085 "$TOOLS/load" serve 8085
	fails "cannot listen on TCP port 8085: Address already in use" -A -t 8084 -t 8085 -t 8086 "$SOCKET"
	fails "net.ipv4.ip_unprivileged_port_start" -A -t 600 "$SOCKET"
	fails "'8080:80' overlap" -A -t 8080:81 "$SOCKET"
	fails "not a port number" -A -t x "$SOCKET"
	fails "must be HOST or SPLICE" -C tap "$SOCKET"
	fails "unrecognized option '--nosuch'" --nosuch "$SOCKET"
	fails "socket is missing" -A -t 80
	fails "nothing may follow" "$SOCKET" other
	fails "No such file" -A -t 80 "$T/nosuch"
	fails "'$T': no pasta listens there" "$T"
	fails "ports are one line" -A -t $'8081\nquit now' "$SOCKET"
	refused host 127.0.0.1 8084
}

@test "pesto: many ports are one change" {
	ruled
	local args=() port
	for ((port = 10000; port < 11000; port++)); do
		args+=(-t "127.0.0.1/$port:80")
	done
	container
	does -A "${args[@]}" "$SOCKET"
	tcp_answers host 127.0.0.1 10999 "port 80"
	does -D "${args[@]}" "$SOCKET"
	refused host 127.0.0.1 10999
}

@test "pesto: 20 at once all get what they ask for" {
	ruled
	local i
	for ((i = 0; i < 20; i++)); do
		background "pesto-$i" host "${PASTA%/*}/pesto" -A -t "$((8000 + i))" "$SOCKET"
	done
	for ((i = 0; i < 20; i++)); do
		finish "pesto-$i"
		assert "$(< "$T/pesto-$i.status")$stderr" == 0 "pesto $i"
	done
	does "$SOCKET"
	assert "$(grep -c "HOST -t 80" <<< "$output")" == 20 "rules"
}
