/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules: the default route of the lowest metric, of equal ones that of the highest preference;
 * of a multipath one the next hop of the highest weight; the first of equals. Without a default
 * route, the first interface with any route, and its gateway only if the family has but one. A
 * default route through an interface that has no address is one all the same: where there is no
 * other, nothing else would lead out, and nothing is copied. A host without IPv6 beyond fe80:: has
 * no IPv6 template.
 */
#include "netns/host/host_choice.h"

#include "common/base/addr.h"

static const struct choice_link *link_find(const struct choice_view *view, unsigned int ifindex)
{
	size_t i;

	for (i = 0; i < view->link_count; i++)
		if (view->links[i].ifindex == ifindex)
			return &view->links[i];
	return NULL;
}

static bool link_has_address(const struct choice_view *view, const struct choice_link *link,
			     int family)
{
	size_t i;

	for (i = 0; i < view->addr_count; i++) {
		const struct choice_addr *a = &view->addrs[i];

		if (a->ifindex == link->ifindex && addr_family(&a->addr) == family &&
		    !a->link_local)
			return true;
	}
	return false;
}

/* A named interface may be down: its owner knows why it was asked for */
static const struct choice_link *hop_link(const struct choice_view *view,
					  const struct choice_hop *hop, int family,
					  const struct choice_link *named)
{
	const struct choice_link *link;

	if (hop->family != family || hop->dead)
		return NULL;
	if (named)
		return hop->ifindex == named->ifindex ? named : NULL;
	link = link_find(view, hop->ifindex);
	return link && link->up && !link->loopback ? link : NULL;
}

static bool hop_is_better(const struct choice_hop *hop, const struct choice_hop *best)
{
	if (!best || hop->metric != best->metric)
		return !best || hop->metric < best->metric;
	if (hop->route != best->route)
		return hop->preference > best->preference;
	return hop->weight > best->weight;
}

struct choice host_choose(const struct choice_view *view, int family,
			  const struct choice_link *named)
{
	const struct choice_hop *best = NULL, *first = NULL, *with_gateway = NULL;
	struct choice none = { 0 }, choice = { 0 };
	bool one_gateway = true, bare_default = false;
	size_t i;

	if (named && (named->loopback || !link_has_address(view, named, family)))
		return none;

	for (i = 0; i < view->hop_count; i++) {
		const struct choice_hop *hop = &view->hops[i];

		const struct choice_link *link = hop_link(view, hop, family, named);

		if (!link)
			continue;
		if (!link_has_address(view, link, family)) {
			bare_default |= hop->is_default;
			continue;
		}
		if (hop->is_default && hop_is_better(hop, best))
			best = hop;
		if (!first)
			first = hop;
		if (addr_is_unspecified(&hop->gateway))
			continue;
		if (with_gateway && !addr_equal(&hop->gateway, &with_gateway->gateway))
			one_gateway = false;
		with_gateway = hop;
	}

	if (!best && bare_default)
		return none;
	if (!best)
		best = first;
	choice.link = best ? hop_link(view, best, family, named) : named;
	choice.has_default = best && best->is_default;
	choice.default_on_link = best && best->is_default && addr_is_unspecified(&best->gateway);
	if (best && best->is_default)
		choice.gateway = best->gateway;
	else if (with_gateway && one_gateway && with_gateway->ifindex == choice.link->ifindex)
		choice.gateway = with_gateway->gateway;
	return choice;
}
