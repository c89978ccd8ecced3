/* SPDX-License-Identifier: Apache-2.0
 *
 * The addressing rules: a pure function from what the host has (possibly nothing to take a
 * family's configuration from: local mode) and what the user asked for, to everything that the
 * namespace's interface and the engine are configured with. Families are decided one by one.
 * Nothing here looks at the host or sets anything up. An unspecified address (::) or a 0 means
 * "not given" or "none" wherever a comment doesn't say otherwise; IPv4 is IPv4-mapped.
 */
#ifndef COMMON_ENGINE_ADDRESSING_H
#define COMMON_ENGINE_ADDRESSING_H

#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/engine/config.h"

#define ADDRESSING_ADDRS_MAX 32 /* a family; a template's further ones are left out */
#define ADDRESSING_MTU_DEFAULT 65520
#define ADDRESSING_MTU_MAX 65520
#define ADDRESSING_MTU_MIN_IP4 68 /* RFC 791, 3.2 */
#define ADDRESSING_MTU_MIN_IP6 1280 /* RFC 8200, 5 */
#define ADDRESSING_MTU_KERNEL 1500 /* what a tap has if nobody sets one */

struct addressing_addr {
	struct in6_addr addr;
	unsigned int prefix_len; /* of the address's own family */
	bool link_local; /* by scope: never copied */
	bool deprecated; /* IPv6: not to be chosen as a source if there is another one */
};

/* The template interface of one family */
struct addressing_host_family {
	bool found; /* false: nothing to take this family from, all but outbound is empty */
	char ifname[IFNAMSIZ];
	char outbound_ifname[IFNAMSIZ]; /* that of --outbound-if, "": none */
	uint32_t outbound_ifindex; /* for link-local destinations: --outbound-if, or the template */
	struct in6_addr gateway;
	const struct addressing_addr *addrs;
	size_t addr_count;
	bool has_default; /* a default route */
	bool default_on_link; /* and one without a gateway */
};

struct addressing_host {
	struct addressing_host_family ip4, ip6;
};

/* What the user asked for in one family */
struct addressing_request_family {
	bool disabled;
	struct in6_addr addr;
	unsigned int prefix_len; /* from ADDR/LEN */
	struct in6_addr gateway;
	struct in6_addr outbound_addr;
	struct in6_addr map_host_loopback;
	bool map_host_loopback_none; /* not even the gateway */
	struct in6_addr map_guest_addr;
};

struct addressing_request {
	struct addressing_request_family ip4, ip6;
	unsigned int netmask_len; /* IPv4 */
	bool no_copy_routes;
	bool no_copy_addrs;
	bool no_map_gw;
	bool no_tcp, no_udp, no_icmp, no_ndp; /* no_icmp implies no_ndp */
	char ns_ifname[IFNAMSIZ];
	uint32_t mtu; /* 0: leave the kernel's */
	uint8_t our_mac[ETH_ALEN];
};

/* Where the namespace's default route is from */
enum addressing_default {
	ADDRESSING_DEFAULT_NONE, /* there is none, as the host had none */
	ADDRESSING_DEFAULT_LOCAL, /* local mode */
	ADDRESSING_DEFAULT_GIVEN, /* the host, or the user */
};

/* One family of the namespace's interface */
struct addressing_family {
	bool enabled;
	bool local; /* taken from no interface of the host */
	struct addressing_addr addrs[ADDRESSING_ADDRS_MAX]; /* the first is the namespace's own */
	size_t addr_count; /* IPv6 local mode: 0 */
	size_t addrs_left_out;
	struct in6_addr gateway;
	enum addressing_default default_from;
	bool default_on_link; /* the default route has no gateway: all is on the link */
	bool copy_routes; /* the template's; false: only the default route */
};

struct addressing {
	struct addressing_family ip4, ip6;
	char ns_ifname[IFNAMSIZ];
	uint32_t mtu; /* to set, 0: leave the kernel's */
};

/* addressing_request_init() - a request for nothing in particular: all defaults */
void addressing_request_init(struct addressing_request *request);

/* addressing_resolve() - apply the rules
 * @config:	fwd, ndp, link.mtu and link.our_mac are filled in; the rest is not touched
 */
void addressing_resolve(const struct addressing_host *host,
			const struct addressing_request *request, struct addressing *ret_addressing,
			struct config *config);

#endif
