# SPDX-License-Identifier: Apache-2.0
#
# The OCI hook under the real crun and runc, as root and as a regular user: bundles with a busybox in
# them, and the policy of contrib/oci-hook.

load lib

setup_file() {
	mkdir -p /etc/pasta
	install -m 644 "$SRC/contrib/oci-hook/policy.json" /etc/pasta/oci-hook-policy.json
	mkdir -m 755 /var/tmp/rootfs
	tar -xf "$IMAGE_TAR" -C /var/tmp/rootfs
}

teardown() {
	"${AS:-host}" "${RUNTIME:-crun}" delete --force box >/dev/null 2>&1 || true
	host_stop
	nothing_left
}

# bundle host|user RUNTIME [JQ-FILTER]: a web server, published as port 8080; $BUNDLE
bundle() {
	AS=$1 RUNTIME=$2 BUNDLE=$T/bundle
	local rootless=()
	[[ $AS == host || -n ${NESTED:-} ]] || rootless=(--rootless)
	cp -r /var/tmp/rootfs "$T/rootfs"
	[[ $AS == host ]] || chown -R 1000:1000 "$T/rootfs"
	"$AS" mkdir -p "$BUNDLE"
	"$AS" bash -c 'cd "$1" && "${@:2}"' - "$BUNDLE" "$RUNTIME" spec "${rootless[@]}"
	jq '.root = { path: "../rootfs" } | .process.terminal = false
		| .process.args = ["httpd", "-f", "-p", "[::]:80"] | .linux.resources = {}
		| .annotations = { "io.pasta.publish": "8080:80", "run.oci.hooks.stderr": "'"$T"'/hook.err" }
		| .hooks.createRuntime = [{ path: "/usr/local/bin/pasta-oci-hook" }]
		| .hooks.poststop = .hooks.createRuntime
		| .linux.namespaces |= (map(select(.type != "network")) + [{ type: "network" }])
		| '"${3:-.}" "$BUNDLE/config.json" > "$T/config.json"
	"$AS" cp "$T/config.json" "$BUNDLE/config.json"
	install -d -m 777 "$T/rootfs" && echo inside > "$T/rootfs/index.html"
}

# run_box: its exit status is $status, all that it says $output
run_box() {
	status=0
	capture "$AS" ${NESTED:-} bash -c '"$@" > "$0" 2>&1' "$T/said" "$RUNTIME" run --detach --bundle "$BUNDLE" box
	output=$(cat "$T/said")
}
box() { "$AS" ${NESTED:-} "$RUNTIME" "$@"; }

# The container reaches the outside, and the outside its port
connected() {
	local mine
	wait_until outside curl -gsf --max-time 5 http://198.51.100.1:8080/ # the server may still be starting
	mine=$(box exec box wget -qO- -T5 http://198.51.100.3/)
	assert "$mine" == outside "what the container gets"
	assert "$(outside curl -gsS --max-time 5 http://198.51.100.1:8080/)" == inside "what the outside gets"
	assert "$(outside curl -gsS --max-time 5 'http://[2001:db8:1::1]:8080/')" == inside "over IPv6"
}

# stopped: pasta has ended, and the port is free, when the runtime has deleted the container
stopped() {
	box delete --force box
	assert "$(ss -Hltn 'sport = :8080')" == "" "port on the host"
	assert "$(pasta_pids)" == "" "running pasta"
	assert "$(find /run -path '*pasta-oci-hook/*')" == "" "records"
}

works() {
	bundle "$@"
	run_box
	assert "$status" == 0 "exit status, with: $output"
	connected
	stopped
}

# refused WORDS: the container isn't started, the hook says why
refused() {
	run_box
	assert "$status" != 0 "exit status"
	assert "$output $(cat "$T/hook.err" 2>/dev/null || true)" contains "$1" "reason"
	assert "$(box list 2>/dev/null)" lacks running "list of containers"
	assert "$(pasta_pids)" == "" "running pasta"
}

@test "crun, root: a container is connected, and nothing is left of it" {
	works host crun
}

@test "runc, root: a container is connected, and nothing is left of it" {
	works host runc
}

@test "runc, regular user: a container is connected, and nothing is left of it" {
	works user runc
}

@test "crun, regular user, in a user namespace: a container is connected, and nothing is left of it" {
	NESTED='podman unshare'
	works user crun
}

@test "crun, regular user, without one: the reason why it cannot be connected" {
	bundle user crun
	refused "some runtimes hide their process; run them in a user namespace"
}

@test "crun, root: a container with a user namespace of its own is connected" {
	works host crun '.linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }]
		| .linux.gidMappings = .linux.uidMappings'
}

@test "runc, root: a container with a user namespace of its own is connected" {
	works host runc '.linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }]
		| .linux.gidMappings = .linux.uidMappings'
}

@test "a regular user's pasta runs as that user, root's as nobody" {
	bundle user runc
	run_box
	assert "$(awk '/^Uid/ { print $2 }' "/proc/$(pasta_pids)/status")" == 1000 "uid of the user's"
	stopped
	rm -rf "$T/rootfs" "$T/bundle"
	bundle host crun
	run_box
	assert "$(awk '/^Uid/ { print $2 }' "/proc/$(pasta_pids)/status")" == 65534 "uid of root's"
	stopped
}

@test "a container that ends by itself takes its pasta along" {
	bundle host crun
	run_box
	box kill box KILL
	nothing_left
}

@test "twenty containers one after another use the same port" {
	bundle host runc
	for i in {1..20}; do
		run_box
		assert "$status" == 0 "exit status of container $i, with: $output"
		box delete --force box
	done
}

@test "host networking is refused, by crun and runc" {
	for runtime in crun runc; do
		rm -rf "$T/rootfs" "$T/bundle"
		bundle host $runtime '.linux.namespaces -= [{ type: "network" }]
			| .mounts -= [.mounts[] | select(.type == "sysfs")]'
		refused "it has no network namespace of its own"
	done
}

@test "another's network namespace is refused, by crun and runc" {
	ip netns add pod
	for runtime in crun runc; do
		rm -rf "$T/rootfs" "$T/bundle"
		bundle host $runtime '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/pod"'
		refused "joins the network namespace '/run/netns/pod'"
	done
	ip netns delete pod
}

@test "what the policy does not have is refused, by crun and runc" {
	for runtime in crun runc; do
		rm -rf "$T/rootfs" "$T/bundle"
		bundle host $runtime '.annotations["io.pasta.options"] = "--pcap=/etc/shadow"'
		refused "option '--pcap=/etc/shadow' is not allowed by the policy"
	done
}

@test "a policy that a regular user wrote is refused" {
	echo '{ "options": ["--runas"] }' > "$T/policy"
	chown 1000:1000 "$T/policy"
	bundle user runc '.hooks.createRuntime[0].args = ["hook", "--policy", "'"$T/policy"'"]'
	refused "the policy '$T/policy' does not belong to root"
}

@test "a policy of a container's nobody is refused, whose number the machine's root seems to have" {
	NESTED='podman unshare'
	echo '{ "options": ["--runas"] }' > "$T/policy"
	chown 1000:1000 "$T/policy"
	user podman unshare chown 65534:65534 "$T/policy"
	bundle user crun '.hooks.createRuntime[0].args = ["hook", "--policy", "'"$T/policy"'"]'
	refused "the policy '$T/policy' does not belong to root"
}

@test "a port in use: pasta's reason is runc's complaint" {
	serve host tcp 8080 socat TCP6-LISTEN:8080,fork,reuseaddr -
	bundle host runc
	refused "container 'box': pasta: "
	assert "$output" contains 8080 "complaint"
}

@test "a container started by runc create is connected before it starts" {
	bundle host runc
	host bash -c '"$@" > "$0" 2>&1' "$T/said" runc create --bundle "$BUNDLE" box
	assert "$(ss -Hltn 'sport = :8080')" != "" "port on the host"
	runc start box
	wait_until outside curl -gsf --max-time 5 http://198.51.100.1:8080/
	connected
	stopped
}
