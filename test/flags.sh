#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# flags.sh RESULT FOLDER: build everything, below FOLDER, as distributions and users do: with flags that
# are not ours. No compiler may warn. And what was built with other flags is installed as it is. Takes
# MAKE and JOBS from the environment.

set -u
result=$1 folder=$2
passed=0 failed=0
mkdir -p "$(dirname "$result")" "$folder"

# verdict STATUS WHAT [LOG]
verdict() {
	if (($1 == 0)); then
		echo "ok: $2"
		((passed++))
	else
		echo "not ok: $2"
		[[ -z ${3:-} ]] || grep -E -A 8 '(warning|error): |: Error|\*\*\*' "$3" | head -n 60
		((failed++))
	fi
}

# build NAME MAKE-ARGUMENT...: the name is that of a folder and of the test
build() {
	local name=$1 log=$folder/$1.log
	shift
	"${MAKE:-make}" --no-print-directory -k -j "${JOBS:-2}" BUILD="$folder/$name" WERROR=-Werror "$@" > "$log" 2>&1
	verdict $? "built with the flags of $name" "$log"
}

hardened='-Wformat -Werror=format-security -fstack-clash-protection -fcf-protection'
ubuntu="-g -O2 -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -flto=auto -ffat-lto-objects -fstack-protector-strong $hardened -fdebug-prefix-map=/build=/usr/src"
fedora="-O2 -flto=auto -ffat-lto-objects -fexceptions -g -grecord-gcc-switches -pipe -Wall $hardened -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3 -Wp,-D_GLIBCXX_ASSERTIONS -fstack-protector-strong -m64 -march=x86-64 -mtune=generic -fasynchronous-unwind-tables"
arch="-march=x86-64 -mtune=generic -O2 -pipe -fno-plt -fexceptions -Wp,-D_FORTIFY_SOURCE=3 $hardened -flto=auto"
case $(uname -m) in
x86_64) ;;
*) # what only x86 has
	for name in ubuntu fedora arch; do
		printf -v "$name" '%s' "$(sed 's/ -m[a-z0-9=-]*//g; s/ -fcf-protection//' <<< "${!name}")"
	done ;;
esac

build ubuntu CPPFLAGS='-Wdate-time -D_FORTIFY_SOURCE=3' CFLAGS="$ubuntu" \
	LDFLAGS='-Wl,-Bsymbolic-functions -flto=auto -ffat-lto-objects -Wl,-z,relro -Wl,-z,now'
build fedora CFLAGS="$fedora" LDFLAGS='-Wl,-z,relro -Wl,--as-needed -Wl,-z,now -flto=auto'
build arch CFLAGS="$arch" LDFLAGS='-Wl,-O1,--sort-common,--as-needed,-z,relro,-z,now -flto=auto'
build O3 CFLAGS=-O3
build g CFLAGS=-g
build clang CC=clang check-programs

# Another C library, which comes without the libraries that we link: its headers have what we call
find . \( -path ./build -o -path ./test \) -prune -o -name '*.c' -print0 | xargs -0 musl-gcc -std=gnu11 -w \
	-Werror=implicit-function-declaration -Werror=int-conversion -I. -D_GNU_SOURCE '-DPASTA_VERSION="0"' -DWORKERS_AUTO=0 \
	-fsyntax-only $(pkg-config --cflags libnl-route-3.0 | sed 's/-I/-idirafter /g') \
	-idirafter /usr/include -idirafter "/usr/include/$(cc -print-multiarch)" > "$folder/musl.log" 2>&1
verdict $? 'fit for musl' "$folder/musl.log"

# By root, without the environment, and with the flags that `make install` has by default
env -i PATH="$PATH" "${MAKE:-make}" --no-print-directory BUILD="$folder/O3" DESTDIR="$folder/dest" \
	prefix=/usr install > "$folder/install.log" 2>&1 && ! grep -E '^ +(CC|LINK|AR) ' "$folder/install.log"
verdict $? 'make install rebuilds nothing that was built with other flags' "$folder/install.log"

echo "$passed $failed 0" > "$result"
((failed == 0))
