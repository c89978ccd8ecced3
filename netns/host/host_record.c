/* SPDX-License-Identifier: Apache-2.0
 *
 * Field by field onto zeroes: what a compiler leaves between fields would make equals differ.
 */
#include "netns/host/host_record.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"

static void put_family(const struct host_family *family, struct host_record_family *out)
{
	struct host_family *values = &out->values;

	values->found = family->found;
	values->outbound_ifindex = family->outbound_ifindex;
	memcpy(values->outbound_ifname, family->outbound_ifname, IFNAMSIZ);
	values->ifindex = family->ifindex;
	memcpy(values->ifname, family->ifname, IFNAMSIZ);
	values->mtu = family->mtu;
	values->has_default = family->has_default;
	values->default_on_link = family->default_on_link;
	values->gateway = family->gateway;
	values->addr_count = MIN(family->addr_count, HOST_RECORD_ADDRS_MAX);
	for (size_t i = 0; i < values->addr_count; i++) {
		out->addrs[i].addr = family->addrs[i].addr;
		out->addrs[i].prefix_len = family->addrs[i].prefix_len;
		out->addrs[i].link_local = family->addrs[i].link_local;
		out->addrs[i].deprecated = family->addrs[i].deprecated;
	}
}

static void put_own(const struct host_own *own, struct host_own *out)
{
	out->addr = own->addr;
	out->network = own->network;
	out->network_len = own->network_len;
	out->loopback = own->loopback;
	out->tentative = own->tentative;
}

void host_record_make(const struct host *host, struct host_record *ret_record)
{
	memset(ret_record, 0, sizeof(*ret_record));
	put_family(&host->ip4, &ret_record->ip4);
	put_family(&host->ip6, &ret_record->ip6);
	ret_record->links = host->links;
	ret_record->own_count = (uint32_t)MIN(host->own_count, HOST_RECORD_OWN_MAX);
	ret_record->own_cut = host->own_count > HOST_RECORD_OWN_MAX;
	for (uint32_t i = 0; i < ret_record->own_count; i++)
		put_own(&host->own[i], &ret_record->own[i]);
}

static bool is_name(const char name[IFNAMSIZ])
{
	return memchr(name, '\0', IFNAMSIZ);
}

static bool family_is_sound(const struct host_record_family *family, bool ipv4)
{
	const struct host_family *values = &family->values;

	if (values->addr_count > HOST_RECORD_ADDRS_MAX || values->addrs || values->routes ||
	    !is_name(values->ifname) || !is_name(values->outbound_ifname))
		return false;
	if (!addr_is_unspecified(&values->gateway) && addr_is_ipv4(&values->gateway) != ipv4)
		return false;
	for (size_t i = 0; i < values->addr_count; i++)
		if (addr_is_ipv4(&family->addrs[i].addr) != ipv4 ||
		    family->addrs[i].prefix_len > (ipv4 ? 32 : 128))
			return false;
	return true;
}

bool host_record_is_sound(const struct host_record *record)
{
	if (record->own_count > HOST_RECORD_OWN_MAX || !family_is_sound(&record->ip4, true) ||
	    !family_is_sound(&record->ip6, false))
		return false;
	for (uint32_t i = 0; i < record->own_count; i++)
		if (record->own[i].network_len > 128)
			return false;
	return true;
}

static struct host_family view_family(struct host_record_family *family)
{
	struct host_family view = family->values;

	view.addrs = family->addrs;
	return view;
}

void host_record_view(struct host_record *record, struct host *ret_host)
{
	*ret_host = (struct host){
		.ip4 = view_family(&record->ip4),
		.ip6 = view_family(&record->ip6),
		.own = record->own,
		.own_count = record->own_count,
		.own_cut = record->own_cut,
		.links = record->links,
	};
}
