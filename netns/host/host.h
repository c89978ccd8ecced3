/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights, on the host; netlink (route), reading only.
 *
 * What the host's network looks like: the template interface of each family, with its addresses,
 * gateway, MTU and routes, read through rtnetlink at start, and after each change of it. Plain
 * values, owned by struct host until host_fini(); the routes are opaque objects for setup_apply().
 * A family that the kernel lacks, or that has no template, is "not found", never an error. Which
 * interface is the template is decided in host_choice.h.
 */
#ifndef NETNS_HOST_HOST_H
#define NETNS_HOST_HOST_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

struct host_routes; /* the template's routes of one family: host_routes.h */

struct host_request {
	bool ip4, ip6; /* families to look at */
	/* Each by any of its names, alternative ones (Linux 5.5) included */
	const char *ifname; /* template for both families; NULL: choose */
	const char *outbound_ifname4, *outbound_ifname6; /* template by family; NULL: choose */
	bool may_lack; /* one of these need not exist: its families are not found then */
	bool no_routes; /* those to copy are of no interest */
};

struct host_addr {
	struct in6_addr addr; /* IPv4-mapped for IPv4 */
	uint8_t prefix_len; /* of the address's own family */
	bool link_local;
	bool deprecated; /* IPv6: or temporary, not to be preferred by who copies it */
};

struct host_family {
	bool found; /* false: everything but outbound_* is zero */
	unsigned int outbound_ifindex; /* of the interface of that name; 0: none was named */
	char outbound_ifname[IFNAMSIZ];
	unsigned int ifindex;
	char ifname[IFNAMSIZ];
	uint32_t mtu;
	bool has_default; /* a default route */
	bool default_on_link; /* and one without a gateway */
	struct in6_addr gateway; /* :: if there is none */
	struct host_addr *addrs; /* preferred ones first, else in the kernel's order */
	size_t addr_count;
	struct host_routes *routes;
	unsigned int routes_cut_at; /* 0: all are there; else no more than so many */
};

/* An address of the host's own, on whatever interface, that no machine but it can be by */
struct host_own {
	struct in6_addr addr; /* IPv4-mapped for IPv4, as the next one */
	struct in6_addr network; /* an address of the network it's in, or at the line's other end */
	uint8_t network_len; /* how many bits of that count, of 128 */
	bool loopback; /* it's on such an interface, so there's nobody in its network */
	bool tentative; /* it can't be listened on yet */
};

struct host {
	struct host_family ip4, ip6;
	struct host_own *own; /* all but those of loopback networks, in the kernel's order */
	size_t own_count;
	bool own_cut; /* there are more: never so of host_look() */
	uint32_t links; /* another value when interfaces have come or gone, or have other names */
};

/* host_look() - read links, addresses and routes, choose the templates
 *
 * Return: 0; or -errno with @err set: netlink failed, or an interface that was asked for by name
 *	   does not exist and has to
 */
int host_look(const struct host_request *request, struct host *ret_host, struct err *err);
void host_fini(struct host *host);

#endif
