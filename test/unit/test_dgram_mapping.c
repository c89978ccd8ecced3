/* SPDX-License-Identifier: Apache-2.0
 *
 * Mappings of the namespace's UDP ports: which flows share a socket, and whose datagrams pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/dgram/dgram_mapping.h"
#include "common/udp/arrivals.h"
#include "test/unit/udp_fixture.h"

static int setup_mapped(void **state, int family)
{
	int rc = setup_family(state, family);
	struct fixture *f = *state;

	if (rc)
		return rc;
	f->shares.max_fds = f->shares.max_flows = 4 * CAPACITY;
	f->udp.env.mapped_ready = udp_mapped_ready;
	f->udp.env.share = dgram_mapping_share;
	f->udp.env.leave = dgram_mapping_leave;
	return 0;
}

static int setup_mapped4(void **state)
{
	return setup_mapped(state, AF_INET);
}

static int setup_mapped6(void **state)
{
	return setup_mapped(state, AF_INET6);
}

/* Some address outside, which differs from others by @n */
static struct in6_addr outside(const struct fixture *f, uint8_t n)
{
	struct in6_addr addr = f->ns;

	addr.s6_addr[15] = (uint8_t)(100 + n);
	return addr;
}

/* A flow of the namespace's from NS_PORT */
static struct dgram_flow *open_to(struct fixture *f, uint8_t n, uint16_t port)
{
	const struct flow_key key = {
		.ns = f->ns,
		.remote = outside(f, n),
		.ns_port = NS_PORT,
		.remote_port = port,
		.protocol = IPPROTO_UDP,
	};
	const struct ip_packet ip = { .src = key.ns, .dst = key.remote, .protocol = IPPROTO_UDP };

	return dgram_flow_open(&f->udp.env, &key, &ip, f->now_ns);
}

static struct dgram_flow *come_from(struct fixture *f, struct dgram_mapping *m, uint8_t n,
				    uint16_t port)
{
	const struct in6_addr peer = outside(f, n);

	return dgram_mapping_flow(m, &peer, port, f->now_ns);
}

static void test_dgram_mapping_is_one_socket_for_all_peers(void **state)
{
	struct fixture *f = *state;
	struct dgram_flow *first = open_to(f, 0, 5000);
	int fd;

	assert_non_null(first);
	fd = dgram_fd(first);
	assert_true(fd >= 0);
	assert_int_equal(first->flow.watch.fd, -1);
	for (uint8_t n = 1; n < 10; n++)
		assert_int_equal(dgram_fd(open_to(f, n, 5000)), fd);
	assert_int_equal(f->flows.used, 11);
	dgram_fini(&f->udp.env, IPPROTO_UDP);
	assert_int_equal(f->flows.used, 0);
}

static void test_dgram_mapping_not_for_queries(void **state)
{
	struct fixture *f = *state;
	const struct in6_addr remote = outside(f, 0);
	const struct flow_key key = {
		.ns = f->ns, .remote = remote, .ns_port = NS_PORT, .protocol = IPPROTO_UDP
	};
	struct fwd_target target = { .addr = remote, .port = 53 };
	struct dgram_origin origin;

	assert_int_equal(dgram_mapping_share(&f->udp.env, &key, &target, &origin),
			 DGRAM_SHARES_NONE);
	assert_int_equal(f->flows.used, 0);
}

static void test_dgram_mapping_passes_other_ports_of_peers_only(void **state)
{
	struct fixture *f = *state;
	struct dgram_flow *flow = open_to(f, 0, 69);
	struct dgram_mapping *m = dgram_mapping_of(flow->origin.listener);
	struct dgram_flow *other;

	assert_ptr_equal(come_from(f, m, 0, 69), flow);
	other = come_from(f, m, 0, 2000);
	assert_non_null(other);
	assert_int_equal(dgram_fd(other), dgram_fd(flow));
	assert_ptr_equal(come_from(f, m, 0, 2000), other);
	assert_null(come_from(f, m, 1, 69));
	assert_int_equal(f->udp.env.drops[DGRAM_DROP_ANSWER], 1);
	assert_int_equal(f->flows.used, 3);
}

static void test_dgram_mapping_forgets_early_peers_other_ports_not_flows(void **state)
{
	struct fixture *f = *state;
	struct dgram_flow *flow = open_to(f, 0, 69);
	struct dgram_mapping *m = dgram_mapping_of(flow->origin.listener);

	for (uint8_t n = 1; n <= DGRAM_MAPPING_ADDRESSES; n++)
		open_to(f, n, 69);
	assert_null(come_from(f, m, 0, 2000));
	assert_ptr_equal(come_from(f, m, 0, 69), flow);
	assert_non_null(come_from(f, m, 1, 2000));
}

static void test_dgram_mapping_gives_way_and_gets_another_socket(void **state)
{
	struct fixture *f = *state;
	struct dgram_flow *first = open_to(f, 0, 5000), *second = open_to(f, 1, 5000);

	f->fwd.ip4.ns_addr = f->fwd.ip6.ns_addr = f->ns;
	assert_false(dgram_mapping_give_way(&f->udp.env, AF_UNSPEC, NS_PORT + 1));
	assert_true(dgram_mapping_give_way(&f->udp.env, AF_UNSPEC, NS_PORT));
	assert_int_equal(dgram_fd(first), -1);
	assert_int_equal(dgram_fd(second), -1);
	assert_int_equal(dgram_flow_renew(first, f->now_ns), 0);
	assert_true(dgram_fd(first) >= 0);
	assert_int_equal(dgram_fd(second), -1); /* till it sends */
	assert_int_equal(dgram_flow_renew(second, f->now_ns), 0);
	assert_int_equal(dgram_fd(second), dgram_fd(first));
	assert_int_equal(f->flows.used, 3);
}

int main(void)
{
#define TEST(fn)                                                                                   \
	{ #fn ", IPv4", fn, setup_mapped4, teardown, NULL },                                       \
	{                                                                                          \
#fn ", IPv6", fn, setup_mapped6, teardown, NULL                                    \
	}
	const struct CMUnitTest tests[] = {
		TEST(test_dgram_mapping_is_one_socket_for_all_peers),
		TEST(test_dgram_mapping_not_for_queries),
		TEST(test_dgram_mapping_passes_other_ports_of_peers_only),
		TEST(test_dgram_mapping_forgets_early_peers_other_ports_not_flows),
		TEST(test_dgram_mapping_gives_way_and_gets_another_socket),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
