/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's network as a value that goes from one process to another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netns/host/host_record.h"
#include "test/unit/addr_text.h"

static struct host_addr addrs4[HOST_RECORD_ADDRS_MAX + 1];
static struct host_own own[HOST_RECORD_OWN_MAX + 1];

/* With whatever was there before where it says nothing */
static struct host *host_make(struct host *host, int garbage)
{
	memset(host, garbage, sizeof(*host));
	host->ip4 = (struct host_family){
		.found = true,
		.ifindex = 3,
		.ifname = "eth0",
		.mtu = 1500,
		.has_default = true,
		.gateway = addr("192.0.2.1"),
		.addrs = addrs4,
		.addr_count = 1,
	};
	host->ip6 = (struct host_family){ .outbound_ifindex = 4, .outbound_ifname = "eth1" };
	addrs4[0] = (struct host_addr){ .addr = addr("192.0.2.7"), .prefix_len = 24 };
	own[0] = (struct host_own){ addr("192.0.2.7"), addr("192.0.2.7"), 96 + 24, false, true };
	host->own = own;
	host->own_count = 1;
	host->links = 42;
	return host;
}

static void test_record_has_all_that_the_host_has(void **state)
{
	struct host_record record;
	struct host host, view;

	(void)state;
	host_record_make(host_make(&host, 0xa5), &record);
	assert_true(host_record_is_sound(&record));
	host_record_view(&record, &view);
	assert_true(view.ip4.found && view.ip4.has_default && !view.ip6.found);
	assert_string_equal(view.ip4.ifname, "eth0");
	assert_string_equal(view.ip6.outbound_ifname, "eth1");
	assert_int_equal(view.ip6.outbound_ifindex, 4);
	assert_int_equal(view.ip4.mtu, 1500);
	assert_addr(&view.ip4.gateway, "192.0.2.1");
	assert_int_equal(view.ip4.addr_count, 1);
	assert_addr(&view.ip4.addrs[0].addr, "192.0.2.7");
	assert_int_equal(view.ip4.addrs[0].prefix_len, 24);
	assert_int_equal(view.own_count, 1);
	assert_true(view.own[0].tentative && !view.own[0].loopback);
	assert_int_equal(view.own[0].network_len, 120);
	assert_int_equal(view.links, 42);
	assert_false(view.own_cut);
}

static void test_record_of_equal_hosts_is_equal(void **state)
{
	struct host_record a, b;
	struct host host;

	(void)state;
	memset(&a, 0xa5, sizeof(a));
	memset(&b, 0x5a, sizeof(b));
	host_record_make(host_make(&host, 0xa5), &a);
	host_record_make(host_make(&host, 0x5a), &b);
	assert_memory_equal(&a, &b, sizeof(a));
	host.ip4.addrs[0].deprecated = true;
	host_record_make(&host, &b);
	assert_memory_not_equal(&a, &b, sizeof(a));
}

static void test_record_has_bounds(void **state)
{
	struct host_record record;
	struct host host, view;

	(void)state;
	host_make(&host, 0);
	for (size_t i = 0; i <= HOST_RECORD_ADDRS_MAX; i++)
		addrs4[i] = addrs4[0];
	host.ip4.addr_count = HOST_RECORD_ADDRS_MAX + 1;
	host.own_count = HOST_RECORD_OWN_MAX + 1;
	host_record_make(&host, &record);
	assert_true(host_record_is_sound(&record));
	host_record_view(&record, &view);
	assert_int_equal(view.ip4.addr_count, HOST_RECORD_ADDRS_MAX);
	assert_int_equal(view.own_count, HOST_RECORD_OWN_MAX);
	assert_true(view.own_cut);
}

/* One of its bytes is another, in a way that would lead astray */
static void unsound(void (*change)(struct host_record *record))
{
	struct host_record record;
	struct host host;

	host_record_make(host_make(&host, 0), &record);
	change(&record);
	assert_false(host_record_is_sound(&record));
}

static void many_addrs(struct host_record *r)
{
	r->ip4.values.addr_count = HOST_RECORD_ADDRS_MAX + 1;
}

static void many_own(struct host_record *r)
{
	r->own_count = HOST_RECORD_OWN_MAX + 1;
}

static void endless_name(struct host_record *r)
{
	memset(r->ip6.values.ifname, 'x', IFNAMSIZ);
}

static void endless_outbound_name(struct host_record *r)
{
	memset(r->ip4.values.outbound_ifname, 'x', IFNAMSIZ);
}

static void pointer(struct host_record *r)
{
	r->ip4.values.addrs = r->ip4.addrs;
}

static void other_family(struct host_record *r)
{
	r->ip4.addrs[0].addr = addr("2001:db8::1");
}

static void other_gateway(struct host_record *r)
{
	r->ip4.values.gateway = addr("2001:db8::1");
}

static void long_prefix(struct host_record *r)
{
	r->ip4.addrs[0].prefix_len = 33;
}

static void long_network(struct host_record *r)
{
	r->own[0].network_len = 129;
}

static void test_record_that_would_lead_astray_is_not_sound(void **state)
{
	(void)state;
	unsound(many_addrs);
	unsound(many_own);
	unsound(endless_name);
	unsound(endless_outbound_name);
	unsound(pointer);
	unsound(other_family);
	unsound(other_gateway);
	unsound(long_prefix);
	unsound(long_network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_has_all_that_the_host_has),
		cmocka_unit_test(test_record_of_equal_hosts_is_equal),
		cmocka_unit_test(test_record_has_bounds),
		cmocka_unit_test(test_record_that_would_lead_astray_is_not_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
