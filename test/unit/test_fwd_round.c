/* SPDX-License-Identifier: Apache-2.0
 *
 * Ways from one forwarded port to another: which of them come back. Records of listening sockets
 * are made by hand, there are no sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "common/fwd/round.h"
#include "test/unit/fwd_fixture.h"

static const struct socket_source no_sockets;

struct fixture {
	struct fwd_table *table;
	struct fwd_listeners set;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	void *table = NULL;

	assert_int_equal(fwd_setup(&table), 0);
	f->table = table;
	assert_int_equal(fwd_listeners_init(&f->set, &no_sockets), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	void *table = f->table;

	for (uint32_t i = 0; i < f->set.touched; i++)
		f->set.records[i].watch.fd = -1;
	fwd_listeners_fini(&f->set);
	fwd_teardown(&table);
	test_free(f);
	return 0;
}

/* @at: address that it listens on, "": any; @to: that it sends to, "": none is named */
static struct fwd_listener *put(struct fixture *f, enum fwd_direction direction, const char *at,
				uint16_t port, const char *to, uint16_t to_port)
{
	struct fwd_listener *listener = &f->set.records[f->set.touched++];
	uint32_t *first = &f->set.ports[(uint32_t)direction * 65536 + port];

	*listener = (struct fwd_listener){
		.watch.fd = 0,
		.set = &f->set,
		.addr = at[0] ? addr(at) : in6addr_any,
		.to_addr = to[0] ? addr(to) : in6addr_any,
		.port = port,
		.to_port = to_port,
		.direction = (uint8_t)direction,
		.next = *first,
	};
	if (at[0])
		listener->family = addr_family(&listener->addr);
	*first = f->set.touched;
	return listener;
}

static bool goes_round(struct fixture *f, struct fwd_listener *listener, const char *local,
		       struct fwd_round *ret_round)
{
	struct fwd_arrival arrival = arrival_make(local, local);

	arrival.protocol = fwd_direction_is_udp(listener->direction) ? IPPROTO_UDP : IPPROTO_TCP;
	arrival.to_addr = listener->to_addr;
	arrival.to_port = listener->to_port;
	return fwd_round_find(f->table, listener, &arrival, ret_round);
}

static void test_round_two_that_lead_to_each_other(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "", 90);
	struct fwd_listener *out = put(f, FWD_TCP_TO_HOST, "127.0.0.1", 90, "", 80);
	struct fwd_round round;

	f->table->host_lo_to_ns_lo = true;
	assert_true(goes_round(f, in, "127.0.0.1", &round));
	assert_true(round.one == in || round.other == in);
	assert_true(round.one == out || round.other == out);
	assert_true(goes_round(f, out, "127.0.0.1", NULL));
	assert_false(goes_round(f, in, "127.0.0.2", NULL));
	assert_false(goes_round(f, in, "::1", NULL));
}

static void test_round_needs_the_namespaces_loopback(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "", 80);

	put(f, FWD_TCP_TO_HOST, "127.0.0.1", 80, "", 80);
	assert_false(goes_round(f, in, "127.0.0.1", NULL));
	assert_false(goes_round(f, in, "198.51.100.1", NULL));
	f->table->no_tap = true; /* then there is nothing but the loopback */
	assert_true(goes_round(f, in, "127.0.0.1", NULL));
}

static void test_round_protocols_are_apart(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_UDP_TO_NS, "", 80, "", 80);
	struct fwd_listener *out = put(f, FWD_TCP_TO_HOST, "127.0.0.1", 80, "", 80);

	f->table->host_lo_to_ns_lo = true;
	assert_false(goes_round(f, in, "127.0.0.1", NULL));
	assert_false(goes_round(f, out, "127.0.0.1", NULL));
	put(f, FWD_UDP_TO_HOST, "127.0.0.1", 80, "", 80);
	assert_true(goes_round(f, in, "127.0.0.1", NULL));
}

static void test_round_a_chain_with_an_end_is_none(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "", 90);

	f->table->host_lo_to_ns_lo = true;
	put(f, FWD_TCP_TO_HOST, "127.0.0.1", 90, "", 91);
	put(f, FWD_TCP_TO_NS, "127.0.0.1", 91, "", 92);
	assert_false(goes_round(f, in, "127.0.0.1", NULL));
	put(f, FWD_TCP_TO_HOST, "127.0.0.1", 92, "", 80);
	assert_true(goes_round(f, in, "127.0.0.1", NULL));
}

static void test_round_way_into_a_circle_counts(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "", 90);

	f->table->host_lo_to_ns_lo = true;
	put(f, FWD_TCP_TO_HOST, "127.0.0.1", 90, "", 91);
	put(f, FWD_TCP_TO_NS, "127.0.0.1", 91, "", 90);
	assert_true(goes_round(f, in, "127.0.0.1", NULL));
}

static void test_round_by_the_gateway_leads_to_itself(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "198.51.100.2", 80);
	struct fwd_round round;

	assert_true(goes_round(f, in, "127.0.0.1", &round));
	assert_ptr_equal(round.one, in);
	assert_ptr_equal(round.other, in);
	f->table->no_tap = true; /* it leaves the namespace by the tap */
	assert_false(goes_round(f, in, "127.0.0.1", NULL));
}

static void test_round_targets_elsewhere_are_ends(void **state)
{
	struct fixture *f = *state;

	assert_false(goes_round(f, put(f, FWD_TCP_TO_NS, "", 80, "10.89.0.5", 80), "198.51.100.1",
				NULL));
	assert_false(goes_round(f, put(f, FWD_TCP_TO_HOST, "127.0.0.1", 80, "192.0.2.1", 80),
				"127.0.0.1", NULL));
}

static void test_round_by_an_address_that_the_host_was_asked_at(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "198.51.100.7", 80);

	assert_false(goes_round(f, in, "127.0.0.1", NULL)); /* nobody knows it's the host's */
	assert_true(goes_round(f, in, "198.51.100.7", NULL));
}

static void test_round_other_interfaces_are_out_of_local_reach(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *in = put(f, FWD_TCP_TO_NS, "", 80, "", 80);
	struct fwd_listener *out = put(f, FWD_TCP_TO_HOST, "127.0.0.1", 80, "", 80);

	f->table->host_lo_to_ns_lo = true;
	in->not_lo = true;
	assert_false(goes_round(f, out, "127.0.0.1", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_two_that_lead_to_each_other, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_round_needs_the_namespaces_loopback, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_round_protocols_are_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_round_a_chain_with_an_end_is_none, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_round_way_into_a_circle_counts, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_round_by_the_gateway_leads_to_itself, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_round_targets_elsewhere_are_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_round_by_an_address_that_the_host_was_asked_at,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_round_other_interfaces_are_out_of_local_reach,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
