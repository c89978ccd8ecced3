# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Resolvers of the host, and its resolv.conf.

# The host's /etc becomes a directory of its own, with the standard input as its resolv.conf, and links for
# all the rest: a copy would be thousands of files for each test
resolv_conf() {
	[[ -d $T/etc ]] || own_etc
	rm -f "$T/etc/resolv.conf"
	cat > "$T/etc/resolv.conf"
}

# What is a link already may be a relative one
own_etc() {
	mkdir "$T/etc"
	host bash -c 'mkdir /run/etc && mount --rbind /etc /run/etc &&
		find /etc -mindepth 1 -maxdepth 1 -type l -exec cp -P -t "$0" {} + &&
		find /run/etc -mindepth 1 -maxdepth 1 ! -type l -exec ln -s -t "$0" {} + &&
		mount --bind "$0" /etc' "$T/etc"
}

# Whether NS has a link-local ADDR yet: the kernel makes them some time after the interface is up
has_link_local() { [[ -n $("$1" ip -6 -oneline address show to "$2" -tentative) ]]; }

# dns_on NS ADDR ANSWER [PORT]: a real resolver that knows one name, UDP and TCP
dns_on() {
	# It looks for its address once, at its start
	[[ $2 != *%* ]] || wait_until has_link_local "$1" "${2%%%*}"
	# --no-daemon spares it a change of user, which it can't make here
	background "dns-$2-${4:-53}" "$1" dnsmasq --no-daemon --conf-file=/dev/null --no-resolv \
		--no-hosts --pid-file= --bind-interfaces --listen-address="${2%%%*}" --port="${4:-53}" \
		--address="/name.test/$3"
	wait_until "$1" dig +short +time=1 +tries=1 -p "${4:-53}" @"$2" name.test
}

# dns ADDR ANSWER [PORT]: the same on the host
dns() { dns_on host "$@"; }
