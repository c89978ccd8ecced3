/* SPDX-License-Identifier: Apache-2.0
 *
 * Which request is answered with what is RFC 2131, 4.3. We are the authority of this link: a wrong
 * address is refused at once, so that a client which comes from another network starts over.
 * Options that don't fit are left out, from the least important on; a client that has room for
 * more says so (RFC 2132, 9.10). Messages of relays are ignored: nobody is behind another router.
 */
#include "common/service/dhcp.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/service/answer.h"
#include "common/wire/dhcp.h"
#include "common/wire/name.h"

#define DHCP_LEASE_FOREVER 0xffffffffU /* RFC 2131, 3.3 */
#define DHCP_ANSWER_MAX ((size_t)1472) /* what an Ethernet frame holds */
#define IP4_UDP_LEN (IP4_HEADER_LEN + UDP_HEADER_LEN)
#define FQDN_FIXED_LEN 3

/* What a request gets */
enum dhcp_verdict {
	DHCP_GIVE_OFFER,
	DHCP_GIVE_ACK,
	DHCP_GIVE_PARAMETERS, /* an acknowledgement without a lease */
	DHCP_GIVE_NAK,
	DHCP_GIVE_NOTHING,
};

static bool given(const struct in6_addr *addr)
{
	return !addr_is_unspecified(addr);
}

/* RFC 2131, 4.3.2: which state the client is in shows in what it has filled in */
static enum dhcp_verdict request_verdict(const struct autoconf_family *ip4,
					 const struct dhcp_message *m)
{
	const struct in6_addr *wanted =
		given(&m->requested_addr) ? &m->requested_addr : &m->client_addr;

	if (given(&m->server_id) && !addr_equal(&m->server_id, &ip4->server))
		return DHCP_GIVE_NOTHING; /* it has chosen another server */
	if (!given(wanted))
		return DHCP_GIVE_NOTHING;
	return addr_equal(wanted, &ip4->addr) ? DHCP_GIVE_ACK : DHCP_GIVE_NAK;
}

static enum dhcp_verdict verdict_of(const struct autoconf_family *ip4, const struct dhcp_message *m)
{
	switch (m->type) {
	case DHCP_DISCOVER:
		return m->rapid_commit ? DHCP_GIVE_ACK : DHCP_GIVE_OFFER;
	case DHCP_REQUEST:
		return request_verdict(ip4, m);
	case DHCP_INFORM:
		return given(&m->client_addr) ? DHCP_GIVE_PARAMETERS : DHCP_GIVE_NOTHING;
	case DHCP_BOOTP:
	case DHCP_DECLINE:
	case DHCP_RELEASE:
	case DHCP_OFFER:
	case DHCP_ACK:
	case DHCP_NAK:
		return DHCP_GIVE_NOTHING;
	}
	return DHCP_GIVE_NOTHING;
}

static int emit_addr(struct writer *w, enum dhcp_option code, const struct in6_addr *addr)
{
	return dhcp_option_emit(w, code, addr->s6_addr + 12, 4);
}

static int emit_u32(struct writer *w, enum dhcp_option code, uint32_t value)
{
	struct be32 be = be32_make(value);

	return dhcp_option_emit(w, code, &be, sizeof(be));
}

/* A gateway that is not in the subnet is reached by a route of its own (RFC 3442) */
static void emit_routes(struct writer *w, const struct autoconf_family *ip4)
{
	uint8_t routes[] = { 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const uint8_t *gateway = ip4->gateway.s6_addr + 12;

	if (addr_in_prefix(&ip4->gateway, &ip4->addr, ip4->prefix_len))
		return;
	memcpy(routes + 1, gateway, 4); /* GATEWAY/32 by 0.0.0.0: on the link */
	memcpy(routes + 10, gateway, 4); /* 0.0.0.0/0 by GATEWAY */
	dhcp_option_emit(w, DHCP_OPTION_ROUTES, routes, sizeof(routes));
}

/* As of a modem or a tunnel: 0.0.0.0/0 by 0.0.0.0 */
static void emit_route_on_link(struct writer *w)
{
	const uint8_t routes[5] = { 0 };

	dhcp_option_emit(w, DHCP_OPTION_ROUTES, routes, sizeof(routes));
}

static void emit_network(struct writer *w, const struct autoconf_config *config)
{
	const struct autoconf_family *ip4 = &config->ip4;
	uint32_t mask = ip4->prefix_len ? 0xffffffffU << (32 - ip4->prefix_len) : 0;
	struct be16 mtu = be16_make((uint16_t)MIN(config->mtu, UINT16_MAX));

	emit_u32(w, DHCP_OPTION_NETMASK, mask);
	if (given(&ip4->gateway)) {
		emit_addr(w, DHCP_OPTION_ROUTER, &ip4->gateway);
		emit_routes(w, ip4);
	} else if (ip4->default_on_link) {
		emit_route_on_link(w);
	}
	if (config->mtu)
		dhcp_option_emit(w, DHCP_OPTION_MTU, &mtu, sizeof(mtu));
}

static void emit_dns(struct writer *w, const struct autoconf_dns *dns)
{
	uint8_t servers[4 * RESOLV_SERVERS_MAX], search[RESOLV_SEARCH_MAX + 2];
	struct writer names = { search, sizeof(search) };
	size_t len = 0, room;

	for (size_t i = 0; i < dns->server_count; i++) {
		if (!addr_is_ipv4(&dns->servers[i]))
			continue;
		memcpy(servers + len, dns->servers[i].s6_addr + 12, 4);
		len += 4;
	}
	if (len)
		dhcp_option_emit(w, DHCP_OPTION_DNS, servers, len);
	if (!dns->search[0])
		return;
	dhcp_option_emit(w, DHCP_OPTION_DOMAIN, dns->search, strcspn(dns->search, " "));
	/* With the two bytes of each piece that it is cut into, and the end mark */
	room = w->left > 1 ? (w->left - 1) * 255 / 257 : 0;
	room = room > 2 ? room - 2 : 0;
	names.left = MIN(names.left, room);
	name_list_emit(&names, dns->search);
	len = (size_t)(names.data - search);
	if (len)
		dhcp_option_emit(w, DHCP_OPTION_SEARCH, search, len);
}

/* The names: the host's own always, the full one for those who speak of it (RFC 4702, 3 and 4) */
static void emit_names(struct writer *w, const struct autoconf_config *config,
		       const struct dhcp_message *m)
{
	/* Result codes are 255 in an answer; nobody here updates any DNS zone */
	uint8_t fqdn[FQDN_FIXED_LEN + AUTOCONF_NAME_MAX + 1] = { DHCP_FQDN_NO_UPDATES, 255, 255 };
	struct writer name = { fqdn + FQDN_FIXED_LEN, sizeof(fqdn) - FQDN_FIXED_LEN };
	size_t len = strlen(config->fqdn);
	uint8_t *text;

	if (config->hostname[0])
		dhcp_option_emit(w, DHCP_OPTION_HOSTNAME, config->hostname,
				 strlen(config->hostname));
	if (!len || (!m->has_fqdn && !dhcp_is_wanted(m, DHCP_OPTION_FQDN)))
		return;
	if (m->fqdn_flags & DHCP_FQDN_SERVER_UPDATES)
		fqdn[0] |= DHCP_FQDN_OVERRIDDEN;
	if (!m->has_fqdn || m->fqdn_flags & DHCP_FQDN_WIRE_FORM) {
		fqdn[0] |= DHCP_FQDN_WIRE_FORM;
		if (name_emit(&name, config->fqdn, len))
			return;
	} else {
		text = writer_take(&name, len);
		if (!text)
			return;
		memcpy(text, config->fqdn, len);
	}
	dhcp_option_emit(w, DHCP_OPTION_FQDN, fqdn, (size_t)(name.data - fqdn));
}

/* What every answer must have. Return: 0 or -ENOBUFS */
static int emit_identity(struct writer *w, const struct autoconf_family *ip4,
			 const struct dhcp_message *m, enum dhcp_verdict verdict)
{
	uint8_t type = DHCP_ACK;
	int rc;

	if (verdict == DHCP_GIVE_OFFER)
		type = DHCP_OFFER;
	else if (verdict == DHCP_GIVE_NAK)
		type = DHCP_NAK;
	rc = dhcp_option_emit(w, DHCP_OPTION_TYPE, &type, sizeof(type));
	if (!rc)
		rc = emit_addr(w, DHCP_OPTION_SERVER_ID, &ip4->server);
	if (!rc && m->client_id.data) /* RFC 6842 */
		rc = dhcp_option_emit(w, DHCP_OPTION_CLIENT_ID, m->client_id.data,
				      m->client_id.left);
	if (!rc && verdict == DHCP_GIVE_ACK && m->type == DHCP_DISCOVER)
		rc = dhcp_option_emit(w, DHCP_OPTION_RAPID_COMMIT, NULL, 0);
	if (!rc && (verdict == DHCP_GIVE_ACK || verdict == DHCP_GIVE_OFFER))
		rc = emit_u32(w, DHCP_OPTION_LEASE_TIME,
			      ip4->lease_s ? ip4->lease_s : DHCP_LEASE_FOREVER);
	return rc;
}

/* Return: bytes of the answer to @m in @bytes, or -ENOBUFS */
static int compose(const struct autoconf_offer *offer, const struct dhcp_message *m,
		   enum dhcp_verdict verdict, uint8_t bytes[DHCP_ANSWER_MAX])
{
	const struct autoconf_config *config = offer->config;
	size_t room = MIN((size_t)m->max_size - IP4_UDP_LEN, DHCP_ANSWER_MAX);
	struct dhcp_message header = {
		.op = DHCP_OP_REPLY,
		.xid = m->xid,
		.flags = m->flags,
		.client_addr = m->client_addr,
		.your_addr = config->ip4.addr,
		.relay_addr = addr_from_be32(0),
	};
	struct writer w = { bytes, room };
	int rc;

	memcpy(header.mac, m->mac, sizeof(header.mac));
	if (verdict == DHCP_GIVE_NAK)
		header.client_addr = addr_from_be32(0);
	if (verdict == DHCP_GIVE_NAK || verdict == DHCP_GIVE_PARAMETERS)
		header.your_addr = addr_from_be32(0);
	rc = dhcp_header_emit(&w, &header);
	if (!rc)
		rc = emit_identity(&w, &config->ip4, m, verdict);
	if (rc)
		return rc;
	w.left--; /* kept for the end mark */
	if (verdict != DHCP_GIVE_NAK) {
		emit_network(&w, config);
		emit_names(&w, config, m);
		emit_dns(&w, &offer->dns);
	}
	w.left++;
	rc = dhcp_end_emit(&w, bytes);
	return rc ? rc : (int)(w.data - bytes);
}

/* RFC 2131, 4.1 */
static struct answer_path path_of(const struct autoconf_family *ip4, const struct dhcp_message *m,
				  enum dhcp_verdict verdict)
{
	struct answer_path path = {
		.src = ip4->server,
		.src_port = DHCP_SERVER_PORT,
		.dst = addr_from_be32(INADDR_BROADCAST),
		.dst_port = DHCP_CLIENT_PORT,
	};

	memset(path.mac, 0xff, sizeof(path.mac));
	if (verdict == DHCP_GIVE_NAK)
		return path;
	if (given(&m->client_addr))
		path.dst = m->client_addr;
	else if (!(m->flags & DHCP_FLAG_BROADCAST))
		path.dst = ip4->addr;
	else
		return path;
	memcpy(path.mac, m->mac, sizeof(path.mac));
	return path;
}

/* A refusal is broadcast. Who renews a lease listens by the address that it has, though, and
 * wouldn't hear of it until it asks everybody: dhcpcd and systemd-networkd do so
 */
static void refuse_renewal(struct link *link, struct answer_path path, const struct dhcp_message *m,
			   const uint8_t *answer, size_t len)
{
	path.dst = m->client_addr;
	memcpy(path.mac, m->mac, sizeof(path.mac));
	answer_send_udp(link, &path, answer, len);
}

static const char *verdict_text(enum dhcp_verdict verdict)
{
	switch (verdict) {
	case DHCP_GIVE_OFFER:
		return "offered";
	case DHCP_GIVE_ACK:
		return "leased";
	case DHCP_GIVE_PARAMETERS:
		return "informed about";
	case DHCP_GIVE_NAK:
		return "the only one to lease, another was asked for";
	case DHCP_GIVE_NOTHING:
		return "not asked for";
	}
	return "";
}

enum autoconf_outcome dhcp_input(struct link *link, const struct autoconf_offer *offer,
				 const struct link_frame *frame, const struct ip_packet *ip)
{
	const struct autoconf_family *ip4 = &offer->config->ip4;
	uint8_t answer[DHCP_ANSWER_MAX];
	char text[ADDR_TEXT_MAX];
	struct udp_datagram datagram;
	enum dhcp_verdict verdict;
	struct answer_path path;
	struct dhcp_message m;
	struct reader r;
	int len;

	if (answer_read_udp(frame, ip, &datagram))
		return AUTOCONF_INVALID;
	r = (struct reader){ datagram.payload, datagram.payload_len };
	if (dhcp_parse(&r, &m) || m.op != DHCP_OP_REQUEST || m.mac[0] & 1 ||
	    addr_is_multicast(&m.client_addr) || addr_is_loopback(&m.client_addr))
		return AUTOCONF_INVALID;
	if (given(&m.relay_addr) || !given(&ip4->addr))
		return AUTOCONF_IGNORED;
	verdict = verdict_of(ip4, &m);
	log_debug("DHCP message type %d: address %s is %s", m.type, addr_format(&ip4->addr, text),
		  verdict_text(verdict));
	if (verdict == DHCP_GIVE_NOTHING)
		return AUTOCONF_IGNORED;
	len = compose(offer, &m, verdict, answer);
	if (len < 0)
		return AUTOCONF_FAILED;
	path = path_of(ip4, &m, verdict);
	if (verdict == DHCP_GIVE_NAK && given(&m.client_addr) && addr_equal(&ip->dst, &ip4->server))
		refuse_renewal(link, path, &m, answer, (size_t)len);
	if (answer_send_udp(link, &path, answer, (size_t)len))
		return AUTOCONF_FAILED;
	return verdict == DHCP_GIVE_ACK ? AUTOCONF_LEASED : AUTOCONF_ANSWERED;
}
