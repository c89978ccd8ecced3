/* SPDX-License-Identifier: Apache-2.0
 *
 * Fragments put together: every order, overlaps, hostile lengths, time and room running out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/link/reassembly.h"

#define BYTES 65536

struct fixture {
	struct reassembly reassembly;
	struct ip_packet whole; /* what the last fed fragment completed */
	uint8_t data[BYTES];
	uint64_t now_ns;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || reassembly_init(&f->reassembly))
		return -1;
	for (size_t i = 0; i < BYTES; i++)
		f->data[i] = (uint8_t)(i * 31 + i / 256);
	f->now_ns = 1000 * NS_PER_S;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	reassembly_fini(&f->reassembly);
	free(f);
	return 0;
}

static struct ip_packet fragment(const struct fixture *f, bool ipv6, uint32_t id, uint32_t offset,
				 uint32_t len, bool more)
{
	struct ip_packet ip = { .protocol = IPPROTO_UDP, .ttl = 33, .tos = 4, .is_fragment = true,
				.more_fragments = more, .fragment_offset = (uint16_t)offset,
				.fragment_id = id, .payload = f->data + offset,
				.payload_len = len };

	assert_int_equal(addr_parse(ipv6 ? "2001:db8::1" : "192.0.2.1", &ip.src), 0);
	assert_int_equal(addr_parse(ipv6 ? "2001:db8::2" : "192.0.2.2", &ip.dst), 0);
	return ip;
}

static enum reassembly_outcome feed_ip(struct fixture *f, const struct ip_packet *ip)
{
	memset(&f->whole, 0xa5, sizeof(f->whole));
	return reassembly_feed(&f->reassembly, ip, f->now_ns, &f->whole);
}

/* An IPv4 fragment */
static enum reassembly_outcome feed(struct fixture *f, uint32_t id, uint32_t offset, uint32_t len,
				    bool more)
{
	struct ip_packet ip = fragment(f, false, id, offset, len, more);

	return feed_ip(f, &ip);
}

static void assert_whole(const struct fixture *f, size_t len)
{
	const struct ip_packet *ip = &f->whole;
	bool ipv4 = addr_is_ipv4(&ip->src);
	struct reader r = { ip->header, ip->header_len + ip->payload_len };
	struct ip_packet again;

	assert_int_equal(ip->payload_len, len);
	assert_memory_equal(ip->payload, f->data, len);
	assert_false(ip->is_fragment || ip->more_fragments || ip->fragment_offset);
	assert_true(ip->reassembled);
	assert_int_equal(ip->protocol, IPPROTO_UDP);
	assert_int_equal(ip->ttl, 33);
	assert_int_equal(ip->tos, 4);
	assert_ptr_equal(ip->header + ip->header_len, ip->payload);
	assert_int_equal(ip_parse(&r, ipv4 ? ETH_P_IP : ETH_P_IPV6, false, &again), 0);
	assert_true(addr_equal(&again.src, &ip->src) && addr_equal(&again.dst, &ip->dst));
	assert_int_equal(again.payload_len, len);
}

static void test_reassembly_two_in_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, 1, 0, 16, true), REASSEMBLY_WAITING);
	assert_int_equal(f->whole.ttl, 0xa5);
	assert_int_equal(feed(f, 1, 16, 5, false), REASSEMBLY_COMPLETE);
	assert_whole(f, 21);
}

static void test_reassembly_every_order_of_five(void **state)
{
	struct fixture *f = *state;

	for (uint32_t id = 0; id < 120; id++) {
		uint32_t left[5] = { 0, 1, 2, 3, 4 }, n = 5, rest = id;

		while (n) {
			uint32_t pick = rest % n, at = left[pick];

			rest /= n;
			left[pick] = left[--n];
			assert_int_equal(feed(f, id, at * 1480, at == 4 ? 123 : 1480, at != 4),
					 n ? REASSEMBLY_WAITING : REASSEMBLY_COMPLETE);
		}
		assert_whole(f, 4 * 1480 + 123);
	}
}

static void test_reassembly_ipv6_with_extension_header_inside(void **state)
{
	struct fixture *f = *state;
	uint8_t first[24] = { IPPROTO_UDP, 0, 1, 4 };
	struct ip_packet ip = fragment(f, true, 7, 0, 24, true);

	memcpy(first + 8, f->data, 16);
	ip.payload = first;
	ip.protocol = IPPROTO_DSTOPTS;
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	ip = fragment(f, true, 7, 24, 9, false);
	ip.payload = f->data + 16;
	ip.protocol = IPPROTO_NONE; /* RFC 8200, 4.5: only the first fragment's counts */
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_COMPLETE);
	assert_whole(f, 25);
	assert_int_equal(f->whole.header_len, IP6_HEADER_LEN + 8);
}

static void test_reassembly_longest_packets(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip;

	assert_int_equal(feed(f, 1, 65000, 515, false), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 0, 65000, true), REASSEMBLY_COMPLETE);
	assert_whole(f, 65515);
	ip = fragment(f, true, 1, 0, 65528, true);
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	ip = fragment(f, true, 1, 65528, 7, false);
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_COMPLETE);
	assert_whole(f, 65535);
}

static void test_reassembly_too_long_for_ipv4_dropped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, 1, 65000, 516, false), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 0, 65000, true), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 1, 65528, 8, false), REASSEMBLY_DROPPED);
}

static void test_reassembly_many_of_eight_bytes(void **state)
{
	struct fixture *f = *state;

	for (uint32_t at = 8176; at; at--)
		assert_int_equal(feed(f, 1, at * 8, at == 8176 ? 1 : 8, at != 8176),
				 REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 0, 8, true), REASSEMBLY_COMPLETE);
	assert_whole(f, 8176 * 8 + 1);
}

static void test_reassembly_interleaved_packets_kept_apart(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip;

	for (uint32_t id = 0; id < REASSEMBLY_SLOTS - 3; id++)
		assert_int_equal(feed(f, id, 0, 8 + 8 * id, true), REASSEMBLY_WAITING);
	ip = fragment(f, false, 3, 32, 8, false);
	ip.protocol = IPPROTO_ICMP;
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	ip = fragment(f, true, 3, 32, 8, false);
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	ip = fragment(f, false, 3, 32, 8, false);
	ip.dst = ip.src;
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	for (uint32_t id = 0; id < REASSEMBLY_SLOTS - 3; id++) {
		assert_int_equal(feed(f, id, 8 + 8 * id, 3, false), REASSEMBLY_COMPLETE);
		assert_whole(f, 11 + 8 * id);
	}
	assert_int_equal(f->reassembly.evicted, 0);
}

static void test_reassembly_overlap_drops_packet_for_good(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, 1, 0, 16, true), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 8, 16, true), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 1, 16, 8, false), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 1, 0, 16, true), REASSEMBLY_DROPPED);
}

static void test_reassembly_duplicate_ignored(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, 1, 16, 5, false), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 16, 5, false), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 0, 16, true), REASSEMBLY_COMPLETE);
	assert_whole(f, 21);
}

static void test_reassembly_duplicate_with_other_bytes_drops_packet(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = fragment(f, false, 1, 0, 16, true);

	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	ip.payload++;
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 1, 16, 5, false), REASSEMBLY_DROPPED);
}

static void test_reassembly_two_ends_drop_packet(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, 1, 32, 8, false), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 1, 16, 8, false), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 2, 32, 8, false), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 2, 40, 8, true), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 3, 32, 8, true), REASSEMBLY_WAITING);
	assert_int_equal(feed(f, 3, 16, 8, false), REASSEMBLY_DROPPED);
}

static void test_reassembly_unsound_fragments_dropped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed(f, 1, 0, 0, true), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 1, 8, 0, false), REASSEMBLY_DROPPED);
	assert_int_equal(feed(f, 1, 0, 15, true), REASSEMBLY_DROPPED);
	for (size_t i = 0; i < REASSEMBLY_SLOTS; i++)
		assert_false(f->reassembly.slots[i].used);
}

static void test_reassembly_atomic_fragment_passes_at_once(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = fragment(f, true, 1, 0, 40, false);

	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_COMPLETE);
	assert_false(f->whole.is_fragment);
	assert_true(f->whole.reassembled);
	assert_ptr_equal(f->whole.payload, f->data);
	assert_int_equal(f->whole.payload_len, 40);
}

static void test_reassembly_atomic_fragment_leaves_others_alone(void **state)
{
	struct fixture *f = *state;
	struct ip_packet ip = fragment(f, true, 1, 0, 16, true);

	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_WAITING);
	ip = fragment(f, true, 1, 0, 40, false);
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_COMPLETE);
	ip = fragment(f, true, 1, 16, 1, false);
	assert_int_equal(feed_ip(f, &ip), REASSEMBLY_COMPLETE);
	assert_whole(f, 17);
}

static void test_reassembly_expires_by_family(void **state)
{
	struct fixture *f = *state;
	struct ip_packet first = fragment(f, true, 1, 0, 16, true);
	struct ip_packet last = fragment(f, true, 1, 16, 1, false);

	assert_int_equal(feed(f, 1, 0, 16, true), REASSEMBLY_WAITING);
	assert_int_equal(feed_ip(f, &first), REASSEMBLY_WAITING);
	f->now_ns += 30 * NS_PER_S;
	assert_int_equal(feed(f, 1, 16, 1, false), REASSEMBLY_WAITING);
	assert_int_equal(f->reassembly.expired, 1);
	assert_int_equal(feed_ip(f, &last), REASSEMBLY_COMPLETE);
	assert_int_equal(feed_ip(f, &first), REASSEMBLY_WAITING);
	f->now_ns += 60 * NS_PER_S;
	assert_int_equal(feed_ip(f, &last), REASSEMBLY_WAITING);
	assert_int_equal(f->reassembly.expired, 3);
}

static void test_reassembly_oldest_makes_room(void **state)
{
	struct fixture *f = *state;

	for (uint32_t id = 0; id <= REASSEMBLY_SLOTS; id++) {
		f->now_ns++;
		assert_int_equal(feed(f, id, 0, 8, true), REASSEMBLY_WAITING);
	}
	assert_int_equal(f->reassembly.evicted, 1);
	for (uint32_t id = 1; id <= REASSEMBLY_SLOTS; id++)
		assert_int_equal(feed(f, id, 8, 8, false), REASSEMBLY_COMPLETE);
	assert_int_equal(feed(f, 0, 8, 8, false), REASSEMBLY_WAITING);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_reassembly_two_in_order),
		TEST(test_reassembly_every_order_of_five),
		TEST(test_reassembly_ipv6_with_extension_header_inside),
		TEST(test_reassembly_longest_packets),
		TEST(test_reassembly_too_long_for_ipv4_dropped),
		TEST(test_reassembly_many_of_eight_bytes),
		TEST(test_reassembly_interleaved_packets_kept_apart),
		TEST(test_reassembly_overlap_drops_packet_for_good),
		TEST(test_reassembly_duplicate_ignored),
		TEST(test_reassembly_duplicate_with_other_bytes_drops_packet),
		TEST(test_reassembly_two_ends_drop_packet),
		TEST(test_reassembly_unsound_fragments_dropped),
		TEST(test_reassembly_atomic_fragment_passes_at_once),
		TEST(test_reassembly_atomic_fragment_leaves_others_alone),
		TEST(test_reassembly_expires_by_family),
		TEST(test_reassembly_oldest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
