#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# boot.sh WORK ROOT STAGE USER COMMAND [ARG]...: process 1 of the machine that inroot.sh makes. It runs
# in new namespaces (mount, PID, network, IPC, UTS, cgroup), as root of the initial user namespace:
# subordinate user ids, and set-user-id programs, are to work. WORK is an empty tmpfs.
#
#   - / is an overlay: the Debian of ROOT, below it what is written here. STAGE and the tree's test/ and
#     contrib/ (as /src) are copied into it. Own /proc, /sys, /dev, /run, /tmp, /home.
#   - /sys/fs/cgroup (cgroup2) belongs to the user "u", uid 1000, as if it had been delegated.
#   - The network: this namespace has v0, 198.51.100.1/24 and 2001:db8:1::1/64, and default routes
#     by .2 and ::2, which nobody has. On the other side is another one, "outside", .3 and ::3:
#     process id in /run/outside.pid, names by DNS (*.outside.example), HTTP on port 80, where
#     / is the word "outside", and /cgi-bin/peer the address that it sees.

set -euo pipefail
work=$1 root=$2 stage=$3 user=$4
shift 4
src=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
new=$work/new

fail() { echo "boot.sh: $*" >&2; exit 1; }

root_fs() {
	mkdir "$work/upper" "$work/overlay" "$new"
	mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/overlay" overlay "$new" ||
		fail "cannot mount an overlay of $root"
	cp -r "$stage/." "$new/"
	mkdir -p "$new/src"
	cp -r "$src/test" "$src/contrib" "$new/src/"
	chmod -R go+rX "$new/src"
	mount -t proc proc "$new/proc"
	mount -t sysfs sysfs "$new/sys" || fail "cannot mount a sysfs of the new network namespace"
	mount -t cgroup2 cgroup2 "$new/sys/fs/cgroup"
	chown 1000:1000 "$new"/sys/fs/cgroup{,/cgroup.procs,/cgroup.threads,/cgroup.subtree_control}
	# A group that has processes can't hand controllers down
	mkdir "$new/sys/fs/cgroup/init"
	echo 0 > "$new/sys/fs/cgroup/init/cgroup.procs"
	local dir
	for dir in run tmp var/tmp home; do
		mount -t tmpfs -o mode=755 tmpfs "$new/$dir"
	done
	chmod 1777 "$new/tmp" "$new/var/tmp"
	mkdir -p "$new/run/user" "$new/run/lock"
	install -d -o 1000 -g 1000 -m 700 "$new/run/user/1000" "$new/home/u"
}

device() {
	mknod "$new/dev/$1" c "$2" "$3" || fail "cannot make device nodes"
	chmod 666 "$new/dev/$1"
}

devices() {
	mount -t tmpfs -o mode=755 tmpfs "$new/dev"
	mkdir "$new/dev"/{net,pts,shm,mqueue}
	device null 1 3
	device zero 1 5
	device full 1 7
	device random 1 8
	device urandom 1 9
	device tty 5 0
	device net/tun 10 200
	device fuse 10 229
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$new/dev/pts"
	mount -t tmpfs -o mode=1777 tmpfs "$new/dev/shm"
	mount -t mqueue mqueue "$new/dev/mqueue"
	ln -s pts/ptmx "$new/dev/ptmx"
	ln -s /proc/self/fd "$new/dev/fd"
	ln -s /proc/self/fd/0 "$new/dev/stdin"
	ln -s /proc/self/fd/1 "$new/dev/stdout"
	ln -s /proc/self/fd/2 "$new/dev/stderr"
}

change_root() {
	mkdir "$new/run/old"
	cd "$new"
	pivot_root . run/old
	cd /
	umount -l /run/old
	mount --make-rshared / # as systemd does: Podman wants it
	rmdir /run/old
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	hostname machine
	printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 machine\n' > /etc/hosts
	printf 'nameserver 198.51.100.3\n' > /etc/resolv.conf
	true < /dev/net/tun || fail "the kernel has no tun device"
}

network() {
	unshare --net sleep infinity &
	echo $! > /run/outside.pid
	local outside=$! dad=/proc/sys/net/ipv6/conf
	until [[ $(readlink /proc/$outside/ns/net) != "$(readlink /proc/self/ns/net)" ]]; do :; done
	echo 0 | tee $dad/all/accept_dad $dad/default/accept_dad > /dev/null
	ip -batch - <<-END
	link set lo up
	link add v0 address 02:00:00:00:00:01 type veth peer name v0 address 02:00:00:00:00:03 netns $outside
	address add 198.51.100.1/24 dev v0
	address add 2001:db8:1::1/64 dev v0 nodad
	link set v0 up
	neighbour add 2001:db8:1::3 lladdr 02:00:00:00:00:03 dev v0
	END
	nsenter -t "$outside" -n bash -c "echo 0 | tee $dad/{all,default,v0}/accept_dad" > /dev/null
	nsenter -t "$outside" -n ip -batch - <<-END
	link set lo up
	address add 198.51.100.3/24 dev v0
	address add 2001:db8:1::3/64 dev v0 nodad
	link set v0 up
	neighbour add 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev v0
	END
	ip -batch - <<-END
	route add default via 198.51.100.2
	route add default via 2001:db8:1::2
	END
	echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range
}

services() {
	mkdir -p /run/www/cgi-bin
	echo outside > /run/www/index.html
	printf '#!/bin/sh\necho\necho "$REMOTE_ADDR"\n' > /run/www/cgi-bin/peer
	chmod 755 /run/www/cgi-bin/peer
	nsenter -t "$(< /run/outside.pid)" -n busybox httpd -h /run/www -p '[::]:80'
	nsenter -t "$(< /run/outside.pid)" -n dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --pid-file \
		--user=root --port=53 --address=/outside.example/198.51.100.3 --address=/outside.example/2001:db8:1::3
}

# The processes of each user have a control group of their own
login() {
	local home=/root run=/run/user/0 as=()
	if [[ $user == u ]]; then
		home=/home/u run=/run/user/1000
		as=(setpriv --reuid 1000 --regid 1000 --init-groups)
	fi
	install -d -m 700 /run/user/0
	mkdir -p /sys/fs/cgroup/root/session
	mkdir -p /sys/fs/cgroup/u/session
	chown -R 1000:1000 /sys/fs/cgroup/u
	cd "$home"
	bash -c 'echo 0 > "$0/cgroup.procs" && exec "$@"' "/sys/fs/cgroup/$user/session" "${as[@]}" \
		env -i HOME=$home USER="$user" LOGNAME="$user" XDG_RUNTIME_DIR=$run TERM="${TERM:-dumb}" \
		LANG=C.UTF-8 PATH="$PATH" "$@"
}

root_fs
devices
change_root
network
services
status=0
login "$@" || status=$?
exit $status
