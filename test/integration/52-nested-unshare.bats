# SPDX-License-Identifier: Apache-2.0
#
# Namespaces that a regular user made with unshare(1), joined by process and by path, and containers
# whose /proc is masked or read-only, as container engines do: a new /proc cannot be mounted there.

load lib

PAGES='curl -gsS --max-time 5 http://198.51.100.3/ "http://[2001:db8:1::3]/" http://www.outside.example/'

# target UNSHARE-ARGS: a process of user "u" in new namespaces, $TARGET is its pid
target() {
	rm -f "$T/up"
	background target user unshare "$@" bash -c '[[ -z $1 ]] || eval "$1"; touch "$0/up"; exec sleep infinity' \
		"$T" "${PREPARE:-}"
	wait_until test -e "$T/up" || { cat "$T/target.err"; return 1; }
	wait_until eval 'TARGET=$(pgrep -x sleep -u u)' # the shell is still about to become it
}

join() { user pasta --config-net --quiet --pid "$T/joined" -t none -u none "$@"; }

# connected PID: TCP, UDP (names) and ping from the namespaces of a process
connected() {
	output=$(user nsenter -t "$1" --user --preserve-credentials --net bash -c "$PAGES; ping -c1 -W2 198.51.100.3")
	assert "$(grep -cx outside <<< "$output")" -eq 3 "pages: $output" || return 1
	assert "$output" contains "1 received" "ping"
}

# The namespaces go with their process, and pasta with them
ends_with_target() {
	pkill -KILL -x sleep -u u
	nothing_left
	assert "$(ls "$T/joined" 2>&1 || true)" contains "No such file" "pid file"
}

@test "unshare: the namespaces of a process" {
	target --map-root-user --net
	join "$TARGET"
	connected "$TARGET"
	ends_with_target
}

@test "unshare: paths in /proc" {
	target --map-root-user --net
	join --userns "/proc/$TARGET/ns/user" --netns "/proc/$TARGET/ns/net"
	connected "$TARGET"
	ends_with_target
}

@test "unshare: a bind mount that only the process's mount namespace has" {
	PREPARE='mount -t tmpfs none /mnt; touch /mnt/net; mount --bind /proc/self/ns/net /mnt/net'
	target --map-root-user --net --mount
	join --userns "/proc/$TARGET/ns/user" --netns "/proc/$TARGET/root/mnt/net"
	connected "$TARGET"
	ends_with_target
}

@test "unshare: descriptors: it works, without a word when it is to be quiet" {
	target --map-root-user --net
	capture user bash -c 'pasta --config-net -q -t none -u none --pid "$1/joined" --userns /proc/self/fd/8 \
		--netns /proc/self/fd/9 8< "/proc/$0/ns/user" 9< "/proc/$0/ns/net"' "$TARGET" "$T"
	assert "$stderr" == "" "complaints"
	connected "$TARGET"
	kill "$(< "$T/joined")"
	nothing_left
}

@test "unshare: with subordinate user ids" {
	target --map-root-user --map-auto --net
	assert "$(< "/proc/$TARGET/uid_map")" contains 100000 "map"
	join "$TARGET"
	connected "$TARGET"
	ends_with_target
}

@test "unshare: namespaces in namespaces, joined from the outside" {
	PREPARE='unshare --map-root-user --net sh -c "touch \"$0/inner\"; exec tail -f /dev/null" & '
	target --map-root-user --net
	wait_until test -e "$T/inner"
	wait_until eval 'TARGET=$(pgrep -x tail -u u)'
	join "$TARGET"
	connected "$TARGET"
	pkill -KILL -x tail -u u
	ends_with_target
}

@test "unshare: a process in a PID namespace of its own" {
	target --map-root-user --net --pid --fork --mount-proc --kill-child
	join "$TARGET"
	connected "$TARGET"
	ends_with_target
}

@test "unshare: ports are published until the process ends" {
	target --map-root-user --net
	user pasta --config-net --quiet -t 8080:80 -u none "$TARGET"
	in_target() { user nsenter -t "$TARGET" --user --preserve-credentials --net "$@"; }
	serve in_target tcp 80 socat TCP4-LISTEN:80,fork,reuseaddr SYSTEM:'echo served'
	assert "$(outside socat -t2 -u TCP:$HOST4:8080 -)" == served "answer"
	pkill -KILL -x sleep -u u
	wait_until not port_is_open host tcp 8080
	nothing_left
}

@test "unshare: another user's namespaces are refused in one line" {
	background target host unshare --net sleep infinity
	wait_until is_away "$(< "$T/target.pid")"
	path=/proc/$(< "$T/target.pid")/ns/net
	capture join "$(< "$T/target.pid")"
	assert "$status" -eq 1 "exit status"
	assert "$stderr" == "pasta: network namespace '$path': cannot open it: \
Permission denied (it belongs to another user)" "complaint"
	capture join "--netns=$path"
	assert "$status" -eq 1 "exit status"
	assert "$stderr" == "pasta: --netns '$path': cannot open it: \
Permission denied (it belongs to another user)" "complaint"
	nothing_left
}
is_away() { [[ $(readlink "/proc/$1/ns/net") != $(readlink /proc/self/ns/net) ]]; }

# masked CMD: run it where parts of /proc are hidden, and /proc/sys is read-only
masked() {
	capture user unshare --map-root-user --mount --pid --fork --kill-child --mount-proc bash -c '
		mount -t tmpfs -o ro none /proc/sysvipc
		mount --bind /proc/sys /proc/sys
		mount -o remount,bind,ro /proc/sys
		eval "$0"' "$1"
}

@test "masked /proc: a command gets its network, and is told that /proc is the caller's" {
	masked "pasta --config-net -q -- bash -c '$PAGES; ping -c1 -W2 198.51.100.3'"
	assert "$status" -eq 0 "exit status"
	assert "$(grep -cx outside <<< "$output")" -eq 3 "pages: $output"
	assert "$output" contains "1 received" "ping"
	assert "$stderr" =~ ^pasta:\ warning:\ cannot\ mount\ \'/proc\'[^$'\n']*$ "complaints"
}

@test "masked /proc: with --no-pidns there is nothing to complain about" {
	masked "pasta --config-net -q --no-pidns -- bash -c '$PAGES'"
	assert "$output" == outside$'\n'outside$'\n'outside "pages"
	assert "$stderr" == "" "complaints"
}

@test "masked /proc: a process in there is joined from in there" {
	masked 'unshare --user --map-root-user --net sleep infinity &
		until [[ $(readlink /proc/$!/ns/net) != $(readlink /proc/self/ns/net) ]]; do :; done
		pasta --config-net -q -t none -u none $! &&
			nsenter -t $! -U --preserve-credentials -n curl -sS http://198.51.100.3/'
	assert "$output" == outside "page"
	assert "$stderr" == "" "complaints"
	nothing_left
}

@test "masked /proc: published ports below 1024 work" {
	masked "pasta --config-net -q --no-pidns -t 8080:80 -u none -T none -U none -- \
		socat TCP4-LISTEN:80,fork,reuseaddr SYSTEM:'echo served'" &
	wait_until served_outside
	pkill -x socat -u u
	wait $! || true
	nothing_left
}
served_outside() { [[ $(outside socat -t2 -u TCP:$HOST4:8080 -) == served ]]; }

@test "no /proc: one line that says so" {
	capture user unshare --map-root-user --mount bash -c 'mount -t tmpfs none /proc; pasta -q -- true'
	assert "$status" -eq 1 "exit status"
	assert "$stderr" == "pasta: cannot write 'deny' to '/proc/self/setgroups': No such file or directory \
(is /proc mounted?)" "complaint"
}

@test "in a container of Podman, which masks /proc: network, names and ping" {
	user podman import --quiet "$IMAGE_TAR" localhost/box
	capture user podman run --rm --network=pasta --device /dev/net/tun --volume /usr:/usr:ro --entrypoint '[]' \
		--env LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu localhost/box /usr/lib64/ld-linux-x86-64.so.2 \
		/usr/local/bin/pasta --config-net -q -- busybox sh -c 'wget -qO- http://www.outside.example/
		ping -c1 -W2 198.51.100.3; ip -o address show'
	assert "$status" -eq 0 "exit status ($stderr)"
	assert "$(head -n 1 <<< "$output")" == outside "page"
	assert "$output" contains "1 packets received" "ping"
	assert "$output" contains $HOST4/24 "address"
	assert "$stderr" contains "cannot mount '/proc'" "what shows that it is masked"
	nothing_left
}
