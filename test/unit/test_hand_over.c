/* SPDX-License-Identifier: Apache-2.0
 *
 * Workers that take turns on one thread, so that it is known who finds another one's mailbox full:
 * nothing is lost that could wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/team_turns.h"

#define FRAGMENT_BYTES 30000
#define DATAGRAM_BYTES (2 * FRAGMENT_BYTES)
#define NS_PORT 50000
#define PORT 6000

/* The namespace sends a datagram by a queue, in @bytes of payload a packet */
static void send_by(struct turns *t, uint32_t queue, uint32_t bytes)
{
	static uint8_t data[DATAGRAM_BYTES];
	const uint32_t size = bytes < FRAGMENT_BYTES ? bytes : DATAGRAM_BYTES;
	const struct udp_datagram datagram = { NS_PORT, PORT, false, NULL, size - UDP_HEADER_LEN };
	struct writer w = { data, sizeof(data) };
	struct ip_packet ip = {
		.src = t->addr,
		.dst = t->gateway,
		.protocol = IPPROTO_UDP,
		.ttl = 64,
		.payload = data,
		.payload_len = bytes,
		.fragment_id = ++t->sent,
		.is_fragment = size > bytes,
		.more_fragments = size > bytes,
	};

	assert_int_equal(udp_emit(&w, &datagram, be16_make(0)), 0);
	send_packet(t, queue, &ip);
	if (size == bytes)
		return;
	ip.more_fragments = false;
	ip.fragment_offset = (uint16_t)bytes;
	ip.payload += bytes;
	send_packet(t, queue, &ip);
}

static uint64_t lost(const struct turns *t)
{
	return t->w[FIRST]->stats.not_handed_over + t->w[OTHER]->stats.not_handed_over +
	       t->w[OWNER]->stats.not_handed_over;
}

/* A flow of the owner's, which then has no turn until its mailbox is full and something waits, as
 * @waits says
 */
static void fill_mailbox(struct turns *t, uint32_t queue, bool (*waits)(const struct turns *t))
{
	turns_configure(t);
	turns_init(t);
	send_by(t, OWNER, 100);
	turn(t, OWNER);
	assert_true(t->w[OWNER]->flows.used > 0);
	while (!waits(t)) {
		assert_in_range(t->sent, 1, 2 * MAILBOX_BYTES / DATAGRAM_BYTES);
		send_by(t, queue, FRAGMENT_BYTES);
		turn(t, queue);
		turn(t, FIRST);
		assert_int_equal(lost(t), 0);
	}
	assert_int_equal(t->w[FIRST]->stats.handed_over, t->sent - 2);
}

/* What has come meanwhile waits, too, and all of it gets there */
static void go_on(struct turns *t, uint32_t queue)
{
	send_by(t, queue, FRAGMENT_BYTES);
	turn(t, queue);
	turn(t, FIRST);
	assert_int_equal(t->w[FIRST]->stats.handed_over, t->sent - 3);
	for (int i = 0; i < 2; i++) {
		turn(t, OWNER);
		turn(t, FIRST);
	}
	assert_int_equal(t->w[FIRST]->stats.handed_over, t->sent - 1);
	assert_int_equal(lost(t), 0);
	turns_fini(t);
}

static bool waits_by_link(const struct turns *t)
{
	return t->w[FIRST]->holds;
}

static void test_hand_over_packet_of_fragments_waits_for_room(void **state)
{
	struct turns t;

	(void)state;
	fill_mailbox(&t, FIRST, waits_by_link);
	go_on(&t, FIRST);
}

static bool waits_by_mail(const struct turns *t)
{
	return t->w[FIRST]->team->holds;
}

static void test_hand_over_packet_of_fragments_that_came_by_mail_waits_for_room(void **state)
{
	struct turns t;

	(void)state;
	fill_mailbox(&t, OTHER, waits_by_mail);
	go_on(&t, OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hand_over_packet_of_fragments_waits_for_room),
		cmocka_unit_test(
			test_hand_over_packet_of_fragments_that_came_by_mail_waits_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
