# SPDX-License-Identifier: Apache-2.0
#
# Joining namespaces that are there already: every way to name them, when pasta is ready, what ends
# it, and what is said when it can't be done.

load helpers

# target [UNSHARE-ARGS]: a process in a network namespace of its own, $TARGET is its pid on the host
target() {
	rm -f "$T/target"
	background target-job host unshare "$@" --net bash -c 'echo $$ > "$0"; exec sleep infinity' "$T/target"
	wait_until test -s "$T/target"
	TARGET=$(< "$T/target")
}

inside_target() { host nsenter -t "$TARGET" --user --preserve-credentials --net "$@"; }

# named NAME: a network namespace as ip(8) makes them
named() { host mkdir -p /run/netns; host ip netns add "$1"; }

# join ARGS: go to the background, $JOINED is the pid
join() {
	run_pasta --config-net --quiet --pid "$T/joined" "$@"
	JOINED=$(< "$T/joined")
}

ended() { ! host test -e "/proc/$1/fd"; }

# refused WORDS ARGS: exit 1, one line that has WORDS in it, no process left
refused() {
	local words=$1
	shift
	run_pasta 1 --config-net "$@"
	assert "$stderr" contains "$words" "complaint about $*"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
	assert "$(host pgrep -c pasta || true)" -eq 0 "processes left"
}

@test "join: the namespaces of a process, user namespace included" {
	target --user --map-root-user
	join "$TARGET"
	output=$(host nsenter -t "$TARGET" --user --preserve-credentials --net ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: a process in our own user namespace" {
	target
	join "$TARGET"
	output=$(host nsenter -t "$TARGET" --net ping -c1 -W10 $R6)
	assert "$output" contains "1 received" "ping"
}

@test "join: a process that has gone on to a user namespace without rights over its network" {
	background target-job host unshare --user --map-root-user --net unshare --user \
		bash -c 'echo $$ > "$0"; exec sleep infinity' "$T/target"
	wait_until test -s "$T/target"
	join "$(< "$T/target")"
	output=$(host cat "/proc/$(< "$T/target")/net/dev")
	assert "$output" contains v0: "interfaces"
}

@test "join: --netns with the path of a bind mount" {
	named box
	join --netns /run/netns/box
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: --netns with a name" {
	named box
	join --netns box
	output=$(host ip netns exec box ip -br address show v0)
	assert "$output" contains "198.51.100.1/24" "addresses"
}

@test "join: --netns with a path in /proc/PID/ns, ends with the process" {
	target
	join --netns "/proc/$TARGET/ns/net"
	output=$(host nsenter -t "$TARGET" --net ip -br address show v0)
	assert "$output" contains "198.51.100.1/24" "addresses"
	host kill "$TARGET"
	wait_until ended "$JOINED"
}

@test "join: --netns with a path through /proc/PID/root, ends when it is deleted there" {
	target --mount
	host nsenter -t "$TARGET" --mount bash -c 'mkdir -p /run/netns; ip netns add box'
	join --netns "/proc/$TARGET/root/run/netns/box"
	output=$(host nsenter -t "$TARGET" --mount ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
	host nsenter -t "$TARGET" --mount ip netns del box
	wait_until ended "$JOINED"
}

@test "join: --userns with --netns" {
	target --user --map-root-user
	join --userns "/proc/$TARGET/ns/user" --netns "/proc/$TARGET/ns/net"
	output=$(host nsenter -t "$TARGET" --user --preserve-credentials --net ip -br address show v0)
	assert "$output" contains "198.51.100.1/24" "addresses"
}

@test "join: --userns with a process, instead of the one that its network belongs to" {
	target --user --map-root-user
	join --userns /proc/self/ns/user "$TARGET"
	assert "$(host readlink "/proc/$JOINED/ns/user")" == "$(host readlink /proc/self/ns/user)" "user namespace"
	output=$(host nsenter -t "$TARGET" --user --preserve-credentials --net ip -br address show v0)
	assert "$output" contains "198.51.100.1/24" "addresses"
}

@test "join: --netns-only with a process" {
	target
	join --netns-only "$TARGET"
	output=$(host nsenter -t "$TARGET" --net ip -br address show v0)
	assert "$output" contains "198.51.100.1/24" "addresses"
}

@test "join: as Podman calls it" {
	named netns-1
	join -t 198.51.100.1/8080-8080:80-80 --dns-forward 169.254.1.1 -u none -T none -U none \
		--no-map-gw --quiet --netns /run/netns/netns-1 --map-guest-addr 169.254.1.2
	background web host ip netns exec netns-1 socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:'echo published'
	wait_until host bash -c "ip netns exec netns-1 ss -Hltn 'sport = :80' | grep -q ."
	output=$(remote socat -u TCP:198.51.100.1:8080 -)
	assert "$output" == published "what the port answers"
	assert "$stderr" == "" "complaints"
}

@test "join: as Podman calls it when its user asks for -6, with IPv4 addresses all the same" {
	named netns-1
	run_pasta --config-net -6 --dns-forward 169.254.1.1 -t none -u none -T none -U none \
		--no-map-gw --quiet --netns /run/netns/netns-1 --map-guest-addr 169.254.1.2
	assert "$output$stderr" == "" "messages"
	output=$(host ip netns exec netns-1 bash -c "ping -c1 -W10 $R6; ip -4 address")
	assert "$output" contains "1 received" "ping"
	assert "$output" lacks 198.51.100 "IPv4 addresses"
}

@test "join: as rootlesskit calls it" {
	target --user --map-root-user
	run_pasta --stderr --ns-ifname=tap0 --mtu=65520 --config-net --address=10.0.2.100 --netmask=24 \
		--gateway=10.0.2.2 --dns-forward=10.0.2.3 --no-map-gw --ipv4-only --tcp-ports=auto \
		--udp-ports=auto "$TARGET"
	output=$(host nsenter -t "$TARGET" --user --preserve-credentials --net \
		sh -c "ip -br address show tap0; ip route; ping -c1 -W10 $R4")
	assert "$output" contains "10.0.2.100/24" "address"
	assert "$output" contains "default via 10.0.2.2 dev tap0" "route"
	assert "$output" contains "1 received" "ping"
}

@test "join: as rootlesskit calls it with paths" {
	target --user --map-root-user
	run_pasta --stderr --ns-ifname=tap0 --mtu=65520 --config-net --address=10.0.2.100 --netmask=24 \
		--gateway=10.0.2.2 --dns-forward=10.0.2.3 --tcp-ports=auto --udp-ports=auto \
		"--userns=/proc/$TARGET/ns/user" "--netns=/proc/$TARGET/ns/net"
	output=$(host nsenter -t "$TARGET" --user --preserve-credentials --net ip -br address show tap0)
	assert "$output" contains "10.0.2.100/24" "address"
}

@test "join: addresses are final as soon as the caller has its status" {
	named box
	output=$(host bash -c '"$0" -q --config-net --netns box && ip netns exec box ip address show dev v0' "$PASTA")
	assert "$output" contains 198.51.100.1/24 "addresses"
	assert "$output" contains 2001:db8:1::1/64 "addresses"
	assert "$output" contains fe80:: "addresses"
	assert "$output" lacks tentative "addresses"
}

@test "join: in the background it has a session of its own, the root directory and /dev/null" {
	named box
	join --netns box
	assert "$(host ps -o sid= -p "$JOINED" | tr -d ' ')" == "$JOINED" "session"
	assert "$(host readlink "/proc/$JOINED/cwd")" == / "directory"
	assert "$(host readlink "/proc/$JOINED/fd/"{0,1,2} | sort -u)" == /dev/null "streams"
}

@test "join: in the background it holds nothing that its caller had open" {
	named box
	# a lock, a directory, and a pipe to somebody who reads until its end
	output=$(host bash -c 'exec 8< /etc 9> "$1/lock" && flock 9 &&
		"$0" -q --config-net --pid "$1/joined" --netns box 7>&1 && echo ready' "$PASTA" "$T" | timeout 10 cat)
	assert "$output" == ready "what comes through the pipe"
	JOINED=$(< "$T/joined")
	wait_until flock -n "$T/lock" true
	output=$(host ls -l "/proc/$JOINED/fd")
	assert "$output" contains /dev/net/tun "descriptors"
	assert "$output" lacks /etc "descriptors"
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: it is locked in as with a command" {
	named box
	join -T none -U none --netns box
	output=$(host cat "/proc/$JOINED/status")
	assert "$(grep ^Cap <<< "$output" | grep -vc '0000000000000000$')" -eq 0 "capabilities: $output"
	assert "$output" =~ Seccomp:.2 "seccomp"
	assert "$(host ls -A "/proc/$JOINED/root/")" == "" "root file system"
	assert "$(host grep -c ^empty /proc/mounts || true)" -eq 0 "mounts seen outside"
}

@test "join: automatic ports to the host keep the one capability that opens low ports" {
	named box
	join --netns box
	output=$(host awk '/^Cap(Prm|Eff)/ { print $2 }' "/proc/$JOINED/status")
	assert "$output" == 0000000000000400$'\n'0000000000000400 "capabilities"
}

@test "join: closed standard streams do no harm" {
	named box
	host bash -c '"$0" -q --config-net --netns box <&- >&- 2>&-' "$PASTA"
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: --foreground stays, TERM ends it with 0 and takes the interface away" {
	named box
	background fore host bash -c '"$@"; echo $? > "$0"' "$T/code" "$PASTA" -f -q --config-net --pid "$T/joined" --netns box
	wait_until test -s "$T/joined"
	host kill -TERM "$(< "$T/joined")"
	finish fore
	assert "$(< "$T/code")" == 0 "exit status"
	assert "$(host ip netns exec box ip -br link)" lacks v0 "interfaces"
}

@test "join: --foreground under nohup, or behind an & in a script, ends by TERM alone" {
	local signal
	named box
	background joined host env --ignore-signal=HUP,INT,QUIT "$PASTA" -q -f --config-net --netns box --pid "$T/pid"
	wait_until test -s "$T/pid"
	for signal in HUP INT QUIT; do
		host kill -s $signal "$(< "$T/pid")"
	done
	assert "$(host ip netns exec box ping -c1 -W10 $R4)" contains "1 received" "ping"
	host kill "$(< "$T/pid")"
	finish joined
	assert "$(< "$T/joined.status")" == 0 "exit status"
}

@test "join: a process of which only the /proc of another PID namespace knows" {
	target
	background joined host unshare --fork --pid "$PASTA" -q -f --config-net --netns "/proc/$TARGET/ns/net" \
		--pid "$T/pid"
	wait_until test -s "$T/pid" # with its number in there
	assert "$(host nsenter -t "$TARGET" --net ping -c1 -W10 $R4)" contains "1 received" "ping"
	host kill "$TARGET"
	finish joined
	assert "$(< "$T/joined.status")" == 0 "exit status"
}

@test "join: a process that has another number in /proc" {
	# shellcheck disable=SC2016
	background joined host unshare --fork --pid bash -c '
		unshare --net bash -c "read -r pid _ < /proc/self/stat; echo \$pid > $1/number; exec sleep infinity" &
		until [[ -s $1/number ]]; do :; done
		exec "$0" -q -f --config-net --pid "$1/pid" $!' "$PASTA" "$T"
	wait_until test -s "$T/pid"
	assert "$(host nsenter -t "$(< "$T/number")" --net ip -br link)" contains v0 "interfaces"
}

@test "join: a process in a user namespace that has no ids mapped yet, as nsjail's" {
	target --user
	join "$TARGET"
	assert "$(host cat "/proc/$TARGET/net/dev")" contains v0: "interfaces"
	assert "$stderr" == "" "messages"
}

@test "join: namespaces that are given as descriptors" {
	named box
	# shellcheck disable=SC2016
	stderr=$(host bash -c '"$0" -q --config-net --pid "$1" --netns /proc/self/fd/0 < /run/netns/box' \
		"$PASTA" "$T/pid" 2>&1)
	assert "$stderr" == "" "messages"
	assert "$(host ip netns exec box ping -c1 -W10 $R4)" contains "1 received" "ping"
	host kill "$(< "$T/pid")"
}

# join_descriptors: as a builder does that has only these
join_descriptors() {
	# shellcheck disable=SC2016
	stderr=$(host bash -c '"$0" -q --config-net --pid "$1" --userns /proc/self/fd/8 --netns /proc/self/fd/9 \
		8< "/proc/$2/ns/user" 9< "/proc/$2/ns/net"' "$PASTA" "$T/joined" "$TARGET" 2>&1)
	assert "$stderr" == "" "messages"
	JOINED=$(< "$T/joined")
}

@test "join: by descriptors, in the background: it ends when nobody is in the namespace any more" {
	target --user --map-root-user
	join_descriptors
	background other inside_target bash -c 'exec sleep infinity'
	wait_until inside_target pgrep -f 'sleep infinity'
	host kill -KILL "$TARGET"
	output=$(host nsenter -t "$(< "$T/other.pid")" --user --preserve-credentials --net ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping, with another one in there"
	host kill -KILL "$(< "$T/other.pid")"
	wait_until ended "$JOINED"
	assert "$(host pgrep -c pasta || true)" -eq 0 "processes left"
}

@test "join: by descriptors, with --no-netns-quit: it stays" {
	target --user --map-root-user
	PASTA="$PASTA --no-netns-quit"
	# shellcheck disable=SC2016
	host bash -c '$0 -q --config-net --pid "$1" --userns /proc/self/fd/8 --netns /proc/self/fd/9 \
		8< "/proc/$2/ns/user" 9< "/proc/$2/ns/net"' "$PASTA" "$T/joined" "$TARGET"
	assert "$(host pgrep -x pasta-members || true)" == "" "process that looks who is in there"
	host kill "$(< "$T/joined")"
}

@test "join: root of the namespace can't look into pasta, before the lock-in either" {
	target --user --map-root-user
	# many ports in there take a moment, which comes after joining and before the lock-in
	background joined host "$PASTA" -q -f --config-net -t none -u none -T 10000-13000 -U none "$TARGET"
	wait_until inside_target grep -q v0: /proc/self/net/dev
	run inside_target readlink "/proc/$(< "$T/joined.pid")/exe"
	assert "$status" != 0 "status of a look"
	host kill "$(< "$T/joined.pid")"
}

@test "join: TERM and INT end it in the background" {
	local name
	named box
	for name in TERM INT; do
		join --netns box
		host kill -$name "$JOINED"
		wait_until ended "$JOINED"
		wait_until host bash -c '! ip netns exec box ip link show v0'
	done
}

@test "--pid: the file is gone when pasta has ended" {
	named box
	join --netns box
	host kill "$JOINED"
	wait_until ended "$JOINED"
	assert "$(ls "$T/joined" 2>&1 || true)" contains "No such file" "pid file"
	assert "$(host pgrep -c pasta || true)" -eq 0 "processes left"
}

@test "--pid: who has the file open finds the number when pasta has ended" {
	local fd
	named box
	join --netns box
	exec {fd}< "$T/joined"
	host kill "$JOINED"
	wait_until not test -e "$T/joined"
	assert "$(cat <&"$fd")" == "$JOINED" "pid file"
	exec {fd}<&-
}

@test "--pid: the file goes when pasta is killed, too" {
	named box
	join --netns box
	host kill -KILL "$JOINED"
	wait_until not test -e "$T/joined"
	wait_until not host pgrep pasta
}

@test "--pid: the file goes when pasta's whole process group is killed, too" {
	named box
	background fore host setsid "$PASTA" -q --config-net --pid "$T/joined" --foreground --netns box
	wait_until test -s "$T/joined"
	host kill -KILL -- "-$(host ps -o pgid= -p "$(< "$T/joined")" | tr -d ' ')"
	wait_until not test -e "$T/joined"
	wait_until not host pgrep pasta
}

@test "--pid: a file that was there before stays, and is empty at the end" {
	echo 12345 > "$T/joined"
	named box
	join --netns box
	assert "$JOINED" != 12345 "process id"
	host kill "$JOINED"
	wait_until ended "$JOINED"
	assert "$(< "$T/joined")" == "" "pid file"
}

@test "--pid: another file that has got the name stays" {
	named box
	join --netns box
	echo other > "$T/new"
	mv "$T/new" "$T/joined"
	host kill "$JOINED"
	wait_until not host pgrep pasta
	assert "$(< "$T/joined")" == other "file"
}

@test "--pid: a relative path, and a command" {
	host bash -c 'cd "$0" && "$@"' "$T" "$PASTA" -q --pid rel -- test -s rel
	assert "$(ls "$T/rel" 2>&1 || true)" contains "No such file" "pid file"
}

@test "--pid: a pipe is written to, and left alone" {
	mkfifo "$T/fifo"
	local fd pid
	exec {fd}<> "$T/fifo"
	run_pasta -q --pid "$T/fifo" -- true
	read -r pid <&"$fd"
	exec {fd}>&-
	assert "$pid" =~ ^[0-9]+$ "process id"
	assert "$(stat -c %F "$T/fifo")" == fifo "file"
}

@test "--pid: the process that removes the file is locked in" {
	named box
	join --netns box
	wait_until is_locked_in pasta-files
	output=$(host cat "/proc/$(host pgrep -x pasta-files)/status")
	assert "$(grep ^Cap[IPEA] <<< "$output" | grep -vc '0000000000000000$')" -eq 0 "capabilities: $output"
	assert "$output" =~ Seccomp:.2 "filter"
}

@test "join: with a command, --pid is written before it runs" {
	run_pasta -q --pid "$T/joined" -- sh -c "test -s $T/joined"
}

@test "join: it ends when the process does" {
	target --user --map-root-user
	join "$TARGET"
	host kill "$TARGET"
	wait_until ended "$JOINED"
}

# bats test_tags=nosan
@test "join: it ends within 100 ms of the namespace" {
	# on a busy machine the best of several counts
	local round
	for round in 1 2 3 4 5; do
		named box
		join --netns box
		output=$(host bash -c 'ip netns del box
			begin=${EPOCHREALTIME/./}
			while [[ -e /proc/$0/fd/0 ]]; do :; done
			echo $((${EPOCHREALTIME/./} - begin))' "$JOINED")
		((output >= 100000)) || break
	done
	assert "$output" -lt 100000 "microseconds"
}

@test "join: it ends when the path is unmounted" {
	named box
	join --netns box
	host umount /run/netns/box
	wait_until ended "$JOINED"
}

@test "join: it ends when the path is unmounted and the mount's number is given to another at once" {
	named box
	join --netns box
	host kill -STOP "$JOINED"
	# the lowest number that is free, of the whole machine: others may take it meanwhile
	host bash -c 'umount /run/netns/box; mkdir /run/more
		for i in {1..20}; do mount -t tmpfs more /run/more; done'
	host kill -CONT "$JOINED"
	wait_until ended "$JOINED"
}

@test "join: the end of a mount takes no inotify instance, of which a user has few" {
	named box
	join --netns box
	assert "$(host ls -l "/proc/$JOINED/fd" | grep -c inotify || true)" -eq 0 "instances"
}

@test "join: it ends when a symbolic link that named the namespace is deleted" {
	target
	host ln -s "/proc/$TARGET/ns/net" /run/link
	join --netns /run/link
	host rm /run/link
	wait_until ended "$JOINED"
}

@test "join: it ends when a symbolic link is replaced by another" {
	target
	host ln -s "/proc/$TARGET/ns/net" /run/link
	join --netns /run/link
	host ln -s /dev/null /run/new
	host mv /run/new /run/link
	wait_until ended "$JOINED"
}

@test "join: where inotify is refused, the end of a link is still noticed" {
	target
	host ln -s "/proc/$TARGET/ns/net" /run/link
	host bash -c 'echo 0 > /proc/sys/user/max_inotify_instances'
	run_pasta --config-net --pid "$T/joined" --netns /run/link
	assert "$stderr" contains "the end of '/run/link' is looked for once a second: inotify: Too many" "line"
	host rm /run/link
	wait_until ended "$(< "$T/joined")"
	host ln -s "/proc/$TARGET/ns/net" /run/link
	run_pasta --config-net -q --pid "$T/joined" --netns /run/link
	assert "$stderr" == "" "complaints"
}

@test "join: where inotify is refused, a link to somewhere else is an end" {
	target
	host ln -s "/proc/$TARGET/ns/net" /run/link
	host bash -c 'echo 0 > /proc/sys/user/max_inotify_instances'
	join --netns /run/link
	pass_seconds 1.5
	host test -e "/proc/$JOINED/fd"
	host ln -s /dev/null /run/new
	host mv /run/new /run/link
	wait_until ended "$JOINED"
}

@test "join: --no-netns-quit stays" {
	named box
	host touch /run/other
	host mount --bind /run/netns/box /run/other
	join --no-netns-quit --netns /run/netns/box
	host ip netns del box
	output=$(host nsenter --net=/run/other ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
	host kill -0 "$JOINED"
}

@test "join: --no-netns-quit stays when the process has ended" {
	named box
	background other host ip netns exec box sleep infinity
	wait_until host grep -q sleep "/proc/$(< "$T/other.pid")/comm"
	join --no-netns-quit --netns-only "$(< "$T/other.pid")"
	host kill "$(< "$T/other.pid")"
	wait_until not host kill -0 "$(< "$T/other.pid")"
	pass_seconds 0.5
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
	host kill -0 "$JOINED"
}

# without /run/mount, which mount(8) makes when it likes
state_of_host() { host ip address; host ip netns exec box ip -br link; host ls -R -I mount /run; host cat /proc/mounts; }

@test "join: nothing is left behind" {
	local before
	named box
	host ip -n box link set lo up
	before=$(state_of_host)
	join --netns box
	host kill "$JOINED"
	wait_until ended "$JOINED"
	wait_until host bash -c '! ip netns exec box ip link show v0'
	assert "$(state_of_host)" == "$before" "the host"
	assert "$(host pgrep -c pasta || true)" -eq 0 "processes left"
}

@test "join: a namespace that has an interface of that name is refused" {
	named box
	host ip netns exec box ip link add v0 type veth peer name v1
	refused "'v0'" --netns box
	join --ns-ifname tap7 --netns box
}

@test "join: a persistent tap of that name that was made for us is used" {
	named box
	host ip netns exec box ip tuntap add v0 mode tap
	join --netns box
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

# What a descriptor of the device once set stays set: TUNSETVNETHDRSZ
@test "join: a persistent tap that was used with another size of header is used with ours" {
	named box
	host ip netns exec box ip tuntap add v0 mode tap
	host ip netns exec box socat -T0.1 TUN,tun-type=tap,tun-name=v0,iff-no-pi,ioctl-intp=0x400454d8:12 PIPE
	join --netns box
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: a tap of that name that somebody else holds is refused" {
	named box
	background holder host ip netns exec box socat TUN,tun-type=tap,tun-name=v0,iff-no-pi PIPE
	wait_until host ip netns exec box ip link show v0
	refused "'v0'" --netns box
}

@test "join: a namespace that has a default route is refused, unless we leave it alone" {
	named box
	host ip -n box link add e0 type veth peer name e1
	host ip -n box address add 10.9.0.1/24 dev e0
	host ip -n box link set e0 up
	host ip -n box link set e1 up
	host ip -n box route add default via 10.9.0.2
	refused "by interface 'e0'" --netns box
	run_pasta --quiet --netns box
	host ip -n box link show v0
}

@test "join: a default route that leads nowhere has no interface to name" {
	named box
	host ip -n box link set lo up
	host ip -n box route add unreachable default
	refused "'/run/netns/box' has a default route already (leave" --netns box
}

@test "join: a configured interface without default route is no obstacle" {
	named box
	host ip -n box link add e0 type veth peer name e1
	host ip -n box address add 10.9.0.1/24 dev e0
	host ip -n box link set e0 up
	join --netns box
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: IPv6 that is disabled there is said to be, and nothing of it is claimed" {
	named box
	host ip netns exec box sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	run_pasta --config-net --dns-forward fd00::53 --netns box
	assert "$(grep IPv6 <<< "$stderr")" == "pasta: IPv6: disabled in network namespace '/run/netns/box', nothing of it is set up" "IPv6 lines"
	output=$(host ip netns exec box ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "join: IPv6 that is disabled there is an error with -6" {
	named box
	host ip netns exec box sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	refused "'/run/netns/box': IPv6 is disabled there, which contradicts --ipv6-only" -6 --netns box
	assert "$(host ip -n box -br link)" lacks v0 "interfaces"
}

@test "join: nested, by root of a namespace that pasta made" {
	in_ns bash -c "unshare --net sleep 20 &
		until [ \$(readlink /proc/\$!/ns/net) != \$(readlink /proc/self/ns/net) ]; do :; done
		'$PASTA' --config-net -q --netns-only \$! && nsenter --net -t \$! ping -c1 -W10 $R4"
	assert "$output" contains "1 received" "ping"
}

@test "join: the namespace that we are in is refused" {
	refused "that we are in" --netns /proc/self/ns/net
}

@test "join: a process that does not exist is refused" {
	refused "'999999'" 999999
}

@test "join: numbers that are no process are refused" {
	refused "'0'" 0
	refused "'99999999999'" 99999999999
}

@test "join: a path or name that is not there is refused" {
	refused "'/run/netns/nosuch'" --netns nosuch
	refused "'/no/such/path'" --netns /no/such/path
}

@test "join: a file that is no namespace is refused" {
	refused "'/etc/passwd'" --netns /etc/passwd
	refused "'/proc/self/ns/user'" --netns /proc/self/ns/user
}

@test "join: --userns with what is no user namespace is refused" {
	named box
	refused "'/etc/passwd'" --userns /etc/passwd --netns box
	refused "'/no/such'" --userns /no/such --netns box
}

@test "join: a namespace of another user namespace is refused without --userns" {
	target --user --map-root-user
	host unshare --user --map-root-user "$PASTA" --config-net --netns "/proc/$TARGET/ns/net" 2> "$T/stderr" && return 1
	assert "$(< "$T/stderr")" =~ user "reason"
	named box
	host unshare --user --map-root-user "$PASTA" --config-net --netns box 2> "$T/stderr" && return 1
	assert "$(< "$T/stderr")" == "pasta: cannot enter network namespace '/run/netns/box': Operation not permitted (it belongs to another user namespace: see --userns)" "complaint"
}

@test "join: contradictions are refused" {
	refused "--netns 'box' contradicts" --netns box 123
	refused "--netns 'box' contradicts" --netns box true
	refused "--netns-only" --userns /proc/self/ns/user --netns-only --netns box
	refused "--userns '/proc/self/ns/user' needs" --userns /proc/self/ns/user -- true
}

@test "join: a failure leaves no pid file behind" {
	refused "nosuch" --pid "$T/new" --netns nosuch
	assert "$(host ls "$T")" lacks new "files"
}

@test "--pid: a file that cannot be written is refused" {
	refused "--pid '/nowhere/at/all'" --pid /nowhere/at/all -- true
}

@test "--runas: other users are for real root only" {
	refused "--runas '12345'" --runas 12345 -- true
	refused "there is no user 'no-such-user'" --runas no-such-user -- true
	refused "there is no group 'no-such-group'" --runas nobody:no-such-group -- true
}

@test "--runas: root of a nested namespace stays what it is, and may say so" {
	run_pasta -q --runas 0 -- cat /proc/self/uid_map
	assert "$output" =~ ^\ +0\ +0\ +1$ "user"
	assert "$stderr" == "" "complaint"
}

@test "--netns-only: a command runs in the caller's user namespace, in a network namespace of its own" {
	local user mounts
	user=$(host readlink /proc/self/ns/user) mounts=$(host cat /proc/mounts)
	run_pasta 7 -q --config-net --netns-only -- sh -c 'readlink /proc/self/ns/user; ls -d /proc/[0-9]*
		ping -c1 -W10 $0 >&2; exit 7' $R4
	assert "${output%%$'\n'*}" == "$user" "user namespace"
	assert "$(wc -l <<< "$output")" -le 4 "processes in /proc, and that line"
	run_pasta -q --config-net --netns-only -- ping -c1 -W10 $R4
	assert "$(host cat /proc/mounts)" == "$mounts" "mounts of the host"
}

@test "--netns-only: without the privilege one line says so" {
	refused_to_user() { host setpriv --bounding-set=-all --inh-caps=-all "$PASTA" --netns-only -- true; }
	stderr=$(refused_to_user 2>&1) && return 1
	assert "$stderr" == "pasta: --netns-only: cannot create namespaces: Operation not permitted (it takes root, or root of a user namespace)" "complaint"
}

@test "--chroot-fallback: changes nothing where pivot_root works" {
	run_pasta -q --chroot-fallback -- true
}

@test "--chroot-fallback: an empty root all the same where pivot_root is refused, as in an initramfs" {
	local refuse=("$TOOLS/refuse" pivot_root EINVAL)
	status=0
	output=$(host "${refuse[@]}" "$PASTA" --config-net -q -- true 2>&1) || status=$?
	assert "$status" == 1 "exit status without it"
	assert "$output" =~ ^"pasta: cannot move "[^$'\n']*"pivot_root"[^$'\n']*"use --chroot-fallback"[^$'\n']*$ "complaint"
	background pasta host "${refuse[@]}" "$PASTA" --config-net -q --chroot-fallback -- \
		sh -c "ping -c1 -W10 $R4; exec sleep 60"
	wait_until grep -q received "$T/pasta"
	assert "$(< "$T/pasta")" contains "1 received" "ping"
	assert "$(host ls -A "/proc/$(< "$T/pasta.pid")/root/")" == "" "root file system"
	assert "$(host grep -c . "/proc/$(< "$T/pasta.pid")/root/proc/self/status" 2>/dev/null || true)" == "" "/proc"
}

@test "--chroot-fallback: helps where somebody else's filter refuses pivot_root, and is named there" {
	local refuse=("$TOOLS/refuse" pivot_root EPERM)
	output=$(host "${refuse[@]}" "$PASTA" -q -- true 2>&1) && return 1
	assert "$output" =~ ^"pasta: cannot move "[^$'\n']*"pivot_root: Operation not permitted "[^$'\n']*"use --chroot-fallback)"$ "complaint"
	output=$(host "${refuse[@]}" "$PASTA" -q --chroot-fallback -- echo fine 2>&1)
	assert "$output" == fine "output with it"
}
