/* SPDX-License-Identifier: Apache-2.0
 *
 * Large packets towards the namespace: cut into fragments that reassemble to the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/link/fragment.h"
#include "common/link/reassembly.h"
#include "test/unit/link_pair.h"

struct fixture {
	struct link_pair pair;
	struct reassembly reassembly;
	uint8_t data[65536];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, 1500) || reassembly_init(&f->reassembly))
		return -1;
	for (size_t i = 0; i < sizeof(f->data); i++)
		f->data[i] = (uint8_t)(i * 13 + i / 256);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	link_pair_fini(&f->pair);
	reassembly_fini(&f->reassembly);
	free(f);
	return 0;
}

static struct ip_packet packet(bool ipv6, size_t len)
{
	struct ip_packet ip = { .protocol = IPPROTO_UDP, .ttl = 12, .tos = 3, .payload_len = len };

	assert_int_equal(addr_parse(ipv6 ? "2001:db8::1" : "192.0.2.1", &ip.src), 0);
	assert_int_equal(addr_parse(ipv6 ? "2001:db8::2" : "192.0.2.2", &ip.dst), 0);
	return ip;
}

/* Reads one frame back. Return: whether there was one */
static bool receive(struct fixture *f, struct ip_packet *ret_ip)
{
	struct link_pair *pair = &f->pair;
	const uint8_t *frame;
	struct eth_header eth;
	struct reader r;
	size_t len = link_pair_receive(pair, &frame);

	if (!len)
		return false;
	r = (struct reader){ frame, len };
	assert_int_equal(pair->header.flags, 0);
	assert_int_equal(pair->header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	assert_true(len <= ETH_HLEN + pair->link.config.mtu);
	assert_int_equal(eth_parse(&r, &eth), 0);
	assert_memory_equal(eth.dst, pair->link.config.ns_mac, ETH_ALEN);
	assert_memory_equal(eth.src, pair->link.config.our_mac, ETH_ALEN);
	assert_int_equal(ip_parse(&r, eth.type, false, ret_ip), 0);
	assert_int_equal(r.left, 0);
	return true;
}

/* Reads all fragments of one packet back. Return: how many */
static int receive_whole(struct fixture *f, struct ip_packet *ret_ip)
{
	enum reassembly_outcome outcome = REASSEMBLY_WAITING;
	struct ip_packet part;
	int count = 0;

	while (receive(f, &part)) {
		assert_true(part.is_fragment);
		assert_false(part.dont_fragment);
		assert_int_equal(outcome, REASSEMBLY_WAITING);
		outcome = reassembly_feed(&f->reassembly, &part, 1, ret_ip);
		count++;
	}
	assert_int_equal(outcome, REASSEMBLY_COMPLETE);
	return count;
}

static void assert_whole(struct fixture *f, const struct ip_packet *sent, int fragments)
{
	struct ip_packet back;

	assert_int_equal(receive_whole(f, &back), fragments);
	assert_int_equal(back.payload_len, sent->payload_len);
	assert_memory_equal(back.payload, f->data, sent->payload_len);
	assert_true(addr_equal(&back.src, &sent->src) && addr_equal(&back.dst, &sent->dst));
	assert_int_equal(back.protocol, sent->protocol);
	assert_int_equal(back.ttl, sent->ttl);
	assert_int_equal(back.tos, sent->tos);
}

static void test_fragment_largest_datagram_both_families(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 0xffffffff };

	for (int v6 = 0; v6 < 2; v6++) {
		struct ip_packet ip = packet(v6, v6 ? 65535 : 65515);
		struct iovec iov = { f->data, ip.payload_len };

		ip.dont_fragment = !v6;
		assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), 0);
		assert_whole(f, &ip, v6 ? 46 : 45);
	}
	assert_int_equal(ids.next, 1);
}

static void test_fragment_cuts_across_payload_pieces(void **state)
{
	static const size_t cuts[] = { 8, 3, 0, 1469, 1, 1480, 2000 };
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 0 };
	struct ip_packet ip = packet(false, 6000);
	struct iovec iov[FRAGMENT_IOV_MAX];
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		iov[i] = (struct iovec){ f->data + at, cuts[i] };
		at += cuts[i];
	}
	iov[ARRAY_SIZE(cuts)] = (struct iovec){ f->data + at, 6000 - at };
	assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, iov, FRAGMENT_IOV_MAX), 0);
	assert_whole(f, &ip, 5);
}

static void test_fragment_ids_of_others_are_left_to_them(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 5, .step = 8 };
	const struct ip_packet ip = packet(false, 6000);
	const struct iovec iov = { f->data, 6000 };

	for (uint32_t id = 5; id < 29; id += 8) {
		struct ip_packet part;

		assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), 0);
		while (receive(f, &part))
			assert_int_equal(part.fragment_id, id);
	}
}

static void test_fragment_not_needed_at_the_mtu(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 5 };

	for (int v6 = 0; v6 < 2; v6++) {
		struct ip_packet back, ip = packet(v6, v6 ? 1460 : 1480);
		struct iovec iov = { f->data, ip.payload_len };

		ip.dont_fragment = !v6;
		assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), 0);
		assert_true(receive(f, &back));
		assert_false(back.is_fragment);
		assert_int_equal(back.dont_fragment, !v6);
		assert_int_equal(back.payload_len, ip.payload_len);
		assert_false(receive(f, &back));
	}
	assert_int_equal(ids.next, 5);
}

static void test_fragment_one_byte_above_the_mtu(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 5 };

	for (int v6 = 0; v6 < 2; v6++) {
		struct ip_packet ip = packet(v6, v6 ? 1461 : 1481);
		struct iovec iov = { f->data, ip.payload_len };

		assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), 0);
		assert_whole(f, &ip, 2);
	}
}

static void test_fragment_smallest_mtu(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 5 };
	struct ip_packet ip = packet(false, 200);
	struct iovec iov = { f->data, 200 };

	f->pair.link.config.mtu = 68;
	assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), 0);
	assert_whole(f, &ip, 5);
	f->pair.link.config.mtu = 27;
	assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), -EMSGSIZE);
}

static void test_fragment_too_long_for_ip_refused(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 5 };
	struct ip_packet ip = packet(false, 65516);
	struct iovec iov = { f->data, 65536 };

	assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), -EMSGSIZE);
	ip = packet(true, 65536);
	assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), -EMSGSIZE);
	assert_false(receive(f, &ip));
}

static void test_fragment_tap_error_is_returned(void **state)
{
	struct fixture *f = *state;
	struct fragment_ids ids = { .next = 5 };
	struct ip_packet ip = packet(false, 3000);
	struct iovec iov = { f->data, 3000 };

	close(f->pair.peer);
	f->pair.peer = -1;
	assert_int_equal(fragment_send(&f->pair.link, &ids, &ip, &iov, 1), -ECONNREFUSED);
	assert_int_equal(f->pair.link.stats.tx_failed, 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_fragment_largest_datagram_both_families),
		TEST(test_fragment_cuts_across_payload_pieces),
		TEST(test_fragment_ids_of_others_are_left_to_them),
		TEST(test_fragment_not_needed_at_the_mtu),
		TEST(test_fragment_one_byte_above_the_mtu),
		TEST(test_fragment_smallest_mtu),
		TEST(test_fragment_too_long_for_ip_refused),
		TEST(test_fragment_tap_error_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
