# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034
#
# pasta-policy(5)'s examples.

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
