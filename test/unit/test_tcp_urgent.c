/* SPDX-License-Identifier: Apache-2.0
 *
 * Urgent bytes on their way through: where segments say they are, and into which pieces they cut
 * the stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/tcp_conn.h"

static void test_tcp_urgent_pieces_are_before_it_and_itself(void **state)
{
	struct tcp_urgent u = { 0 };

	(void)state;
	assert_int_equal(tcp_urgent_piece(&u, 0, 100), 100);
	tcp_urgent_note(&u, 10);
	assert_int_equal(tcp_urgent_piece(&u, 0, 100), 10);
	assert_int_equal(tcp_urgent_piece(&u, 0, 10), 10);
	assert_int_equal(tcp_urgent_piece(&u, 10, 90), 1);
	assert_int_equal(tcp_urgent_piece(&u, 11, 89), 89);
	assert_int_equal(tcp_urgent_piece(&u, 10, 0), 0);
	assert_true(tcp_urgent_is_at(&u, 10));
	assert_false(tcp_urgent_is_at(&u, 9));
}

static void test_tcp_urgent_ends_when_it_was_passed_on(void **state)
{
	struct tcp_urgent u = { 0 };

	(void)state;
	tcp_urgent_note(&u, UINT32_MAX);
	tcp_urgent_passed(&u, UINT32_MAX);
	assert_true(u.pending);
	tcp_urgent_passed(&u, 0);
	assert_false(u.pending);
	assert_false(tcp_urgent_is_at(&u, UINT32_MAX));
}

static void test_tcp_urgent_newer_one_replaces_older_one(void **state)
{
	struct tcp_urgent u = { 0 };

	(void)state;
	tcp_urgent_note(&u, UINT32_MAX);
	tcp_urgent_note(&u, 3);
	assert_int_equal(u.seq, 3);
	tcp_urgent_note(&u, UINT32_MAX);
	assert_int_equal(u.seq, 3);
}

/* @pointer with a segment of @len bytes at @seq */
static void feed_urgent(struct tcp_script *s, uint32_t seq, uint16_t pointer, uint32_t len)
{
	struct tcp_segment seg = script_segment(seq, TCP_ACK | TCP_URG, US + 1, len);

	seg.urgent = pointer;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
}

static void test_tcp_urgent_byte_is_the_one_before_the_pointer(void **state)
{
	struct tcp_script *s = *state;

	feed_urgent(s, NS + 1, 4, 10);
	assert_true(tcp_urgent_is_at(&s->c.to_host_urgent, NS + 4));
	assert_int_equal(s->a.accept_len, 10);
}

static void test_tcp_urgent_pointer_ahead_of_the_data_and_in_a_gap(void **state)
{
	struct tcp_script *s = *state;

	feed_urgent(s, NS + 1, 4000, 0);
	assert_true(tcp_urgent_is_at(&s->c.to_host_urgent, NS + 4000));
	feed_urgent(s, NS + 1001, 4000, 10);
	assert_true(tcp_urgent_is_at(&s->c.to_host_urgent, NS + 5000));
}

static void test_tcp_urgent_pointer_to_what_was_received_says_nothing(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 10);
	feed_urgent(s, NS + 1, 4, 10);
	assert_false(s->c.to_host_urgent.pending);
	feed_urgent(s, NS + 11, 0, 10);
	assert_true(tcp_urgent_is_at(&s->c.to_host_urgent, NS + 11));
}

static void test_tcp_urgent_pointer_without_the_flag_or_after_the_end_says_nothing(void **state)
{
	struct tcp_segment seg = script_segment(NS + 1, TCP_ACK, US + 1, 10);
	struct tcp_script *s = *state;

	seg.urgent = 4;
	tcp_conn_segment(&s->c, &seg, s->now_ns, &s->a);
	assert_false(s->c.to_host_urgent.pending);
	script_feed(s, NS + 11, TCP_ACK | TCP_FIN, US + 1, 0);
	feed_urgent(s, NS + 12, 4, 0);
	assert_false(s->c.to_host_urgent.pending);
}

static void test_tcp_urgent_byte_to_the_namespace_stays_until_acknowledged(void **state)
{
	struct tcp_script *s = *state;

	tcp_conn_urgent(&s->c, US + 5);
	tcp_conn_sent(&s->c, 10, false, s->now_ns);
	script_feed(s, NS + 1, TCP_ACK, US + 5, 0);
	assert_true(tcp_urgent_is_at(&s->c.to_ns_urgent, US + 5));
	script_feed(s, NS + 1, TCP_ACK, US + 6, 0);
	assert_false(s->c.to_ns_urgent.pending);
	tcp_conn_urgent(&s->c, US + 5);
	assert_false(s->c.to_ns_urgent.pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_urgent_pieces_are_before_it_and_itself),
		cmocka_unit_test(test_tcp_urgent_ends_when_it_was_passed_on),
		cmocka_unit_test(test_tcp_urgent_newer_one_replaces_older_one),
		script_test(test_tcp_urgent_byte_is_the_one_before_the_pointer),
		script_test(test_tcp_urgent_pointer_ahead_of_the_data_and_in_a_gap),
		script_test(test_tcp_urgent_pointer_to_what_was_received_says_nothing),
		script_test(test_tcp_urgent_pointer_without_the_flag_or_after_the_end_says_nothing),
		script_test(test_tcp_urgent_byte_to_the_namespace_stays_until_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
