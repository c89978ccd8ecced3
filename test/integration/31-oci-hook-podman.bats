# SPDX-License-Identifier: Apache-2.0
#
# The OCI hook under Podman, by the hooks.d file, policy and configuration of contrib: containers
# that have no network of Podman's, and annotations.

load podman

setup() {
	host_start
	install -D -m 644 "$SRC/contrib/oci-hook/policy.json" /etc/pasta/oci-hook-policy.json
	install -D -m 644 "$SRC/contrib/oci-hook/config.json" /etc/pasta/oci-hook.json
}

hooked() { podman --hooks-dir "$SRC/contrib/podman/hooks.d" "$@"; }
no_network() { hooked run --detach --network none --name a "$@"; }
no_records() { assert "$(find /run -path '*pasta-oci-hook/*')" == "" "records"; }

# What `podman` does, for a command that has to fail: $stderr has WORDS
refused() {
	local words=$1
	shift
	capture user podman --hooks-dir "$SRC/contrib/podman/hooks.d" "$@"
	assert "$status" != 0 "exit status"
	assert "$stderr" contains "$words" "complaint"
	nothing_left
}

@test "podman and hook: a container reaches the outside, by address and by name" {
	echo 'nameserver 169.254.1.1' > /etc/pasta/resolv.conf
	no_network --annotation io.pasta.enable=true --volume /etc/pasta/resolv.conf:/etc/resolv.conf:ro localhost/box
	own_pastas
	exec_in a wget -qO- http://198.51.100.3/
	assert "$output" == outside
	exec_in a wget -qO- http://www.outside.example/
	assert "$output" == outside
}

@test "podman and hook: a container that is started before the network is on it when the host is" {
	echo 'nameserver 169.254.1.1' > /etc/pasta/resolv.conf
	unplug
	no_network --annotation io.pasta.publish=8080:80 --volume /etc/pasta/resolv.conf:/etc/resolv.conf:ro \
		localhost/box httpd -f -h /etc -p '[::]:80'
	own_pastas
	plug
	on_the_network a
}

@test "podman and hook: ports of an annotation are published, with options" {
	no_network --annotation io.pasta.publish='8080:80, 127.0.0.1/8081:80' \
		--annotation io.pasta.options='--mtu=1400' localhost/box sh -c 'mkdir /w && echo inside > /w/index.html &&
		exec httpd -f -h /w -p "[::]:80"'
	fetch http://198.51.100.1:8080/
	assert "$output" == inside
	fetch http://127.0.0.1:8081/
	assert "$output" == inside
	exec_in a cat /sys/class/net/v0/mtu
	assert "$output" == 1400
}

@test "podman and hook: the policy of an annotation narrows, and one that is broken starts nothing" {
	no_network --annotation io.pasta.policy='allow tcp/198.51.100.3:80' localhost/box
	exec_in a wget -qO- http://198.51.100.3/
	assert "$output" == outside
	capture user podman exec a wget -T5 -qO- "http://[2001:db8:1::3]/"
	assert "$status" == 1 "what it does not allow"
	podman rm --force --time 0 a
	refused "annotation 'io.pasta.policy': pasta: --policy-narrow:1: 'alow': lines begin with" --runtime runc run --rm \
		--network none --annotation io.pasta.policy='alow any' localhost/box true
}

@test "podman and hook: a container without annotations has no network" {
	no_network localhost/box
	exec_in a ls /sys/class/net
	assert "$output" == lo "interfaces"
	assert "$(pasta_pids)" == "" "running pasta"
}

@test "podman and hook: stop ends pasta and frees the port" {
	no_network --annotation io.pasta.publish=8080:80 localhost/box
	assert "$(ss -Hltn 'sport = :8080')" != "" "port"
	podman stop --time 0 a
	wait_until nothing_listens
	nothing_left
	no_records
}

@test "podman and hook: five restarts, the same port" {
	no_network --annotation io.pasta.publish=8080:80 localhost/box httpd -f -p '[::]:80'
	for _ in {1..5}; do
		hooked restart --time 0 a
		wait_until curl -gs -o /dev/null --max-time 5 http://198.51.100.1:8080/
		assert "$(pasta_pids | wc -l)" == 1 "running pasta"
	done
}

@test "podman and hook: with hooks_dir in containers.conf, plain commands will do" {
	install -D -m 644 "$SRC/contrib/podman/hooks.d/pasta.json" /etc/containers/oci/hooks.d/pasta.json
	user cp "$SRC/contrib/podman/hooks.conf" "$CONF/"
	podman run --detach --network none --name a --annotation io.pasta.enable=true localhost/box
	podman restart --time 0 a
	exec_in a wget -qO- http://198.51.100.3/
	assert "$output" == outside
	user rm "$CONF/hooks.conf"
}

@test "podman and hook: a container that fails later leaves nothing for good" {
	for runtime in crun runc; do
		capture user podman --runtime $runtime --hooks-dir "$SRC/contrib/podman/hooks.d" run --rm \
			--network none --annotation io.pasta.enable=true localhost/box /nope
		assert "$status" != 0 "exit status"
		nothing_left
	done
	hooked run --rm --network none --annotation io.pasta.enable=true localhost/box true
	no_records
}

@test "podman and hook: two containers have a network each" {
	no_network --annotation io.pasta.publish=8080:80 localhost/box
	hooked run --detach --network none --name b --annotation io.pasta.publish=8081:80 localhost/box
	assert "$(pasta_pids | wc -l)" == 2 "running pasta"
	podman rm --force --time 0 a
	exec_in b wget -qO- http://198.51.100.3/
	assert "$output" == outside
}

@test "podman and hook: keep-id, a user namespace of the container's own" {
	no_network --userns keep-id --annotation io.pasta.publish=8080:8080 localhost/box
	own_pastas
	exec_in a wget -qO- http://198.51.100.3/
	assert "$output" == outside
}

@test "podman and hook: a container with runc" {
	hooked --runtime runc run --detach --network none --name a --annotation io.pasta.publish=8080:80 localhost/box
	exec_in a wget -qO- http://198.51.100.3/
	assert "$output" == outside
}

@test "podman and hook: what the policy does not have is refused, and Podman says why with runc" {
	refused "publishing '80' is not allowed by the policy (its ports)" --runtime runc run --rm --network none \
		--annotation io.pasta.publish=80 localhost/box
	refused "option '--runas=0' is not allowed by the policy" --runtime runc run --rm --network none \
		--annotation io.pasta.options=--runas=0 localhost/box
	no_records
}

@test "podman and hook: with crun the reason goes to a file that an annotation names" {
	refused "error executing hook" run --rm --network none --annotation io.pasta.publish=80 \
		--annotation run.oci.hooks.stderr="$T/reason" localhost/box
	assert "$(< "$T/reason")" contains "publishing '80' is not allowed by the policy (its ports)" "reason"
}

@test "podman and hook: the host's network, and one that Podman connects, are refused" {
	refused "it has no network namespace of its own" --runtime runc run --rm --network host \
		--annotation io.pasta.enable=true localhost/box
	refused "which is not its own" --runtime runc run --rm \
		--annotation io.pasta.enable=true localhost/box
}

@test "podman and hook: without a policy no container starts" {
	rm /etc/pasta/oci-hook-policy.json
	refused "cannot read the policy '/etc/pasta/oci-hook-policy.json': No such file" --runtime runc \
		run --rm --network none --annotation io.pasta.enable=true localhost/box
}

@test "podman and hook: with a policy that is unreadable or wrong no container starts" {
	chmod 600 /etc/pasta/oci-hook-policy.json
	refused "cannot read the policy '/etc/pasta/oci-hook-policy.json': Permission denied" --runtime runc \
		run --rm --network none --annotation io.pasta.enable=true localhost/box
	echo '{ "allow": [] }' > /etc/pasta/oci-hook-policy.json
	chmod 644 /etc/pasta/oci-hook-policy.json
	refused "the policy: unknown key 'allow'" --runtime runc \
		run --rm --network none --annotation io.pasta.enable=true localhost/box
}

@test "podman and hook: root's container" {
	command podman import --quiet "$IMAGE_TAR" localhost/box
	command podman --hooks-dir "$SRC/contrib/podman/hooks.d" run --detach --network none --name a \
		--cgroups disabled --annotation io.pasta.publish=8080:80 localhost/box sleep infinity
	own_pastas
	output=$(command podman exec a wget -qO- http://198.51.100.3/)
	assert "$output" == outside
	command podman rm --force --time 0 a
	nothing_left
	no_records
}
