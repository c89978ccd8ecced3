#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# deps.sh GROUP...: install what is missing for the groups "build", "check", "integration",
# "demo", "analyze", "fuzz", "builds", "packages", "apparmor", "bench" and "soak". Looks for programs, headers and
# libraries, not for packages, so that what was installed another way counts. Says what it is going to
# install. Needs root, or sudo; with neither it prints the command for somebody who has. When all is
# there, it does nothing.

set -eu

[ $# -gt 0 ] || { echo "usage: deps.sh build|check|integration|demo|analyze|fuzz|builds|packages|apparmor|bench|soak..." >&2; exit 2; }

# One line a need: GROUP TEST apt-get dnf pacman; TEST: a program, pc:MODULE, h:HEADER or f:FILE;
# "-": not to be had there
needs() {
	cat <<-'END'
	build   cc                 gcc                  gcc               gcc
	build   h:stdio.h          libc6-dev            glibc-devel       glibc
	build   h:linux/if_tun.h   linux-libc-dev       kernel-headers    linux-api-headers
	build   pkg-config         pkg-config           pkgconf-pkg-config pkgconf
	build   pc:libnl-route-3.0 libnl-route-3-dev    libnl3-devel      libnl
	build   pc:libcap          libcap-dev           libcap-devel      libcap
	build   pc:libseccomp      libseccomp-dev       libseccomp-devel  libseccomp
	build   pc:jansson         libjansson-dev       jansson-devel     jansson
	build   pc:libmicrohttpd   libmicrohttpd-dev    libmicrohttpd-devel libmicrohttpd
	build   pc:libidn2         libidn2-dev          libidn2-devel     libidn2
	check   bash               bash                 bash              bash
	check   h:cmocka.h         libcmocka-dev        libcmocka-devel   cmocka
	check   bats               bats                 bats              bats
	check   parallel           parallel             parallel          parallel
	check   ip                 iproute2             iproute           iproute2
	check   nft                nftables             nftables          nftables
	check   unshare            util-linux           util-linux        util-linux
	check   setpriv            util-linux           util-linux        util-linux
	check   ping               iputils-ping         iputils           iputils
	check   traceroute         traceroute           traceroute        traceroute
	check   pgrep              procps               procps-ng         procps-ng
	check   socat              socat                socat             socat
	check   iperf3             iperf3               iperf3            iperf3
	check   curl               curl                 curl              curl
	check   dig                bind9-dnsutils       bind-utils        bind
	check   ssh                openssh-client       openssh-clients   openssh
	check   sshd               openssh-server       openssh-server    openssh
	check   git                git                  git               git
	check   apt-get            apt                  apt               apt
	check   dpkg-deb           dpkg                 dpkg              dpkg
	check   bwrap              bubblewrap           bubblewrap        bubblewrap
	check   unbound            unbound              unbound           unbound
	check   dnsmasq            dnsmasq-base         dnsmasq           dnsmasq
	check   nginx              nginx                nginx             nginx
	check   busybox            busybox              busybox           busybox
	check   dhclient           isc-dhcp-client      dhcp-client       dhclient
	check   dhcpcd             dhcpcd-base          dhcpcd            dhcpcd
	check   rdisc6             ndisc6               ndisc6            ndisc6
	check   ndptool            libndp-tools         libndp            libndp
	check   tcpdump            tcpdump              tcpdump           tcpdump
	check   expect             expect               expect            expect
	check   jq                 jq                   jq                jq
	check   tmux               tmux                 tmux              tmux
	check   zsh                zsh                  zsh               zsh
	check   fish               fish                 fish              fish
	check   python3            python3              python3           python
	check   promtool           prometheus           golang-github-prometheus prometheus
	demo    bash               bash                 bash              bash
	demo    ip                 iproute2             iproute           iproute2
	demo    unshare            util-linux           util-linux        util-linux
	demo    ping               iputils-ping         iputils           iputils
	demo    socat              socat                socat             socat
	demo    curl               curl                 curl              curl
	demo    iperf3             iperf3               iperf3            iperf3
	demo    jq                 jq                   jq                jq
	analyze clang-tidy         clang-tidy           clang-tools-extra clang
	analyze cppcheck           cppcheck             cppcheck          cppcheck
	analyze gcc                gcc                  gcc               gcc
	fuzz    clang              clang                clang             clang
	fuzz    rt:fuzzer          libclang-rt-dev      compiler-rt       compiler-rt
	integration bash               bash                 bash              bash
	integration debootstrap        debootstrap          debootstrap       debootstrap
	integration cpio               cpio                 cpio              cpio
	integration unshare            util-linux           util-linux        util-linux
	integration setpriv            util-linux           util-linux        util-linux
	integration ip                 iproute2             iproute           iproute2
	bench   python3            python3              python3           python
	bench   iperf3             iperf3               iperf3            iperf3
	soak    redis-server       redis-server         redis             redis
	soak    redis-benchmark    redis-tools          redis             redis
	soak    initdb             postgresql           postgresql-server postgresql
	soak    pgbench            postgresql-contrib   postgresql-contrib postgresql
	soak    wrk                wrk                  wrk               wrk
	builds  clang              clang                clang             clang
	builds  musl-gcc           musl-tools           musl-gcc          musl
	builds  aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu -                 aarch64-linux-gnu-gcc
	builds  f:/usr/aarch64-linux-gnu/include/stdio.h libc6-dev-arm64-cross -                 aarch64-linux-gnu-glibc
	builds  qemu-aarch64       qemu-user            -                 qemu-user
	packages dpkg-buildpackage  dpkg-dev             dpkg-dev          dpkg
	packages dh                 debhelper            debhelper         debhelper
	packages dh_apparmor        dh-apparmor          -                 -
	packages lintian            lintian              -                 -
	packages rpmbuild           rpm                  rpm-build         rpm-tools
	packages rpmlint            rpmlint              rpmlint           -
	packages apparmor_parser    apparmor             -                 apparmor
	packages git                git                  git               git
	apparmor strace            strace               strace            strace
	apparmor python3           python3              python3           python
	END
}

is_there() {
	case $1 in
	pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
	h:*) echo "#include <${1#h:}>" | sed '/cmocka/s/^/#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <setjmp.h>\n/' |
		cc -fsyntax-only -x c - 2>/dev/null ;;
	f:*) [ -e "${1#f:}" ] ;;
	rt:fuzzer) ls "$(clang -print-resource-dir 2>/dev/null)"/lib/*/libclang_rt.fuzzer*.a >/dev/null 2>&1 ;;
	*) program_is_there "$1" ;;
	esac
}

# Not an applet of busybox, which takes fewer options
program_is_there() {
	# Debian keeps PostgreSQL's programs in a folder of their version
	path=$(PATH=$PATH:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' :) command -v "$1" 2>/dev/null) ||
		return 1
	case $(readlink -f "$path") in */busybox) [ "$1" = busybox ] ;; esac
}

# Others may have apt as well, to try it
for manager in dnf pacman apt-get none; do
	command -v $manager >/dev/null 2>&1 && break
done
case $manager in
apt-get) column=3 install="apt-get install -y --no-install-recommends" ;;
dnf) column=4 install="dnf install -y" ;;
pacman) column=5 install="pacman -S --needed --noconfirm" ;;
none) column=2 install= ;;
esac

missing=
for group in "$@"; do
	while read -r of test names; do
		if [ "$of" != "$group" ] || is_there "$test"; then
			continue
		fi
		name=$(echo "$of $test $names" | awk -v c=$column '{ print $c }')
		if [ "$name" = - ]; then
			echo "missing: ${test#*:}; this script knows no package of $manager that has it" >&2
			exit 1
		fi
		case " $missing " in *" $name "*) ;; *) missing="$missing $name" ;; esac
	done <<-END
	$(needs)
	END
done
# Debian names libFuzzer's package after the compiler's version
case $missing in
*libclang-rt-dev*)
	version=$({ clang -dumpversion || apt-cache depends clang | grep -o 'clang-[0-9]*'; } 2>/dev/null |
		head -n 1 | tr -dc '0-9.' | cut -d. -f1)
	missing=$(echo "$missing" | sed "s/libclang-rt-dev/libclang-rt-$version-dev/") ;;
esac
missing=${missing# }
[ -n "$missing" ] || exit 0

if [ $manager = none ]; then
	echo "missing: $missing" >&2
	echo "no package manager that this script knows (apt-get, dnf, pacman): please install them" >&2
	exit 1
fi
if [ $manager = apt-get ]; then
	export DEBIAN_FRONTEND=noninteractive
fi

echo "This is missing and going to be installed: $missing"
if [ "$(id -u)" = 0 ]; then
	as=
elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
	as=sudo
else
	echo "That needs root. Please run, as root:" >&2
	[ $manager = apt-get ] && echo "    apt-get update" >&2
	echo "    $install $missing" >&2
	exit 1
fi
# Debian starts servers as soon as they are installed, which nobody wants for a test, unless this file
# forbids it
policy=/usr/sbin/policy-rc.d
if [ $manager = apt-get ] && [ ! -e $policy ]; then
	trap '$as rm -f $policy' EXIT
	trap 'exit 1' INT TERM
	printf '#!/bin/sh\nexit 101\n' | $as tee $policy >/dev/null
	$as chmod 755 $policy
fi
# Old package lists name versions that the mirror no longer has
if [ $manager = apt-get ]; then
	$as apt-get update -q || echo "apt-get update failed; trying with the lists there are" >&2
fi
# shellcheck disable=SC2086
$as $install $missing
