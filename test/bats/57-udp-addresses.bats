# SPDX-License-Identifier: Apache-2.0
#
# Forwarded ports of a host that has several addresses: link-local ones, several subnets. An answer
# leaves from the address that was asked, whichever one the namespace's kernel answers from.

load helpers
load ports

# link_local NS: its address on v0
link_local() { "$1" ip -6 -brief address show dev v0 scope link | grep -o 'fe80[^/]*'; }

@test "udp: a local client of the host's link-local address is answered" {
	local addr
	addr=$(link_local host)
	start_pasta --config-net -q -t none -u 5000
	inside_serve udp 5000 "$TOOLS/load" serve 5000
	udp_echoes host "$addr%v0"
}
