#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# include-graph.sh [DIR]: prove that the include graph of the tree in DIR keeps the design's
# promises: folders know only those below them, and modules (a .c and a .h of one stem) form no
# cycle. Constants that older kernel headers lack are in one place. Prints every bad edge as FILE:LINE.
#
#	pasta, passt (not one another) -> launch -> netns, common        netns, clients -> common/base
#	clients/portd -> what a program starts, ends and locks itself in with: netns but for namespaces (start,
#		inside, tap), and launch's background, listen_path, pid_file and process
#	clients -> what they do in place of a running pasta: launch's idna
#	hooks -> nothing
#	netns: start > beside, inside (not one another) > tap > lockin, host (likewise) > base
#	common: control > engine > tcp, udp, icmp (not one another) > dgram > service > fwd > flow > link > policy > wire > base

set -eu
cd "${1:-.}"

edges=$(mktemp)
trap 'rm -f "$edges"' EXIT
files=$(find pasta passt launch netns common hooks clients -name '*.[ch]' 2>/dev/null | sort)
[ -n "$files" ] || { echo "no sources below $PWD" >&2; exit 1; }

# shellcheck disable=SC2086
awk -v edges="$edges" '
BEGIN {
	n = split("base wire policy link flow fwd service dgram protocols engine control", names, " ")
	for (i = 1; i <= n; i++)
		rank["common/" names[i]] = i
	rank["common/tcp"] = rank["common/udp"] = rank["common/icmp"] = rank["common/protocols"]
	delete rank["common/protocols"]
	level["netns/base"] = 1
	level["netns/lockin"] = level["netns/host"] = 2
	level["netns/tap"] = 3
	level["netns/beside"] = level["netns/inside"] = 4
	level["netns/start"] = 5
	n = split("background listen_path pid_file process", names, " ")
	for (i = 1; i <= n; i++)
		of_a_program["launch/" names[i] ".h"] = 1
}
function folder(file)
{
	if (file ~ /^(common|netns|clients\/portd)\//)
		return substr(file, 1, match(file, /\/[^\/]*$/) - 1)
	return substr(file, 1, index(file, "/") - 1)
}
function bad(text)
{
	print FILENAME ":" FNR ": " text
	failed = 1
}
function allowed(from, to, header)
{
	if (from == to)
		return 1
	if (from == "clients/portd")
		return to == "clients" || to == "common/base" || header in of_a_program ||
			(to in level && to !~ /^netns\/(start|inside|tap)$/)
	if ((from == "pasta" || from == "passt") && to == "launch")
		return 1
	if (from == "pasta" || from == "passt" || from == "launch")
		return to in level || to in rank
	if (from == "clients" && header == "launch/idna.h")
		return 1
	if ((from in level || from == "clients") && to == "common/base")
		return 1
	if (from in level && to in level)
		return level[from] > level[to]
	if (from in rank && to in rank)
		return rank[from] > rank[to]
	return 0
}
/^[ \t]*#[ \t]*ifndef/ && $NF !~ /_H$/ && FILENAME != "common/base/linux_compat.h" {
	bad("what headers may lack (" $NF ") is defined in common/base/linux_compat.h alone")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	to = part[2]
	if (to ~ /\.\./ || to !~ /\// || (getline dummy < to) < 0) {
		bad("\"" to "\" is not a path from the root of the tree")
		next
	}
	close(to)
	count++
	from_folder = folder(FILENAME)
	to_folder = folder(to)
	if (to_folder ~ /^(common|netns)\// && !(to_folder in rank) && !(to_folder in level))
		bad(to_folder " is no layer of the design")
	else if (!allowed(from_folder, to_folder, to))
		bad(from_folder " must not know " to_folder " (" to ")")
	from_stem = FILENAME
	sub(/\.[ch]$/, "", from_stem)
	sub(/\.[ch]$/, "", to)
	if (from_stem != to)
		print from_stem, to > edges
}
END {
	if (!failed)
		printf "%d includes of our own in %d files, every one downwards\n", count, ARGC - 1
	exit failed
}' $files

if ! loops=$(tsort "$edges" 2>&1 >/dev/null); then
	echo "modules that include each other in a circle:"
	echo "$loops" | sed -n 's/^tsort: \([^:]*\/[^:]*\)$/\t\1/p'
	exit 1
fi
