# SPDX-License-Identifier: Apache-2.0
#
# pasta started by root of the initial user namespace: it becomes somebody else, and can join what
# only root can. Left out if the tests themselves are not run by that root.

load helpers

setup() {
	[[ $(id -u) == 0 && $(readlink /proc/self/ns/user) == "user:[4026531837]" ]] ||
		skip "not root of the initial user namespace"
	REAL_ROOT=1
	host_start
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$T"
}

teardown() { [[ -z ${HOST_JOB:-} ]] || host_stop; }

join() {
	run_pasta --config-net --quiet --pid "$T/joined" "$@"
	JOINED=$(< "$T/joined")
}

named() { host mkdir -p /run/netns; host ip netns add "$1"; }
ids_of() { host awk '/^(Uid|Gid|CapEff|CapPrm)/ { print $2 }' "/proc/$1/status" | tr '\n' ' '; }
ended() { ! host test -e "/proc/$1/fd"; }

@test "root: pasta becomes nobody, the command is that user" {
	run_pasta --config-net -q -- cat /proc/self/uid_map
	assert "$output" =~ ^\ +0\ +65534\ +1$ "user"
}

@test "root: --runas with numbers, names, and a group" {
	run_pasta -q --runas 12345 -- cat /proc/self/uid_map /proc/self/gid_map
	assert "$output" =~ 0\ +12345\ +1$'\n'\ +0\ +12345 "user and group"
	run_pasta -q --runas 12345:54321 -- cat /proc/self/uid_map /proc/self/gid_map
	assert "$output" =~ 0\ +12345\ +1$'\n'\ +0\ +54321 "user and group"
	run_pasta -q --runas daemon -- cat /proc/self/uid_map /proc/self/gid_map
	assert "$output" =~ 0\ +1\ +1$'\n'\ +0\ +1 "user and group"
	run_pasta -q --runas daemon:bin -- cat /proc/self/uid_map /proc/self/gid_map
	assert "$output" =~ 0\ +1\ +1$'\n'\ +0\ +2 "user and group"
}

@test "root: what root has opened is out of reach of the user that pasta becomes, at every stage" {
	# who may look into a process owns its descriptors in /proc
	run host "$TOOLS/exposed" "$T/log" 65534 "$PASTA" -q --config-net --log-file "$T/log" -t 80 -- true
	assert "$output" == "" "stages at which a process with the log is nobody's"
	assert "$status" == 0 "status"
	run_pasta -q --config-net -- stat -c %u /proc/1/fd
	assert "$output" == 0 "owner of what is COMMAND's"
}

@test "root: pasta ends with its caller, if that has asked for it" {
	# shellcheck disable=SC2016
	background caller host bash -c 'setpriv --pdeathsig TERM "$0" -q --pid "$1" -- sleep 60; true' \
		"$PASTA" "$T/pid"
	wait_until test -s "$T/pid"
	PASTA_PID=$(< "$T/pid")
	host kill -KILL "$(< "$T/caller.pid")"
	wait_until ended "$PASTA_PID"
}

@test "root: the control socket is for root and pasta's own user, whatever its mode becomes" {
	named box
	join --netns box -c "$T/socket"
	assert "$(host stat -c '%a %u' "$T/socket")" == "600 0" "mode and owner"
	asks() { host setpriv --reuid "$1" --regid "$1" --clear-groups socat -t 20 - "UNIX-CONNECT:$T/socket" <<< log; }
	assert "$(asks 0)" contains '"ok":true' "answer to root"
	host chmod 666 "$T/socket"
	assert "$(asks 65534)" contains '"ok":true' "answer to nobody, which it is"
	assert "$(asks 2 2>/dev/null || true)" == "" "answer to somebody else"
	host kill "$JOINED"
	wait_until not host test -e "$T/socket"
}

@test "root: automatic ports keep no capability where that would be one over the machine" {
	named box
	join --netns box
	assert "$(ids_of "$JOINED")" == "65534 65534 0000000000000000 0000000000000000 " "ids and capabilities"
}

@test "root: a symbolic link is no place for the files that root makes, and one to a descriptor is" {
	local option
	ln -s "$T/elsewhere" "$T/link"
	for option in pid log-file pcap; do
		run_pasta 1 -q "--$option" "$T/link" -- true
		assert "$stderr" contains "--$option '$T/link': Too many levels of symbolic links (root follows no" "complaint"
	done
	run_pasta 1 -q --policy-log "$T/link" -- true
	assert "$(ls "$T")" lacks elsewhere "files"
	# shellcheck disable=SC2016
	output=$(host bash -c '"$0" -q --pid /dev/fd/7 -- true 7>&1' "$PASTA")
	assert "$output" =~ ^[0-9]+$ "process id"
}

@test "root: --runas root is what it says, with a warning" {
	run_pasta -q --runas root -- cat /proc/self/uid_map
	assert "$output" =~ ^\ +0\ +0\ +1$ "user"
	assert "$stderr" == "pasta: warning: going on as root: --runas asks for that" "messages"
}

@test "root: a namespace that root owns is joined, then all power is gone" {
	named box
	join -T none -U none --netns box
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
	assert "$(ids_of "$JOINED")" == "65534 65534 0000000000000000 0000000000000000 " "ids and capabilities"
	assert "$(host grep -c ^empty /proc/mounts || true)" -eq 0 "mounts seen outside"
	host ip netns del box
	wait_until ended "$JOINED"
}

@test "root: the namespaces of another user's process are joined" {
	background other host setpriv --reuid 12345 --regid 12345 --clear-groups \
		unshare --user --map-root-user --net sleep infinity
	wait_until host pgrep sleep -u 12345
	join --runas 54321 -T none -U none "$(host pgrep sleep -u 12345)"
	assert "$(ids_of "$JOINED")" == "54321 54321 0000000000000000 0000000000000000 " "ids and capabilities"
	host kill "$JOINED"
	wait_until ended "$JOINED"
}

@test "root: the --pid file goes at the end, and where a start fails late" {
	named box
	join -T none -U none --netns box
	wait_until is_locked_in pasta-files
	assert "$(host ps -o uid= -C pasta-files | tr -d ' ')" == 0 "user of the process that removes it"
	assert "$(host sh -c 'grep -hE "^Cap(Prm|Eff|Inh|Amb)" /proc/$(pgrep pasta-files)/status' | grep -vc '0000000000000000$')" -eq 0 "its capabilities"
	host kill "$JOINED"
	wait_until not test -e "$T/joined"
	run_pasta 1 -q --config-net --pid "$T/joined" -I lo -- true
	assert "$stderr" contains "--ns-ifname 'lo': cannot create it" "complaint"
	not test -e "$T/joined"
}

@test "root: no file stays where a start fails after it has become another user" {
	mkdir -m 755 "$T/new"
	local files=(--pid "$T/new/pid" --log-file "$T/new/log" --pcap "$T/new/dump")
	run_pasta 1 -q -I lo "${files[@]}" -- true
	assert "$stderr" contains "--ns-ifname 'lo': cannot create it" "complaint"
	assert "$(ls "$T/new")" == "" "files"
	named box
	host ip -n box link set lo up
	background holder host ip netns exec box socat TCP-LISTEN:8080,bind=127.0.0.1 PIPE
	wait_until host bash -c "ip netns exec box ss -Hltn 'sport = :8080' | grep -q ."
	run_pasta 1 -q --config-net -t none -T 8080 "${files[@]}" --netns box
	assert "$stderr" contains "port 8080: Address already in use" "complaint"
	assert "$(ls "$T/new")" == "" "files"
}

@test "root: another user's namespace is refused to others" {
	named box
	background other host unshare --net sleep infinity
	wait_until host grep -q sleep "/proc/$(< "$T/other.pid")/comm"
	status=0
	stderr=$(host setpriv --reuid 12345 --regid 12345 --clear-groups "$PASTA" --config-net \
		"$(< "$T/other.pid")" 2>&1) || status=$?
	assert "$status" == 1 "exit status"
	assert "$stderr" contains "Permission denied (it belongs to another user)" "reason"
	status=0
	stderr=$(host setpriv --reuid 12345 --regid 12345 --clear-groups "$PASTA" --config-net --netns box 2>&1) || status=$?
	assert "$status" == 1 "exit status"
	assert "$stderr" contains "see --userns" "reason"
}

@test "regular user: joined, pasta is out of reach of the namespace's root, at every stage" {
	# that is the same user; what may be looked into would be its own in /proc
	background mine host setpriv --reuid 12345 --regid 12345 --clear-groups \
		unshare --user --map-root-user --net sleep infinity
	wait_until host grep -q sleep "/proc/$(< "$T/mine.pid")/comm"
	run host "$TOOLS/exposed" userns 12345 setpriv --reuid 12345 --regid 12345 --clear-groups \
		"$PASTA" --config-net -q "$(< "$T/mine.pid")"
	assert "$output" == "" "stages at which a process in there is the user's"
	assert "$status" == 0 "status"
}

@test "regular user: joins a process of its own, ends it by a signal" {
	background mine host setpriv --reuid 12345 --regid 12345 --clear-groups \
		unshare --user --map-root-user --net sleep infinity
	wait_until host grep -q sleep "/proc/$(< "$T/mine.pid")/comm"
	output=$(host setpriv --reuid 12345 --regid 12345 --clear-groups "$PASTA" --config-net -q "$(< "$T/mine.pid")" 2>&1)
	assert "$output" == "" "complaints"
	JOINED=$(host pgrep -ox pasta -u 12345) # the oldest: side processes have names of their own, soon
	host setpriv --reuid 12345 --regid 12345 --clear-groups kill "$JOINED"
	wait_until ended "$JOINED"
}
