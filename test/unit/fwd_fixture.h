/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests of where a flow is decided: the tables of a usual start, and what is asked of
 * them. *state is a struct fwd_table of the test's own. Include <cmocka.h> and what it needs first.
 */
#ifndef TEST_UNIT_FWD_FIXTURE_H
#define TEST_UNIT_FWD_FIXTURE_H

#include <stdlib.h>

#include "common/fwd/fwd.h"
#include "test/unit/addr_text.h"

/* fwd_test() - a test whose *state is a table */
#define fwd_test(test) cmocka_unit_test_setup_teardown(test, fwd_setup, fwd_teardown)

static inline int fwd_setup(void **state)
{
	struct fwd_table *table = malloc(sizeof(*table));

	if (!table)
		return -1;
	*table = (struct fwd_table){
		.ip4 = {
			.enabled = true,
			.ns_addr = addr("198.51.100.1"),
			.host_addr = addr("198.51.100.1"),
			.ns_addr_count = 2,
			.ns_addrs = { addr("198.51.100.1"), addr("198.51.100.8") },
			.gateway = addr("198.51.100.2"),
			.map_host_loopback = addr("198.51.100.2"),
		},
		.ip6 = {
			.enabled = true,
			.ns_addr = addr("2001:db8:1::1"),
			.ns_addr_count = 1,
			.ns_addrs = { addr("2001:db8:1::1") },
			.gateway = addr("fe80::2"),
			.map_host_loopback = addr("fe80::2"),
			.scope_id = 7,
		},
		.tcp = true,
		.udp = true,
		.icmp = true,
	};
	*state = table;
	return 0;
}

static inline int fwd_teardown(void **state)
{
	free(*state);
	return 0;
}

static inline struct fwd_query query_make(uint8_t protocol, const char *ns, const char *remote)
{
	return (struct fwd_query){
		.protocol = protocol,
		.ns = addr(ns),
		.remote = addr(remote),
		.ns_port = 40000,
		.remote_port = 80,
	};
}

static inline struct fwd_arrival arrival_make(const char *peer, const char *local)
{
	return (struct fwd_arrival){
		.protocol = IPPROTO_TCP,
		.peer = addr(peer),
		.local = addr(local),
		.peer_port = 40000,
		.to_port = 80,
	};
}

#endif
