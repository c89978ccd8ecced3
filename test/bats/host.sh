#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# host.sh DIR: play the host of one test. Runs as process 1 of new namespaces (user, network,
# mount, PID, IPC, UTS; see host_start in helpers.bash, the demo and the benchmark use it too) and
# gives them a network: this namespace is "the host", a second one behind a veth pair is "remote",
# a third one behind remote's router is "far":
#
#	host v0 198.51.100.1/24, 2001:db8:1::1/64
#	  |         default routes by 198.51.100.2 and 2001:db8:1::2, which nobody has
#	remote v0 198.51.100.3, 2001:db8:1::3    v1 203.0.113.1/24, 2001:db8:2::1/64
#	                                           |    (MTU 1400)
#	far                                      v0 203.0.113.9, 2001:db8:2::9
#
# Writes the process ids of the three, as seen by the caller, to DIR/pids and stays until killed.

set -eu
dir=$1

# The caller's /proc is still mounted here: what it calls us is what the caller can use
read -r host _ < /proc/self/stat
unshare --net bash -c 'read -r pid _ < /proc/self/stat; echo $pid > "$0/remote"; exec sleep infinity' \
	"$dir" &
remote=$!
unshare --net bash -c 'read -r pid _ < /proc/self/stat; echo $pid > "$0/far"; exec sleep infinity' \
	"$dir" &
far=$!
until [[ -s $dir/remote && -s $dir/far ]]; do :; done

mount -t proc proc /proc
mount -t sysfs sysfs /sys 2>/dev/null || true
mount -t tmpfs tmpfs /run

# IPv6 neighbours are given: the first solicitation on a fresh veth pair is often lost, which costs
# a second each. No duplicate address detection: link-local addresses are to work at once as well
for pid in 1 $remote $far; do
	nsenter -t $pid -n bash -c 'echo 0 | tee /proc/sys/net/ipv6/conf/{all,default}/accept_dad' >/dev/null
done
ip -batch - <<END
link set lo up
link add v0 address 02:00:00:00:00:01 type veth peer name v0 address 02:00:00:00:00:03 netns $remote
address add 198.51.100.1/24 dev v0
address add 2001:db8:1::1/64 dev v0 nodad
link set v0 up
neighbour add 2001:db8:1::3 lladdr 02:00:00:00:00:03 dev v0
END
nsenter -t $remote -n ip -batch - <<END
link set lo up
address add 198.51.100.3/24 dev v0
address add 2001:db8:1::3/64 dev v0 nodad
link set v0 up
neighbour add 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev v0
link add v1 mtu 1400 address 02:00:00:00:01:01 type veth peer name v0 mtu 1400 address 02:00:00:00:01:09 netns $far
address add 203.0.113.1/24 dev v1
address add 2001:db8:2::1/64 dev v1 nodad
link set v1 up
neighbour add 2001:db8:2::9 lladdr 02:00:00:00:01:09 dev v1
link set v1 up
END
nsenter -t $far -n ip -batch - <<END
link set lo up
address add 203.0.113.9/24 dev v0
address add 2001:db8:2::9/64 dev v0 nodad
link set v0 up
neighbour add 2001:db8:2::1 lladdr 02:00:00:00:01:01 dev v0
route add default via 203.0.113.1
route add default via 2001:db8:2::1
END
ip -batch - <<END
route add default via 198.51.100.2
route add default via 2001:db8:1::2
route add 203.0.113.0/24 via 198.51.100.3
route add 2001:db8:2::/64 via 2001:db8:1::3
END
nsenter -t $remote -n bash -c 'echo 1 > /proc/sys/net/ipv4/ip_forward
	echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
# What a distribution sets at boot: everybody may ping (here: the groups there are)
[[ -n ${PING_FORBIDDEN:-} ]] ||
	echo "0 $(awk 'END { print $1 + $3 - 1 }' /proc/self/gid_map)" > /proc/sys/net/ipv4/ping_group_range 2>/dev/null ||
	echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range

# Before the test knows of us: it looks for the youngest of its own
sleep infinity &
echo "$host $(< "$dir/remote") $(< "$dir/far")" > "$dir/pids.new"
mv "$dir/pids.new" "$dir/pids"
wait $!
