/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests of what configures the namespace: an offer as on a usual host, frames around
 * literal messages, and the answers taken out of theirs again, headers and checksums verified.
 */
#ifndef TEST_UNIT_AUTOCONF_FIXTURE_H
#define TEST_UNIT_AUTOCONF_FIXTURE_H

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/service/autoconf.h"
#include "common/wire/checksum.h"
#include "common/wire/udp.h"
#include "test/unit/link_pair.h"

#define FIXTURE_MAC "\x02\0\0\0\0\x07"

struct autoconf_fixture {
	struct link_pair pair;
	struct autoconf_config config;
	struct autoconf_offer offer;
	uint8_t bytes[2048]; /* the frame to send */
	struct in6_addr src, dst; /* of it */
	bool bad_checksum;
	/* Of the answer */
	const uint8_t *frame;
	struct ip_packet ip;
	struct udp_datagram udp;
};

static inline struct in6_addr fixture_addr(const char *text)
{
	struct in6_addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline int fixture_setup(void **state)
{
	struct autoconf_fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, 1500))
		return -1;
	f->config = (struct autoconf_config){
		.dhcp = true,
		.dhcpv6 = true,
		.ra = true,
		.announce_dns = true,
		.announce_search = true,
		.ip4 = { .addr = fixture_addr("192.0.2.15"),
			 .prefix_len = 24,
			 .gateway = fixture_addr("192.0.2.1"),
			 .server = fixture_addr("192.0.2.1") },
		.ip6 = { .addr = fixture_addr("2001:db8::15"),
			 .prefix_len = 64,
			 .gateway = fixture_addr("fe80::1"),
			 .server = fixture_addr("fe80::1") },
	};
	f->offer.config = &f->config;
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct autoconf_fixture *f = *state;

	link_pair_fini(&f->pair);
	free(f);
	return 0;
}

/* The frame that carries @len bytes of a protocol's message from f->src to f->dst; @ret_ip is into
 * it. The checksum is at @csum_at of the message
 */
static inline struct link_frame fixture_frame(struct autoconf_fixture *f, uint8_t protocol,
					      uint8_t ttl, size_t csum_at, const void *message,
					      size_t len, struct ip_packet *ret_ip)
{
	struct eth_header eth = { .dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	struct ip_packet ip = {
		.src = f->src,
		.dst = f->dst,
		.protocol = protocol,
		.ttl = ttl,
		.payload_len = len,
	};
	struct writer w = { f->bytes, sizeof(f->bytes) };
	struct be16 csum;
	struct reader r;
	uint8_t *body;

	eth.type = addr_is_ipv4(&f->src) ? ETH_P_IP : ETH_P_IPV6;
	memcpy(eth.src, FIXTURE_MAC, ETH_ALEN);
	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, &ip), 0);
	body = writer_take(&w, len);
	assert_non_null(body);
	memcpy(body, message, len);
	csum = checksum_finish(checksum_add(
		checksum_pseudo(&f->src, &f->dst, protocol, (uint32_t)len), body, len));
	if (f->bad_checksum)
		csum.b[1] ^= 1;
	memcpy(body + csum_at, &csum, sizeof(csum));
	r = (struct reader){ f->bytes + ETH_HLEN, (size_t)(w.data - f->bytes) - ETH_HLEN };
	assert_int_equal(ip_parse(&r, eth.type, false, ret_ip), 0);
	return (struct link_frame){ .data = f->bytes, .len = (size_t)(w.data - f->bytes) };
}

static inline struct link_frame fixture_udp(struct autoconf_fixture *f, uint16_t src_port,
					    uint16_t dst_port, const void *data, size_t len,
					    struct ip_packet *ret_ip)
{
	struct udp_datagram datagram = {
		.src_port = src_port,
		.dst_port = dst_port,
		.payload_len = (uint32_t)len,
	};
	uint8_t message[2000];
	struct writer w = { message, sizeof(message) };

	assert_int_equal(udp_emit(&w, &datagram, be16_make(0)), 0);
	assert_true(len <= w.left);
	memcpy(w.data, data, len);
	return fixture_frame(f, IPPROTO_UDP, 64, UDP_CSUM_OFFSET, message, UDP_HEADER_LEN + len,
			     ret_ip);
}

/* Takes the next answer into the fixture. Return: whether there was one */
static inline bool fixture_receive(struct autoconf_fixture *f)
{
	size_t len = link_pair_receive(&f->pair, &f->frame);
	struct reader r = { f->frame + ETH_HLEN, len - ETH_HLEN };
	struct eth_header eth;
	uint64_t sum;

	if (!len)
		return false;
	assert_int_equal(eth_parse(&(struct reader){ f->frame, len }, &eth), 0);
	assert_memory_equal(eth.src, f->pair.link.config.our_mac, ETH_ALEN);
	assert_int_equal(ip_parse(&r, eth.type, false, &f->ip), 0);
	sum = checksum_pseudo(&f->ip.src, &f->ip.dst, f->ip.protocol, (uint32_t)f->ip.payload_len);
	sum = checksum_add(sum, f->ip.payload, f->ip.payload_len);
	assert_int_equal(be16_get(checksum_fold(sum)), 0xffff);
	if (f->ip.protocol != IPPROTO_UDP)
		return true;
	r = (struct reader){ f->ip.payload, f->ip.payload_len };
	assert_int_equal(udp_parse(&r, false, &f->udp), 0);
	assert_true(f->udp.has_csum);
	return true;
}

static inline void fixture_assert_path(const struct autoconf_fixture *f, const char *src,
				       const char *dst, const char *mac)
{
	struct in6_addr from = fixture_addr(src), to = fixture_addr(dst);

	assert_true(addr_equal(&f->ip.src, &from) && addr_equal(&f->ip.dst, &to));
	assert_memory_equal(f->frame, mac, ETH_ALEN);
}

#endif
