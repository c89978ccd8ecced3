# SPDX-License-Identifier: Apache-2.0
#
# Building images with a network.

load podman

# build STEP [OPTION]...: build localhost/built from localhost/box and one RUN line
build() {
	printf 'FROM localhost/box\nRUN %s\n' "${1//$'\n'/ }" > "$T/Containerfile"
	shift
	podman build --quiet --no-cache --tag localhost/built "$@" --file "$T/Containerfile" "$T"
}

@test "podman: build: a step reaches the outside by name, by our pasta" {
	build 'wget -qO /got http://www.outside.example/ && wget -qO /got6 "http://[2001:db8:1::3]/cgi-bin/peer" &&
		cat /sys/class/net/v0/mtu >> /got' --network=pasta
	podman run --rm localhost/built cat /got /got6
	assert "$output" == "outside"$'\n65520\n'"[$HOST6]"
}

@test "podman: build: the default network reaches the outside" {
	build 'wget -qO /got http://www.outside.example/'
	podman run --rm localhost/built cat /got
	assert "$output" == outside
}

@test "podman: build: --network=pasta:OPTION is passed on" {
	build 'ip -4 -o addr show > /got' --network=pasta:-a,10.0.2.50/24,-g,10.0.2.2
	podman run --rm localhost/built cat /got
	assert "$output" contains "inet 10.0.2.50/24"
}

@test "podman: build: --network=none has none, and no pasta" {
	build '! wget -T 2 -qO- http://198.51.100.3/ && ip -o link > /got' --network=none
	podman run --rm localhost/built cat /got
	assert "$output" lacks v0
}

@test "podman: build: a step that fails leaves nothing" {
	printf 'FROM localhost/box\nRUN false\n' > "$T/Containerfile"
	capture user podman build --quiet --file "$T/Containerfile" "$T"
	assert "$status" != 0
	nothing_left
}
