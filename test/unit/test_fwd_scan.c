/* SPDX-License-Identifier: Apache-2.0
 *
 * Automatic ports: which are opened and closed as services come and go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "common/fwd/scan.h"

struct world {
	struct fwd_scan scan;
	struct fwd_rules rules;
	struct fwd_listeners listeners;
	struct fwd_table fwd;
};

static void add(struct world *w, enum fwd_direction direction, const char *text)
{
	static struct fwd_spec spec;
	struct err err;

	assert_int_equal(fwd_spec_parse(text, &spec, &err), 0);
	assert_int_equal(fwd_rules_add(&w->rules, direction, &spec, &err), 0);
}

/* @tcp_to_ns, @tcp_to_host: specs; UDP follows */
static struct world *world_new(const char *tcp_to_ns, const char *tcp_to_host, bool host_lo)
{
	struct world *w =
		mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct err err;

	assert_ptr_not_equal(w, MAP_FAILED);
	fwd_rules_init(&w->rules);
	add(w, FWD_TCP_TO_NS, tcp_to_ns);
	add(w, FWD_TCP_TO_HOST, tcp_to_host);
	assert_int_equal(fwd_rules_finish(&w->rules, (struct fwd_range){ 32768, 60999 }, &err), 0);
	assert_int_equal(fwd_listeners_init(&w->listeners, NULL), 0);
	fwd_scan_init(&w->scan, &w->rules, &w->listeners, host_lo);
	fwd_scan_begin(&w->scan, &w->fwd, false);
	return w;
}

static void world_free(struct world *w)
{
	fwd_listeners_fini(&w->listeners);
	munmap(w, sizeof(*w));
}

static void found(struct world *w, enum fwd_direction direction, const char *addr, uint16_t port,
		  bool ip6_only)
{
	struct in6_addr a;

	assert_int_equal(addr_parse(addr, &a), 0);
	fwd_scan_found(&w->scan, direction, &a, port, ip6_only);
}

/* A listener of our own, without a socket */
static void ours(struct world *w, enum fwd_direction direction, int family, const char *addr,
		 uint16_t port)
{
	uint32_t number = ++w->listeners.touched;
	struct fwd_listener *listener = &w->listeners.records[number - 1];
	uint32_t *chain = &w->listeners.ports[(uint32_t)direction * 65536 + port];

	*listener = (struct fwd_listener){
		.watch.fd = -1,
		.family = family,
		.port = port,
		.direction = (uint8_t)direction,
		.next = *chain,
	};
	assert_int_equal(addr_parse(addr, &listener->addr), 0);
	*chain = number;
}

/* Take the next change, make it, and check it; port 0: there is none */
static void expect_change(struct world *w, enum fwd_direction direction, int family, uint16_t port,
			  bool open)
{
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change change;

	if (!port) {
		assert_false(fwd_scan_next(&w->scan, &cursor, &change));
		return;
	}
	assert_true(fwd_scan_next(&w->scan, &cursor, &change));
	assert_int_equal(change.direction, direction);
	assert_int_equal(change.place.family, family);
	assert_int_equal(change.port, port);
	assert_int_equal(change.open, open);
	fwd_scan_done(&w->scan, &change, FWD_SCAN_ALL);
}

static void expect_nothing(struct world *w)
{
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 0, false);
}

static void test_scan_dual_stack_service_opens_both_families_and_closes_them(void **state)
{
	struct world *w = world_new("auto", "none", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "::", 8080, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 8080, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET6, 8080, true);
	expect_nothing(w);

	fwd_scan_begin(&w->scan, &w->fwd, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 8080, false);
	expect_change(w, FWD_TCP_TO_NS, AF_INET6, 8080, false);
	expect_nothing(w);
	world_free(w);
}

/* The same for a service of the host's, at an address of the namespace's loopback */
static void expect_lo(struct world *w, const char *addr, uint16_t port, bool open)
{
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change change;
	struct in6_addr a;

	assert_int_equal(addr_parse(addr, &a), 0);
	assert_true(fwd_scan_next(&w->scan, &cursor, &change));
	assert_int_equal(change.direction, FWD_TCP_TO_HOST);
	assert_int_equal(change.place.family, addr_family(&a));
	assert_true(addr_equal(&change.place.addr, &a));
	assert_int_equal(change.port, port);
	assert_int_equal(change.open, open);
	fwd_scan_done(&w->scan, &change, FWD_SCAN_ALL);
}

static void test_scan_services_of_the_host_keep_their_loopback_address(void **state)
{
	struct world *w = world_new("none", "auto", false);

	(void)state;
	found(w, FWD_TCP_TO_HOST, "127.0.0.53", 53, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.54", 53, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 54, false);
	found(w, FWD_TCP_TO_HOST, "0.0.0.0", 55, false);
	fwd_scan_end(&w->scan);
	expect_lo(w, "127.0.0.1", 54, true);
	expect_lo(w, "0.0.0.0", 55, true);
	expect_lo(w, "127.0.0.53", 53, true);
	expect_lo(w, "127.0.0.54", 53, true);
	expect_nothing(w);

	fwd_scan_begin(&w->scan, &w->fwd, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.54", 53, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 55, false);
	fwd_scan_end(&w->scan);
	expect_lo(w, "127.0.0.1", 54, false);
	expect_lo(w, "0.0.0.0", 55, false);
	expect_lo(w, "127.0.0.53", 53, false);
	expect_lo(w, "127.0.0.1", 55, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_all_of_the_loopback_takes_the_place_of_single_addresses(void **state)
{
	struct world *w = world_new("none", "auto", false);

	(void)state;
	found(w, FWD_TCP_TO_HOST, "127.0.0.53", 53, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 53, false);
	fwd_scan_end(&w->scan);
	expect_lo(w, "127.0.0.1", 53, true);
	expect_lo(w, "127.0.0.53", 53, true);
	expect_nothing(w);

	fwd_scan_begin(&w->scan, &w->fwd, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.53", 53, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 53, false);
	found(w, FWD_TCP_TO_HOST, "0.0.0.0", 53, false);
	fwd_scan_end(&w->scan);
	expect_lo(w, "127.0.0.1", 53, false);
	expect_lo(w, "127.0.0.53", 53, false);
	expect_lo(w, "0.0.0.0", 53, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_other_loopback_addresses_follow_lists_and_maps(void **state)
{
	struct world *w = world_new("none", "5000-5002:6000-6002,~5001,auto", false);

	(void)state;
	for (uint16_t port = 5999; port <= 6003; port++)
		found(w, FWD_TCP_TO_HOST, "127.0.0.2", port, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.2", 5000, false);
	fwd_scan_end(&w->scan);
	expect_lo(w, "127.0.0.2", 5000, true);
	expect_lo(w, "127.0.0.2", 5002, true);
	expect_nothing(w);
	world_free(w);

	w = world_new("none", "5000:127.0.0.7,auto", false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.2", 5000, false);
	fwd_scan_end(&w->scan);
	expect_nothing(w);
	fwd_scan_begin(&w->scan, &w->fwd, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.7", 5000, false);
	fwd_scan_end(&w->scan);
	expect_lo(w, "0.0.0.0", 5000, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_other_loopback_addresses_have_a_limit(void **state)
{
	struct world *w = world_new("none", "auto", false);
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change change;
	uint32_t count = 0;

	(void)state;
	for (uint16_t port = 1; port <= 2 * FWD_SCAN_OTHERS_MAX; port++)
		found(w, FWD_TCP_TO_HOST, "127.0.0.2", port, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 80, false);
	fwd_scan_end(&w->scan);
	for (; fwd_scan_next(&w->scan, &cursor, &change); count++)
		fwd_scan_done(&w->scan, &change, FWD_SCAN_NONE);
	assert_int_equal(count, FWD_SCAN_OTHERS_MAX + 1);
	world_free(w);
}

static void test_scan_failed_ports_of_other_addresses_wait_for_a_retry(void **state)
{
	struct world *w = world_new("none", "auto", false);
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change change;

	(void)state;
	for (int i = 0; i < 3; i++) {
		fwd_scan_begin(&w->scan, &w->fwd, i == 2);
		found(w, FWD_TCP_TO_HOST, "127.0.0.53", 53, false);
		fwd_scan_end(&w->scan);
		cursor = (struct fwd_scan_cursor){ 0 };
		assert_int_equal(fwd_scan_next(&w->scan, &cursor, &change), i != 1);
		if (i == 0)
			fwd_scan_done(&w->scan, &change, FWD_SCAN_NONE);
	}
	world_free(w);
}

static void test_scan_a_rule_with_an_address_takes_what_is_there(void **state)
{
	struct world *w = world_new("none", "127.0.0.53/auto", false);

	(void)state;
	found(w, FWD_TCP_TO_HOST, "127.0.0.53", 53, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_HOST, AF_INET, 53, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_one_family_services_stay_so(void **state)
{
	struct world *w = world_new("auto", "none", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 80, false);
	found(w, FWD_TCP_TO_NS, "::", 65535, true);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET6, 65535, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_protocols_are_apart(void **state)
{
	struct world *w = world_new("auto", "none", false);

	(void)state;
	found(w, FWD_UDP_TO_NS, "0.0.0.0", 53, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_UDP_TO_NS, AF_INET, 53, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_namespace_loopback_services_need_the_option(void **state)
{
	struct world *w = world_new("auto", "none", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "127.0.0.1", 80, false);
	fwd_scan_end(&w->scan);
	expect_nothing(w);
	world_free(w);

	w = world_new("auto", "none", true);
	found(w, FWD_TCP_TO_NS, "127.0.0.1", 80, false);
	found(w, FWD_TCP_TO_NS, "192.0.2.1", 81, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_services_that_nothing_is_led_to_are_not_forwarded(void **state)
{
	struct world *w = world_new("auto", "none", false);
	struct fwd_family *ip4 = &w->fwd.ip4;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &ip4->ns_addr), 0);
	ip4->ns_addrs[0] = ip4->ns_addr;
	assert_int_equal(addr_parse("192.0.2.2", &ip4->ns_addrs[1]), 0);
	ip4->ns_addr_count = 2;
	assert_int_equal(addr_parse("fe80::1", &w->fwd.ip6.ns_addr), 0);
	found(w, FWD_TCP_TO_NS, "192.0.2.1", 80, false);
	found(w, FWD_TCP_TO_NS, "192.0.2.2", 81, false);
	found(w, FWD_TCP_TO_NS, "192.0.2.3", 82, false);
	found(w, FWD_TCP_TO_NS, "fe80::1", 83, false);
	found(w, FWD_TCP_TO_NS, "fe80::2", 84, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 81, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET6, 83, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_targets_of_rules_must_be_what_listens(void **state)
{
	struct world *w = world_new("5000-5004:10.0.0.1/6000-6004,~5003,auto",
				    "7000:127.0.0.2,7001:10.0.0.9,auto", false);

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &w->fwd.ip4.ns_addr), 0);
	found(w, FWD_TCP_TO_NS, "192.0.2.1", 6000, false);
	found(w, FWD_TCP_TO_NS, "10.0.0.1", 6001, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 6002, false);
	found(w, FWD_TCP_TO_NS, "10.0.0.1", 6003, false);
	found(w, FWD_TCP_TO_NS, "10.0.0.1", 6005, false);
	found(w, FWD_TCP_TO_NS, "10.0.0.1", 5999, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 7000, false);
	found(w, FWD_TCP_TO_HOST, "10.0.0.9", 7001, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 5001, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 5002, true);
	expect_change(w, FWD_TCP_TO_HOST, AF_INET, 7001, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_host_services_off_loopback_are_not_forwarded(void **state)
{
	struct world *w = world_new("none", "auto", false);

	(void)state;
	found(w, FWD_TCP_TO_HOST, "192.0.2.1", 80, false);
	found(w, FWD_TCP_TO_HOST, "::1", 631, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_HOST, AF_INET6, 631, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_own_ports_are_no_services(void **state)
{
	struct world *w = world_new("auto", "auto", false);

	(void)state;
	ours(w, FWD_TCP_TO_NS, AF_UNSPEC, "::", 5000);
	found(w, FWD_TCP_TO_HOST, "::", 5000, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 80, false);
	found(w, FWD_TCP_TO_HOST, "0.0.0.0", 5000, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	expect_nothing(w);

	/* Now the host has it as well, by us; IPv6 isn't ours */
	ours(w, FWD_TCP_TO_NS, AF_INET, "0.0.0.0", 80);
	fwd_scan_begin(&w->scan, &w->fwd, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 80, false);
	found(w, FWD_TCP_TO_HOST, "0.0.0.0", 80, false);
	found(w, FWD_TCP_TO_HOST, "::", 80, true);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_HOST, AF_INET6, 80, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_own_port_on_one_address_hides_no_service_on_another(void **state)
{
	struct world *w = world_new("none", "auto", false);

	(void)state;
	ours(w, FWD_TCP_TO_NS, AF_INET, "127.0.0.1", 5001);
	ours(w, FWD_TCP_TO_NS, AF_INET, "192.0.2.1", 5000);
	ours(w, FWD_TCP_TO_NS, AF_INET, "192.0.2.2", 5000);
	ours(w, FWD_TCP_TO_NS, AF_INET, "192.0.2.1", 5002);
	ours(w, FWD_TCP_TO_NS, AF_INET, "0.0.0.0", 5003);
	found(w, FWD_TCP_TO_HOST, "192.0.2.1", 5000, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 5000, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 5001, false);
	found(w, FWD_TCP_TO_HOST, "0.0.0.0", 5002, false);
	found(w, FWD_TCP_TO_HOST, "127.0.0.1", 5003, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_HOST, AF_INET, 5000, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_list_limits_and_maps(void **state)
{
	struct world *w = world_new("8000-8010:9000-9010,auto", "none", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 9003, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 8003, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 9011, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 8003, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_exclusions_and_address_family_of_the_rule(void **state)
{
	struct world *w = world_new("127.0.0.1/auto,~80", "none", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "::", 80, false);
	found(w, FWD_TCP_TO_NS, "::", 81, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 81, true);
	expect_nothing(w);
	world_free(w);
}

/* A service comes to be seen, or still is */
static void look_for_80(struct world *w, bool retry)
{
	fwd_scan_begin(&w->scan, &w->fwd, retry);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 80, false);
	fwd_scan_end(&w->scan);
}

static void test_scan_failed_ports_wait_for_a_retry(void **state)
{
	struct world *w = world_new("auto", "none", false);
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change change;

	(void)state;
	look_for_80(w, false);
	assert_true(fwd_scan_next(&w->scan, &cursor, &change));
	fwd_scan_done(&w->scan, &change, FWD_SCAN_NONE);
	assert_false(fwd_scan_next(&w->scan, &cursor, &change));

	look_for_80(w, false);
	expect_nothing(w);

	look_for_80(w, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	world_free(w);
}

static void test_scan_ports_open_for_some_rules_are_completed_or_closed(void **state)
{
	struct world *w = world_new("auto", "none", false);
	struct fwd_scan_cursor cursor = { 0 };
	struct fwd_scan_change change;

	(void)state;
	look_for_80(w, false);
	assert_true(fwd_scan_next(&w->scan, &cursor, &change));
	fwd_scan_done(&w->scan, &change, FWD_SCAN_SOME);
	assert_false(fwd_scan_next(&w->scan, &cursor, &change));
	look_for_80(w, false);
	expect_nothing(w);

	look_for_80(w, true);
	cursor = (struct fwd_scan_cursor){ 0 };
	assert_true(fwd_scan_next(&w->scan, &cursor, &change));
	assert_true(change.open);
	fwd_scan_done(&w->scan, &change, FWD_SCAN_SOME);
	look_for_80(w, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	look_for_80(w, true);
	expect_nothing(w);

	fwd_scan_begin(&w->scan, &w->fwd, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, false);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_other_rules_look_at_what_is_open_again(void **state)
{
	struct world *w = world_new("auto", "none", false);
	static struct fwd_rules rules, none;
	struct fwd_spec spec;
	struct err err;

	(void)state;
	look_for_80(w, false);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	expect_nothing(w);
	memcpy(&rules, &w->rules, sizeof(rules));
	assert_int_equal(fwd_spec_parse("127.0.0.2/auto", &spec, &err), 0);
	fwd_rules_clear(&rules, FWD_TCP_TO_NS);
	assert_int_equal(fwd_rules_add(&rules, FWD_TCP_TO_NS, &spec, &err), 0);
	assert_int_equal(fwd_rules_finish(&rules, (struct fwd_range){ 32768, 60999 }, &err), 0);
	fwd_scan_rules(&w->scan, &rules);
	look_for_80(w, false);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true); /* for the other rule */
	expect_nothing(w);

	fwd_rules_init(&none);
	fwd_scan_rules(&w->scan, &none);
	expect_nothing(w);
	fwd_scan_rules(&w->scan, &rules);
	look_for_80(w, false);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 80, true);
	world_free(w);
}

static void test_scan_without_automatic_rules_wants_nothing(void **state)
{
	struct world *w = world_new("80", "none", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 80, false);
	fwd_scan_end(&w->scan);
	expect_nothing(w);
	assert_false(w->scan.direction[FWD_TCP_TO_NS].automatic);
	world_free(w);
}

static void test_scan_loopback_address_of_a_rule_is_where_the_service_has_to_be(void **state)
{
	struct world *w = world_new("127.77.0.7/auto", "none", true);

	(void)state;
	found(w, FWD_TCP_TO_NS, "127.0.0.1", 5000, false);
	found(w, FWD_TCP_TO_NS, "127.77.0.8", 5001, false);
	found(w, FWD_TCP_TO_NS, "127.77.0.7", 5002, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 5003, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 5002, true);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 5003, true);
	expect_nothing(w);
	world_free(w);
}

static void test_scan_ephemeral_tcp_ports_of_the_host_are_left_alone(void **state)
{
	struct world *w = world_new("auto", "auto", false);

	(void)state;
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 40000, false);
	found(w, FWD_TCP_TO_NS, "0.0.0.0", 61000, false);
	found(w, FWD_UDP_TO_NS, "0.0.0.0", 40000, false);
	fwd_scan_end(&w->scan);
	expect_change(w, FWD_TCP_TO_NS, AF_INET, 61000, true);
	expect_change(w, FWD_UDP_TO_NS, AF_INET, 40000, true);
	expect_nothing(w);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_scan_loopback_address_of_a_rule_is_where_the_service_has_to_be),
		cmocka_unit_test(test_scan_ephemeral_tcp_ports_of_the_host_are_left_alone),
		cmocka_unit_test(test_scan_dual_stack_service_opens_both_families_and_closes_them),
		cmocka_unit_test(test_scan_services_of_the_host_keep_their_loopback_address),
		cmocka_unit_test(test_scan_all_of_the_loopback_takes_the_place_of_single_addresses),
		cmocka_unit_test(test_scan_other_loopback_addresses_follow_lists_and_maps),
		cmocka_unit_test(test_scan_other_loopback_addresses_have_a_limit),
		cmocka_unit_test(test_scan_failed_ports_of_other_addresses_wait_for_a_retry),
		cmocka_unit_test(test_scan_a_rule_with_an_address_takes_what_is_there),
		cmocka_unit_test(test_scan_one_family_services_stay_so),
		cmocka_unit_test(test_scan_protocols_are_apart),
		cmocka_unit_test(test_scan_namespace_loopback_services_need_the_option),
		cmocka_unit_test(test_scan_services_that_nothing_is_led_to_are_not_forwarded),
		cmocka_unit_test(test_scan_targets_of_rules_must_be_what_listens),
		cmocka_unit_test(test_scan_host_services_off_loopback_are_not_forwarded),
		cmocka_unit_test(test_scan_own_ports_are_no_services),
		cmocka_unit_test(test_scan_own_port_on_one_address_hides_no_service_on_another),
		cmocka_unit_test(test_scan_list_limits_and_maps),
		cmocka_unit_test(test_scan_exclusions_and_address_family_of_the_rule),
		cmocka_unit_test(test_scan_failed_ports_wait_for_a_retry),
		cmocka_unit_test(test_scan_ports_open_for_some_rules_are_completed_or_closed),
		cmocka_unit_test(test_scan_other_rules_look_at_what_is_open_again),
		cmocka_unit_test(test_scan_without_automatic_rules_wants_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
