/* SPDX-License-Identifier: Apache-2.0
 *
 * Which messages are valid is RFC 8415, 16; what is answered is 18.3. The first IA_NA of a message
 * gets the address, whatever its identifier; another one can't have it too. Addresses that a client
 * brings from elsewhere are given back with a lifetime of 0, which makes it drop them (18.3.4).
 */
#include "common/service/dhcpv6.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/service/answer.h"
#include "common/wire/dhcpv6.h"
#include "common/wire/name.h"

/* What fits into the smallest MTU */
#define DHCPV6_ANSWER_MAX (1280 - IP6_HEADER_LEN - UDP_HEADER_LEN)

/* RFC 8415, 11.4; RFC 8415, 21.8: no other server can have a better offer */
#define DUID_LINK_LAYER 3
#define DUID_HARDWARE_ETHERNET 1
#define PREFERENCE_MAX 255

struct duid {
	struct be16 type;
	struct be16 hardware_type;
	uint8_t mac[ETH_ALEN];
};
_Static_assert(sizeof(struct duid) == 10, "DUID has holes");

/* A message being answered */
struct dhcpv6_exchange {
	const struct autoconf_offer *offer;
	struct duid server_id;
	struct dhcpv6_message m;
	bool unicast; /* sent to our address */
	bool leased; /* the client has the address from now on */
	struct writer w; /* the answer */
};

static struct duid our_duid(const struct link *link)
{
	struct duid duid = {
		.type = be16_make(DUID_LINK_LAYER),
		.hardware_type = be16_make(DUID_HARDWARE_ETHERNET),
	};

	memcpy(duid.mac, link->config.our_mac, sizeof(duid.mac));
	return duid;
}

static bool is_for_us(const struct dhcpv6_exchange *x)
{
	const struct reader *id = &x->m.server_id;

	return id->left == sizeof(x->server_id) && !memcmp(id->data, &x->server_id, id->left);
}

/* Whether both ends' names are there, or missing, as they must be: RFC 8415, 16.2 to 16.12 */
static bool is_valid(const struct dhcpv6_exchange *x)
{
	const struct dhcpv6_message *m = &x->m;

	switch (m->type) {
	case DHCPV6_SOLICIT:
	case DHCPV6_CONFIRM:
	case DHCPV6_REBIND:
		return m->client_id.data && !m->server_id.data && !x->unicast;
	case DHCPV6_REQUEST:
	case DHCPV6_RENEW:
	case DHCPV6_RELEASE:
	case DHCPV6_DECLINE:
		return m->client_id.data && is_for_us(x);
	case DHCPV6_INFORMATION_REQUEST:
		return (!m->server_id.data || is_for_us(x)) && !m->has_ia && !x->unicast;
	case DHCPV6_ADVERTISE:
	case DHCPV6_REPLY:
	case DHCPV6_RECONFIGURE:
		return false;
	}
	return false;
}

static int emit_identity(struct dhcpv6_exchange *x)
{
	const struct dhcpv6_message *m = &x->m;
	bool advertise = m->type == DHCPV6_SOLICIT && !m->rapid_commit;
	uint8_t preference = PREFERENCE_MAX;
	int rc = dhcpv6_header_emit(&x->w, advertise ? DHCPV6_ADVERTISE : DHCPV6_REPLY,
				    m->transaction);

	if (!rc && m->client_id.data)
		rc = dhcpv6_option_emit(&x->w, DHCPV6_OPTION_CLIENT_ID, m->client_id.data,
					m->client_id.left);
	if (!rc)
		rc = dhcpv6_option_emit(&x->w, DHCPV6_OPTION_SERVER_ID, &x->server_id,
					sizeof(x->server_id));
	if (!rc && advertise)
		rc = dhcpv6_option_emit(&x->w, DHCPV6_OPTION_PREFERENCE, &preference,
					sizeof(preference));
	if (!rc && m->type == DHCPV6_SOLICIT && m->rapid_commit)
		rc = dhcpv6_option_emit(&x->w, DHCPV6_OPTION_RAPID_COMMIT, NULL, 0);
	return rc;
}

static uint32_t lifetime_s(const struct dhcpv6_exchange *x)
{
	const struct autoconf_family *ip6 = &x->offer->config->ip6;

	return ip6->lease_s ? ip6->lease_s : DHCPV6_FOREVER;
}

/* The address, and what the client must drop */
static int emit_addrs(struct dhcpv6_exchange *x, const struct dhcpv6_ia *ia)
{
	const struct in6_addr *ours = &x->offer->config->ip6.addr;
	struct reader options = ia->options;
	struct in6_addr addr;
	int rc = dhcpv6_ia_addr_emit(&x->w, ours, lifetime_s(x));

	if (x->m.type != DHCPV6_RENEW && x->m.type != DHCPV6_REBIND)
		return rc;
	while (!rc && dhcpv6_ia_addr_next(&options, &addr))
		if (!addr_equal(&addr, ours))
			rc = dhcpv6_ia_addr_emit(&x->w, &addr, 0);
	return rc;
}

static enum dhcpv6_status refusal_of(const struct dhcpv6_exchange *x, const struct dhcpv6_ia *ia)
{
	if (x->m.type == DHCPV6_RENEW || x->m.type == DHCPV6_REBIND)
		return DHCPV6_NO_BINDING;
	return ia->code == DHCPV6_OPTION_IA_PD ? DHCPV6_NO_PREFIX : DHCPV6_NO_ADDRS;
}

/* An answer to every identity association */
static int emit_ias(struct dhcpv6_exchange *x)
{
	bool available = !addr_is_unspecified(&x->offer->config->ip6.addr);
	struct reader options = x->m.options;
	struct dhcpv6_ia ia;
	int rc = 0;

	while (!rc && dhcpv6_ia_next(&options, &ia)) {
		uint8_t *begin = dhcpv6_ia_begin(&x->w, &ia, lifetime_s(x));

		if (!begin)
			return -ENOBUFS;
		if (available && ia.code == DHCPV6_OPTION_IA_NA) {
			available = false;
			rc = emit_addrs(x, &ia);
			x->leased = x->m.type != DHCPV6_SOLICIT || x->m.rapid_commit;
		} else {
			rc = dhcpv6_status_emit(&x->w, refusal_of(x, &ia));
		}
		dhcpv6_option_end(&x->w, begin);
	}
	return rc;
}

/* RFC 8415, 18.3.7 and 18.3.8: what was not leased can't be given back */
static int emit_given_back(struct dhcpv6_exchange *x)
{
	bool leased = !addr_is_unspecified(&x->offer->config->ip6.addr);
	struct reader options = x->m.options;
	struct dhcpv6_ia ia;
	int rc = dhcpv6_status_emit(&x->w, DHCPV6_SUCCESS);

	while (!rc && dhcpv6_ia_next(&options, &ia)) {
		uint8_t *begin;

		if (leased && ia.code == DHCPV6_OPTION_IA_NA) {
			leased = false;
			continue;
		}
		begin = dhcpv6_ia_begin(&x->w, &ia, DHCPV6_FOREVER);
		if (!begin)
			return -ENOBUFS;
		rc = dhcpv6_status_emit(&x->w, DHCPV6_NO_BINDING);
		dhcpv6_option_end(&x->w, begin);
	}
	return rc;
}

static int emit_dns(struct dhcpv6_exchange *x)
{
	const struct autoconf_dns *dns = &x->offer->dns;
	struct in6_addr servers[RESOLV_SERVERS_MAX];
	uint8_t *begin;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < dns->server_count; i++)
		if (!addr_is_ipv4(&dns->servers[i]))
			servers[n++] = dns->servers[i];
	if (n)
		rc = dhcpv6_option_emit(&x->w, DHCPV6_OPTION_DNS, servers, n * sizeof(*servers));
	if (rc || !dns->search[0])
		return rc;
	begin = dhcpv6_option_begin(&x->w, DHCPV6_OPTION_SEARCH);
	if (!begin)
		return -ENOBUFS;
	name_list_emit(&x->w, dns->search);
	dhcpv6_option_end(&x->w, begin);
	return 0;
}

/* RFC 4704, 5 and 6: for those who speak of it; nobody here updates any DNS zone */
static int emit_fqdn(struct dhcpv6_exchange *x)
{
	const char *fqdn = x->offer->config->fqdn;
	uint8_t value[1 + AUTOCONF_NAME_MAX + 1] = { DHCPV6_FQDN_NO_UPDATES };
	struct writer name = { value + 1, sizeof(value) - 1 };

	if (!x->m.wants_fqdn || !fqdn[0] || name_emit(&name, fqdn, strlen(fqdn)))
		return 0;
	if (x->m.fqdn_flags & DHCPV6_FQDN_SERVER_UPDATES)
		value[0] |= DHCPV6_FQDN_OVERRIDDEN;
	return dhcpv6_option_emit(&x->w, DHCPV6_OPTION_FQDN, value, (size_t)(name.data - value));
}

/* The search list comes last: it is what fills the rest */
static int emit_parameters(struct dhcpv6_exchange *x)
{
	int rc = emit_fqdn(x);

	return rc ? rc : emit_dns(x);
}

/* RFC 8415, 18.3.3. Another address of the same prefix is refused too, unlike there: the client is
 * to have the one that the host knows. Return: 0, -ENOBUFS, or -ENODATA if there is nothing to say
 */
static int emit_confirmation(struct dhcpv6_exchange *x)
{
	struct reader options = x->m.options;
	bool any = false, all = true;
	struct in6_addr addr;
	struct dhcpv6_ia ia;

	while (dhcpv6_ia_next(&options, &ia)) {
		if (ia.code == DHCPV6_OPTION_IA_PD)
			continue;
		while (dhcpv6_ia_addr_next(&ia.options, &addr)) {
			any = true;
			all = all && addr_equal(&addr, &x->offer->config->ip6.addr);
		}
	}
	if (!any)
		return -ENODATA;
	return dhcpv6_status_emit(&x->w, all ? DHCPV6_SUCCESS : DHCPV6_NOT_ON_LINK);
}

/* What follows the names of both ends. Return: 0, -ENOBUFS, or -ENODATA for no answer at all */
static int emit_content(struct dhcpv6_exchange *x)
{
	int rc = 0;

	if (x->unicast) /* RFC 8415, 18.4: nobody was told that this is allowed */
		return dhcpv6_status_emit(&x->w, DHCPV6_USE_MULTICAST);
	switch (x->m.type) {
	case DHCPV6_SOLICIT:
	case DHCPV6_REQUEST:
	case DHCPV6_RENEW:
	case DHCPV6_REBIND:
		rc = emit_ias(x);
		return rc ? rc : emit_parameters(x);
	case DHCPV6_CONFIRM:
		return emit_confirmation(x);
	case DHCPV6_RELEASE:
	case DHCPV6_DECLINE:
		return emit_given_back(x);
	case DHCPV6_INFORMATION_REQUEST:
		return emit_parameters(x);
	case DHCPV6_ADVERTISE:
	case DHCPV6_REPLY:
	case DHCPV6_RECONFIGURE:
		return -ENODATA;
	}
	return -ENODATA;
}

static bool source_is_valid(const struct in6_addr *src)
{
	return !addr_is_ipv4(src) && !addr_is_unspecified(src) && !addr_is_multicast(src) &&
	       !addr_is_loopback(src);
}

/* Return: 0 with the message in @x, or -EBADMSG */
static int exchange_read(struct dhcpv6_exchange *x, const struct link_frame *frame,
			 const struct ip_packet *ip)
{
	struct udp_datagram datagram;
	struct reader r;

	if (answer_read_udp(frame, ip, &datagram) || !source_is_valid(&ip->src) ||
	    frame->data[ETH_ALEN] & 1)
		return -EBADMSG;
	r = (struct reader){ datagram.payload, datagram.payload_len };
	return dhcpv6_parse(&r, &x->m) || !is_valid(x) ? -EBADMSG : 0;
}

enum autoconf_outcome dhcpv6_input(struct link *link, const struct autoconf_offer *offer,
				   const struct link_frame *frame, const struct ip_packet *ip)
{
	uint8_t answer[DHCPV6_ANSWER_MAX];
	struct dhcpv6_exchange x = {
		.offer = offer,
		.server_id = our_duid(link),
		.unicast = !addr_is_multicast(&ip->dst),
		.w = { answer, sizeof(answer) },
	};
	struct answer_path path = {
		.src = offer->config->ip6.server,
		.src_port = DHCPV6_SERVER_PORT,
		.dst = ip->src,
		.dst_port = DHCPV6_CLIENT_PORT,
	};
	int rc;

	if (exchange_read(&x, frame, ip))
		return AUTOCONF_INVALID;
	log_debug("DHCPv6 message type %d", x.m.type);
	rc = emit_identity(&x);
	if (!rc)
		rc = emit_content(&x);
	if (rc)
		return rc == -ENODATA ? AUTOCONF_IGNORED : AUTOCONF_FAILED;
	memcpy(path.mac, frame->data + ETH_ALEN, sizeof(path.mac));
	if (answer_send_udp(link, &path, answer, sizeof(answer) - x.w.left))
		return AUTOCONF_FAILED;
	return x.leased ? AUTOCONF_LEASED : AUTOCONF_ANSWERED;
}
