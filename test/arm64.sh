#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# arm64.sh RESULT FOLDER PROGRAM...: build everything for aarch64, without a warning, and run the unit
# tests PROGRAM... (their names) there, by qemu. The libraries of that architecture are unpacked below
# FOLDER, from the packages of the machine's own Debian: nothing of it is installed. Takes MAKE and JOBS
# from the environment.

set -u
result=$1 folder=$2
shift 2
root=$folder/root triplet=aarch64-linux-gnu
packages=(
	libnl-3-dev libnl-3-200 libnl-route-3-dev libnl-route-3-200 libcap-dev libcap2
	libseccomp-dev libseccomp2 libjansson-dev libjansson4 libcmocka-dev libcmocka0
	libmicrohttpd-dev libmicrohttpd12 libidn2-dev libidn2-0 libunistring2
)

# fetch: a state of apt's own, for another architecture than the machine's
fetch() {
	local apt=$folder/apt options deb
	rm -rf "$apt" "$root" && mkdir -p "$apt"/{lists,archives}/partial "$apt/debs" "$root" || return
	: > "$apt/status"
	options=(-q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Acquire::Languages=none
		-o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt"
		-o APT::Sandbox::User=root)
	# A list that could not be had may be another repository's
	apt-get "${options[@]}" update || true
	(cd "$apt/debs" && apt-get "${options[@]}" download "${packages[@]}") || return
	for deb in "$apt"/debs/*.deb; do
		dpkg-deb -x "$deb" "$root" || return
	done
	rm -rf "$apt"
	echo "${packages[*]}" > "$root/stamp"
}

give_up() {
	echo "not ok: $1"
	tail -n 40 "$folder/log"
	echo '0 1 0' > "$result"
	exit 1
}

mkdir -p "$folder" "$(dirname "$result")"
folder=$(readlink -f "$folder") root=$folder/root
[[ $(cat "$root/stamp" 2> /dev/null) == "${packages[*]}" ]] || fetch > "$folder/log" 2>&1 ||
	give_up 'the libraries for aarch64 could not be fetched'

PKG_CONFIG_LIBDIR=$root/usr/lib/$triplet/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
	"${MAKE:-make}" --no-print-directory -k -j "${JOBS:-2}" BUILD="$folder/build" WERROR=-Werror \
	CC=$triplet-gcc AR=$triplet-ar CPPFLAGS="-isystem $root/usr/include" \
	LDFLAGS="-Wl,--allow-shlib-undefined -L$root/usr/lib/$triplet -L$root/lib/$triplet -Wl,-rpath-link,$root/lib/$triplet:$root/usr/lib/$triplet" \
	check-programs > "$folder/log" 2>&1 || give_up 'built for aarch64'
echo 'ok: built for aarch64'

RUNNER="qemu-aarch64 -L /usr/$triplet -E LD_LIBRARY_PATH=$root/usr/lib/$triplet:$root/lib/$triplet" \
	sh test/run-unit.sh "$result" "${@/#/$folder/build/test/unit/}"
status=$?
read -r p f s < "$result" && echo "$((p + 1)) $f $s" > "$result"
exit $status
