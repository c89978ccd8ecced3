# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# Names and servers for tests of policies, and pasta-policy(5)'s examples.

# example_command TITLE: what it is, as $command, to be run in $T
example_command() {
	command=$(sed -n "/^$1\$/{n;s/^\.B //;s/\\\\-/-/g;p}" "$TESTS/../../man/pasta-policy.5")
	assert "$command" =~ ^"pasta " "command"
	ln -sf "$PASTA" "$T/pasta"
}
in_example='cd "$0"; PATH=$0:$PATH; eval "$1"'

# example TITLE: runs it, where what www.example.org means is given
example() {
	example_command "$1"
	printf '127.0.0.1 localhost\n%s www.example.org\n' $F4 > "$T/hosts"
	status=0
	output=$(host bash -c 'mount --bind "$0/hosts" /etc/hosts; '"$in_example" "$T" "$command" 2> "$T/stderr") || status=$?
}

# A server of one page on $F4
page() {
	printf '%s\n' '#!/bin/bash' "while read -r x && [[ \$x != \$'\r' ]]; do :; done" \
		"printf 'HTTP/1.0 200 OK\r\n\r\nhello\n'" > "$T/page"
	chmod +x "$T/page"
	serve far tcp 80 socat TCP-LISTEN:80,fork,reuseaddr "EXEC:$T/page"
}

# A resolver on the host's loopback that says what it was asked, and knows names by dnsmasq's options
zone() {
	resolv_conf <<< 'nameserver 127.0.0.53'
	background zone host dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= \
		--bind-interfaces --listen-address=127.0.0.53 --log-queries --log-facility=- --local=/test/ "$@"
	wait_until host dig +short +time=1 +tries=1 @127.0.0.53 is-it-up.test
}
asked() { cat "$T/zone" "$T/zone.err" | grep -c "query\[[A-Z]*\] $1 " || true; }

# A server on each port of the remote, or of $NS; both families
echoes() {
	for port; do serve "${NS:-remote}" tcp "$port" socat "TCP6-LISTEN:$port,ipv6only=0,fork,reuseaddr" EXEC:cat; done
}

# try NAME PORT: says so if there is an answer
try_names='try() { [ "$(echo yes | socat -t9 - "TCP:$1:$2,connect-timeout=9" 2>/dev/null)" = yes ] && echo "$1:$2"; true; }'
with() { run_pasta -q --config-net "${@:1:$#-1}" -- bash -c "$try_names; ${*: -1}"; }
