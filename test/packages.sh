#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# packages.sh RESULT FOLDER: make the source archive, the Debian and RPM packages and the static program of
# what is committed, below FOLDER, and check them: lintian's and rpmlint's errors, what is in which package,
# and that the programs run. Takes MAKE and JOBS from the environment.

set -u
result=$1 folder=$2
passed=0 failed=0
rm -rf "$folder" && mkdir -p "$(dirname "$result")" "$folder" || exit
folder=$(readlink -f "$folder")
export DEB_BUILD_OPTIONS="parallel=${JOBS:-2} nocheck"
unset WERROR

# check WHAT COMMAND...: one test; what it prints is shown if it fails
check() {
	local what=$1
	shift
	if "$@" > "$folder/log" 2>&1; then
		echo "ok: $what"
		((passed++))
	else
		echo "not ok: $what"
		tail -n 40 "$folder/log"
		((failed++))
	fi
}

make_() { "${MAKE:-make}" --no-print-directory -j "${JOBS:-2}" "$@"; }

version=$(sed -n 's/^VERSION := //p' Makefile)
archive=$folder/dist/pasta-$version.tar.gz

dist() {
	git clone -q . "$folder/clone" && make_ -C "$folder/clone" BUILD="$folder" dist &&
		cp "$archive" "$folder/first" && make_ -C "$folder/clone" BUILD="$folder" dist &&
		cmp "$archive" "$folder/first" && (cd "$folder/dist" && sha256sum -c "pasta-$version.tar.gz.sha256")
}

dist_is_clean() {
	echo >> "$folder/clone/README.md"
	! make_ -C "$folder/clone" BUILD="$folder/none" dist && [[ ! -e $folder/none/dist ]]
}

versions() {
	grep -q "^pasta ($version-" packaging/debian/changelog && grep -q "^Version: *$version$" packaging/rpm/pasta.spec
}

deb() {
	mkdir "$folder/deb" && tar -C "$folder/deb" -xf "$archive" &&
		cp "$archive" "$folder/deb/pasta_$version.orig.tar.gz" &&
		cp -r "$folder/deb/pasta-$version/packaging/debian" "$folder/deb/pasta-$version/debian" &&
		(cd "$folder/deb/pasta-$version" && dpkg-buildpackage -us -uc)
}

rpm_() {
	mkdir -p "$folder/rpm/SOURCES" && cp "$archive" "$folder/rpm/SOURCES" && tar -C "$folder/rpm" -xf "$archive" &&
		rpmbuild -ba --nocheck --nodeps --define "_topdir $folder/rpm" --define "_smp_mflags -j${JOBS:-2}" \
			--define 'debug_package %{nil}' "$folder/rpm/pasta-$version/packaging/rpm/pasta.spec"
}

lint_rpms() {
	rpmlint -c packaging/rpm/rpmlint.toml packaging/rpm/pasta.spec "$folder"/rpm/RPMS/*/*.rpm "$folder"/rpm/SRPMS/*.rpm > "$folder/rpmlint"
	grep -E '[1-9][0-9]* packages and 1 specfiles checked; 0 errors' "$folder/rpmlint" || ! cat "$folder/rpmlint"
}

# has LIST-COMMAND PACKAGE PATH...: the package's files, as the command lists them
has() {
	local list=$1 package=$2 path
	shift 2
	for path in "$@"; do
		$list "$package" | grep -qE "(^|[ .])$path(\.gz)?$" || { echo "$package lacks $path"; return 1; }
	done
}

main_files=(/usr/bin/{pasta,passt,pasta-portd,pastactl,pesto}
	/usr/share/man/man1/{pasta,passt,pasta-portd,pastactl,pesto}.1
	/usr/share/man/man5/pasta-policy.5 /usr/share/man/man7/pasta-control.7 /usr/lib/systemd/user/pasta@.service
	/usr/lib/systemd/system/pasta-net@.service /usr/share/bash-completion/completions/pasta
	/usr/share/fish/vendor_completions.d/pastactl.fish)
hook_files=(/usr/bin/pasta-oci-hook /usr/share/man/man1/pasta-oci-hook.1 /usr/share/containers/oci/hooks.d/pasta.json)
doc_files=(/usr/share/doc/pasta-doc/README.md /usr/share/doc/pasta-doc/contrib/podman/README.md)

deb_files() {
	local debs=$folder/deb
	has 'dpkg-deb -c' "$debs"/pasta_*.deb "${main_files[@]}" /etc/apparmor.d/usr.bin.{pasta,passt} \
		/etc/apparmor.d/abstractions/passt &&
		has 'dpkg-deb -c' "$debs"/pasta-oci-hook_*.deb "${hook_files[@]}" &&
		has 'dpkg-deb -c' "$debs"/pasta-doc_*.deb "${doc_files[@]}" &&
		[[ $(dpkg-deb -f "$debs"/pasta_*.deb Conflicts) == passt ]]
}

rpm_files() {
	local rpms=$folder/rpm/RPMS
	has 'rpm -qlp' "$rpms"/*/pasta-[0-9]*.rpm "${main_files[@]}" &&
		has 'rpm -qlp' "$rpms"/*/pasta-oci-hook-*.rpm "${hook_files[@]}" &&
		has 'rpm -qlp' "$rpms"/*/pasta-doc-*.rpm "${doc_files[@]}" &&
		rpm -qp --conflicts "$rpms"/*/pasta-[0-9]*.rpm | grep -qx passt
}

# Nothing installed names a place where it is not
no_local() {
	mkdir "$folder/root" && dpkg-deb -x "$folder"/deb/pasta_*.deb "$folder/root" &&
		dpkg-deb -x "$folder"/deb/pasta-oci-hook_*.deb "$folder/root" &&
		dpkg-deb -x "$folder"/deb/pasta-doc_*.deb "$folder/root" &&
		zcat -f "$folder"/root/usr/share/man/man1/* > "$folder/root/man" &&
		! grep -rn '/usr/local/bin/pas\(ta\|st\)' "$folder/root"
}

profiles() {
	apparmor_parser -Q -K -T -I "$folder/root/etc/apparmor.d" "$folder"/root/etc/apparmor.d/usr.bin.{pasta,passt}
}

runs() {
	[[ $("$1" --version | head -n 1) == "pasta $version" ]] &&
		"$1" --config-net -q --runas 65534 -- sh -c 'ip -brief address | grep -v ^lo'
}

static() { make_ BUILD="$folder/build" static && ! ldd "$folder/build/static/pasta" | grep '=>'; }

check 'the source archive is made, always the same' dist
check 'the source archive is not made of what is not committed' dist_is_clean
check 'all packages have the version of the Makefile' versions
check 'the Debian packages are built from the source archive' deb
check 'lintian finds no error' lintian --fail-on error "$folder"/deb/*.changes
check 'the Debian packages have what they should' deb_files
check 'nothing in them is named where it is not' no_local
check 'the AppArmor profiles are some' profiles
check 'the RPM packages are built from the source archive' rpm_
check 'rpmlint finds no error' lint_rpms
check 'the RPM packages have what they should' rpm_files
check "the package's program runs" runs "$folder/root/usr/bin/pasta"
check 'the static program is built' static
check 'the static program runs' runs "$folder/build/static/pasta"

echo "$passed $failed 0" > "$result"
((failed == 0))
