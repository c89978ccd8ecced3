/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel reports is in host_snapshot.h, the choice in host_choice.h: here one becomes the
 * other's input, and its result plain values.
 */
#include "netns/host/host.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "netns/host/host_choice.h"
#include "netns/host/host_routes.h"
#include "netns/host/host_snapshot.h"

/* 0: copied first. Nobody is to know the namespace by an address that the host will soon lose */
static int addr_rank(const struct choice_addr *a)
{
	if (a->link_local)
		return 3;
	if (a->flags & IFA_F_DEPRECATED)
		return 2;
	/* The same bit means "secondary" for IPv4: after the primary ones is right for both */
	return a->flags & IFA_F_TEMPORARY ? 1 : 0;
}

static int fill_addrs(const struct host_snapshot *s, int family, struct host_family *ret)
{
	size_t i;
	int rank;

	ret->addrs = calloc(s->addr_count ? s->addr_count : 1, sizeof(*ret->addrs));
	if (!ret->addrs)
		return -ENOMEM;
	for (rank = 0; rank <= 3; rank++) {
		for (i = 0; i < s->addr_count; i++) {
			const struct choice_addr *a = &s->addrs[i];

			if (a->ifindex != ret->ifindex || addr_family(&a->addr) != family ||
			    addr_rank(a) != rank)
				continue;
			ret->addrs[ret->addr_count++] = (struct host_addr){
				.addr = a->addr,
				.prefix_len = a->prefix_len,
				.link_local = a->link_local,
				.deprecated = rank == 1 || rank == 2,
			};
		}
	}
	return 0;
}

static int fill_family(const struct host_snapshot *s, int family, const struct choice_link *named,
		       struct host_family *ret, struct err *err)
{
	const struct choice_view view = {
		.links = s->links,
		.link_count = s->link_count,
		.addrs = s->addrs,
		.addr_count = s->addr_count,
		.hops = s->hops,
		.hop_count = s->hop_count,
	};
	struct choice choice = host_choose(&view, family, named);

	if (!choice.link)
		return 0;
	ret->found = true;
	ret->ifindex = choice.link->ifindex;
	memcpy(ret->ifname, choice.link->ifname, sizeof(ret->ifname));
	ret->mtu = choice.link->mtu;
	ret->gateway = choice.gateway;
	ret->has_default = choice.has_default;
	ret->default_on_link = choice.default_on_link;
	if (fill_addrs(s, family, ret))
		return err_set(err, -ENOMEM, "cannot read the host's network: out of memory");
	return 0;
}

static int fill_routes(const struct host_snapshot *s, int family, struct host_family *ret,
		       struct err *err)
{
	if (!ret->found)
		return 0;
	return host_snapshot_routes(s, family, ret->ifindex, &ret->routes, &ret->routes_cut_at,
				    err);
}

static bool is_loopback_link(const struct host_snapshot *s, unsigned int ifindex)
{
	for (size_t i = 0; i < s->link_count; i++)
		if (s->links[i].ifindex == ifindex)
			return s->links[i].loopback;
	return false;
}

static int fill_own(const struct host_snapshot *s, struct host *host, struct err *err)
{
	host->own = calloc(s->addr_count + 1, sizeof(*host->own));
	if (!host->own)
		return err_set(err, -ENOMEM, "cannot read the host's network: out of memory");
	for (size_t i = 0; i < s->addr_count; i++) {
		const struct choice_addr *a = &s->addrs[i];

		host->own[host->own_count++] = (struct host_own){
			.addr = a->addr,
			.network = a->network,
			.network_len = (uint8_t)(a->prefix_len + (addr_is_ipv4(&a->addr) ? 96 : 0)),
			.loopback = is_loopback_link(s, a->ifindex),
			.tentative = (a->flags & IFA_F_TENTATIVE) && !(a->flags & IFA_F_OPTIMISTIC),
		};
	}
	return 0;
}

/* FNV-1a, of indices and names: nobody gains by two networks that look alike */
static uint32_t links_mark(const struct host_snapshot *s)
{
	uint32_t mark = 2166136261U;

	for (size_t i = 0; i < s->link_count; i++) {
		const struct choice_link *link = &s->links[i];

		mark = (mark ^ link->ifindex) * 16777619U;
		for (size_t c = 0; link->ifname[c]; c++)
			mark = (mark ^ (uint8_t)link->ifname[c]) * 16777619U;
	}
	return mark;
}

static int find_named(const struct host_request *request, const struct host_snapshot *s,
		      enum host_named_for what, const struct choice_link **ret_link,
		      struct err *err)
{
	const struct host_named *named = &s->named[what];

	*ret_link = NULL;
	for (size_t i = 0; named->ifindex && i < s->link_count; i++)
		if (s->links[i].ifindex == named->ifindex)
			*ret_link = &s->links[i];
	if (!named->name || *ret_link || request->may_lack)
		return 0;
	return err_set(err, -ENODEV, "--%s '%.200s': %s", named->option, named->name,
		       strerror(ENODEV));
}

static void fill_outbound(const struct choice_link *link, struct host_family *ret)
{
	if (!link)
		return;
	ret->outbound_ifindex = link->ifindex;
	memcpy(ret->outbound_ifname, link->ifname, sizeof(ret->outbound_ifname));
}

/* What the user has named and isn't there is no reason to take another one */
static bool is_lacking(const char *name, const struct choice_link *link)
{
	return name && !link;
}

static int choose(const struct host_request *request, const struct host_snapshot *s,
		  struct host *host, struct err *err)
{
	const struct choice_link *named, *named4, *named6;
	bool lacks, lacks4, lacks6;
	int rc;

	rc = find_named(request, s, HOST_NAMED_TEMPLATE, &named, err);
	if (!rc)
		rc = find_named(request, s, HOST_NAMED_OUTBOUND4, &named4, err);
	if (!rc)
		rc = find_named(request, s, HOST_NAMED_OUTBOUND6, &named6, err);
	if (rc)
		return rc;

	lacks = is_lacking(request->ifname, named);
	lacks4 = lacks || (!named && is_lacking(request->outbound_ifname4, named4));
	lacks6 = lacks || (!named && is_lacking(request->outbound_ifname6, named6));
	fill_outbound(named4, &host->ip4);
	fill_outbound(named6, &host->ip6);
	if (request->ip4 && !lacks4)
		rc = fill_family(s, AF_INET, named ? named : named4, &host->ip4, err);
	if (!rc && request->ip6 && !lacks6)
		rc = fill_family(s, AF_INET6, named ? named : named6, &host->ip6, err);
	if (!rc && !request->no_routes)
		rc = fill_routes(s, AF_INET, &host->ip4, err);
	if (!rc && !request->no_routes)
		rc = fill_routes(s, AF_INET6, &host->ip6, err);
	host->links = links_mark(s);
	return rc ? rc : fill_own(s, host, err);
}

int host_look(const struct host_request *request, struct host *ret_host, struct err *err)
{
	struct host_snapshot snapshot = {
		.named = {
			[HOST_NAMED_TEMPLATE] = { "interface", request->ifname, 0 },
			[HOST_NAMED_OUTBOUND4] = { "outbound-if4", request->outbound_ifname4, 0 },
			[HOST_NAMED_OUTBOUND6] = { "outbound-if6", request->outbound_ifname6, 0 },
		},
	};
	struct host host = { 0 };
	int rc;

	rc = host_snapshot_take(&snapshot, err);
	if (!rc)
		rc = choose(request, &snapshot, &host, err);
	host_snapshot_fini(&snapshot);
	if (rc) {
		host_fini(&host);
		return rc;
	}
	*ret_host = host;
	return 0;
}

static void family_fini(struct host_family *family)
{
	free(family->addrs);
	host_routes_free(family->routes);
	*family = (struct host_family){ 0 };
}

void host_fini(struct host *host)
{
	family_fini(&host->ip4);
	family_fini(&host->ip6);
	free(host->own);
	host->own = NULL;
	host->own_count = 0;
}
