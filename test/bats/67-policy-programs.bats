# SPDX-License-Identifier: Apache-2.0
#
# People's programs and servers in a namespace that may reach little.

load helpers
load ports
load names
load policy
load control

@test "policy programs: git clones from the name that is allowed, and no other" {
	zone --host-record=code.test,$R4 --host-record=down.test,$R4
	export HOME=$T GIT_CONFIG_NOSYSTEM=1
	mkdir "$T/served"
	host git init -q --bare "$T/served/tree.git"
	host git -C "$T/served/tree.git" -c user.name=a -c user.email=a@b.test commit-tree -m first \
		"$(host git -C "$T/served/tree.git" mktree < /dev/null)" > "$T/commit"
	host git -C "$T/served/tree.git" update-ref refs/heads/main "$(< "$T/commit")"
	serve remote tcp 9418 git daemon --export-all --reuseaddr --base-path="$T/served"
	run_pasta -q --config-net --allow code.test:9418 -- bash -c '
		git clone -q -b main git://code.test/tree.git "$0/clone" && git -C "$0/clone" log --format=%s
		git clone -q -b main git://down.test/tree.git "$0/other" || echo refused' "$T"
	assert "$output" == $'first\nrefused' "what was cloned: $stderr$(cat "$T/server-9418.err")"
	assert "$(asked down.test)" == 0 "questions for the other name"
}

# A repository of one package, on the remote
repository() {
	mkdir -p "$T/deb/DEBIAN" "$T/www"
	printf '%s\n' 'Package: little' 'Version: 1' 'Architecture: all' 'Maintainer: a <a@b.test>' 'Description: a' \
		> "$T/deb/DEBIAN/control"
	host dpkg-deb --root-owner-group --build "$T/deb" "$T/www/little_1_all.deb" > "$T/build.log"
	{
		cat "$T/deb/DEBIAN/control"
		printf '%s\n' "Filename: ./little_1_all.deb" "Size: $(stat -c %s "$T/www/little_1_all.deb")" \
			"SHA256: $(sum_of "$T/www/little_1_all.deb" | cut -d' ' -f1)"
	} > "$T/www/Packages"
	serve remote tcp 80 busybox httpd -f -p 80 -h "$T/www"
}

@test "policy programs: apt gets a package from the names that are allowed" {
	repository
	zone --host-record=deb.test,$R4 --host-record=down.test,$R4
	mkdir -p "$T/apt"/{lists/partial,archives/partial,got,apt.conf.d,preferences.d}
	: > "$T/apt/status"
	cat > "$T/apt/conf" <<-END
		Dir::Etc "$T/apt"; Dir::Etc::sourcelist "$T/apt/sources"; Dir::Etc::sourceparts "-";
		Dir::State "$T/apt"; Dir::State::status "$T/apt/status"; Dir::Cache "$T/apt";
		APT::Sandbox::User "root"; APT::Architecture "amd64"; Acquire::Languages "none"; Acquire::Retries "0";
	END
	echo "deb [trusted=yes] http://deb.test ./" > "$T/apt/sources"
	APT_CONFIG=$T/apt/conf run_pasta -q --config-net --deny down.test --allow '*.test:80' -- bash -c '
		cd "$0/apt/got" && apt-get -qq update && apt-get -qq download little >&2 && ls
		sed -i s/deb.test/down.test/ ../sources; apt-get -qq update -o APT::Update::Error-Mode=any || echo refused' "$T"
	assert "$output" == $'little_1_all.deb\nrefused' "what was had: $stderr"
}

@test "policy programs: unbound is a resolver as good as any, and a TTL of 0 is" {
	echoes 6000
	resolv_conf <<< 'nameserver 127.0.0.53'
	cat > "$T/unbound.conf" <<-END
		server:
			interface: 127.0.0.53
			username: ""
			chroot: ""
			directory: "$T"
			pidfile: ""
			use-syslog: no
			do-daemonize: no
			local-zone: "test." static
			local-data: "up.test. 0 IN A $R4"
			local-data: "up.test. 0 IN AAAA $R6"
			local-data: "down.test. 0 IN A $R4"
		remote-control:
			control-enable: no
	END
	background unbound host unbound -d -c "$T/unbound.conf"
	wait_until host dig +short +time=1 +tries=1 @127.0.0.53 up.test
	with --allow up.test:6000 "try up.test 6000; dig +short AAAA up.test; try [$R6] 6000; try $R4 6000
		try down.test 6000; dig down.test | grep -o NXDOMAIN; dig +tcp +short up.test"
	assert "$output" == "up.test:6000
$R6
[$R6]:6000
$R4:6000
NXDOMAIN
$R4" "what came of it"
}

@test "policy programs: a tunnel's datagrams go and come by its own port, to the name that is allowed" {
	zone --host-record=peer.test,$R4 --host-record=down.test,$R4
	background tunnel remote socat UDP-LISTEN:51820,fork EXEC:cat
	wait_until port_is_open remote udp 51820
	cat > "$T/tunnel.py" <<-'END'
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", 51820))
		s.settimeout(9)
		for name, size in ("peer.test", 148), ("peer.test", 1420), ("down.test", 148):
		    try:
		        s.connect((name, 51820))
		        s.send(bytes([4]) * size)
		        print(name, len(s.recv(2000)))
		    except OSError as e:
		        print(name, type(e).__name__)
	END
	run_pasta -q --config-net --allow udp/peer.test:51820 -- python3 "$T/tunnel.py"
	assert "$output" == $'peer.test 148\npeer.test 1420\ndown.test gaierror' "datagrams"
}

@test "policy programs: 2,000 names at once" {
	echoes 6000
	remote ip route add local 198.18.0.0/16 dev lo
	host ip route add 198.18.0.0/16 via $R4
	for ((i = 0; i < 2000; i++)); do echo "198.18.$((i / 250)).$((i % 250 + 1)) n$i.many.test"; done > "$T/hosts"
	zone --addn-hosts="$T/hosts"
	start_controlled -q --config-net --allow '*.many.test:6000'
	cut -d' ' -f2 "$T/hosts" > "$T/names"
	inside dig +short -f "$T/names"
	assert "$(wc -l <<< "$output")" == 2000 "answers"
	ctl --json stats
	assert "$(field '.counters["addresses learnt"]')" == 2000 "addresses"
	inside bash -c "$try_names; try 198.18.0.1 6000; try 198.18.7.250 6000; try n1000.many.test 6000"
	assert "$output" == $'198.18.0.1:6000\n198.18.7.250:6000\nn1000.many.test:6000' "what could be reached"
	inside "$TOOLS/probe" tcp 198.18.8.1 6000
	assert "$output" != connected "one that has no name"
}

@test "policy programs: bubblewrap, as in contrib/sandbox, sees little and reaches little" {
	page
	zone --host-record=page.test,$F4 --host-record=down.test,$F4
	ln -s "$PASTA" "$T/pasta"
	mkdir "$T/home" "$T/work"
	touch "$T/home/secret"
	echo 'allow tcp/page.test:80' > "$T/policy"
	status=0
	output=$(HOME=$T/home PATH=$T:$PATH host sh -c 'cd "$0"; sh "$@"' "$T/work" "$(realpath "$TESTS/../../contrib/sandbox/sandbox")" "$T/policy" sh -c '
		curl -sS -o got http://page.test/ && cat got; curl -sS http://down.test/ || echo refused
		touch /etc/new || echo read-only; ls "$HOME"' 2> "$T/stderr") || status=$?
	assert "$output" == $'hello\nrefused\nread-only' "what it could do: $(< "$T/stderr")"
	assert "$(< "$T/work/got")" == hello "what it has left"
	assert "$(asked down.test)" == 0 "questions for the other name"
	run_pasta --policy "$(realpath "$TESTS/../../contrib/sandbox/packages.policy")" --policy-check
	run host env HOME="$T/home" sh -c 'cd "$0"; sh "$@"' "$T" "$(realpath "$TESTS/../../contrib/sandbox/sandbox")" "$T/policy" true
	assert "$status $output" contains "has your whole home in it" "begun above the home"
}

@test "policy programs: in local mode the host's loopback is opened by the port" {
	host ip link delete v0
	NS=host echoes 6000 6001
	with --allow tcp/@host:6000 "try 169.254.2.2 6000; try 169.254.2.2 6001; try [fe80::1%tap0] 6000"
	assert "$output" == $'169.254.2.2:6000\n[fe80::1%tap0]:6000' "what could be reached"
}
