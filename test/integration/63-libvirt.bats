# SPDX-License-Identifier: Apache-2.0
#
# passt and libvirt: a domain of the user's session, with the network card that contrib/libvirt/README.md
# has, started and stopped by virsh.

load lib
load qemu

setup_file() { T=$BATS_FILE_TMPDIR; }
teardown_file() { virsh_session destroy guest > /dev/null 2>&1 || true; }

virsh_session() { user virsh --quiet --connect qemu:///session "$@"; }

# The interface as the page has it, but for the guest's port, where a web server is
domain() {
	cat <<-END
	<domain type='qemu'>
	  <name>guest</name>
	  <memory unit='MiB'>192</memory>
	  <os>
	    <type arch='x86_64' machine='q35'>hvm</type>
	    <kernel>$SHARE/kernel</kernel>
	    <initrd>$SHARE/initrd</initrd>
	    <cmdline>$append</cmdline>
	  </os>
	  <features><acpi/></features>
	  <cpu mode='maximum'/>
	  <devices>
	    <controller type='usb' model='none'/>
	    <memballoon model='none'/>
	    <serial type='pipe'><source path='$VM/tty'/></serial>
	    $(sed -n '/<interface/,/<\/interface>/p' $SRC/contrib/libvirt/README.md | sed "s/to='22'/to='80'/")
	  </devices>
	</domain>
	END
}

@test "libvirt: a domain of the session has its network by passt, and nothing is left of it in the end" {
	serial_line
	domain > $VM/domain.xml
	virsh_session create $VM/domain.xml
	wait_booted 1
	output=$(ps -o args= -p "$(pgrep -ox passt)")
	assert "$output" =~ "passt --one-off --socket "[^\ ]*/passt/ "command line"
	assert "$(readlink "/proc/$(pgrep -ox passt)/exe")" == /usr/local/bin/passt "program"
	guest ip address show dev eth0
	assert "$output" contains "$HOST4/24" "address"
	guest wget -q -O - http://www.outside.example/
	assert "$output" == outside "by name"
	output=$(user curl -s --max-time 120 http://127.0.0.1:2222/)
	assert "$output" == guest "from the host"
	virsh_session destroy guest
	wait_until not pgrep -x passt
	assert "$(find /run/user/1000/libvirt/qemu/run/passt /run/user/1000/pasta ! -type d)" == "" "files left"
}
