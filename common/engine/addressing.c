/* SPDX-License-Identifier: Apache-2.0
 *
 * Each family is resolved on its own, in the order address, gateway, routes, mapping; a value that
 * the user gave always wins over the template's, and the template's over the local-mode default.
 */
#include "common/engine/addressing.h"

#include <assert.h>
#include <string.h>

#include "common/base/addr.h"

static_assert(FWD_NS_ADDRS_MAX >= ADDRESSING_ADDRS_MAX, "forwarding knows all of them");

#define LOCAL_PREFIX_LEN_IP4 16
#define PREFIX_LEN_IP4_MAX 32
#define PREFIX_LEN_IP6_DEFAULT 64

static const char local_ifname[IFNAMSIZ] = "tap0";
static const uint8_t our_mac_default[ETH_ALEN] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };

/* Everything the rules of one family read */
struct family_input {
	int family; /* AF_INET or AF_INET6 */
	const struct addressing_request *request;
	const struct addressing_request_family *asked;
	const struct addressing_host_family *host;
};

static struct in6_addr local_addr_ip4(void)
{
	return addr_from_be32(htonl(0xa9fe0201)); /* 169.254.2.1 */
}

static struct in6_addr local_gateway(int family)
{
	struct in6_addr ip6 = { .s6_addr = { 0xfe, 0x80, [15] = 1 } };

	return family == AF_INET ? addr_from_be32(htonl(0xa9fe0202)) : ip6; /* 169.254.2.2 */
}

/* RFC 791, 3.2: what an address meant before CIDR; classes D and E have no network part */
static unsigned int class_prefix_len(const struct in6_addr *addr)
{
	uint8_t first = addr->s6_addr[12];

	if (first < 128)
		return 8;
	if (first < 192)
		return 16;
	if (first < 224)
		return 24;
	return PREFIX_LEN_IP4_MAX;
}

/* Prefix length of an address from the command line */
static unsigned int asked_prefix_len(const struct family_input *in)
{
	if (in->asked->prefix_len)
		return in->asked->prefix_len;
	if (in->family == AF_INET6)
		return PREFIX_LEN_IP6_DEFAULT;
	return in->request->netmask_len ? in->request->netmask_len
					: class_prefix_len(&in->asked->addr);
}

static void addr_append(struct addressing_family *out, const struct addressing_addr *addr)
{
	if (out->addr_count == ADDRESSING_ADDRS_MAX) {
		out->addrs_left_out++;
		return;
	}
	out->addrs[out->addr_count++] = *addr;
}

static void resolve_addrs(const struct family_input *in, struct addressing_family *out)
{
	struct addressing_addr single = { .addr = in->asked->addr };

	if (!addr_is_unspecified(&single.addr)) {
		single.prefix_len = asked_prefix_len(in);
		addr_append(out, &single);
		return;
	}
	if (out->local && in->family == AF_INET) {
		single.addr = local_addr_ip4();
		single.prefix_len = LOCAL_PREFIX_LEN_IP4;
		addr_append(out, &single);
	}
	for (size_t i = 0; i < in->host->addr_count; i++) {
		const struct addressing_addr *addr = &in->host->addrs[i];

		if (addr->link_local)
			continue;
		if (out->addr_count && in->request->no_copy_addrs)
			break;
		addr_append(out, addr);
	}
	/* -n alone changes the netmask of the namespace's own address, not of further ones */
	if (in->family == AF_INET && in->request->netmask_len && out->addr_count)
		out->addrs[0].prefix_len = in->request->netmask_len;
}

static enum addressing_default default_from(const struct family_input *in,
					    const struct addressing_family *out)
{
	if (!addr_is_unspecified(&in->asked->gateway))
		return ADDRESSING_DEFAULT_GIVEN;
	if (out->local)
		return ADDRESSING_DEFAULT_LOCAL;
	/* Of the host's own routes, or else the one by the gateway that these have */
	if (out->copy_routes ? in->host->has_default
			     : out->default_on_link || !addr_is_unspecified(&out->gateway))
		return ADDRESSING_DEFAULT_GIVEN;
	return ADDRESSING_DEFAULT_NONE;
}

static void resolve_gateway(const struct family_input *in, struct addressing_family *out)
{
	bool asked = !addr_is_unspecified(&in->asked->gateway);

	if (asked)
		out->gateway = in->asked->gateway;
	else if (out->local)
		out->gateway = local_gateway(in->family);
	else
		out->gateway = in->host->gateway;
	out->default_on_link = !asked && !out->local && in->host->default_on_link;
	out->copy_routes = !out->local && !asked && !in->request->no_copy_routes;
	out->default_from = default_from(in, out);
}

static struct in6_addr map_host_loopback(const struct family_input *in,
					 const struct addressing_family *out)
{
	if (in->asked->map_host_loopback_none)
		return in6addr_any;
	if (!addr_is_unspecified(&in->asked->map_host_loopback))
		return in->asked->map_host_loopback;
	return in->request->no_map_gw ? in6addr_any : out->gateway;
}

static void resolve_family(const struct family_input *in, struct addressing_family *out,
			   struct fwd_family *fwd)
{
	*out = (struct addressing_family){ .enabled = !in->asked->disabled };
	*fwd = (struct fwd_family){ .enabled = out->enabled };
	if (!out->enabled)
		return;

	out->local = !in->host->found;
	resolve_addrs(in, out);
	resolve_gateway(in, out);

	if (out->addr_count)
		fwd->ns_addr = fwd->host_addr = out->addrs[0].addr;
	for (size_t i = 0; i < out->addr_count; i++)
		fwd->ns_addrs[fwd->ns_addr_count++] = out->addrs[i].addr;
	fwd->gateway = out->gateway;
	fwd->map_guest_addr = in->asked->map_guest_addr;
	fwd->map_host_loopback = map_host_loopback(in, out);
	fwd->outbound_addr = in->asked->outbound_addr;
	memcpy(fwd->outbound_ifname, in->host->outbound_ifname, IFNAMSIZ);
	fwd->scope_id = in->host->outbound_ifindex;
}

static const char *resolve_ifname(const struct addressing_host *host,
				  const struct addressing_request *request)
{
	if (request->ns_ifname[0])
		return request->ns_ifname;
	if (host->ip4.found && !request->ip4.disabled)
		return host->ip4.ifname;
	if (host->ip6.found && !request->ip6.disabled)
		return host->ip6.ifname;
	return local_ifname;
}

void addressing_request_init(struct addressing_request *request)
{
	*request = (struct addressing_request){ .mtu = ADDRESSING_MTU_DEFAULT };
	memcpy(request->our_mac, our_mac_default, ETH_ALEN);
}

void addressing_resolve(const struct addressing_host *host,
			const struct addressing_request *request, struct addressing *ret_addressing,
			struct config *config)
{
	struct family_input ip4 = { AF_INET, request, &request->ip4, &host->ip4 };
	struct family_input ip6 = { AF_INET6, request, &request->ip6, &host->ip6 };

	config->fwd = (struct fwd_table){
		.tcp = !request->no_tcp,
		.udp = !request->no_udp,
		.icmp = !request->no_icmp,
	};
	resolve_family(&ip4, &ret_addressing->ip4, &config->fwd.ip4);
	resolve_family(&ip6, &ret_addressing->ip6, &config->fwd.ip6);
	memcpy(ret_addressing->ns_ifname, resolve_ifname(host, request), IFNAMSIZ);
	config->ndp = !request->no_ndp && !request->no_icmp;
	ret_addressing->mtu = request->mtu;
	config->link.mtu = request->mtu ? request->mtu : ADDRESSING_MTU_KERNEL;
	memcpy(config->link.our_mac, request->our_mac, ETH_ALEN);
}
