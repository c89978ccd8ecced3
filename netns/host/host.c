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
	ret->default_on_link = choice.default_on_link;
	if (fill_addrs(s, family, ret))
		return err_set(err, -ENOMEM, "cannot read the host's network: out of memory");
	return host_snapshot_routes(s, family, ret->ifindex, &ret->routes, &ret->routes_cut_at,
				    err);
}

static int find_named(const struct host_snapshot *s, enum host_named_for what,
		      const struct choice_link **ret_link, struct err *err)
{
	const struct host_named *named = &s->named[what];

	*ret_link = NULL;
	for (size_t i = 0; named->ifindex && i < s->link_count; i++)
		if (s->links[i].ifindex == named->ifindex)
			*ret_link = &s->links[i];
	if (!named->name || *ret_link)
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

static int choose(const struct host_request *request, const struct host_snapshot *s,
		  struct host *host, struct err *err)
{
	const struct choice_link *named, *named4, *named6;
	int rc;

	rc = find_named(s, HOST_NAMED_TEMPLATE, &named, err);
	if (!rc)
		rc = find_named(s, HOST_NAMED_OUTBOUND4, &named4, err);
	if (!rc)
		rc = find_named(s, HOST_NAMED_OUTBOUND6, &named6, err);
	if (rc)
		return rc;

	fill_outbound(named4, &host->ip4);
	fill_outbound(named6, &host->ip6);
	if (request->ip4)
		rc = fill_family(s, AF_INET, named ? named : named4, &host->ip4, err);
	if (!rc && request->ip6)
		rc = fill_family(s, AF_INET6, named ? named : named6, &host->ip6, err);
	return rc;
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
}
