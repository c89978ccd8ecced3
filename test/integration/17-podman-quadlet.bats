# SPDX-License-Identifier: Apache-2.0
#
# The files of contrib/podman/quadlet: what Podman's generator makes of them, and that the commands it
# makes do what the files say. systemd does not run here, so its part is played by these functions.

load podman

QUADLET=/src/contrib/podman/quadlet

# generate: $output is all units that Podman makes of the files
generate() {
	capture user env QUADLET_UNIT_DIRS=$QUADLET /usr/libexec/podman/quadlet --user --dryrun
	assert "$status" == 0 "exit status" || { echo "$stderr"; return 1; }
}

# start_unit NAME: run the command of NAME.service, with systemd's specifiers and escapes filled in
start_unit() {
	local command
	generate
	command=$(awk -v unit="---$1.service---" '
		/^---/ { mine = $0 == unit }
		mine && sub(/^ExecStart=/, "")' <<< "$output" |
		sed "s|%t|/run/user/1000|g; s|%N|$1|g; s|%%|%|g; s|\\\\x20| |g")
	assert "$command" contains podman || return 1
	# Each unit has a control group, in which --cgroups=split makes others
	capture user bash -c "mkdir /sys/fs/cgroup/u/$1-$BATS_TEST_NUMBER.service &&
		echo 0 > /sys/fs/cgroup/u/$1-$BATS_TEST_NUMBER.service/cgroup.procs && $command"
	assert "$status $stderr" == "0 " "$command"
}

@test "quadlet: the generator takes every file without complaint" {
	generate
	assert "$stderr" lacks "rror"
	assert "$stderr" lacks "nsupported"
	assert "$output" contains "---web.service---"
	assert "$output" contains "---backend-network.service---"
	assert "$output" contains "--network pasta:--mtu,1500"
	assert "$output" contains "--network backend"
}

@test "quadlet: systemd takes every unit that is made of them" {
	generate
	mkdir "$T/units"
	awk -v dir="$T/units/" '/^---.*---$/ { gsub("---", ""); file = dir $0; next } file { print > file }' <<< "$output"
	capture systemd-analyze verify --user --man=no --generators=no "$T"/units/*.service
	assert "$stderr" lacks "Unknown"
	assert "$stderr" lacks "$T/units"
}

@test "quadlet: web.container is published by our pasta, with the MTU it asks for" {
	start_unit web
	own_pastas
	fetch http://127.0.0.1:8080/group
	assert "$output" == root:x:0:
	exec_in web cat /sys/class/net/v0/mtu
	assert "$output" == 1500
}

@test "quadlet: a unit that is started at boot before the network is on it when the host is" {
	unplug
	start_unit web
	fetch http://127.0.0.1:8080/group
	capture user podman exec web wget -T5 -qO- http://198.51.100.3/
	assert "$status" == 1 "what it reaches"
	plug
	on_the_network web
}

@test "quadlet: shop.container finds database.container over backend.network" {
	start_unit backend-network
	start_unit database
	start_unit shop
	own_pastas
	wait_until eval '[[ $(socat -u TCP:127.0.0.1:8081 -) == rows ]]'
	exec_in shop ip -4 -o addr show eth0
	assert "$output" contains "inet 10.89.7."
}
