# SPDX-License-Identifier: Apache-2.0
#
# What pasta does for a regular user, who has no privilege (see regular-user.bash). The programs
# that such a user runs are in 45-programs.bats.

load helpers
load regular-user

@test "regular user: it is one, without capabilities" {
	output=$(as_user cat /proc/self/status)
	assert "$output" =~ Uid:.$ID "user id"
	assert "$output" =~ CapEff:.0000000000000000 "capabilities"
}

@test "regular user: the command is root in its namespace, mapped to the user" {
	user_pasta 0 --config-net -q -- sh -c 'id -u; cat /proc/self/uid_map'
	assert "$output" =~ ^0$'\n'\ *0\ +$ID\ +1$ "id and map"
}

@test "regular user: setgroups is denied in the namespace" {
	user_pasta 0 --config-net -q -- cat /proc/self/setgroups
	assert "$output" == deny "setgroups"
}

@test "regular user: TCP, UDP and ping over IPv4 and IPv6" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	user_pasta 0 --config-net -q -- bash -ec '
		for a in "$1" "$2"; do
			[[ $("$0" tcp $a 5000) == connected ]]
			[[ $("$0" udp $a 5000 size=100) == "answer 100 bytes" ]]
			ping -c1 -W10 $a
		done' "$TOOLS/probe" $R4 $R6
}

@test "regular user: pasta keeps no capability" {
	start_user_pasta --config-net -q
	output=$(host grep ^Cap "/proc/$PASTA_PID/status")
	assert "$(grep -vc '0000000000000000$' <<< "$output")" -eq 0 "sets that are not empty: $output"
}

# the command is a sleep: no commands are fed to it
start_user_pasta() {
	touch "$T/pasta.pid" "$T/pasta" "$T/pasta.err"
	as_user "$PASTA" "$@" -- sh -c 'echo up; exec sleep 100' > "$T/pasta" 2> "$T/pasta.err" </dev/null &
	wait_until grep -q up "$T/pasta"
	PASTA_PID=$(host pgrep -o pasta)
}

@test "regular user: pasta keeps running as the user, who may end it" {
	start_user_pasta --config-net -q
	assert "$(as_user cat "/proc/$PASTA_PID/status")" =~ Uid:.$ID "user id of pasta"
	as_user kill -TERM "$PASTA_PID"
	wait_until not host pgrep pasta
}

@test "regular user: /dev/net/tun that may not be opened is named, with the reason" {
	# a file of the real root's that nobody else may open
	host mount --bind /etc/shadow /dev/net/tun
	user_pasta 1 --config-net -- true
	assert "$stderr" contains /dev/net/tun "reason"
	assert "$stderr" contains "Permission denied" "reason"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines"
}

@test "regular user: where ping sockets are forbidden, one line says so" {
	host_stop
	PING_FORBIDDEN=1 host_start
	user_pasta 0 --config-net -q -- sh -c "ping -c2 -i 0.2 -W1 $R4; true"
	assert "$stderr" contains ping_group_range "warning"
	assert "$(grep -c ping_group_range <<< "$stderr")" -eq 1 "times it is said"
}

@test "root: pasta started by real root becomes nobody" {
	[[ -n ${REAL_ROOT:-} ]] || return 0 # root of a user namespace stays what it is
	chmod 777 "$T"
	start_pasta --config-net -q
	inside cat /proc/self/uid_map
	assert "$output" =~ ^\ *0\ +65534\ +1$ "map"
	assert "$(host cat "/proc/$PASTA_PID/status")" =~ Uid:.65534 "user id of pasta"
}
