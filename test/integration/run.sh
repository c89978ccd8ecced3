#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh STAGE FILE...: run integration tests, each FILE on a machine of its own (inroot.sh), several
# at a time, with the programs of STAGE. Prepares the Debian they run in (root.sh) when need be. Becomes
# root by sudo if it is not. The last line has the sums.
#
#	PASTA_INTEGRATION_ROOT   where that Debian is kept, default /var/cache/pasta-integration
#	JOBS, BATS_FILTER        as for the end-to-end tests
#	LIMIT                    seconds that a file may take, default 600

set -u
here=$(dirname "$(readlink -f "$0")")

if [[ $(id -u) != 0 ]]; then
	variables=()
	for name in PASTA_INTEGRATION_{ROOT,SUITE,MIRROR} JOBS BATS_FILTER http_proxy https_proxy; do
		[[ -z ${!name:-} ]] || variables+=("$name=${!name}")
	done
	if ! command -v sudo >/dev/null || { ! [[ -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
		echo 'integration: the machines of these tests need root, or sudo' >&2
		exit 1
	fi
	exec sudo env "${variables[@]}" bash "$here/run.sh" "$@"
fi
stage=$(readlink -f "$1")
shift
cache=${PASTA_INTEGRATION_ROOT:-/var/cache/pasta-integration}

# One failure, and no more tests
give_up() {
	echo "not ok: $*"
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
}

# Shared while machines are made from it, exclusively while it changes
mkdir -p "$cache" && exec {lock}> "$cache/lock" || give_up "cannot write to $cache"
flock --shared $lock
if ! bash "$here/root.sh" "$cache" check; then
	flock $lock
	bash "$here/root.sh" "$cache" || give_up 'the Debian for the tests could not be made'
	flock --shared $lock
fi

machine=(bash "$here/inroot.sh" "$cache/root" "$stage")

work=$(mktemp -d /tmp/pasta-integration.XXXXXX)
end() {
	local job
	trap '' INT TERM HUP
	for job in $(jobs -p); do
		kill "$job" 2>/dev/null
	done
	wait
	rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

"${machine[@]}" u /usr/local/bin/pasta --config-net -q -- true ||
	give_up 'pasta does not start on a machine of the tests (see above)'
echo "integration: $("${machine[@]}" u bash -c '/usr/local/bin/pasta --version | head -n 1; podman --version;
	crun --version | head -n 1; runc --version | head -n 1; rootlesskit --version' | paste -sd , | sed 's/,/, /g')"

options=(--formatter tap --timing)
[[ -z ${BATS_FILTER:-} ]] || options+=(--filter "$BATS_FILTER")

# one FILE: runs it, leaves what it said in $work/NAME.tap, and shows that at the end, in one piece
one() {
	local name=${1##*/} pid=
	# Killed: so is the machine
	trap 'kill "$pid" 2>/dev/null; wait; exit 143' TERM
	# Not BATS_TEST_TIMEOUT: with bash 5.3, bats waits for the end of that time after a failure
	"${machine[@]}" root timeout --kill-after 5 "${LIMIT:-600}" \
		bats "${options[@]}" "/src/test/integration/$name" \
		> "$work/$name.out" 2>&1 < /dev/null {lock}>&- &
	pid=$!
	wait $pid
	echo $? > "$work/$name.status"
	mv "$work/$name.out" "$work/$name.tap"
	printf '# %s\n%s\n' "$name" "$(< "$work/$name.tap")"
}

running=0
for file in "$@"; do
	((running < ${JOBS:-2})) || { wait -n; running=$((running - 1)); }
	one "$file" &
	running=$((running + 1))
done
wait

passed=0 failed=0 skipped=0
for file in "$@"; do
	tap=$work/${file##*/}.tap
	s=$(grep -c '^ok .* # skip' "$tap")
	p=$(($(grep -c '^ok ' "$tap") - s))
	f=$(grep -c '^not ok ' "$tap")
	planned=$(sed -n 's/^1\.\.//p' "$tap" | head -n 1)
	missing=$((${planned:-1} - p - f - s))
	((missing > 0)) && f=$((f + missing))
	((f == 0)) && [[ $(< "$work/${file##*/}.status") != 0 ]] && f=1
	((f == 0)) || echo "not ok: ${file##*/}: $f of ${planned:-no} tests failed"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
