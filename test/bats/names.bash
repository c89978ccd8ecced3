# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
#
# Resolvers of the host, and its resolv.conf.

# The host's /etc becomes a copy of its own, with the standard input as its resolv.conf
resolv_conf() {
	if [[ ! -d $T/etc ]]; then
		cp -a /etc "$T/etc"
		host mount --bind "$T/etc" /etc
	fi
	rm -f "$T/etc/resolv.conf"
	cat > "$T/etc/resolv.conf"
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
