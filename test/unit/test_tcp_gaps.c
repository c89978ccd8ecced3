/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow's out-of-order state in the worker's chunks: what it may take of them, whatever comes, and
 * that all of it is given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/util.h"
#include "common/tcp/gaps.h"

#define POOL 200
#define FLOWS 50
#define NXT 0xfffffff0 /* numbers start again soon */

struct fixture {
	struct tcp tcp;
	struct tcp_flow flow[FLOWS];
	uint8_t payload[UINT16_MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || chunk_pool_init(&f->tcp.chunks, POOL))
		return -1;
	for (int i = 0; i < FLOWS; i++) {
		f->flow[i].tcp = &f->tcp;
		f->flow[i].conn.rcv_nxt = NXT;
		f->flow[i].conn.sack = true;
		f->flow[i].conn.tap_state = TCP_TAP_ESTABLISHED;
	}
	for (size_t i = 0; i < sizeof(f->payload); i++)
		f->payload[i] = (uint8_t)(i * 31 + i / 251);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < FLOWS; i++)
		tcp_gaps_forget(&f->flow[i]);
	assert_int_equal(f->tcp.chunks.used, 0);
	assert_int_equal(f->tcp.early_chunks, 0);
	chunk_pool_fini(&f->tcp.chunks);
	free(f);
	return 0;
}

/* Bytes from NXT + @at on come early */
static struct tcp_sack keep(struct fixture *f, int flow, uint32_t at, uint32_t len)
{
	const struct tcp_segment seg = { .seq = NXT + at,
					 .payload = f->payload + at % 1000,
					 .payload_len = len };
	struct tcp_action action = { .keep_len = len };

	tcp_gaps_keep(&f->flow[flow], &seg, &action);
	return action.duplicate;
}

static void test_tcp_gaps_give_what_is_in_order_now(void **state)
{
	struct fixture *f = *state;
	struct tcp_flow *flow = &f->flow[0];
	struct iovec iov[4];

	keep(f, 0, 200, 100);
	keep(f, 0, 100, 100);
	assert_int_equal(tcp_gaps_next(flow, iov, 4), 0);
	flow->conn.rcv_nxt = NXT + 150;
	assert_int_equal(tcp_gaps_next(flow, iov, 4), 1);
	assert_int_equal(iov[0].iov_len, 150);
	assert_memory_equal(iov[0].iov_base, f->payload + 150, 150);
	flow->conn.rcv_nxt = NXT + 300;
	assert_int_equal(tcp_gaps_next(flow, iov, 4), 0);
	tcp_gaps_trim(flow);
	assert_int_equal(flow->gaps, 0);
}

static void test_tcp_gaps_give_nothing_after_a_fin(void **state)
{
	struct fixture *f = *state;
	struct iovec iov;

	keep(f, 0, 100, 100);
	f->flow[0].conn.rcv_nxt = NXT + 100;
	f->flow[0].conn.to_host_state = TCP_TO_HOST_CLOSED;
	assert_int_equal(tcp_gaps_next(&f->flow[0], &iov, 1), 0);
}

static void test_tcp_gaps_endless_tiny_segments_take_a_bounded_part(void **state)
{
	struct fixture *f = *state;
	struct tcp_sack blocks[TCP_SACK_MAX];

	for (uint32_t i = 0; i < 10000; i++)
		keep(f, 0, 10 + 400 * i, 1);
	assert_in_range(f->tcp.chunks.used, 2, SEQ_RANGES_MAX + 1);
	assert_int_equal(f->tcp.stats.early, SEQ_RANGES_MAX);
	assert_int_equal(f->tcp.stats.early_lost, 10000 - SEQ_RANGES_MAX);
	assert_int_equal(tcp_gaps_blocks(&f->flow[0], blocks, TCP_SACK_MAX), TCP_SACK_MAX);
}

static void test_tcp_gaps_leave_half_to_backlogs(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < FLOWS; i++)
		for (uint32_t at = 100; at < 2000000; at += 60100)
			keep(f, i, at, 60000);
	assert_int_equal(f->tcp.chunks.used, f->tcp.early_chunks);
	assert_in_range(f->tcp.chunks.used, POOL / 4, POOL / 2);
	assert_true(chunk_available(&f->tcp.chunks, POOL / 2 + TCP_BACKLOG_CHUNKS));
	assert_true(f->tcp.stats.early_lost > 0);
}

static void test_tcp_gaps_without_room_for_anything(void **state)
{
	struct fixture *f = *state;
	struct chunk_chain chain = { .length = 0 };
	struct tcp_sack duplicate;
	const struct tcp_segment told = { .sack_count = 1, .sack = { { 5, 9 } } };

	for (int i = 0; i < POOL; i++)
		assert_int_equal(chunk_append(&f->tcp.chunks, &chain, f->payload, CHUNK_BYTES),
				 CHUNK_BYTES);
	duplicate = keep(f, 0, 100, 100);
	assert_int_equal(duplicate.from, duplicate.to);
	assert_int_equal(f->tcp.stats.early_lost, 1);
	assert_int_equal(f->flow[0].gaps, 0);
	tcp_gaps_note(&f->flow[0], &told);
	assert_null(f->flow[0].conn.sacked);
	chunk_consume(&f->tcp.chunks, &chain, chain.length);
}

static void test_tcp_gaps_count_what_was_sent_in_vain(void **state)
{
	struct fixture *f = *state;
	struct tcp_segment seg = { .ack = 1000, .sack_count = 1, .sack = { { 2000, 3000 } } };

	tcp_gaps_note(&f->flow[0], &seg);
	assert_int_equal(f->tcp.stats.resent_in_vain, 0);
	assert_non_null(f->flow[0].conn.sacked);
	seg.sack[0] = (struct tcp_sack){ 500, 1000 }; /* RFC 2883, 4 */
	tcp_gaps_note(&f->flow[0], &seg);
	assert_int_equal(f->tcp.stats.resent_in_vain, 1);
	f->flow[1].conn.sack = false;
	tcp_gaps_note(&f->flow[1], &seg);
	f->flow[2].conn.tap_state = TCP_TAP_SYN_SENT;
	tcp_gaps_note(&f->flow[2], &seg);
	assert_int_equal(f->tcp.stats.resent_in_vain, 1);
	assert_null(f->flow[1].conn.sacked);
	assert_null(f->flow[2].conn.sacked);
}

#define gaps_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		gaps_test(test_tcp_gaps_give_what_is_in_order_now),
		gaps_test(test_tcp_gaps_give_nothing_after_a_fin),
		gaps_test(test_tcp_gaps_endless_tiny_segments_take_a_bounded_part),
		gaps_test(test_tcp_gaps_leave_half_to_backlogs),
		gaps_test(test_tcp_gaps_without_room_for_anything),
		gaps_test(test_tcp_gaps_count_what_was_sent_in_vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
