# SPDX-License-Identifier: Apache-2.0
#
# The units of contrib/systemd, run by systemd: one that is process 1 of namespaces of its own, and one
# that is a regular user's. Both are started once for the file. The server that the example names is
# a script here.

load lib

UNITS=/etc/systemd/system

setup_file() {
	cp /src/contrib/systemd/{pasta-net@,pasta-netns@,example-web}.service $UNITS
	mkdir -p /etc/pasta
	cat > /usr/local/bin/server <<-'END'
	#!/bin/sh
	exec socat "TCP-LISTEN:$2,fork,reuseaddr" SYSTEM:"id -un; curl -sS --max-time 5 198.51.100.3; ip -br link"
	END
	chmod 755 /usr/local/bin/server
	mkdir /sys/fs/cgroup/system
	bash -c 'echo $$ > /sys/fs/cgroup/system/cgroup.procs
		exec unshare --mount --pid --fork --kill-child --cgroup --propagation private bash -c "
			set -e
			mount -t proc proc /proc
			mount -t tmpfs -o mode=755 tmpfs /run
			umount /sys/fs/cgroup
			mount -t cgroup2 cgroup2 /sys/fs/cgroup
			exec env container=other /usr/lib/systemd/systemd --unit=basic.target --log-target=console"
	' </dev/null >"$BATS_FILE_TMPDIR/systemd.log" 2>&1 3>&- &
	echo $! > /run/systemd.pid
	disown
	WAIT=60 wait_until systemd_runs || { cat "$BATS_FILE_TMPDIR/systemd.log"; return 1; }
	user_manager
}

# Not below process 1 of the other: nothing there logs the user in. It starts only where a system's
# systemd has left this directory
user_manager() {
	mkdir -p /run/systemd/system
	user mkdir -p .config/systemd/user .config/pasta
	user cp /src/contrib/systemd/pasta{,-portd}@.service .config/systemd/user
	LIMIT=280 user /usr/lib/systemd/systemd --user --unit=basic.target </dev/null \
		>"$BATS_FILE_TMPDIR/user.log" 2>&1 3>&- &
	WAIT=30 wait_until user systemctl --user is-system-running || {
		cat "$BATS_FILE_TMPDIR/user.log"
		return 1
	}
}

# bats waits for whatever is left
teardown_file() {
	user systemctl --user exit
	kill -KILL "$(< /run/systemd.pid)" # unshare ignores TERM; systemd goes with it
}

# sys CMD: run it where systemd is process 1
sys() { nsenter -t "$(pgrep -P "$(< /run/systemd.pid)")" --mount --pid --cgroup -- "$@" 3>&-; }
systemd_runs() { sys systemctl is-system-running --wait; }

setup() {
	host_start
	printf 'PASTA_OPTIONS="-t 8080:80 -u none -T none -U none --no-map-gw"\n' > /etc/pasta/web.conf
}

teardown() {
	sys systemctl stop example-web 'pasta-net@*' 'pasta-netns@*'
	sys systemctl reset-failed
	user systemctl --user stop 'pasta@*'
	host_stop
}

# state UNIT: active, inactive, failed, ...
state() { sys systemctl show --property=ActiveState --value "$1"; }
is() { [[ $(state "$1") == "$2" ]]; }
answer() { output=$(outside socat -t5 -u TCP:$HOST4:8080 -); [[ -n $output ]]; }

@test "systemd: the units are valid" {
	local unit
	for unit in pasta-net@web pasta-netns@web example-web; do
		capture sys systemd-analyze verify --man=no "$unit.service"
		assert "$status $stderr" == "0 " "complaints about $unit"
	done
	for unit in pasta@web pasta-portd@web; do
		capture user systemd-analyze --user verify --man=no "$unit.service"
		assert "$status $stderr" == "0 " "complaints about $unit"
	done
}

@test "systemd: a service with JoinsNamespaceOf= is reached, and reaches the outside" {
	sys systemctl start example-web
	wait_until answer
	assert "$output" contains outside "page that the service fetched"
	assert "$output" contains v0 "interfaces"
	assert "$output" lacks root "user of the service"
}

@test "systemd: started is connected: no waiting is needed" {
	sys systemctl start pasta-net@web
	output=$(nsenter -t "$(sys_pid pasta-netns@web)" --net curl -sS 198.51.100.3)
	assert "$output" == outside "page"
}
# As the machine calls it: the process that has the same id over there
sys_pid() {
	local id
	id=$(sys systemctl show --property=MainPID --value "$1")
	grep -lsE "^NSpid:\s+[0-9]+\s+$id$" /proc/[0-9]*/status | sed 's/[^0-9]//g'
}

@test "systemd: pasta runs as nobody, and the service has no way to the host's loopback" {
	serve host tcp 5001 socat TCP4-LISTEN:5001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo served'
	sys systemctl start pasta-net@web
	assert "$(stat -c %U "/proc/$(sys_pid pasta-net@web)")" == nobody "user"
	for to in 198.51.100.1 198.51.100.2 127.0.0.1; do
		output=$(nsenter -t "$(sys_pid pasta-netns@web)" --net timeout 2 socat -u TCP:$to:5001 - 2>/dev/null || true)
		assert "$output" == "" "answer from $to"
	done
}

@test "systemd: two networks have nothing in common" {
	printf 'PASTA_OPTIONS="-t 8081 -u none"\n' > /etc/pasta/other.conf
	sys systemctl start pasta-net@web pasta-net@other
	assert "$(readlink "/proc/$(sys_pid pasta-netns@web)/ns/net")" != \
		"$(readlink "/proc/$(sys_pid pasta-netns@other)/ns/net")" "namespaces"
	port_is_open host tcp 8080
	port_is_open host tcp 8081
}

@test "systemd: the network outlives its services; when it is stopped, they end, and nothing is left" {
	sys systemctl start example-web
	wait_until answer
	sys systemctl restart example-web
	wait_until answer
	assert "$(state pasta-net@web)" == active "network"
	sys systemctl stop pasta-net@web
	wait_until not is example-web active
	wait_until is pasta-netns@web inactive
	nothing_left
	wait_until not port_is_open host tcp 8080
	assert "$(sys ls /run)" lacks pasta "files"
}

@test "systemd: when pasta dies it is started again, and the service works" {
	sys systemctl start example-web
	wait_until answer
	sys systemctl kill --kill-whom=main --signal=KILL pasta-net@web
	wait_until not is pasta-net@web active
	WAIT=20 wait_until answer
	assert "$output" contains outside "page that the service fetched"
}

@test "systemd: an option that is wrong fails the unit, the reason is in its log" {
	printf 'PASTA_OPTIONS="--mtu 1"\n' > /etc/pasta/web.conf
	capture sys systemctl start example-web
	assert "$status" -ne 0 "exit status"
	output=$(sys journalctl --no-pager -u pasta-net@web -o cat)
	assert "$output" contains "--mtu '1'" "log"
	assert "$(state example-web)" == inactive "service"
}

@test "systemd: a user's service whose ports are published by rootlessctl" {
	user bash -c 'cat > .config/pasta/web.conf' <<-'END'
	PASTA_OPTIONS="--conf-path /run/user/1000/pasta-web.sock -t none -u none -T none -U none --no-map-gw"
	COMMAND="/usr/local/bin/server --port 80"
	END
	user systemctl --user start pasta@web
	wait_until user test -S /run/user/1000/pasta-web.sock
	user systemctl --user start pasta-portd@web
	user rootlessctl --socket /run/user/1000/pasta-portd-web/api.sock add-ports 0.0.0.0:8080:80/tcp
	wait_until answer
	assert "$output" contains outside "page that the service fetched"
	user systemctl --user stop pasta@web
	nothing_left
	wait_until not pgrep -x pasta-portd
}

@test "systemd: a user's service on a network of its own" {
	user bash -c 'cat > .config/pasta/web.conf' <<-'END'
	PASTA_OPTIONS="-t 8080:80 -u none -T none -U none --no-map-gw"
	COMMAND="/usr/local/bin/server --port 80"
	END
	user systemctl --user start pasta@web
	wait_until answer
	assert "$output" contains outside "page that the service fetched"
	user systemctl --user stop pasta@web
	nothing_left
	assert "$(user systemctl --user show --property=Result --value pasta@web)" == success "result"
}
