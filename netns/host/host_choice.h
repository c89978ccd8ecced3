/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * Which interface is the template of a family, and by which gateway: a pure function of what the
 * kernel reports. Routes come as their next hops, one entry each, in the kernel's order.
 */
#ifndef NETNS_HOST_HOST_CHOICE_H
#define NETNS_HOST_HOST_CHOICE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choice_link {
	unsigned int ifindex;
	char ifname[IFNAMSIZ];
	uint32_t mtu;
	bool up, loopback;
};

struct choice_addr {
	unsigned int ifindex;
	struct in6_addr addr; /* its family is the entry's */
	struct in6_addr network; /* as struct host_own's */
	uint8_t prefix_len;
	bool link_local;
	uint32_t flags; /* IFA_F_* */
};

struct choice_hop {
	int family;
	unsigned int route; /* number of the route, the same for all its hops */
	bool is_default;
	bool dead;
	uint32_t metric;
	int preference; /* of equal metrics, RFC 4191: 1 high, 0 medium, -1 low */
	uint32_t weight; /* 1 to 256 */
	unsigned int ifindex;
	struct in6_addr gateway; /* ::, if none or of the other family */
};

struct choice_view {
	const struct choice_link *links;
	size_t link_count;
	const struct choice_addr *addrs;
	size_t addr_count;
	const struct choice_hop *hops;
	size_t hop_count;
};

struct choice {
	const struct choice_link *link; /* in the view; NULL: no template */
	struct in6_addr gateway; /* :: if none; maybe of another route, where none is the default */
	bool has_default; /* there is a default route */
	bool default_on_link; /* there is a default route, without a gateway of this family */
};

/* host_choose() - template of one family
 * @named:	the interface that the user wants, NULL: any that is up; it must have an address
 *		that is neither link-local nor loopback, or it is no template either
 */
struct choice host_choose(const struct choice_view *view, int family,
			  const struct choice_link *named);

#endif
