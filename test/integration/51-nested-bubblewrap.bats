# SPDX-License-Identifier: Apache-2.0
#
# bubblewrap makes a sandbox without network, pasta gives it one, both run by a regular user. The
# sandbox's program waits (--block-fd) until pasta has ended in the foreground: then all is ready.

load lib

SANDBOX=(--ro-bind / / --dev /dev --proc /proc --bind /tmp /tmp --unshare-all)

# boxed BWRAP-ARGS -- PASTA-ARGS -- CMD: $output is what CMD printed
boxed() {
	local bwrap=() pasta=()
	while [[ $1 != -- ]]; do bwrap+=("$1"); shift; done
	shift
	while [[ $1 != -- ]]; do pasta+=("$1"); shift; done
	shift
	write_script "${bwrap[*]@Q}" "${pasta[*]@Q}"
	capture user bash "$T/boxed" "$@"
	assert "$stderr" == "" "complaints" || return 1
	assert "$status" == 0 "exit status: $output"
}

# What a user's script looks like
write_script() {
	cat > "$T/boxed" <<-END
	cd "$T" && mkfifo block info
	exec {info}<>info {block}<>block
	bwrap $1 --json-status-fd \$info --block-fd \$block -- "\$@" &
	read -ru \$info line
	pasta --config-net --quiet --pid "$T/joined" $2 "\$(jq '."child-pid"' <<< "\$line")" || exit 99
	echo >&\$block
	wait \$!
	END
}

CONNECT='curl -gsS --max-time 5 http://198.51.100.3/ "http://[2001:db8:1::3]/" http://www.outside.example/'
connected() { assert "$output" == outside$'\n'outside$'\n'outside "pages"; }

@test "bubblewrap: --unshare-net alone" {
	boxed --unshare-net --ro-bind / / -- -- sh -c "$CONNECT"
	connected
	nothing_left
}

@test "bubblewrap: --unshare-all, /dev and /proc of its own: the user keeps its id" {
	boxed "${SANDBOX[@]}" -- -- sh -c "id -u; $CONNECT"
	assert "$output" == 1000$'\n'outside$'\n'outside$'\n'outside "user and pages"
	nothing_left
}

@test "bubblewrap: as root in there" {
	boxed "${SANDBOX[@]}" --uid 0 --gid 0 -- -- sh -c "$CONNECT"
	connected
}

@test "bubblewrap: where further user namespaces are forbidden" {
	boxed --unshare-user --disable-userns "${SANDBOX[@]}" -- -- sh -c "$CONNECT"
	connected
}

@test "bubblewrap: without capabilities the program cannot change the network" {
	boxed "${SANDBOX[@]}" -- -- sh -c 'ip link set v0 down 2>&1; ip address show v0'
	assert "$output" contains "not permitted" "complaint"
	assert "$output" contains LOWER_UP "interface"
}

@test "bubblewrap: ping through the interface" {
	boxed "${SANDBOX[@]}" --uid 0 --gid 0 --cap-add CAP_NET_RAW -- -- ping -c1 -W2 198.51.100.3
	assert "$output" contains "1 received" "ping"
}

@test "bubblewrap: a port is published" {
	write_script "${SANDBOX[*]@Q}" "-t 8080:8081 -u none"
	background box user bash "$T/boxed" socat TCP4-LISTEN:8081,fork,reuseaddr SYSTEM:'echo served'
	wait_until answered
	kill "$(pgrep -x socat | head -n 1)"
	finish box
	nothing_left
	assert "$(outside socat -u TCP:$HOST4:8080 - 2>&1)" contains refused "afterwards"
}
answered() { [[ $(outside socat -t2 -u TCP:$HOST4:8080 -) == served ]]; }

# The other way round: pasta's network is the sandbox's, which has no other
@test "bubblewrap: a sandbox with --share-net in a network of pasta's" {
	capture user pasta --config-net --quiet -- bwrap "${SANDBOX[@]}" --share-net --die-with-parent --new-session \
		bash -c "$CONNECT; exit 3"
	assert "$stderr" == "" "complaints"
	assert "$status" == 3 "exit status"
	assert "$output" contains outside$'\n'outside$'\n'outside "pages"
	nothing_left
}

@test "bubblewrap: when the sandbox is killed, pasta ends" {
	write_script "${SANDBOX[*]@Q} --die-with-parent" ""
	background box user bash "$T/boxed" sleep infinity
	wait_until pgrep -x sleep
	wait_until test -s "$T/joined"
	pkill -KILL -x bwrap -u u
	nothing_left
}

@test "bubblewrap: without the host's loopback, nothing there is reached" {
	serve host tcp 5001 socat TCP4-LISTEN:5001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo served'
	boxed "${SANDBOX[@]}" -- -- socat -t2 -u TCP:198.51.100.2:5001 -
	assert "$output" == served "with it"
	rm "$T/info" "$T/block"
	boxed "${SANDBOX[@]}" -- --no-map-gw -T none -U none -- bash -c '
		for to in 198.51.100.1 198.51.100.2 127.0.0.1; do
			timeout 2 socat -u TCP:$to:5001 - 2>/dev/null
		done; true'
	assert "$output" == "" "without it"
}
