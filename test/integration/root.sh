#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# root.sh DIR [check]: make sure that DIR/root is a Debian newer than the machine's may be, with the container
# programs that the integration tests run. Packages come from the mirror that the machine itself uses.
# The result is kept: DIR/stamp says what is in it, and is written last, so that what was interrupted
# counts as nothing. With another list of packages, what is missing is added. Callers hold DIR/lock
# exclusively. All mounts are made in a private mount namespace and go with it. "check" only tells,
# by its exit status, whether there is nothing to do.
#
#	PASTA_INTEGRATION_SUITE   Debian's suite, default sid
#	PASTA_INTEGRATION_MIRROR  address of a Debian mirror, default: from the machine's apt

set -Eeuo pipefail
dir=$1
root=$dir/root
guest=$(dirname "$(readlink -f "$0")")/guest
trap 'echo "integration: line $LINENO of $0 failed" >&2' ERR
suite=${PASTA_INTEGRATION_SUITE:-sid}

packages=(
	podman crun runc conmon netavark aardvark-dns nftables catatonit fuse-overlayfs uidmap
	passt rootlesskit docker.io docker-cli iptables bubblewrap systemd busybox-static
	libnl-3-200 libnl-route-3-200 libcap2 libseccomp2 libjansson4 libmicrohttpd12t64 libidn2-0
	qemu-system-x86 cpio xz-utils zstd libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients
	bats parallel jq procps iproute2 iputils-ping curl socat bind9-dnsutils dnsmasq-base
)
# Newer ones, for a machine of their own (18-podman6.bats): put aside with what they need, and installed there
experimental=(podman netavark golang-github-containers-common)

say() { echo "integration: $*"; }

# mirror: the first address from which the machine's apt takes its own release
mirror() {
	local codename=none
	if [[ -n ${PASTA_INTEGRATION_MIRROR:-} ]]; then
		echo "$PASTA_INTEGRATION_MIRROR"
		return
	fi
	[[ ! -r /etc/os-release ]] ||
		codename=$(. /etc/os-release && [[ ${ID:-} == debian ]] &&
			echo "${VERSION_CODENAME:-sid}") || codename=none
	{
		{ cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } | deb822_sources
		{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | one_line_sources
	} | awk -v codename="$codename" '$2 == codename && $1 ~ /^(https?|file):/ && !n++ { print $1 }'
}

# Both print lines "ADDRESS SUITE"
deb822_sources() {
	awk '
	function flush(  u, s, i, j) {
		if (types ~ /(^| )deb( |$)/ && enabled !~ /^no/)
			for (i = split(uris, u, " "); i > 0; i--)
				for (j = split(suites, s, " "); j > 0; j--)
					print u[i], s[j]
		types = uris = suites = enabled = key = ""
	}
	/^#/ { next }
	/^[[:space:]]*$/ { flush(); next }
	/^[^[:space:]]+:/ { key = tolower($1); sub(/^[^:]+:[[:space:]]*/, "") }
	key == "types:" { types = types " " $0 }
	key == "uris:" { uris = uris " " $0 }
	key == "suites:" { suites = suites " " $0 }
	key == "enabled:" { enabled = tolower($0) }
	END { flush() }'
}

one_line_sources() {
	sed -n 's/#.*//; s/^[[:space:]]*deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?//p' |
		awk 'NF > 2 { print $1, $2 }'
}

# debootstrap does not read apt's configuration: a proxy is handed on
proxy() {
	local value=
	eval "$(apt-config shell value Acquire::http::Proxy 2>/dev/null || true)"
	[[ -z $value || $value == DIRECT ]] || export http_proxy=${http_proxy:-$value}
	value=
	eval "$(apt-config shell value Acquire::https::Proxy 2>/dev/null || true)"
	[[ -z $value || $value == DIRECT ]] || export https_proxy=${https_proxy:-$value}
}

bootstrap() {
	local from
	from=$(mirror)
	if [[ -z $from ]]; then
		say "apt's configuration names no Debian mirror; PASTA_INTEGRATION_MIRROR=ADDRESS does" >&2
		return 1
	fi
	say "making $root: Debian $suite with Podman, Docker and others, a few minutes, 1 GB"
	rm -rf --one-file-system "$root"
	mkdir -p "$root"
	debootstrap --variant=minbase "$suite" "$root" "$from" > "$dir/log" 2>&1 || show_log debootstrap
	# A mirror may be a snapshot of some time ago
	echo 'Acquire::Check-Valid-Until "false";' > "$root/etc/apt/apt.conf.d/90pasta"
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" # no daemon is to start in here
	chmod 755 "$root/usr/sbin/policy-rc.d"
}

show_log() {
	tail -n 20 "$dir/log" >&2
	say "$1 failed; all it said is in $dir/log" >&2
	exit 1
}

install_packages() {
	say "installing packages into $root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	echo "deb $(mirror) experimental main" > "$root/etc/apt/sources.list.d/experimental.list"
	{
		chroot "$root" apt-get update -q &&
			chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
				--no-install-recommends "${packages[@]}"
	} >> "$dir/log" 2>&1 || show_log apt-get
	chroot "$root" apt-get clean
	put_aside >> "$dir/log" 2>&1 || show_log "downloading packages of experimental"
	umount -l "$root/dev" "$root/proc"
}

# Debian's experimental is only asked for what is wanted of it
put_aside() {
	local to=usr/share/pasta-test/experimental
	rm -rf "${root:?}/$to"
	mkdir -p "$root/$to/partial"
	chroot "$root" apt-get install -q -y --no-install-recommends --download-only --target-release experimental \
		-o "Dir::Cache::Archives=/$to" "${experimental[@]}"
}

add_user() {
	chroot "$root" sh -e -c '
		id u >/dev/null 2>&1 || useradd --no-create-home --uid 1000 --shell /bin/bash u
		echo u:100000:65536 > /etc/subuid
		echo u:100000:65536 > /etc/subgid'
}

# put_programs BOX PROGRAM...: below BOX, with their libraries, and a static busybox under all of its names
put_programs() {
	local box=$1 name library
	shift
	cp "$root/bin/busybox" "${@/#/$root/bin/}" "$box/bin/"
	chroot "$root" ldd "${@/#//bin/}" |
		awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\// && $i !~ /:$/) print $i }' |
		while read -r library; do
			mkdir -p "$box${library%/*}"
			cp -L "$root$library" "$box$library"
		done
	"$box/bin/busybox" --list | while read -r name; do
		[[ -e $box/bin/$name ]] || ln -s busybox "$box/bin/$name"
	done
}

# The containers' image
make_image() {
	local box=$dir/image
	rm -rf "$box"
	mkdir -p "$box"/{bin,etc,proc,sys,dev,run,srv,tmp,root}
	put_programs "$box" socat ping
	echo 'root:x:0:0:root:/root:/bin/sh' > "$box/etc/passwd"
	echo 'root:x:0:' > "$box/etc/group"
	mkdir -p "$root/usr/share/pasta-test"
	tar -C "$box" --owner=0 --group=0 -cf "$root/usr/share/pasta-test/image.tar" .
	rm -rf "$box"
}

# kernel_of FILE: what is in a kernel that unpacks itself (its boot protocol says where), as an emulated processor
# takes seconds for that; or FILE itself, if it is packed in another way
kernel_of() {
	local sectors offset length
	sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$1")
	offset=$(od -An -tu4 -j $((0x248)) -N 4 "$1")
	length=$(od -An -tu4 -j $((0x24c)) -N 4 "$1")
	tail -c "+$(((sectors + 1) * 512 + offset + 1))" "$1" | head -c $((length - 4)) |
		chroot "$root" zstd -dcq 2>> "$dir/log" || cat "$1"
}

# The guest of test/integration/qemu.bash: a kernel for virtual machines and what it needs of its modules, out
# of their packages, and an initial file system of busybox and socat, with a shell on the serial line; nothing of it
# is packed
make_guest() {
	local box=$dir/guest name module
	rm -rf "$box"
	mkdir -p "$box"/{packages,kernel,init/{bin,dev,etc,modules,proc,run,sys,tmp,www/cgi-bin}}
	mkdir -p "$root/tmp/guest"
	chroot "$root" sh -e -c 'cd /tmp/guest
		kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n "s/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p")
		apt-get download -q $kernel $(apt-cache depends $kernel | sed -n "s/.*Depends: \(linux-[a-z]*-[0-9][^ ]*\).*/\1/p")
		' >> "$dir/log" 2>&1 || show_log "downloading a guest's kernel"
	for name in "$root"/tmp/guest/*.deb; do
		dpkg-deb -x "$name" "$box/kernel"
	done
	rm -rf "$root/tmp/guest"
	kernel_of "$(find "$box/kernel" -name 'vmlinuz*' | head -n 1)" > "$root/usr/share/pasta-test/kernel"
	for module in failover net_failover virtio_net; do
		name=$(find "$box/kernel" -name "$module.ko*")
		case $name in
		*.xz) xz -dc "$name" > "$box/init/modules/$module.ko" ;;
		*) cp "$name" "$box/init/modules/" ;;
		esac
	done
	put_programs "$box/init" socat
	cp "$guest"/{init,udhcpc.sh} "$box/init/"
	printf '#!/bin/sh\necho\necho "$REMOTE_ADDR"\n' > "$box/init/www/cgi-bin/peer"
	echo guest > "$box/init/www/index.html"
	chmod 755 "$box/init/"{init,udhcpc.sh,www/cgi-bin/peer}
	(cd "$box/init" && find . | cpio -o -H newc 2>> "$dir/log") > "$root/usr/share/pasta-test/initrd"
	rm -rf "$box"
}

wanted="$suite ${packages[*]} ${experimental[*]} $(sed -n '/^bootstrap()/,$p' "$0" | cat - "$guest"/* | cksum)"
if [[ -s $dir/stamp && $(< "$dir/stamp") == "$wanted" ]]; then
	exit 0
fi
case ${2:-} in
check) exit 1 ;;
private) ;;
*) exec unshare --mount --propagation private bash "$0" "$dir" private ;;
esac
begin=$SECONDS
proxy
: > "$dir/log"
if [[ -s $dir/stamp && $(< "$dir/stamp") == "$suite "* ]]; then
	rm -f "$dir/stamp"
else
	rm -f "$dir/stamp"
	bootstrap
fi
install_packages
add_user
make_image
make_guest
echo "$wanted" > "$dir/stamp.new"
mv "$dir/stamp.new" "$dir/stamp"
say "$root is ready after $((SECONDS - begin)) s"
