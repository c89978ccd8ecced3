/* SPDX-License-Identifier: Apache-2.0
 *
 * Neighbour solicitations: which are answered, with which bytes, and which never are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/service/ndp.h"
#include "common/wire/checksum.h"
#include "test/unit/addr_text.h"
#include "test/unit/link_pair.h"

#define BODY (ETH_HLEN + IP6_HEADER_LEN) /* where the ICMPv6 message starts */
#define SRC (ETH_HLEN + 8)
#define DST (ETH_HLEN + 24)
#define TARGET (BODY + 8)
#define OPTION (TARGET + 16)

struct fixture {
	struct link_pair pair;
	struct in6_addr ns_addr;
	uint8_t bytes[200];
	size_t len;
	bool csum_known;
	bool reassembled;
};

static void put_addr(struct fixture *f, size_t at, const char *text)
{
	struct in6_addr a = addr(text);

	memcpy(f->bytes + at, &a, sizeof(a));
}

/* Makes payload length and checksum right */
static void seal(struct fixture *f)
{
	struct in6_addr src, dst;
	struct be16 csum;
	size_t len = f->len - BODY;

	memcpy(&src, f->bytes + SRC, sizeof(src));
	memcpy(&dst, f->bytes + DST, sizeof(dst));
	f->bytes[ETH_HLEN + 4] = (uint8_t)(len >> 8);
	f->bytes[ETH_HLEN + 5] = (uint8_t)len;
	memset(f->bytes + BODY + 2, 0, 2);
	csum = checksum_finish(checksum_add(
		checksum_pseudo(&src, &dst, IPPROTO_ICMPV6, (uint32_t)len), f->bytes + BODY, len));
	memcpy(f->bytes + BODY + 2, &csum, 2);
}

/* fe80::7 at 02:00:00:00:00:07 solicits 2001:db8::1 */
static int setup(void **state)
{
	static const uint8_t eth[] = { 0x33, 0x33, 0xff, 0, 0, 1, 2, 0, 0, 0, 0, 7, 0x86, 0xdd };
	static const uint8_t option[] = { 1, 1, 2, 0, 0, 0, 0, 7 };
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, 1500))
		return -1;
	f->ns_addr = addr("2001:db8::15");
	f->len = OPTION + sizeof(option);
	memcpy(f->bytes, eth, sizeof(eth));
	f->bytes[ETH_HLEN] = 0x60;
	f->bytes[ETH_HLEN + 6] = IPPROTO_ICMPV6;
	f->bytes[ETH_HLEN + 7] = 255;
	put_addr(f, SRC, "fe80::7");
	put_addr(f, DST, "ff02::1:ff00:1");
	f->bytes[BODY] = 135;
	put_addr(f, TARGET, "2001:db8::1");
	memcpy(f->bytes + OPTION, option, sizeof(option));
	seal(f);
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

static enum ndp_outcome input(struct fixture *f)
{
	struct link_frame frame = { .data = f->bytes, .len = f->len, .csum_known = f->csum_known };
	struct reader r = { f->bytes + ETH_HLEN, f->len - ETH_HLEN };
	struct ip_packet ip;

	assert_int_equal(ip_parse(&r, ETH_P_IPV6, false, &ip), 0);
	ip.reassembled = f->reassembled;
	return ndp_input(&f->pair.link, &f->ns_addr, &frame, &ip);
}

static void assert_silent(struct fixture *f, enum ndp_outcome outcome)
{
	const uint8_t *frame;

	seal(f);
	assert_int_equal(input(f), outcome);
	assert_int_equal(link_pair_receive(&f->pair, &frame), 0);
}

static void test_ndp_solicitation_answered(void **state)
{
	static const uint8_t eth[] = { 2,    0,	   0,	 0,    0,    7,	   0x9a,
				       0x55, 0x9a, 0x55, 0x9a, 0x55, 0x86, 0xdd };
	static const uint8_t option[] = { 2, 1, 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };
	struct fixture *f = *state;
	struct in6_addr target = addr("2001:db8::1"), asker = addr("fe80::7");
	struct ip_packet ip;
	const uint8_t *frame;
	struct reader r;
	uint64_t sum;

	assert_int_equal(input(f), NDP_ANSWERED);
	assert_int_equal(link_pair_receive(&f->pair, &frame), BODY + 32);
	assert_memory_equal(frame, eth, sizeof(eth));
	r = (struct reader){ frame + ETH_HLEN, IP6_HEADER_LEN + 32 };
	assert_int_equal(ip_parse(&r, ETH_P_IPV6, false, &ip), 0);
	assert_true(addr_equal(&ip.src, &target) && addr_equal(&ip.dst, &asker));
	assert_int_equal(ip.ttl, 255);
	assert_int_equal(ip.protocol, IPPROTO_ICMPV6);
	assert_int_equal(frame[BODY], 136);
	assert_int_equal(frame[BODY + 1], 0);
	assert_memory_equal(frame + BODY + 4, "\xe0\0\0\0", 4);
	assert_memory_equal(frame + TARGET, &target, 16);
	assert_memory_equal(frame + OPTION, option, sizeof(option));
	sum = checksum_pseudo(&ip.src, &ip.dst, IPPROTO_ICMPV6, 32);
	assert_int_equal(be16_get(checksum_fold(checksum_add(sum, frame + BODY, 32))), 0xffff);
}

static void test_ndp_unicast_solicitation_without_option_answered(void **state)
{
	struct fixture *f = *state;
	const uint8_t *frame;

	f->len = OPTION;
	put_addr(f, DST, "2001:db8::1");
	seal(f);
	assert_int_equal(input(f), NDP_ANSWERED);
	assert_int_equal(link_pair_receive(&f->pair, &frame), BODY + 32);
	assert_memory_equal(frame, "\2\0\0\0\0\7", 6);
}

static void test_ndp_answer_goes_to_the_source_option(void **state)
{
	struct fixture *f = *state;
	const uint8_t *frame;

	f->bytes[OPTION + 7] = 9;
	seal(f);
	assert_int_equal(input(f), NDP_ANSWERED);
	assert_int_equal(link_pair_receive(&f->pair, &frame), BODY + 32);
	assert_memory_equal(frame, "\2\0\0\0\0\x09", 6);
}

static void test_ndp_duplicate_address_detection_not_answered(void **state)
{
	struct fixture *f = *state;

	f->len = OPTION;
	put_addr(f, SRC, "::");
	assert_silent(f, NDP_IGNORED);
	put_addr(f, TARGET, "2001:db8::15");
	assert_silent(f, NDP_IGNORED);
}

static void test_ndp_own_addresses_not_answered(void **state)
{
	struct fixture *f = *state;

	put_addr(f, TARGET, "2001:db8::15");
	assert_silent(f, NDP_IGNORED);
	put_addr(f, TARGET, "fe80::7");
	assert_silent(f, NDP_IGNORED);
}

static void test_ndp_odd_targets_refused(void **state)
{
	struct fixture *f = *state;

	put_addr(f, TARGET, "ff02::1");
	assert_silent(f, NDP_INVALID);
	put_addr(f, TARGET, "::ffff:10.0.0.1");
	assert_silent(f, NDP_INVALID);
	put_addr(f, TARGET, "::");
	assert_silent(f, NDP_IGNORED);
	put_addr(f, TARGET, "::1");
	assert_silent(f, NDP_IGNORED);
}

static void test_ndp_hop_limit_below_255_invalid(void **state)
{
	struct fixture *f = *state;

	f->bytes[ETH_HLEN + 7] = 254;
	assert_silent(f, NDP_INVALID);
}

static void test_ndp_code_not_zero_invalid(void **state)
{
	struct fixture *f = *state;

	f->bytes[BODY + 1] = 1;
	assert_silent(f, NDP_INVALID);
}

static void test_ndp_bad_checksum_invalid_unless_known(void **state)
{
	struct fixture *f = *state;

	f->bytes[BODY + 3] ^= 1;
	assert_int_equal(input(f), NDP_INVALID);
	f->csum_known = true;
	assert_int_equal(input(f), NDP_ANSWERED);
}

static void test_ndp_in_fragments_invalid(void **state)
{
	struct fixture *f = *state;

	f->reassembled = true;
	assert_silent(f, NDP_INVALID);
}

static void test_ndp_group_addresses_as_source_invalid(void **state)
{
	struct fixture *f = *state;

	put_addr(f, SRC, "ff02::1");
	assert_silent(f, NDP_INVALID);
	put_addr(f, SRC, "fe80::7");
	f->bytes[OPTION + 2] = 3;
	assert_silent(f, NDP_INVALID);
	f->len = OPTION;
	f->bytes[6] = 3;
	assert_silent(f, NDP_INVALID);
}

static void test_ndp_option_length_zero_invalid(void **state)
{
	struct fixture *f = *state;

	f->bytes[OPTION + 1] = 0;
	assert_silent(f, NDP_INVALID);
}

static void test_ndp_option_beyond_packet_invalid(void **state)
{
	struct fixture *f = *state;

	f->bytes[OPTION + 1] = 2;
	assert_silent(f, NDP_INVALID);
}

static void test_ndp_truncated_at_every_length_invalid(void **state)
{
	struct fixture *f = *state;
	size_t whole = f->len;

	for (f->len = BODY; f->len < whole; f->len++)
		if (f->len != OPTION)
			assert_silent(f, NDP_INVALID);
}

static void test_ndp_other_types_ignored(void **state)
{
	static const uint8_t types[] = { 133, 134, 136, 137 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		assert_true(ndp_is_type(types[i]));
		f->bytes[BODY] = types[i];
		assert_silent(f, NDP_IGNORED);
	}
	assert_false(ndp_is_type(132) || ndp_is_type(138) || ndp_is_type(128));
}

static void test_ndp_question_of_ours(void **state)
{
	static const uint8_t eth[] = { 0x33, 0x33, 0xff, 0,    0,    1,	   0x9a,
				       0x55, 0x9a, 0x55, 0x9a, 0x55, 0x86, 0xdd };
	static const uint8_t option[] = { 1, 1, 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };
	struct fixture *f = *state;
	struct in6_addr target = addr("2001:db8::1"), group = addr("ff02::1:ff00:1");
	struct icmp_message m;
	struct ip_packet ip;
	const uint8_t *frame;
	struct reader r;

	f->pair.link.config.our_ip6 = addr("fe80::2");
	assert_int_equal(ndp_ask(&f->pair.link, &target), 0);
	assert_int_equal(link_pair_receive(&f->pair, &frame), BODY + 32);
	assert_memory_equal(frame, eth, sizeof(eth));
	r = (struct reader){ frame + ETH_HLEN, IP6_HEADER_LEN + 32 };
	assert_int_equal(ip_parse(&r, ETH_P_IPV6, false, &ip), 0);
	assert_true(addr_equal(&ip.src, &f->pair.link.config.our_ip6));
	assert_true(addr_equal(&ip.dst, &group));
	r = (struct reader){ ip.payload, ip.payload_len };
	assert_int_equal(icmp_parse(&r, &m), 0);
	assert_true(ndp_is_valid(&(struct link_frame){ .data = frame, .len = BODY + 32 }, &ip, &m));
	assert_int_equal(m.type, 135);
	assert_memory_equal(frame + TARGET, &target, 16);
	assert_memory_equal(frame + OPTION, option, sizeof(option));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_ndp_solicitation_answered),
		TEST(test_ndp_unicast_solicitation_without_option_answered),
		TEST(test_ndp_answer_goes_to_the_source_option),
		TEST(test_ndp_duplicate_address_detection_not_answered),
		TEST(test_ndp_own_addresses_not_answered),
		TEST(test_ndp_odd_targets_refused),
		TEST(test_ndp_hop_limit_below_255_invalid),
		TEST(test_ndp_code_not_zero_invalid),
		TEST(test_ndp_bad_checksum_invalid_unless_known),
		TEST(test_ndp_in_fragments_invalid),
		TEST(test_ndp_group_addresses_as_source_invalid),
		TEST(test_ndp_option_length_zero_invalid),
		TEST(test_ndp_option_beyond_packet_invalid),
		TEST(test_ndp_truncated_at_every_length_invalid),
		TEST(test_ndp_other_types_ignored),
		TEST(test_ndp_question_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
