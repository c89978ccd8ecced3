/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP errors towards the namespace: literal bytes, what is quoted, bounds of size and number, and
 * how a socket's errors map to them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/dgram/dgram_error.h"
#include "common/service/icmp_error.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"
#include "test/unit/addr_text.h"
#include "test/unit/link_pair.h"

#define NOW (100 * NS_PER_S)

struct fixture {
	struct link_pair pair;
	struct icmp_error_limit limit;
	uint8_t payload[3000];
	struct ip_packet packet;
	struct icmp_error error;
	const uint8_t *frame;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, 65520))
		return -1;
	for (size_t i = 0; i < sizeof(f->payload); i++)
		f->payload[i] = (uint8_t)i;
	f->packet = (struct ip_packet){
		.src = addr("192.0.2.15"),
		.dst = addr("198.51.100.7"),
		.protocol = IPPROTO_UDP,
		.ttl = 9,
		.payload = f->payload,
		.payload_len = 12,
	};
	f->error = (struct icmp_error){
		.kind = ICMP_ERROR_PORT_UNREACHABLE,
		.packet = &f->packet,
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	link_pair_fini(&f->pair);
	free(f);
	return 0;
}

static void use_ipv6(struct fixture *f)
{
	f->packet.src = addr("2001:db8::15");
	f->packet.dst = addr("2001:db8:7::7");
}

/* Sends f->error, parses the frame: IP packet and message. The checksum has to be complete. */
static void send_and_parse(struct fixture *f, struct ip_packet *ip, struct icmp_message *message)
{
	size_t len;
	struct reader r, body;
	struct eth_header eth;
	uint64_t pseudo = 0;

	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW), 0);
	len = link_pair_receive(&f->pair, &f->frame);
	r = (struct reader){ f->frame, len };
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_int_equal(ip_parse(&r, eth.type, false, ip), 0);
	if (ip->protocol == IPPROTO_ICMPV6)
		pseudo = checksum_pseudo(&ip->src, &ip->dst, ip->protocol,
					 (uint32_t)ip->payload_len);
	pseudo = checksum_add(pseudo, ip->payload, ip->payload_len);
	assert_int_equal(be16_get(checksum_finish(pseudo)), 0);
	body = (struct reader){ ip->payload, ip->payload_len };
	assert_int_equal(icmp_parse(&body, message), 0);
	assert_int_equal(f->pair.header.flags, 0);
}

static void test_icmp_error_ipv4_bytes(void **state)
{
	static const uint8_t expected[] = {
		/* Ethernet */
		2, 0, 0, 0, 0, 1, 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55, 8, 0,
		/* IPv4: 60 bytes, TOS 0xc0, TTL 64, ICMP */
		0x45, 0xc0, 0, 60, 0, 0, 0, 0, 64, 1, 0x8d, 0xb7,
		198, 51, 100, 7, 192, 0, 2, 15,
		/* ICMP: port unreachable */
		3, 3, 0xde, 0xd8, 0, 0, 0, 0,
		/* the packet at fault */
		0x45, 0, 0, 32, 0, 0, 0, 0, 9, 17, 0xc5, 0x83,
		192, 0, 2, 15, 198, 51, 100, 7,
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	};
	struct fixture *f = *state;

	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW), 0);
	assert_int_equal(link_pair_receive(&f->pair, &f->frame), sizeof(expected));
	assert_memory_equal(f->frame, expected, sizeof(expected));
}

static void test_icmp_error_kinds_have_both_families_codes(void **state)
{
	static const struct {
		enum icmp_error_kind kind;
		uint8_t type4, code4, type6, code6;
	} cases[] = {
		{ ICMP_ERROR_NET_UNREACHABLE, 3, 0, 1, 0 },
		{ ICMP_ERROR_HOST_UNREACHABLE, 3, 1, 1, 3 },
		{ ICMP_ERROR_PORT_UNREACHABLE, 3, 3, 1, 4 },
		{ ICMP_ERROR_PROHIBITED, 3, 13, 1, 1 },
		{ ICMP_ERROR_FRAG_NEEDED, 3, 4, 2, 0 },
		{ ICMP_ERROR_TIME_EXCEEDED, 11, 0, 3, 0 },
	};
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		f->error.kind = cases[i].kind;
		send_and_parse(f, &ip, &message);
		assert_int_equal(message.type, cases[i].type4);
		assert_int_equal(message.code, cases[i].code4);
	}
	use_ipv6(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		f->error.kind = cases[i].kind;
		send_and_parse(f, &ip, &message);
		assert_int_equal(message.type, cases[i].type6);
		assert_int_equal(message.code, cases[i].code6);
	}
}

static void test_icmp_error_as_is_keeps_type_code_info(void **state)
{
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	f->error.kind = ICMP_ERROR_AS_IS;
	f->error.type = 12;
	f->error.code = 1;
	f->error.info = 0x11000000;
	send_and_parse(f, &ip, &message);
	assert_int_equal(message.type, 12);
	assert_int_equal(message.code, 1);
	assert_int_equal(message.rest, 0x11000000);
}

static void test_icmp_error_comes_from_offender(void **state)
{
	struct fixture *f = *state;
	struct in6_addr router = addr("203.0.113.1");
	struct icmp_message message;
	struct ip_packet ip;

	f->error.offender = router;
	send_and_parse(f, &ip, &message);
	assert_true(addr_equal(&ip.src, &router));
	assert_true(addr_equal(&ip.dst, &f->packet.src));
}

static void test_icmp_error_offender_of_other_family_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	f->error.offender = addr("2001:db8::1");
	send_and_parse(f, &ip, &message);
	assert_true(addr_equal(&ip.src, &f->packet.dst));
}

static void test_icmp_error_mtu_is_cut_to_16_bits_in_ipv4_only(void **state)
{
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	f->error.kind = ICMP_ERROR_FRAG_NEEDED;
	f->error.info = 0x10010;
	send_and_parse(f, &ip, &message);
	assert_int_equal(message.rest, 0xffff);
	f->error.info = 1280;
	send_and_parse(f, &ip, &message);
	assert_int_equal(message.rest, 1280);
	use_ipv6(f);
	f->error.info = 0x10010;
	send_and_parse(f, &ip, &message);
	assert_int_equal(message.rest, 0x10010);
}

static void test_icmp_error_quote_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	f->packet.payload_len = sizeof(f->payload);
	send_and_parse(f, &ip, &message);
	assert_int_equal(ip.header_len + ip.payload_len, ICMP_ERROR_MAX4);
	/* the quoted header still tells the packet's length */
	assert_int_equal(message.payload[2] << 8 | message.payload[3], 20 + sizeof(f->payload));
	assert_memory_equal(message.payload + 20, f->payload, message.payload_len - 20);
	use_ipv6(f);
	send_and_parse(f, &ip, &message);
	assert_int_equal(ip.header_len + ip.payload_len, ICMP_ERROR_MAX6);
	assert_memory_equal(message.payload + 40, f->payload, message.payload_len - 40);
}

static void test_icmp_error_fits_a_small_mtu(void **state)
{
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	f->packet.payload_len = sizeof(f->payload);
	f->pair.link.config.mtu = 68;
	send_and_parse(f, &ip, &message);
	assert_int_equal(ip.header_len + ip.payload_len, 68);
	f->pair.link.config.mtu = 30;
	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW), -EMSGSIZE);
}

static void test_icmp_error_fragment_is_quoted_as_whole_packet(void **state)
{
	struct fixture *f = *state;
	struct icmp_message message;
	struct ip_packet ip;

	use_ipv6(f);
	f->packet.is_fragment = true;
	send_and_parse(f, &ip, &message);
	assert_int_equal(message.payload[6], IPPROTO_UDP);
	assert_int_equal(message.payload_len, 40 + 12);
}

static void test_icmp_error_never_about_multicast(void **state)
{
	struct fixture *f = *state;

	f->packet.dst = addr("224.0.0.1");
	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW), -EINVAL);
	f->packet.dst = addr("198.51.100.7");
	f->packet.src = addr("0.0.0.0");
	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW), -EINVAL);
	assert_int_equal(link_pair_receive(&f->pair, &f->frame), 0);
}

static void test_icmp_error_number_is_bounded(void **state)
{
	struct fixture *f = *state;
	int sent = 0;

	for (int i = 0; i < ICMP_ERROR_PER_SECOND + 10; i++) {
		int rc = icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW);

		assert_true(!rc || rc == -EBUSY);
		sent += !rc;
		assert_true(rc || link_pair_receive(&f->pair, &f->frame));
	}
	assert_int_equal(sent, ICMP_ERROR_PER_SECOND);
	assert_int_equal(f->limit.suppressed, 10);
	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW + NS_PER_S - 1),
			 -EBUSY);
	assert_int_equal(icmp_error_send(&f->pair.link, &f->limit, &f->error, NOW + NS_PER_S), 0);
}

static void test_icmp_error_number_is_a_part_of_what_all_may(void **state)
{
	struct icmp_error_limit limit = { .parts = 4 };
	int passed = 0;

	(void)state;
	for (int i = 0; i < ICMP_ERROR_PER_SECOND; i++)
		passed += icmp_error_limit_pass(&limit, NOW);
	assert_int_equal(passed, ICMP_ERROR_PER_SECOND / 4);
}

static void test_icmp_error_from_errno_maps_the_network_s(void **state)
{
	static const struct {
		int error;
		enum icmp_error_kind kind;
	} cases[] = {
		{ ENETUNREACH, ICMP_ERROR_NET_UNREACHABLE },
		{ EADDRNOTAVAIL, ICMP_ERROR_NET_UNREACHABLE },
		{ EHOSTUNREACH, ICMP_ERROR_HOST_UNREACHABLE },
		{ EHOSTDOWN, ICMP_ERROR_HOST_UNKNOWN },
		{ ENONET, ICMP_ERROR_HOST_ISOLATED },
		{ ENOPROTOOPT, ICMP_ERROR_PROTOCOL_UNREACHABLE },
		{ EPROTO, ICMP_ERROR_PARAMETER_PROBLEM },
		{ ECONNREFUSED, ICMP_ERROR_PORT_UNREACHABLE },
		{ EACCES, ICMP_ERROR_PROHIBITED },
		{ EPERM, ICMP_ERROR_PROHIBITED },
		{ EMSGSIZE, ICMP_ERROR_FRAG_NEEDED },
	};
	enum icmp_error_kind kind;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(icmp_error_from_errno(cases[i].error, &kind));
		assert_int_equal(kind, cases[i].kind);
	}
	kind = ICMP_ERROR_AS_IS;
	assert_false(icmp_error_from_errno(EMFILE, &kind));
	assert_false(icmp_error_from_errno(ETIMEDOUT, &kind));
	assert_false(icmp_error_from_errno(0, &kind));
	assert_int_equal(kind, ICMP_ERROR_AS_IS);
}

/* An entry as the kernel lays it out: the offender right behind */
struct entry {
	struct sock_extended_err ee;
	union sockaddr_inany offender;
};

static void test_dgram_error_decode_ipv4(void **state)
{
	struct in6_addr router = addr("203.0.113.1");
	struct entry e = { .ee = { .ee_origin = SO_EE_ORIGIN_ICMP, .ee_type = 11 } };
	struct icmp_error error;

	(void)state;
	addr_to_sockaddr(&router, 0, 0, &e.offender);
	assert_true(dgram_error_decode(&e.ee, &error));
	assert_int_equal(error.kind, ICMP_ERROR_AS_IS);
	assert_int_equal(error.type, 11);
	assert_true(addr_equal(&error.offender, &router));
	e.ee.ee_type = 3;
	e.ee.ee_code = 4;
	e.ee.ee_info = 1400;
	assert_true(dgram_error_decode(&e.ee, &error));
	assert_int_equal(error.kind, ICMP_ERROR_FRAG_NEEDED);
	assert_int_equal(error.info, 1400);
	e.ee.ee_type = 12;
	e.ee.ee_code = 0;
	e.ee.ee_info = 9;
	assert_true(dgram_error_decode(&e.ee, &error));
	assert_int_equal(error.info, 9 << 24);
}

static void test_dgram_error_decode_ipv6(void **state)
{
	struct in6_addr router = addr("2001:db8::1");
	struct entry e = {
		.ee = { .ee_origin = SO_EE_ORIGIN_ICMP6, .ee_type = 2, .ee_info = 1300 },
	};
	struct icmp_error error;

	(void)state;
	addr_to_sockaddr(&router, 0, 0, &e.offender);
	assert_true(dgram_error_decode(&e.ee, &error));
	assert_int_equal(error.kind, ICMP_ERROR_FRAG_NEEDED);
	assert_int_equal(error.info, 1300);
	assert_true(addr_equal(&error.offender, &router));
	e.ee.ee_type = 4;
	e.ee.ee_info = 42;
	assert_true(dgram_error_decode(&e.ee, &error));
	assert_int_equal(error.kind, ICMP_ERROR_AS_IS);
	assert_int_equal(error.info, 42);
}

static void test_dgram_error_decode_local_is_none(void **state)
{
	struct entry e = { .ee = { .ee_origin = SO_EE_ORIGIN_LOCAL, .ee_errno = EMSGSIZE } };
	struct icmp_error error;

	(void)state;
	assert_false(dgram_error_decode(&e.ee, &error));
}

static void test_dgram_error_decode_without_offender(void **state)
{
	struct entry e = { .ee = { .ee_origin = SO_EE_ORIGIN_ICMP, .ee_type = 3 } };
	struct icmp_error error;

	(void)state;
	assert_true(dgram_error_decode(&e.ee, &error));
	assert_true(addr_is_unspecified(&error.offender));
}

static void test_dgram_error_offender_hides_the_host(void **state)
{
	struct dgram_flow flow = {
		.flow.key = { .ns = addr("192.0.2.15"), .remote = addr("192.0.2.1") },
		.peer = addr("10.9.9.9"),
	};
	static const char *const hidden[] = { "10.9.9.9", "192.0.2.15", "127.0.0.1", "224.0.0.1" };
	struct in6_addr a = addr("203.0.113.1"), seen = dgram_error_offender(&flow, &a);

	(void)state;
	assert_true(addr_equal(&seen, &a));
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		a = addr(hidden[i]);
		seen = dgram_error_offender(&flow, &a);
		assert_true(addr_is_unspecified(&seen));
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_icmp_error_ipv4_bytes),
		TEST(test_icmp_error_kinds_have_both_families_codes),
		TEST(test_icmp_error_as_is_keeps_type_code_info),
		TEST(test_icmp_error_comes_from_offender),
		TEST(test_icmp_error_offender_of_other_family_is_not_used),
		TEST(test_icmp_error_mtu_is_cut_to_16_bits_in_ipv4_only),
		TEST(test_icmp_error_quote_is_bounded),
		TEST(test_icmp_error_fits_a_small_mtu),
		TEST(test_icmp_error_fragment_is_quoted_as_whole_packet),
		TEST(test_icmp_error_never_about_multicast),
		TEST(test_icmp_error_number_is_bounded),
		TEST(test_icmp_error_number_is_a_part_of_what_all_may),
		TEST(test_icmp_error_from_errno_maps_the_network_s),
		TEST(test_dgram_error_decode_ipv4),
		TEST(test_dgram_error_decode_ipv6),
		TEST(test_dgram_error_decode_local_is_none),
		TEST(test_dgram_error_decode_without_offender),
		TEST(test_dgram_error_offender_hides_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
