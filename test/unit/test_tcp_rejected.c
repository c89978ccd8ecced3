/* SPDX-License-Identifier: Apache-2.0
 *
 * Which ICMP errors end a connection that is being opened to the namespace, and which don't.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/addr.h"
#include "common/tcp/rejected.h"
#include "common/tcp/tcp.h"
#include "common/wire/icmp.h"

#define ISN 0xdeadbeef

/* Type 3, code 3, and the SYN of 203.0.113.9 port 40000 to 198.51.100.1 port 80 */
static const uint8_t unreachable[] = {
	0x03, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x45, 0x00, 0x00, 0x3c,
	0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00, 203,  0,    113,  9,
	198,  51,   100,  1,	0x9c, 0x40, 0x00, 0x50, 0xde, 0xad, 0xbe, 0xef,
};

struct fixture {
	struct fwd_table fwd;
	struct flow_table flows;
	struct timer_wheel timers;
	struct tcp tcp;
	uint8_t bytes[sizeof(unreachable)];
};

static int setup(void **state)
{
	struct fixture *x = test_calloc(1, sizeof(*x));
	const struct siphash_key secret = { { 1, 2 } };
	struct flow_key key = { .ns_port = 80, .remote_port = 40000, .protocol = IPPROTO_TCP };
	struct tcp_flow *f;

	*state = x;
	x->fwd.icmp = true;
	timer_wheel_init(&x->timers, 0);
	x->tcp = (struct tcp){ .fwd = &x->fwd, .flows = &x->flows, .timers = &x->timers };
	memcpy(x->bytes, unreachable, sizeof(x->bytes));
	addr_parse("198.51.100.1", &key.ns);
	addr_parse("203.0.113.9", &key.remote);
	if (flow_table_init(&x->flows, 8, &secret))
		return -1;
	f = (struct tcp_flow *)flow_alloc(&x->flows, &key);
	f->tcp = &x->tcp;
	tcp_conn_open(&f->conn, ISN, 1460, 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	flow_table_fini(&x->flows);
	test_free(x);
	return 0;
}

/* Return: whether the error was taken; *ret_ended: whether the flow is gone */
static bool reject(struct fixture *x, bool csum_known, bool *ret_ended)
{
	const struct link_frame frame = { .csum_known = csum_known };
	struct ip_packet ip = { .protocol = IPPROTO_ICMP, .payload = x->bytes,
				.payload_len = sizeof(x->bytes) };
	bool taken;

	addr_parse("198.51.100.1", &ip.src);
	addr_parse("203.0.113.9", &ip.dst);
	taken = tcp_rejected(&x->tcp, &frame, &ip);
	*ret_ended = !x->flows.used;
	return taken;
}

static void test_rejected_syn_ends_the_flow(void **state)
{
	bool ended;

	assert_true(reject(*state, true, &ended));
	assert_true(ended);
	assert_int_equal(((struct fixture *)*state)->tcp.stats.rejected, 1);
}

static void test_rejected_other_sequence_number_ends_nothing(void **state)
{
	struct fixture *x = *state;
	bool ended;

	x->bytes[sizeof(x->bytes) - 1]++;
	assert_true(reject(x, true, &ended));
	assert_false(ended);
}

static void test_rejected_established_flow_stays(void **state)
{
	struct fixture *x = *state;
	bool ended;

	((struct tcp_flow *)(void *)x->flows.records)->conn.tap_state = TCP_TAP_ESTABLISHED;
	assert_true(reject(x, true, &ended));
	assert_false(ended);
}

static void test_rejected_other_errors_are_not_taken(void **state)
{
	struct fixture *x = *state;
	bool ended;

	x->bytes[1] = 4; /* fragmentation needed */
	assert_false(reject(x, true, &ended));
	x->bytes[0] = 11; /* time exceeded */
	x->bytes[1] = 0;
	assert_false(reject(x, true, &ended));
	assert_false(ended);
}

static void test_rejected_needs_its_checksum_unless_it_is_known(void **state)
{
	struct fixture *x = *state;
	struct reader r = { x->bytes, sizeof(x->bytes) };
	struct icmp_message message;
	struct be16 sum;
	bool ended;

	assert_false(reject(x, false, &ended));
	assert_false(ended);
	icmp_parse(&r, &message);
	sum = icmp_checksum(&message, 0);
	memcpy(x->bytes + 2, &sum, sizeof(sum));
	assert_true(reject(x, false, &ended));
	assert_true(ended);
}

static void test_rejected_without_icmp_handler_ends_nothing(void **state)
{
	struct fixture *x = *state;
	bool ended;

	x->fwd.icmp = false;
	assert_false(reject(x, true, &ended));
	assert_false(ended);
}

int main(void)
{
#define REJECTED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		REJECTED_TEST(test_rejected_syn_ends_the_flow),
		REJECTED_TEST(test_rejected_other_sequence_number_ends_nothing),
		REJECTED_TEST(test_rejected_established_flow_stays),
		REJECTED_TEST(test_rejected_other_errors_are_not_taken),
		REJECTED_TEST(test_rejected_needs_its_checksum_unless_it_is_known),
		REJECTED_TEST(test_rejected_without_icmp_handler_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
