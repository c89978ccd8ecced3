/* SPDX-License-Identifier: Apache-2.0
 *
 * A mapping that contradicts --address is refused. One that happens to meet an address copied from
 * the host is only warned about: callers give the same command line on every host, and the rest of
 * it works. A gateway must not be an address of the namespace in any case.
 */
#include "launch/distinct.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"

/* One family */
struct family_view {
	const struct addressing_request_family *asked;
	const struct addressing_family *result;
	size_t addr_count; /* of those in @result that the namespace will have */
	const struct in6_addr *dns_forward;
};

static struct family_view view(const struct settings *settings,
			       const struct addressing_request_family *asked,
			       const struct addressing_family *result,
			       const struct in6_addr *dns_forward)
{
	size_t count = result->addr_count;

	/* A DHCP client is given the first one only */
	if (!settings->config_net)
		count = MIN(count, 1U);
	return (struct family_view){ asked, result, count, dns_forward };
}

static bool is_own(const struct family_view *family, const struct in6_addr *addr)
{
	for (size_t i = 0; i < family->addr_count; i++)
		if (addr_equal(&family->result->addrs[i].addr, addr))
			return true;
	return false;
}

#define IS_OWN "that is the namespace's own address (see --address)"

static int check_own(const char *option, const struct in6_addr *addr, bool must,
		     const struct family_view *family, struct err *err)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_unspecified(addr) || !is_own(family, addr))
		return 0;
	addr_format(addr, text);
	if (!addr_is_unspecified(&family->asked->addr))
		return err_set(err, -EINVAL, "--%s '%s' contradicts --address '%s'", option, text,
			       text);
	if (must)
		return err_set(err, -EINVAL, "--%s '%s': " IS_OWN, option, text);
	log_warning("--%s '%s' leads nowhere: " IS_OWN, option, text);
	return 0;
}

static bool is_broadcast(const struct addressing_addr *own, const struct in6_addr *addr)
{
	uint32_t host_bits;

	if (!addr_is_ipv4(addr) || !own->prefix_len || own->prefix_len > 30)
		return false;
	host_bits = htonl(UINT32_MAX >> own->prefix_len);
	return addr_be32(addr) == (addr_be32(&own->addr) | host_bits);
}

/* The kernel takes no route by such an address */
static int check_broadcast(const struct in6_addr *gateway, const struct family_view *family,
			   struct err *err)
{
	char text[ADDR_TEXT_MAX], own_text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < family->addr_count; i++) {
		const struct addressing_addr *own = &family->result->addrs[i];

		if (is_broadcast(own, gateway))
			return err_set(err, -EINVAL,
				       "--gateway '%s': that is the broadcast address of '%s/%u'",
				       addr_format(gateway, text),
				       addr_format(&own->addr, own_text), own->prefix_len);
	}
	return 0;
}

static int check_mappings(const struct family_view *family, struct fwd_family *fwd, struct err *err)
{
	const struct addressing_request_family *asked = family->asked;
	int rc;

	if (!family->result->enabled)
		return 0;
	rc = check_own("gateway", &asked->gateway, true, family, err);
	if (!rc)
		rc = check_broadcast(&asked->gateway, family, err);
	if (!rc)
		rc = check_own("map-host-loopback", &asked->map_host_loopback, false, family, err);
	if (!rc)
		rc = check_own("map-guest-addr", &asked->map_guest_addr, false, family, err);
	if (!rc)
		rc = check_own("dns-forward", family->dns_forward, false, family, err);
	if (rc)
		return rc;
	if (is_own(family, &fwd->map_host_loopback))
		fwd->map_host_loopback = in6addr_any;
	if (is_own(family, &fwd->gateway))
		fwd->gateway = in6addr_any;
	return 0;
}

int distinct_check(const struct settings *settings, const struct addressing *addressing,
		   struct config *config, struct err *err)
{
	const struct addressing_request *request = &settings->addressing;
	struct family_view ip4 =
		view(settings, &request->ip4, &addressing->ip4, &settings->dns.forward4);
	struct family_view ip6 =
		view(settings, &request->ip6, &addressing->ip6, &settings->dns.forward6);
	int rc = check_mappings(&ip4, &config->fwd.ip4, err);

	return rc ? rc : check_mappings(&ip6, &config->fwd.ip6, err);
}
