/* SPDX-License-Identifier: Apache-2.0
 *
 * ARP: which requests are answered, with which bytes, and which never are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/service/arp.h"
#include "test/unit/link_pair.h"

/* Who has 192.0.2.1? Tell 192.0.2.15, at 02:00:00:00:00:07 */
static const uint8_t request[28] = { 0, 1, 8, 0,   6, 4, 0, 1,	2, 0, 0, 0, 0,	 7,
				     192, 0, 2, 15, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1 };

struct fixture {
	struct link_pair pair;
	struct in6_addr ns_addr;
	uint8_t message[28];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, 1500) || addr_parse("192.0.2.15", &f->ns_addr))
		return -1;
	memcpy(f->message, request, sizeof(request));
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

static enum arp_outcome input(struct fixture *f)
{
	struct reader r = { f->message, sizeof(f->message) };

	return arp_input(&f->pair.link, &f->ns_addr, &r, 1);
}

static void assert_silent(struct fixture *f, enum arp_outcome outcome)
{
	const uint8_t *frame;

	assert_int_equal(input(f), outcome);
	assert_int_equal(link_pair_receive(&f->pair, &frame), 0);
}

static void test_arp_request_answered(void **state)
{
	static const uint8_t expected[] = {
		2,    0,    0,	  0,	0,    7,    0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55, 8, 6,
		0,    1,    8,	  0,	6,    4,    0,	  2,	0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55,
		192,  0,    2,	  1,	2,    0,    0,	  0,	0,    7,    192,  0,	2, 15
	};
	struct fixture *f = *state;
	const uint8_t *frame;

	assert_int_equal(input(f), ARP_ANSWERED);
	assert_int_equal(link_pair_receive(&f->pair, &frame), sizeof(expected));
	assert_memory_equal(frame, expected, sizeof(expected));
	assert_int_equal(f->pair.header.flags, 0);
	assert_int_equal(f->pair.header.gso_type, 0);
}

static void test_arp_any_address_answered(void **state)
{
	struct fixture *f = *state;
	const uint8_t *frame;

	memcpy(f->message + 24, "\x08\x08\x04\x04", 4);
	assert_int_equal(input(f), ARP_ANSWERED);
	assert_int_equal(link_pair_receive(&f->pair, &frame), 42);
	assert_memory_equal(frame + 28, "\x08\x08\x04\x04", 4);
}

static void test_arp_own_address_not_answered(void **state)
{
	struct fixture *f = *state;

	f->message[27] = 15;
	f->message[17] = 16;
	assert_silent(f, ARP_IGNORED);
}

static void test_arp_probe_not_answered(void **state)
{
	struct fixture *f = *state;

	memset(f->message + 14, 0, 4);
	assert_silent(f, ARP_IGNORED);
	f->message[27] = 15;
	assert_silent(f, ARP_IGNORED);
}

static void test_arp_announcement_not_answered(void **state)
{
	struct fixture *f = *state;

	memcpy(f->message + 24, f->message + 14, 4);
	f->ns_addr = addr_from_be32(0);
	assert_silent(f, ARP_IGNORED);
}

static void test_arp_odd_targets_not_answered(void **state)
{
	static const uint8_t targets[][4] = {
		{ 0, 0, 0, 0 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 }, { 255, 255, 255, 255 }
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < 4; i++) {
		memcpy(f->message + 24, targets[i], 4);
		assert_silent(f, ARP_IGNORED);
	}
}

static void test_arp_reply_not_answered(void **state)
{
	struct fixture *f = *state;

	f->message[7] = 2;
	assert_silent(f, ARP_IGNORED);
}

static void test_arp_broken_fields_invalid(void **state)
{
	struct fixture *f = *state;

	for (size_t at = 0; at < 6; at++) {
		memcpy(f->message, request, sizeof(request));
		f->message[at] ^= 0x20;
		assert_silent(f, ARP_INVALID);
	}
	memcpy(f->message, request, sizeof(request));
	f->message[8] = 1; /* a group address as sender */
	assert_silent(f, ARP_INVALID);
}

static void test_arp_truncated_at_every_length_invalid(void **state)
{
	struct fixture *f = *state;

	for (size_t len = 0; len < sizeof(request); len++) {
		struct reader r = { request, len };

		assert_int_equal(arp_input(&f->pair.link, &f->ns_addr, &r, 1), ARP_INVALID);
	}
}

static void test_arp_padding_ignored(void **state)
{
	struct fixture *f = *state;
	uint8_t padded[46] = { 0 };
	struct reader r = { padded, sizeof(padded) };

	memcpy(padded, request, sizeof(request));
	assert_int_equal(arp_input(&f->pair.link, &f->ns_addr, &r, 1), ARP_ANSWERED);
}

static void test_arp_senders_are_learnt(void **state)
{
	static const uint8_t asker[] = { 2, 0, 0, 0, 0, 7 };
	const struct in6_addr addr = addr_from_be32(htonl(0xc000020f));
	struct fixture *f = *state;

	input(f);
	assert_memory_equal(neighbours_mac(&f->pair.link.neighbours, &addr), asker, ETH_ALEN);
}

static bool claims(const struct fixture *f, struct in6_addr *ret_addr)
{
	struct reader r = { f->message, sizeof(f->message) };

	return arp_claim(&r, ret_addr);
}

static void test_arp_sender_says_what_it_has(void **state)
{
	struct fixture *f = *state;
	struct in6_addr addr;

	assert_true(claims(f, &addr));
	assert_true(addr_equal(&addr, &f->ns_addr));
	memcpy(f->message + 24, f->message + 14, 4); /* an announcement */
	assert_true(claims(f, &addr));
	assert_true(addr_equal(&addr, &f->ns_addr));
}

static void test_arp_probe_says_nothing(void **state)
{
	struct fixture *f = *state;
	struct in6_addr addr;

	memset(f->message + 14, 0, 4);
	assert_false(claims(f, &addr));
	memset(f->message + 14, 0xff, 4);
	assert_false(claims(f, &addr));
	f->message[1] = 2; /* not of an Ethernet */
	assert_false(claims(f, &addr));
}

static void test_arp_question_of_ours(void **state)
{
	static const uint8_t expected[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55, 8, 6,
		0,    1,    8,	  0,	6,    4,    0,	  1,	0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55,
		192,  0,    2,	  1,	0,    0,    0,	  0,	0,    0,    192,  0,	2, 15
	};
	const struct in6_addr addr = addr_from_be32(htonl(0xc000020f));
	struct fixture *f = *state;
	const uint8_t *frame;

	f->pair.link.config.our_ip4 = addr_from_be32(htonl(0xc0000201));
	assert_int_equal(arp_ask(&f->pair.link, &addr), 0);
	assert_int_equal(link_pair_receive(&f->pair, &frame), sizeof(expected));
	assert_memory_equal(frame, expected, sizeof(expected));
}

static void test_arp_tap_refuses(void **state)
{
	struct fixture *f = *state;

	close(f->pair.peer);
	f->pair.peer = -1;
	assert_int_equal(input(f), ARP_FAILED);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_arp_request_answered),
		TEST(test_arp_any_address_answered),
		TEST(test_arp_own_address_not_answered),
		TEST(test_arp_probe_not_answered),
		TEST(test_arp_announcement_not_answered),
		TEST(test_arp_odd_targets_not_answered),
		TEST(test_arp_reply_not_answered),
		TEST(test_arp_broken_fields_invalid),
		TEST(test_arp_truncated_at_every_length_invalid),
		TEST(test_arp_padding_ignored),
		TEST(test_arp_senders_are_learnt),
		TEST(test_arp_sender_says_what_it_has),
		TEST(test_arp_probe_says_nothing),
		TEST(test_arp_question_of_ours),
		TEST(test_arp_tap_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
