/* SPDX-License-Identifier: Apache-2.0
 *
 * Which acknowledgements are sent when: those that are due, those that have waited for long enough,
 * and none twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/base/addr.h"
#include "common/tcp/owed.h"
#include "test/unit/link_pair.h"

#define MTU 1500
#define FLOWS 3

struct fixture {
	struct link_pair pair;
	struct tcp tcp;
	struct tcp_flow flow[FLOWS];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || link_pair_init(&f->pair, MTU))
		return -1;
	f->tcp.link = &f->pair.link;
	for (int i = 0; i < FLOWS; i++) {
		f->flow[i].tcp = &f->tcp;
		f->flow[i].flow.watch.fd = -1;
		f->flow[i].window = MTU;
		f->flow[i].conn.tap_state = TCP_TAP_ESTABLISHED;
		if (addr_parse("192.0.2.15", &f->flow[i].flow.key.ns) ||
		    addr_parse("192.0.2.1", &f->flow[i].flow.key.remote))
			return -1;
	}
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

/* A byte came from the namespace, and its acknowledgement is now in state @ack */
static void owe(struct tcp_flow *flow, enum tcp_ack_state ack)
{
	flow->conn.rcv_nxt++;
	flow->conn.rcv_ack++;
	flow->conn.ack_state = (uint8_t)ack;
	tcp_owed_note(flow);
}

/* Something else has carried it */
static void carried(struct tcp_flow *flow)
{
	tcp_conn_announce(&flow->conn, MTU);
	tcp_owed_note(flow);
}

static int flushed(struct fixture *f, enum tcp_owed_flush which)
{
	const uint8_t *frame;
	int count = 0;

	tcp_owed_flush(&f->tcp, which);
	while (link_pair_receive(&f->pair, &frame))
		count++;
	return count;
}

static void test_owed_due_goes_out_at_once_and_once(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_DUE);
	owe(&f->flow[1], TCP_ACK_NOW);
	owe(&f->flow[2], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_DUE), 2);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_DUE), 0);
}

static void test_owed_delayed_goes_out_at_the_second_ageing(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
	owe(&f->flow[1], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_DUE), 0);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 1);
	assert_int_equal(f->flow[0].conn.rcv_acked, 1);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 1);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
}

static void test_owed_more_data_does_not_put_it_off(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
	owe(&f->flow[0], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 1);
}

static void test_owed_carried_is_owed_no_more_and_the_next_one_is_fresh(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
	carried(&f->flow[0]);
	owe(&f->flow[0], TCP_ACK_DELAYED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
	carried(&f->flow[0]);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_IDLE), 0);
}

static void test_owed_delayed_becomes_due(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_DELAYED);
	owe(&f->flow[0], TCP_ACK_DUE);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_DUE), 1);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_IDLE), 0);
}

static void test_owed_all_before_a_sleep(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_DELAYED);
	tcp_owed_flush(&f->tcp, TCP_OWED_FLUSH_AGED);
	owe(&f->flow[1], TCP_ACK_DELAYED);
	owe(&f->flow[2], TCP_ACK_DUE);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_IDLE), 3);
}

static void test_owed_that_is_to_be_carried_outlasts_a_sleep_and_ages(void **state)
{
	struct fixture *f = *state;

	assert_false(tcp_owed_ages(&f->tcp));
	owe(&f->flow[0], TCP_ACK_CARRIED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_IDLE), 0);
	assert_true(tcp_owed_ages(&f->tcp));
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
	owe(&f->flow[1], TCP_ACK_CARRIED);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_IDLE), 0);
	assert_true(tcp_owed_ages(&f->tcp));
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 1);
	assert_int_equal(f->flow[0].conn.rcv_acked, 1);
	carried(&f->flow[1]);
	assert_false(tcp_owed_ages(&f->tcp));
}

static void test_owed_that_is_to_be_carried_becomes_due(void **state)
{
	struct fixture *f = *state;

	owe(&f->flow[0], TCP_ACK_CARRIED);
	owe(&f->flow[0], TCP_ACK_DUE);
	assert_false(tcp_owed_ages(&f->tcp));
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_DUE), 1);
}

static void test_owed_forgotten_in_the_middle_of_a_list(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < FLOWS; i++)
		owe(&f->flow[i], TCP_ACK_DELAYED);
	tcp_owed_forget(&f->flow[1]);
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 0);
	tcp_owed_forget(&f->flow[2]); /* first on its list, which has been moved */
	assert_int_equal(flushed(f, TCP_OWED_FLUSH_AGED), 1);
	assert_int_equal(f->flow[0].conn.rcv_acked, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_owed_due_goes_out_at_once_and_once),
		TEST(test_owed_delayed_goes_out_at_the_second_ageing),
		TEST(test_owed_more_data_does_not_put_it_off),
		TEST(test_owed_carried_is_owed_no_more_and_the_next_one_is_fresh),
		TEST(test_owed_delayed_becomes_due),
		TEST(test_owed_all_before_a_sleep),
		TEST(test_owed_that_is_to_be_carried_outlasts_a_sleep_and_ages),
		TEST(test_owed_that_is_to_be_carried_becomes_due),
		TEST(test_owed_forgotten_in_the_middle_of_a_list),
	};

	return cmocka_run_group_tests_name("tcp_owed", tests, NULL, NULL);
}
