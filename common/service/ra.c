/* SPDX-License-Identifier: Apache-2.0
 *
 * One host listens, as a rule, so a solicitation is answered to its sender, at once. What goes to
 * all nodes keeps the minimal interval of RFC 4861, 6.2.6. Addresses have no end while they are the
 * host's; what is made anew by each advertisement lasts many intervals, so that a lost one does not
 * matter.
 */
#include "common/service/ra.h"

#include <errno.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/service/answer.h"
#include "common/service/ndp.h"
#include "common/wire/name.h"

/* RFC 4861, 4.2, 4.6 and 6.2.1; RFC 8106, 5 */
#define RA_ADVERTISEMENT 134
#define RA_HOP_LIMIT 64
#define RA_FLAG_MANAGED 0x80
#define RA_FLAG_OTHER 0x40
#define RA_OPTION_PREFIX 3
#define RA_OPTION_MTU 5
#define RA_OPTION_SERVERS 25
#define RA_OPTION_SEARCH 31
#define RA_PREFIX_ON_LINK 0x80
#define RA_PREFIX_AUTONOMOUS 0x40
#define RA_SLAAC_PREFIX_LEN 64
#define RA_FOREVER 0xffffffffU
/* Nobody need believe that an address ends earlier than that: RFC 4862, 5.5.3 e */
#define RA_OLD_S 7200
#define RA_LIFETIME_S 9000 /* the most that is allowed */
#define RA_INTERVAL_MIN_MS (450 * 1000)
#define RA_INTERVAL_MAX_MS (600 * 1000)
#define RA_INITIAL_COUNT 3
#define RA_INITIAL_MIN_MS 3000
#define RA_INITIAL_MAX_MS 6000
#define RA_GAP_MS 3000

/* What follows the ICMPv6 header: fits into the smallest MTU with it */
#define RA_BODY_MAX (1280 - IP6_HEADER_LEN - ICMP_HEADER_LEN)

struct ra_times {
	struct be32 reachable_ms; /* 0: no opinion */
	struct be32 retransmit_ms;
};
_Static_assert(sizeof(struct ra_times) == 8, "router advertisement has holes");

struct ra_mac_option {
	uint8_t type;
	uint8_t len;
	uint8_t mac[ETH_ALEN];
};
_Static_assert(sizeof(struct ra_mac_option) == 8, "link-layer address option has holes");

struct ra_mtu_option {
	uint8_t type;
	uint8_t len;
	struct be16 reserved;
	struct be32 mtu;
};
_Static_assert(sizeof(struct ra_mtu_option) == 8, "MTU option has holes");

struct ra_prefix_option {
	uint8_t type;
	uint8_t len;
	uint8_t prefix_len;
	uint8_t flags;
	struct be32 valid_s;
	struct be32 preferred_s;
	struct be32 reserved;
	uint8_t prefix[16];
};
_Static_assert(sizeof(struct ra_prefix_option) == 32, "prefix option has holes");

/* In front of resolvers and of search domains */
struct ra_dns_option {
	uint8_t type;
	uint8_t len;
	struct be16 reserved;
	struct be32 lifetime_s;
};
_Static_assert(sizeof(struct ra_dns_option) == 8, "DNS option has holes");

static bool prefix_is_autonomous(const struct autoconf_config *config)
{
	return !addr_is_unspecified(&config->ip6.addr) &&
	       config->ip6.prefix_len == RA_SLAAC_PREFIX_LEN;
}

static void emit_mac(struct writer *w, const struct link *link)
{
	struct ra_mac_option *option = writer_take(w, sizeof(*option));

	if (!option)
		return;
	option->type = NDP_OPTION_SOURCE_MAC;
	option->len = sizeof(*option) / NDP_OPTION_UNIT;
	memcpy(option->mac, link->config.our_mac, sizeof(option->mac));
}

static void emit_mtu(struct writer *w, uint32_t mtu)
{
	struct ra_mtu_option *option = mtu ? writer_take(w, sizeof(*option)) : NULL;

	if (option)
		*option = (struct ra_mtu_option){
			.type = RA_OPTION_MTU,
			.len = sizeof(*option) / NDP_OPTION_UNIT,
			.mtu = be32_make(mtu),
		};
}

/* The one that is announced; unspecified: none */
static struct in6_addr prefix_of(const struct autoconf_config *config)
{
	struct in6_addr prefix = in6addr_any;

	if (!config->configured && prefix_is_autonomous(config))
		memcpy(&prefix, &config->ip6.addr, RA_SLAAC_PREFIX_LEN / 8);
	return prefix;
}

static void emit_prefix(struct writer *w, const struct in6_addr *prefix, uint32_t valid_s,
			uint32_t preferred_s)
{
	struct ra_prefix_option *option = writer_take(w, sizeof(*option));

	if (!option)
		return;
	*option = (struct ra_prefix_option){
		.type = RA_OPTION_PREFIX,
		.len = sizeof(*option) / NDP_OPTION_UNIT,
		.prefix_len = RA_SLAAC_PREFIX_LEN,
		.flags = RA_PREFIX_ON_LINK | RA_PREFIX_AUTONOMOUS,
		.valid_s = be32_make(valid_s),
		.preferred_s = be32_make(preferred_s),
	};
	memcpy(option->prefix, prefix, sizeof(option->prefix));
}

static void emit_prefixes(struct writer *w, const struct ra *ra, uint64_t now_ns)
{
	const struct autoconf_config *config = ra->offer->config;
	const bool deprecated = config->mirrors && config->ip6.deprecated;
	const struct in6_addr prefix = prefix_of(config);

	if (!addr_is_unspecified(&prefix))
		emit_prefix(w, &prefix, deprecated ? RA_OLD_S : RA_FOREVER,
			    deprecated ? 0 : RA_FOREVER);
	for (uint32_t i = 0; i < ra->old_count; i++)
		if (ra->old[i].end_ns > now_ns)
			emit_prefix(w, &ra->old[i].prefix,
				    (uint32_t)((ra->old[i].end_ns - now_ns) / NS_PER_S), 0);
}

static void old_remove(struct ra *ra, uint32_t index)
{
	ra->old_count--;
	memmove(&ra->old[index], &ra->old[index + 1], (ra->old_count - index) * sizeof(ra->old[0]));
}

/* The one that was announced so far is deprecated from now on */
static void replace_prefix(struct ra *ra, uint64_t now_ns)
{
	const struct in6_addr now = prefix_of(ra->offer->config);

	if (addr_equal(&ra->prefix, &now))
		return;
	for (uint32_t i = ra->old_count; i-- > 0;)
		if (addr_equal(&ra->old[i].prefix, &now) || ra->old[i].end_ns <= now_ns)
			old_remove(ra, i);
	if (ra->old_count == RA_OLD_MAX)
		old_remove(ra, 0);
	if (!addr_is_unspecified(&ra->prefix))
		ra->old[ra->old_count++] =
			(struct ra_old){ ra->prefix, now_ns + RA_OLD_S * NS_PER_S };
	ra->prefix = now;
}

static struct ra_dns_option *dns_option_begin(struct writer *w, uint8_t type)
{
	struct ra_dns_option *option = writer_take(w, sizeof(*option));

	if (option)
		*option = (struct ra_dns_option){
			.type = type,
			.lifetime_s = be32_make(RA_LIFETIME_S),
		};
	return option;
}

/* The length, and padding up to what can be said of it */
static void dns_option_end(struct writer *w, struct ra_dns_option *option)
{
	size_t len = (size_t)(w->data - (uint8_t *)option);
	size_t padding = -len % NDP_OPTION_UNIT;
	uint8_t *p = writer_take(w, padding);

	if (!p)
		return; /* can't be: what is left is a multiple too */
	memset(p, 0, padding);
	option->len = (uint8_t)((len + padding) / NDP_OPTION_UNIT);
}

static void emit_servers(struct writer *w, const struct autoconf_dns *dns)
{
	struct ra_dns_option *option = NULL;

	for (size_t i = 0; i < dns->server_count; i++) {
		struct in6_addr *server;

		if (addr_is_ipv4(&dns->servers[i]))
			continue;
		if (!option)
			option = dns_option_begin(w, RA_OPTION_SERVERS);
		server = option ? writer_take(w, sizeof(*server)) : NULL;
		if (!server)
			break;
		memcpy(server, &dns->servers[i], sizeof(*server));
	}
	if (option)
		dns_option_end(w, option);
}

static void emit_search(struct writer *w, const struct autoconf_dns *dns)
{
	struct ra_dns_option *option;

	if (!dns->search[0])
		return;
	option = dns_option_begin(w, RA_OPTION_SEARCH);
	if (!option)
		return;
	name_list_emit(w, dns->search);
	dns_option_end(w, option);
}

/* Bytes 4 to 7: hop limit, flags, lifetime as a router */
static uint32_t head_of(const struct autoconf_config *config)
{
	uint32_t flags = 0, hop_limit = RA_HOP_LIMIT, lifetime_s = RA_LIFETIME_S;

	if (config->configured)
		hop_limit = lifetime_s = 0;
	/* RFC 4861, 6.2.3: no default router, and nothing beyond the link to be led to */
	if (addr_is_unspecified(&config->ip6.gateway) && !config->ip6.default_on_link)
		lifetime_s = 0;
	if (config->dhcpv6)
		flags = RA_FLAG_OTHER;
	if (config->dhcpv6 && !config->configured && !prefix_is_autonomous(config) &&
	    !addr_is_unspecified(&config->ip6.addr))
		flags |= RA_FLAG_MANAGED;
	return hop_limit << 24 | flags << 16 | lifetime_s;
}

/* ra_send() - @mac: NULL: to all nodes. Return: 0 or -errno */
static int ra_send(struct ra *ra, const struct in6_addr *to, const uint8_t *mac, uint64_t now_ns)
{
	static const uint8_t all_nodes_mac[ETH_ALEN] = { 0x33, 0x33, 0, 0, 0, 1 };
	const struct in6_addr all_nodes = { .s6_addr = { 0xff, 0x02, [15] = 1 } };
	const struct autoconf_config *config = ra->offer->config;
	uint8_t body[RA_BODY_MAX] = { 0 };
	struct writer w = { body, sizeof(body) };
	struct icmp_message m = {
		.type = RA_ADVERTISEMENT,
		.rest = head_of(config),
		.payload = body,
	};
	struct answer_path path = {
		.src = config->ip6.server,
		.dst = mac ? *to : all_nodes,
	};

	memcpy(path.mac, mac ? mac : all_nodes_mac, sizeof(path.mac));
	writer_take(&w, sizeof(struct ra_times));
	emit_mac(&w, ra->link);
	emit_mtu(&w, config->mtu);
	emit_prefixes(&w, ra, now_ns);
	emit_servers(&w, &ra->offer->dns);
	emit_search(&w, &ra->offer->dns);
	m.payload_len = (uint32_t)(sizeof(body) - w.left);
	log_debug("router advertisement to %s", mac ? "one node" : "all nodes");
	return answer_send_icmp6(ra->link, &path, &m);
}

static uint32_t random_between(struct ra *ra, uint32_t min, uint32_t max)
{
	uint64_t draw = siphash_words(&ra->secret, &ra->draws, 1);

	ra->draws++;
	return min + (uint32_t)(draw % (max - min + 1));
}

static void next_set(struct ra *ra, uint64_t now_ns)
{
	uint32_t delay_ms;

	if (ra->offer->config->configured)
		return;
	if (ra->initial) {
		ra->initial--;
		delay_ms = random_between(ra, RA_INITIAL_MIN_MS, RA_INITIAL_MAX_MS);
	} else {
		delay_ms = random_between(ra, RA_INTERVAL_MIN_MS, RA_INTERVAL_MAX_MS);
	}
	timer_set(ra->timers, &ra->timer, now_ns, delay_ms);
}

static void ra_fire(struct timer *timer, uint64_t now_ns)
{
	struct ra *ra = container_of(timer, struct ra, timer);

	ra_send(ra, NULL, NULL, now_ns); /* the link may be down: it's nobody's loss */
	ra->sent_ns = now_ns;
	next_set(ra, now_ns);
}

/* One to all nodes, as soon as may be */
static void ra_send_soon(struct ra *ra, uint64_t now_ns)
{
	uint64_t next_ns = ra->sent_ns ? ra->sent_ns + RA_GAP_MS * NS_PER_MS : 0;

	timer_set_by(ra->timers, &ra->timer, now_ns,
		     next_ns > now_ns ? (next_ns - now_ns) / NS_PER_MS + 1 : 0);
}

void ra_init(struct ra *ra, struct link *link, const struct autoconf_offer *offer,
	     struct timer_wheel *timers, const struct siphash_key *secret, uint64_t now_ns)
{
	*ra = (struct ra){
		.link = link,
		.offer = offer,
		.timers = timers,
		.timer.fn = ra_fire,
		.secret = *secret,
		.prefix = prefix_of(offer->config),
		.initial = RA_INITIAL_COUNT,
	};
	if (offer->config->ra)
		next_set(ra, now_ns);
}

enum autoconf_outcome ra_input(struct ra *ra, const struct link_frame *frame,
			       const struct ip_packet *ip, uint64_t now_ns)
{
	struct reader r = { ip->payload, ip->payload_len };
	const uint8_t *source_mac = NULL, *mac = frame->data + ETH_ALEN;
	struct icmp_message m;
	bool anonymous = addr_is_unspecified(&ip->src);

	if (icmp_parse(&r, &m) || m.type != RA_SOLICITATION || !ndp_is_valid(frame, ip, &m))
		return AUTOCONF_INVALID;
	r = (struct reader){ m.payload, m.payload_len };
	if (!ndp_options_parse(&r, &source_mac) || (anonymous && source_mac) ||
	    addr_is_multicast(&ip->src))
		return AUTOCONF_INVALID;
	if (source_mac)
		mac = source_mac;
	if (mac[0] & 1)
		return AUTOCONF_INVALID;
	if (!anonymous)
		return ra_send(ra, &ip->src, mac, now_ns) ? AUTOCONF_FAILED : AUTOCONF_ANSWERED;
	ra_send_soon(ra, now_ns);
	return AUTOCONF_ANSWERED;
}

void ra_changed(struct ra *ra, uint64_t now_ns)
{
	if (ra->offer->config->mirrors)
		replace_prefix(ra, now_ns);
	if (ra->offer->config->ra)
		ra_send_soon(ra, now_ns);
}
