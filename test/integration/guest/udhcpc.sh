#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
[ "$1" != deconfig ] || ip -4 address flush dev "$interface"
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
ip link set "$interface" mtu "${mtu:-1500}"
ip route add default via "$router"
for server in $dns; do
	echo "nameserver $server"
done > /etc/resolv.conf
