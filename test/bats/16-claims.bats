# SPDX-License-Identifier: Apache-2.0
#
# What the manual and the READMEs say is what the programs do: options and make targets that they name are
# there, command lines in them are taken, and figures are those of the sources.

load helpers

setup() { :; }
teardown() { :; }

ROOT=$TESTS/../..
PAGES=(README.md CONTRIBUTING.md packaging/README.md contrib/*/README.md)

# prose FILE: its text in one line, without what formats it
prose() {
	sed 's/^\.\\".*//; s/^\.[A-Z]\{1,2\} *//; s/\\f.//g; s/\\-/-/g; s/\\~/ /g; s/["`*]//g' "$ROOT/$1" |
		tr '\n' ' ' | tr -s ' '
}

# constant NAME: a number of the sources
constant() {
	local value
	value=$(grep -rhoP "^#define $1 \K[^/]*" "$ROOT"/{common,netns,launch,pasta,clients} | head -n 1)
	[[ $value =~ [0-9] ]] || { echo "no constant '$1'" >&2; return 1; }
	echo $((${value//[UL]/}))
}

# says FILE WORDS EXPRESSION: FILE has WORDS, where # is a number, the value of EXPRESSION; names of
# constants in it are in capitals
says() {
	local file=$1 words=$2 expression=$3 name text
	text=$(prose "$file")
	for name in $(grep -oE '[A-Z][A-Z0-9_]+' <<< "$expression"); do
		expression=${expression/$name/$(constant "$name")}
	done
	assert "$text" =~ "${words//#/([0-9]+)}" "text of $file"
	assert "${BASH_REMATCH[1]}" == $((expression)) "$file: $words"
}

# taken ARGS: pasta takes these options
taken() { run_own 0 "$@" --version; }
refused() { run_own 1 "$@" --version; }
run_own() {
	local rc=$1 status=0
	shift
	output=$("$PASTA" "$@" 2>&1) || status=$?
	assert $status -eq "$rc" "status of pasta $*: $output"
}

@test "claims: figures in the manual are those of the sources" {
	local m=man/pasta.1
	says $m 'is forgotten after # seconds without a packet' FLOW_IDLE_MS/1000
	says $m 'by the kernel.s keep-alive, for # seconds' TCP_ASK_MS/1000
	says $m 'without a packet, # if both sides' FLOW_IDLE_STREAM_MS/1000
	says $m 'both sides have sent for more than # seconds' FLOW_STREAM_MS/1000
	says $m 'still delivered, for # seconds at most' DRAIN_TIMEOUT_MS/1000
	says $m 'The default route has a metric of #,' NETWORK_LOCAL_METRIC
	says $m 'has to be renewed within # seconds' AUTOCONF_LEASE_S
	says $m 'and its routes, # at most' ROUTE_VALUES_MAX
	says $m 'Of more than # routes of the host.s, only' ROUTE_VALUES_MAX
	says $m 'deprecated, and gone after # hours' RA_OLD_S/3600
	says $m 'but link-local ones, # for each family at most' ADDRESSING_ADDRS_MAX
	says $m 'there is room for: #,' FLOWS_MIN
	says $m 'or up to # if the hard limit' FLOWS_MAX
	says $m 'tried again after # seconds, after more' FWD_RESOLVERS_PAUSE_MS/1000
	says $m 'in a row, up to # minutes' FWD_RESOLVERS_PAUSE_MAX_MS/60000
	says $m 'all have failed, after # seconds' FWD_RESOLVERS_ALL_PAUSED_MS/1000
	says $m 'next one, up to # in all' UDP_DNS_ATTEMPTS
	says $m 'not back after # seconds' HOST_CHANGE_LOST_MS/1000
	says $m 'that come within # ms are' GATHER_MS
	says $m 'taken together, for # second at' GATHER_MAX_MS/1000
	says $m 'ports take N of M descriptors, and # are' PROCESS_FDS_RESERVED
	says $m 'is reachable within # ms, and' '(AUTOMATIC_INTERVAL_MS+99)/100*100'
	says $m 'one every 7.5 to # minutes' RA_INTERVAL_MAX_MS/60000
	says $m 'one every #.5 to 10 minutes' RA_INTERVAL_MIN_MS/60000
	m=man/pasta-control.7
	says $m 'blanks between them, of at most # bytes' CONTROL_LINE_MAX
	says $m 'cut off after # bytes' CONTROL_TEXT_MAX-1
	says $m 'There are # at most, or' CONTROL_FLOWS_DEFAULT
	says $m '# clients are served at the same time' CONTROL_CLIENTS_MAX
	says $m 'asked for, is disconnected after # seconds' CONTROL_OWING_MS/1000
	says $m 'asks nothing after #\.' CONTROL_IDLE_MS/1000
	m=man/pasta-portd.1
	says $m '# clients of the API and' HTTP_CONNECTIONS_MAX
	says $m 'and # of the other socket' SLIRP_CLIENTS_MAX
	says $m 'reads nothing for # seconds' HTTP_PATIENCE_S
	says $m 'the other socket after # seconds' SLIRP_PATIENCE_S
	says $m 'A body of a request has # bytes' API_BODY_MAX
	says $m 'kind less than #\.' SLIRP_REQUEST_MAX
	says $m 'more than # MiB wait' 'HTTP_UNREAD_MAX>>20'
	says $m 'are answered, for # seconds at most' DRAIN_S
	says $m '--wait Wait for pasta , # seconds at most' WAIT_S
	says man/pasta-policy.5 '# are remembered' POLICY_LEARNT_MAX
	says man/pasta-policy.5 '# names of one address' POLICY_LEARNT_NAMES
	says man/pasta-policy.5 'what it was for # milliseconds' FWD_OWN_MS
	says man/pasta-policy.5 'up to # in all' POLICY_LESSONS_MAX
	says man/pasta-policy.5 'are up to # numbers and ranges' POLICY_PORTS_MAX
	says contrib/k3s/README.md 'without traffic ends after # seconds' FLOW_IDLE_STREAM_MS/1000
}

@test "claims: figures about options are what the program takes" {
	local m=man/pasta.1
	says $m '--stats SECONDS Print .* so many seconds \(1 to #\)' 86400
	says $m 'Size of the log file \(# or more\)' 4096
	says $m '0 switches it off; at most #\.' 1000000
	says $m 'threads, 1 to #:' ENGINE_WORKERS_MAX
	says $m 'MTU of the tap, # to' ADDRESSING_MTU_MIN_IP6
	says $m 'MTU of the tap, 1280 to #,' ADDRESSING_MTU_MAX
	says $m 'with -4 from # on;' ADDRESSING_MTU_MIN_IP4
	taken -m 1280 -m 65520
	refused -m 65521
	refused -m 67
	taken --busy-poll 1000000
	refused --busy-poll 1000001
	taken --stats 86400
	refused --stats 86401
	taken --log-size 4096
	refused --log-size 4095
}

@test "claims: defaults that the help has are the manual's" {
	local text help
	text=$(prose man/pasta.1)
	help=$("$PASTA" --help | tr '\n' ' ' | tr -s ' ')
	for default in 'default: 1048576' 'default: nobody' 'default: 50' 'default: 65520'; do
		assert "${help,,}" contains "$default" "help"
		assert "${text,,}" contains "$default" "manual"
	done
}

@test "claims: side processes have the names that the manual gives them" {
	local named made
	named=$(prose man/pasta.1 | grep -oE 'named pasta-[a-z]+' | sort -u)
	made=$(grep -rhoE '\.name = "pasta-[a-z]+"' "$ROOT/netns" | sed 's/.*"\(.*\)"/named \1/' | sort -u)
	assert "$named" == "$made" "names"
}

@test "claims: every option of pasta in the documents is one" {
	local known option file # --map-gw is Podman's own
	known=" $("$PASTA" --help | grep -oE -- '--[a-z0-9-]+' | tr '\n' ' ')--map-gw "
	cd "$ROOT"
	for file in "${PAGES[@]}" man/*.1; do
		# in lines about pasta itself, and where Podman hands options to it
		while read -r option; do
			assert "$known" contains " $option " "options, for $file"
		done < <(sed 's/\\-/-/g' "$file" | grep -E '^ *(\$ )?(\.B )?pasta -|`pasta -|--network[ =]pasta:|exec pasta' |
			sed 's/.*--network[ =]pasta:/pasta:/; s/ -- .*//; s/|.*//' |
			grep -oE '[ ,:`]--[a-z][a-z0-9-]+' | cut -c2-)
	done
}

@test "claims: command lines of pasta in the READMEs are taken" {
	local line count=0
	cd "$ROOT"
	while read -r line; do
		taken $line
		count=$((count + 1))
	done < <(grep -ohE '`pasta -[^`]*`' README.md | tr -d '`' | sed 's/^pasta //; s/\(^\| \)-- .*//; s/PID$//')
	assert $count -ge 10 "command lines in README.md"
	while read -r line; do
		taken ${line//,/ }
		count=$((count + 1))
	done < <(grep -ohE 'pasta:-[^` ]*' contrib/podman/README.md | sed 's/^pasta://; /^--map-gw$/d')
	assert $count -ge 18 "command lines in contrib/podman"
}

@test "claims: every make target in the documents is one, and so is each in the help" {
	local target
	cd "$ROOT"
	while read -r target; do
		assert "$(grep -cE "^$target:" Makefile)" -ge 1 "rules for $target"
	done < <(grep -hoE '(^ +|`|sudo )make [a-z][a-z-]*|'"echo 'make [a-z-]+" "${PAGES[@]}" Makefile |
		grep -v 'make -f' | sed 's/.*make //' | sort -u)
}

@test "claims: files that the documents link to are there" {
	local file link
	cd "$ROOT"
	for file in "${PAGES[@]}"; do
		while read -r link; do
			assert "$(ls -d "$(dirname "$file")/$link" 2>&1)" lacks "No such file" "link in $file"
		done < <(grep -oP '\]\(\K[^)#:]+(?=\))' "$file")
	done
}

@test "claims: what is kept of privileges is said where it is said that none are" {
	local file
	for file in README.md man/pasta.1; do
		assert "$(prose "$file" | grep -oE 'gives? up (every|all) capabilit.{400}')" =~ joined "$file"
	done
}
