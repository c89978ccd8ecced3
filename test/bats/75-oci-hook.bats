# SPDX-License-Identifier: Apache-2.0
#
# The OCI hook, called as a container runtime would call it: a state on standard input, a bundle with
# a config.json, a process in namespaces of its own in the part of the container.

load helpers

setup() {
	host_start
	HOOK=$PASTA-oci-hook
	mkdir "$T/bundle"
	namespaces '{ "type": "network" }, { "type": "pid" }'
	echo '{}' > "$T/config"
	policy '{ "enable": true, "publish": { "addresses": ["any", "127.0.0.1"], "ports": ["8000-9000"] },
		"options": ["--mtu"], "log": ["'"$T"'/logs"] }'
}

namespaces() { echo '{ "ociVersion": "1.2.0", "linux": { "namespaces": ['"$1"'] } }' > "$T/bundle/config.json"; }
policy() { rm -rf "$T/policy" && echo "$1" > "$T/policy" && chmod 644 "$T/policy"; }

# container [UNSHARE-ARGS]: $CONTAINER is its first process on the host
container() {
	local parent
	background container host unshare "$@" --net --pid --fork --kill-child sleep infinity
	parent=$(< "$T/container.pid")
	wait_until has_sleep "$parent"
	CONTAINER=$(child_of "$parent")
}

# state STATUS PID [ANNOTATIONS]
state() {
	echo '{ "ociVersion": "1.2.0", "id": "box", "status": "'"$1"'", "pid": '"$2"',
		"bundle": "'"$T"'/bundle", "root": "rootfs", "annotations": { "a": "b" '"${3:+, $3}"' } }' > "$T/state"
}

# hook [RC] ARGS: call it, with an environment that is empty; $stderr is what it complained about;
# $SIGNALS: options of env(1)
hook() {
	local rc=0
	[[ ! ${1:-} =~ ^[0-9]+$ ]] || { rc=$1; shift; }
	status=0
	output=$(host env -i ${ASAN_OPTIONS:+ASAN_OPTIONS=$ASAN_OPTIONS} /usr/bin/timeout 60 \
		${SIGNALS:+/usr/bin/env $SIGNALS} "$HOOK" \
		--policy "$T/policy" --config "$T/config" "$@" <"$T/state" 2>"$T/stderr") || status=$?
	stderr=$(< "$T/stderr")
	assert "$status" == "$rc" "exit status of the hook" || { show_output; return 1; }
}

# connect [ANNOTATIONS]
connect() {
	container
	state created "$CONTAINER" "${1:-}"
	hook
}

# refused WORDS ARGS: status 1, one line that has WORDS in it, no pasta, no record
refused() {
	local words=$1
	shift
	hook 1 "$@"
	assert "$stderr" contains "$words" "complaint"
	assert "$stderr" =~ ^pasta-oci-hook: "complaint"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
	no_pasta
	assert "$(host find /run -name 'box*')" == "" "records"
	[[ -z ${CONTAINER:-} ]] || ! host kill -0 "$CONTAINER" 2>/dev/null ||
		assert "$(in_container ip -o link)" lacks "v0" "interfaces"
}

# Neither one that runs or sleeps nor one that is stopped; one that has ended may wait for process 1 to reap it
no_pasta() { [[ -z $(host pgrep -x -r RSDTtI pasta || true) ]]; }
in_container() { host nsenter -t "$CONTAINER" --net "$@"; }

@test "hook: the container's network is there when the hook returns" {
	connect
	assert "$output$stderr" == "" "what it prints"
	assert "$(in_container ping -c1 -W10 $R4)" contains "1 received" "IPv4"
	assert "$(in_container ping -c1 -W10 $R6)" contains "1 received" "IPv6"
}

@test "hook: a container in a user namespace that its runtime has made for it" {
	container --user --map-root-user
	state creating "$CONTAINER"
	hook
	output=$(host nsenter -t "$CONTAINER" --user --preserve-credentials --net ping -c1 -W10 $R4)
	assert "$output" contains "1 received" "ping"
}

@test "hook: published ports lead to the container, TCP and UDP" {
	connect '"io.pasta.publish": "8080:80, 8081:53/udp"'
	background web host nsenter -t "$CONTAINER" --net socat TCP6-LISTEN:80,fork,reuseaddr EXEC:'echo web'
	background dns host nsenter -t "$CONTAINER" --net socat UDP6-RECVFROM:53,fork PIPE
	wait_until port_is_open in_container tcp 80
	wait_until port_is_open in_container udp 53
	assert "$(remote socat -u TCP:198.51.100.1:8080 -)" == web "TCP"
	wait_until echoed_by_udp
}
echoed_by_udp() { [[ $(echo dns | remote socat -t0.5 - UDP:198.51.100.1:8081) == dns ]]; }

@test "hook: nothing that nobody asked for is open, in either direction" {
	connect
	serve host tcp 7000 socat TCP-LISTEN:7000,fork,reuseaddr EXEC:'echo secret'
	background inner host nsenter -t "$CONTAINER" --net socat TCP-LISTEN:8080,fork,reuseaddr -
	wait_until port_is_open in_container tcp 8080
	pass_seconds 0.3
	assert "$(host ss -Hltn 'sport = :8080')" == "" "the container's port on the host"
	assert "$(in_container socat -u -T2 TCP:$G4:7000 - 2>/dev/null || true)" == "" "by the gateway"
	assert "$(in_container socat -u -T2 TCP:127.0.0.1:7000 - 2>/dev/null || true)" == "" "by the loopback"
}

@test "hook: options of an annotation" {
	connect '"io.pasta.options": "--mtu=1400"'
	assert "$(in_container ip link show v0)" contains "mtu 1400" "the interface"
}

# connects ADDR PORT: whether the container does
connects() { [[ $(in_container "$TOOLS/probe" tcp "$1" "$2") == connected ]]; }

@test "hook: a policy of an annotation, without any of the administrator's" {
	serve remote tcp 6000 socat TCP6-LISTEN:6000,ipv6only=0,fork,reuseaddr EXEC:cat
	connect '"io.pasta.policy": "deny '$R4'; default allow"'
	connects $R6 6000
	not connects $R4 6000
}

@test "hook: a policy of an annotation narrows the administrator's, and cannot widen it" {
	for port in 6000 6001 6002; do
		serve remote tcp $port socat TCP-LISTEN:$port,fork,reuseaddr EXEC:cat
	done
	echo '{ "options": ["--config-net", "--allow=tcp/'$R4':6000-6001"] }' > "$T/config"
	policy '{}'
	connect '"io.pasta.policy": "# ours\nallow tcp/'$R4':6001-6002\n"'
	not connects $R4 6000
	connects $R4 6001
	not connects $R4 6002
}

@test "hook: a policy of an annotation that is broken starts no container" {
	container
	broken() {
		state created "$CONTAINER" '"io.pasta.policy": "'"$1"'"'
		refused "annotation 'io.pasta.policy': $2"
	}
	broken 'allow any; alow 192.0.2.1' "pasta: --policy-narrow:2: 'alow': lines begin with"
	broken 'allow any:0' "pasta: --policy-narrow:1: ':0': the lowest port is 1"
	broken 'include /etc/shadow' "pasta: --policy-narrow:1: '/etc/shadow': no file is read here"
	broken '' "pasta: --policy-narrow '': there is no rule in it"
	state created "$CONTAINER" '"io.pasta.policy": "#'"$(printf '%70000s' x)"'"'
	refused "annotation 'io.pasta.policy' is longer than 65536 bytes"
	echo '{ "options": ["--policy-narrow=deny any"] }' > "$T/config"
	broken 'allow any' "pasta: --policy-narrow 'allow any': there can be only one"
}

@test "hook: the log of an annotation, which can't be another container's" {
	mkdir "$T/logs"
	connect '"io.pasta.log": "'"$T"'/logs/today"'
	host test -e "$T/logs/today.box"
}

@test "hook: options, ports and the program of the configuration" {
	host ln -s "$PASTA" "$T/pasta-2"
	echo '{ "pasta": "'"$T"'/pasta-2", "options": ["--config-net", "--mtu=1300", "--tcp-ns=auto"],
		"publish": ["127.0.0.1/22:22"] }' > "$T/config"
	connect
	assert "$(in_container ip link show v0)" contains "mtu 1300" "the interface"
	assert "$(host ss -Hltn 'sport = :22')" contains "127.0.0.1:22" "listening"
	assert "$(host pgrep -af quiet)" contains "$T/pasta-2" "the program"
}

@test "hook: options, ports and the program of the arguments" {
	container
	state created "$CONTAINER"
	hook --pasta "$PASTA" --option --mtu=1300 --publish 22:22 createRuntime
	assert "$(in_container ip link show v0)" contains "mtu 1300" "the interface"
	assert "$(host ss -Hltn 'sport = :22')" contains ":22" "listening"
}

@test "hook: a container that is switched off by annotation is left alone" {
	connect '"io.pasta.enable": "false"'
	no_pasta
	assert "$(in_container ip -o link)" lacks "v0" "interfaces"
}

@test "hook: poststop ends pasta, and the port is free when it returns" {
	connect '"io.pasta.publish": "8080:80"'
	assert "$(host ss -Hltn 'sport = :8080')" != "" "the port before"
	state stopped 0
	hook
	assert "$(host ss -Hltn 'sport = :8080')" == "" "the port after"
	no_pasta
	assert "$(host find /run -name 'box*')" == "" "records"
	hook # there's nothing to do, which is fine
	assert "$stderr" == "" "complaint"
}

@test "hook: pasta ends with the container, without any poststop" {
	connect
	host kill -KILL "$CONTAINER"
	wait_until no_pasta
}

@test "hook: where the runtime has killed it, no pasta is started" {
	container
	state created "$CONTAINER"
	host "$TOOLS/late" 1 "$HOOK" --policy "$T/policy" --config "$T/config" < "$T/state"
	wait_until no_pasta
	assert "$(in_container ip -o link)" lacks "v0" "interfaces"
}

@test "hook: poststop ends a pasta that does not obey" {
	connect
	host pkill -STOP -x pasta
	hook poststop
	no_pasta
}

@test "hook: poststop leaves a process alone that has pasta's number by now" {
	connect
	background other host sleep infinity
	read -r _ rest < <(host bash -c 'cat /run/pasta-oci-hook/box*')
	host pkill -x pasta
	host bash -c 'echo "$1 $2" > $(ls /run/pasta-oci-hook/box*)' - "$(< "$T/other.pid")" "$rest"
	state stopped 0
	hook
	host kill -0 "$(< "$T/other.pid")"
	assert "$(host find /run -name 'box*')" == "" "records"
}

@test "hook: records of containers that had no poststop go with the next container" {
	connect
	host kill -KILL "$CONTAINER"
	wait_until no_pasta
	cp -r "$T/bundle" "$T/bundle-2"
	sed -i 's|"id": "box"|"id": "other"|' "$T/state"
	container
	sed -i "s/\"pid\": [0-9]*/\"pid\": $CONTAINER/" "$T/state"
	hook
	assert "$(host find /run/pasta-oci-hook -type f -printf '%f\n')" =~ ^other-[0-9a-f]*$ "records"
}

@test "hook: equal ids in two bundles are two containers" {
	connect
	cp -r "$T/bundle" "$T/bundle-2"
	sed -i 's|/bundle"|/bundle-2"|; s/created/stopped/' "$T/state"
	hook
	host pgrep -x pasta
}

@test "hook: nothing of the caller's stays open in pasta" {
	container
	state created "$CONTAINER"
	# The pipe to cat ends only when nobody has its other side any more
	host bash -c '"$@" 2>&1 | cat' - timeout 60 bash -c 'exec 7>&1; exec "$@"' - "$HOOK" \
		--policy "$T/policy" --config "$T/config" < "$T/state"
	host pgrep -x pasta
}

@test "hook: nothing of the caller's stays open in pasta where a filter refuses close_range" {
	container
	state created "$CONTAINER"
	host bash -c '"$@" 2>&1 | cat' - timeout 60 bash -c 'exec 7>&1; exec "$@"' - \
		"$TOOLS/refuse" close_range EPERM "$HOOK" --policy "$T/policy" --config "$T/config" < "$T/state"
	host pgrep -x pasta
}

@test "hook: works without standard output and standard error" {
	container
	state created "$CONTAINER"
	host "$HOOK" --policy "$T/policy" --config "$T/config" < "$T/state" >&- 2>&-
	assert "$(in_container ping -c1 -W10 $R4)" contains "1 received" "ping"
}

@test "hook: a state that is empty, broken or huge is refused" {
	: > "$T/state"
	refused "state on standard input is empty"
	echo '{ "id": "box", "status": ' > "$T/state"
	refused "is not valid JSON"
	{ printf '{ "id": "'; head -c 2000000 /dev/zero | tr '\0' x; printf '" }'; } > "$T/state"
	refused "is larger than 1048576 bytes"
	head -c 1000000 /dev/zero | tr '\0' '[' > "$T/state"
	refused "is not valid JSON"
}

@test "hook: a process that is gone is refused" {
	container
	state created "$CONTAINER"
	host kill -KILL "$CONTAINER"
	wait_until not host kill -0 "$CONTAINER"
	refused "process $CONTAINER cannot be found: No such process"
}

@test "hook: a process in the host's network namespace is refused" {
	background idle host unshare --pid --fork --kill-child sleep infinity
	wait_until has_sleep "$(< "$T/idle.pid")"
	state created "$(child_of "$(< "$T/idle.pid")")"
	refused "/ns/net' is the host's"
}

@test "hook: a process in the host's PID namespace is not the container's, if that has its own" {
	background idle host unshare --net sleep infinity
	wait_until not same_network "$(< "$T/idle.pid")"
	state created "$(< "$T/idle.pid")"
	refused "/ns/pid' is the host's"
	namespaces '{ "type": "network" }'
	hook
}

@test "hook: a process that is not the first one in its PID namespace is refused" {
	container
	background second host nsenter -t "$CONTAINER" --net --pid sleep infinity
	wait_until has_sleep "$(< "$T/second.pid")"
	state created "$(child_of "$(< "$T/second.pid")")"
	refused "is not the container's: it is not the first one of its PID namespace"
}

same_network() { [[ $(host readlink "/proc/$1/ns/net") == "$(host readlink /proc/1/ns/net)" ]]; }

@test "hook: a bundle with host networking, another's network or no config.json is refused" {
	container
	state created "$CONTAINER"
	namespaces '{ "type": "pid" }'
	refused "no network namespace of its own"
	namespaces '{ "type": "network", "path": "/run/netns/pod" }, { "type": "pid" }'
	refused "joins the network namespace '/run/netns/pod', which is not its own"
	rm "$T/bundle/config.json"
	refused "cannot read '$T/bundle/config.json': No such file"
}

@test "hook: a policy that is missing, unreadable, broken or has unknown keys is refused" {
	container
	state created "$CONTAINER"
	policy '{ "publsh": {} }'
	refused "policy: unknown key 'publsh'"
	policy '{ '
	refused "policy '$T/policy' is not valid JSON"
	rm "$T/policy"
	refused "cannot read the policy '$T/policy': No such file"
	mkdir "$T/policy"
	refused "policy '$T/policy' is not a file"
	policy '{}'
	refused "cannot read the policy '$T/policy/x': Not a directory" --policy "$T/policy/x"
}

@test "hook: a policy or configuration that others can write is refused" {
	container
	state created "$CONTAINER"
	chmod 666 "$T/config"
	refused "configuration '$T/config' can be written by others"
	chmod 664 "$T/policy"
	refused "policy '$T/policy' can be written by others"
}

@test "hook: a configuration that is named must exist, and be right" {
	container
	state created "$CONTAINER"
	refused "cannot read the configuration '/nowhere': No such file" --config /nowhere
	echo '{ "pasta": "pasta" }' > "$T/config"
	refused "configuration: 'pasta' is not an absolute path"
	echo '{ "options": ["-t", "80"] }' > "$T/config"
	refused "'-t' is not of the form --name or --name=value"
	echo '{ "options": ["--pcap=x"] }' > "$T/config"
	refused "'--pcap=x' does not have an absolute path"
}

@test "hook: what the policy does not allow is refused" {
	container
	state created "$CONTAINER" '"io.pasta.publish": "80"'
	refused "publishing '80' is not allowed by the policy (its ports)"
	state created "$CONTAINER" '"io.pasta.options": "--pcap=/tmp/x"'
	refused "option '--pcap=/tmp/x' is not allowed by the policy"
	state created "$CONTAINER" '"io.pasta.log": "/etc/passwd"'
	refused "log '/etc/passwd' is not allowed by the policy"
	state created "$CONTAINER" '"io.pasta.publsh": "8080"'
	refused "annotation 'io.pasta.publsh' is unknown"
	policy '{}'
	state created "$CONTAINER" '"io.pasta.enable": "true"'
	refused "annotation 'io.pasta.enable' is not allowed by the policy"
}

@test "hook: an option without its value takes no other word instead" {
	container
	state created "$CONTAINER" '"io.pasta.options": "--mtu"'
	refused "requires an argument"
}

@test "hook: pasta's own reason is the complaint, and nothing is left" {
	serve host tcp 8080 socat TCP-LISTEN:8080,fork,reuseaddr -
	container
	state created "$CONTAINER" '"io.pasta.publish": "8080:80"'
	refused "container 'box': pasta: "
	assert "$stderr" contains 8080 "the complaint"
}

@test "hook: pasta's own reason is the complaint even for a runtime that ignores its children's ends" {
	serve host tcp 8080 socat TCP-LISTEN:8080,fork,reuseaddr -
	container
	state created "$CONTAINER" '"io.pasta.publish": "8080:80"'
	SIGNALS=--ignore-signal=CHLD
	refused "container 'box': pasta: "
	assert "$stderr" contains 8080 "the complaint"
}

@test "hook: a pasta that cannot be run, says nothing or writes no number is refused" {
	container
	state created "$CONTAINER"
	refused "cannot run '/nowhere/pasta': No such file" --pasta /nowhere/pasta
	refused "pasta failed without a word (status 1)" --pasta /bin/false
	refused "pasta has ended as soon as it was ready" --pasta /bin/true
}

@test "hook: after a failure nothing is left of what was started, in the background either" {
	container
	state created "$CONTAINER"
	printf '#!/bin/sh\nsetsid sh -c "sleep 1234 & sleep 1235" >/dev/null 2>&1 &\n' > "$T/fake"
	chmod 755 "$T/fake"
	refused "pasta has ended as soon as it was ready" --pasta "$T/fake"
	assert "$(host pgrep -af 'sleep 123' || true)" == "" "processes"
}

@test "hook: the reason is told behind warnings of any length, and says nothing to a terminal" {
	container
	state created "$CONTAINER"
	printf '#!/bin/sh\nhead -c 70000 /dev/zero | tr "\\0" w >&2\nprintf "\\nthe \\302\\233reason\\n" >&2; exit 1' > "$T/fake"
	chmod 755 "$T/fake"
	refused "container 'box': the ??reason" --pasta "$T/fake"
}

@test "hook: more ports than fit into a command line are refused" {
	container
	state created "$CONTAINER" '"io.pasta.publish": "'"$(seq -s, 8000 8400)"'"'
	refused "too many ports and options: there is room for 255 words"
}

@test "hook: a runtime folder that others can write is refused" {
	container
	state created "$CONTAINER"
	mkdir -m 777 "$T/run"
	chmod 777 "$T/run"
	refused "'$T/run' is not a folder that is ours alone" --runtime-dir "$T/run"
	refused "cannot make the folder '/nowhere/run'" --runtime-dir /nowhere/run
}

@test "hook: arguments that are wrong are refused" {
	state stopped 0
	refused "unknown option '--netns'" --netns /x
	refused "option '--pasta' needs a value" --pasta
	refused "--pasta 'pasta' is not an absolute path" --pasta pasta
	refused "'prestart' is neither createRuntime nor poststop" prestart
	refused "'x' is one too many" poststop x
	refused "it has stopped" createRuntime
	state created 1
	refused "cannot publish 'x'" --publish x
}

@test "hook: --help and --version need no container" {
	: > "$T/state"
	hook --help
	assert "$output" contains "Usage: pasta-oci-hook" "help"
	hook --version
	assert "$output" == "$(host "$PASTA" --version | sed '1s/^pasta/pasta-oci-hook/; q')" "version"
}

@test "hook: who types it gets its usage, not a program that waits" {
	output=$(host timeout --foreground 60 expect -c "spawn $HOOK
		expect eof
		exit [lindex [wait] 3]") && { show_output; false; }
	assert "$output" contains "Usage: pasta-oci-hook" "usage"
	assert "$output" contains "standard input is a terminal" "complaint"
}

@test "hook: the manual has every option, and every file of contrib is accepted" {
	local manual=$TESTS/../../man/pasta-oci-hook.1 contrib=$TESTS/../../contrib/oci-hook option
	: > "$T/state"
	hook --help
	for option in $(grep -o -- '--[a-z-]*' <<< "$output"); do
		assert "$(sed 's/\\-/-/g' "$manual")" contains "$option" "the manual"
	done
	install -m 644 "$contrib/policy.json" "$T/policy"
	install -m 644 "$contrib/config.json" "$T/config"
	connect '"io.pasta.publish": "127.0.0.1/8080:80"'
	assert "$(host ss -Hltn 'sport = :8080')" contains "127.0.0.1:8080" "listening"
}
