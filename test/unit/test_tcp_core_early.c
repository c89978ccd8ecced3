/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP core: what comes from the namespace before or after its turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/tcp_conn.h"

#define assert_accepts(s, offset, len)                                                             \
	do {                                                                                       \
		assert_int_equal((s)->a.accept_offset, offset);                                    \
		assert_int_equal((s)->a.accept_len, len);                                          \
	} while (0)

static void test_tcp_core_early_data_kept_and_answered(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 2, TCP_ACK, US + 1, 100);
	assert_accepts(s, 0, 0);
	assert_true(s->a.answer);
	assert_int_equal(s->a.keep_len, 100);
	assert_int_equal(s->c.rcv_nxt, NS + 1);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 1);
	assert_accepts(s, 0, 1);
	assert_false(s->a.answer);
	tcp_conn_filled(&s->c, 100);
	assert_int_equal(s->c.rcv_nxt, NS + 102);
	assert_int_equal(s->c.ack_state, TCP_ACK_DUE);
}

static void test_tcp_core_early_data_beyond_the_window_cut(void **state)
{
	struct tcp_script *s = *state;
	uint32_t edge = s->c.rcv_edge;

	script_feed(s, edge - 10, TCP_ACK | TCP_FIN, US + 1, 100);
	assert_int_equal(s->a.keep_len, 10);
	assert_false(s->c.fin_early);
	script_feed(s, edge, TCP_ACK, US + 1, 100);
	assert_true(s->a.answer);
	assert_int_equal(s->a.keep_len, 0);
	script_feed(s, edge + 0x10000000, TCP_ACK, US + 1, 100);
	assert_true(s->a.answer);
	assert_int_equal(s->a.keep_len, 0);
}

static void test_tcp_core_early_acknowledgement_alone_is_not_answered(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 100, TCP_ACK, US + 1, 0);
	assert_no_action(s);
	assert_int_equal(s->c.ack_state, TCP_ACK_NONE);
	script_feed(s, s->c.rcv_edge + 1, TCP_ACK, US + 1, 0);
	assert_true(s->a.answer);
}

static void test_tcp_core_early_fin_counts_once_all_before_it_is_here(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 101, TCP_ACK | TCP_FIN, US + 1, 50);
	assert_int_equal(s->a.keep_len, 50);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 100);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_OPEN);
	tcp_conn_filled(&s->c, 50);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	assert_int_equal(s->c.rcv_nxt, NS + 152);
}

static void test_tcp_core_early_fin_alone_counts_with_the_data_before_it(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 101, TCP_ACK | TCP_FIN, US + 1, 0);
	assert_true(s->a.answer);
	script_feed(s, NS + 1, TCP_ACK, US + 1, 100);
	assert_int_equal(s->c.to_host_state, TCP_TO_HOST_FIN_HELD);
	assert_int_equal(s->c.rcv_nxt, NS + 102);
}

/* RFC 2883: what part of a segment was here before */
static void test_tcp_core_duplicates_are_told(void **state)
{
	struct tcp_script *s = *state;

	script_feed(s, NS + 1, TCP_ACK, US + 1, 100);
	script_feed(s, NS + 11, TCP_ACK, US + 1, 20);
	assert_true(s->a.answer);
	assert_int_equal(s->a.duplicate.from, NS + 11);
	assert_int_equal(s->a.duplicate.to, NS + 31);
	script_feed(s, NS + 61, TCP_ACK, US + 1, 100);
	assert_accepts(s, 40, 60);
	assert_int_equal(s->a.duplicate.from, NS + 61);
	assert_int_equal(s->a.duplicate.to, NS + 101);
}

static void test_tcp_core_selective_acknowledgements_if_both_know_them(void **state)
{
	struct tcp_script *s = *state;
	struct tcp_segment syn = script_segment(NS, TCP_SYN, 0, 0);
	struct tcp_conn c;

	assert_false(s->c.sack);
	syn.sack_permitted = true;
	tcp_conn_accept_syn(&c, &syn, US, 1460, s->now_ns);
	assert_true(c.sack);
}

/* Linux would send its last segment again after a few milliseconds of silence (RFC 8985, 7) */
static void test_tcp_core_held_bytes_are_acknowledged_with_selective_ones(void **state)
{
	struct tcp_script *s = *state;

	s->c.sack = true;
	script_feed(s, NS + 1, TCP_ACK, US + 1, 3000);
	tcp_conn_taken(&s->c, 2000);
	assert_int_equal(s->c.rcv_ack, NS + 3001);
	assert_true(tcp_conn_ack_wanted(&s->c, 0));
	assert_true(tcp_conn_timer_ms(&s->c, 2000) > 100000);
	script_feed(s, NS + 3001, TCP_ACK | TCP_FIN, US + 1, 100);
	tcp_conn_taken(&s->c, 2100);
	assert_int_equal(s->c.rcv_ack, NS + 3101); /* and not the FIN */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		script_test(test_tcp_core_early_data_kept_and_answered),
		script_test(test_tcp_core_early_data_beyond_the_window_cut),
		script_test(test_tcp_core_early_acknowledgement_alone_is_not_answered),
		script_test(test_tcp_core_early_fin_counts_once_all_before_it_is_here),
		script_test(test_tcp_core_early_fin_alone_counts_with_the_data_before_it),
		script_test(test_tcp_core_duplicates_are_told),
		script_test(test_tcp_core_selective_acknowledgements_if_both_know_them),
		script_test(test_tcp_core_held_bytes_are_acknowledged_with_selective_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
