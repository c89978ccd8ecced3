/* SPDX-License-Identifier: Apache-2.0
 *
 * What address the inner side is taken to have, where it configures itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/engine/learn.h"
#include "test/unit/addr_text.h"

struct world {
	struct config config;
	struct forwarding forwarding;
	struct learn learn;
	uint64_t now_ns;
	uint32_t replaced;
};

static void on_replaced(struct forwarding *forwarding)
{
	container_of(forwarding, struct world, forwarding)->replaced++;
}

static void offer(struct world *w, const char *ip4, const char *ip6)
{
	w->config.fwd.ip4.ns_addr = addr(ip4);
	w->config.fwd.ip6.ns_addr = w->config.autoconf.ip6.addr = addr(ip6);
	learn_again(&w->learn, true);
	learn_again(&w->learn, false);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	*state = w;
	w->now_ns = 10 * NS_PER_S;
	w->config.fwd.ip4.enabled = w->config.fwd.ip6.enabled = true;
	w->config.autoconf.ip6.prefix_len = 64;
	offer(w, "198.51.100.1", "2001:db8:1::1");
	w->forwarding.tables[0] = w->config.fwd;
	w->forwarding.replaced = on_replaced;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void hear(struct world *w, const char *text)
{
	const struct in6_addr src = addr(text);

	learn_inner(&w->learn, &w->forwarding, &w->config, &src, w->now_ns);
}

static void claim(struct world *w, const char *text)
{
	const struct in6_addr src = addr(text);

	learn_claim(&w->learn, &w->forwarding, &w->config, &src, w->now_ns);
}

static void assert_known_by(const struct world *w, const char *text)
{
	const struct in6_addr expected = addr(text);
	const struct fwd_table *table = forwarding_table(&w->forwarding);

	assert_true(addr_equal(&fwd_family_of(table, &expected)->ns_addr, &expected));
}

static void test_learn_where_it_configures_itself(void **state)
{
	struct world *w = *state;

	assert_true(learn_is_wanted(&w->config));
	w->config.autoconf.configured = true;
	assert_false(learn_is_wanted(&w->config));
}

static void test_learn_keeps_what_it_has_until_it_uses_what_is_offered(void **state)
{
	struct world *w = *state;

	hear(w, "198.51.100.1");
	offer(w, "192.0.2.1", "2001:db8:7::1");
	hear(w, "198.51.100.1");
	assert_known_by(w, "198.51.100.1");
	assert_int_equal(w->replaced, 0);
	hear(w, "192.0.2.1");
	assert_known_by(w, "192.0.2.1");
	hear(w, "198.51.100.1"); /* of a connection that still ends */
	assert_known_by(w, "192.0.2.1");
	assert_int_equal(w->replaced, 1);
}

static void test_learn_address_made_of_the_prefix(void **state)
{
	struct world *w = *state;

	hear(w, "2001:db8:1::77");
	assert_known_by(w, "2001:db8:1::77");
	offer(w, "198.51.100.1", "2001:db8:7::1");
	w->now_ns += 2 * NS_PER_S;
	hear(w, "2001:db8:1::77");
	assert_known_by(w, "2001:db8:1::77");
	hear(w, "2001:db8:7::77");
	assert_known_by(w, "2001:db8:7::77");
	w->now_ns += 2 * NS_PER_S;
	hear(w, "2001:db8:1::77"); /* deprecated, but still in use */
	assert_known_by(w, "2001:db8:7::77");
	hear(w, "2001:db8:7::78"); /* a temporary one */
	assert_known_by(w, "2001:db8:7::78");
}

static void test_learn_address_of_its_own(void **state)
{
	struct world *w = *state;

	hear(w, "10.0.0.5");
	assert_known_by(w, "10.0.0.5");
	hear(w, "10.0.0.6"); /* too soon */
	assert_known_by(w, "10.0.0.5");
	w->now_ns += 2 * NS_PER_S;
	hear(w, "10.0.0.6");
	assert_known_by(w, "10.0.0.6");
	hear(w, "198.51.100.1");
	assert_known_by(w, "198.51.100.1");
	w->now_ns += 2 * NS_PER_S;
	hear(w, "10.0.0.6");
	assert_known_by(w, "198.51.100.1");
}

static void test_learn_claim_of_a_first_address_counts_at_once(void **state)
{
	struct world *w = *state;

	claim(w, "fe80::77");
	claim(w, "2001:db8:1::77");
	assert_known_by(w, "2001:db8:1::77");
}

static void test_learn_claim_of_another_address_counts_when_it_is_sure(void **state)
{
	struct world *w = *state;

	hear(w, "2001:db8:1::77");
	offer(w, "198.51.100.1", "2001:db8:7::1");
	hear(w, "2001:db8:1::77");
	claim(w, "2001:db8:7::77");
	w->now_ns += NS_PER_S;
	hear(w, "2001:db8:1::77");
	assert_known_by(w, "2001:db8:1::77");
	w->now_ns += NS_PER_S;
	hear(w, "2001:db8:1::77");
	assert_known_by(w, "2001:db8:7::77");
}

static void test_learn_claim_of_a_temporary_address_changes_nothing(void **state)
{
	struct world *w = *state;

	hear(w, "2001:db8:1::77");
	claim(w, "2001:db8:1::78");
	w->now_ns += 5 * NS_PER_S;
	hear(w, "2001:db8:1::77");
	assert_known_by(w, "2001:db8:1::77");
	hear(w, "2001:db8:1::1");
	claim(w, "2001:db8:1::78");
	assert_known_by(w, "2001:db8:1::1");
}

static void test_learn_claim_is_forgotten_once_the_offered_address_is_in_use(void **state)
{
	struct world *w = *state;

	hear(w, "2001:db8:1::77");
	offer(w, "198.51.100.1", "2001:db8:7::1");
	claim(w, "2001:db8:7::78");
	hear(w, "2001:db8:7::1");
	assert_known_by(w, "2001:db8:7::1");
	w->now_ns += 86400 * NS_PER_S;
	offer(w, "198.51.100.1", "2001:db8:9::1");
	hear(w, "2001:db8:7::1");
	assert_known_by(w, "2001:db8:7::1");
}

static void test_learn_nothing_of_what_is_no_address_to_come_to(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "127.0.0.1", "224.0.0.1", "::", "fe80::1" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hear(w, texts[i]);
	assert_int_equal(w->replaced, 0);
	w->forwarding.tables[0].ip4.enabled = false;
	hear(w, "10.0.0.5");
	assert_int_equal(w->replaced, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_learn_where_it_configures_itself),
		TEST(test_learn_keeps_what_it_has_until_it_uses_what_is_offered),
		TEST(test_learn_address_made_of_the_prefix),
		TEST(test_learn_address_of_its_own),
		TEST(test_learn_claim_of_a_first_address_counts_at_once),
		TEST(test_learn_claim_of_another_address_counts_when_it_is_sure),
		TEST(test_learn_claim_of_a_temporary_address_changes_nothing),
		TEST(test_learn_claim_is_forgotten_once_the_offered_address_is_in_use),
		TEST(test_learn_nothing_of_what_is_no_address_to_come_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
