/* SPDX-License-Identifier: Apache-2.0
 *
 * From addressing and options to what the services offer; and those options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/addr.h"
#include "common/engine/autoconf_rules.h"
#include "launch/options.h"
#include "test/unit/addr_text.h"

struct world {
	struct autoconf_request request;
	struct addressing addressing;
	struct config config;
};

static void add(struct addressing_family *family, const char *text, unsigned int prefix_len)
{
	family->addrs[family->addr_count++] =
		(struct addressing_addr){ .addr = addr(text), .prefix_len = prefix_len };
}

static struct world usual(void)
{
	struct world w = {
		.addressing = { .mtu = 9000 },
		.config = { .ndp = true,
			    .link = { .our_mac = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 } } },
	};

	w.addressing.ip4.enabled = w.addressing.ip6.enabled = true;
	add(&w.addressing.ip4, "192.0.2.15", 24);
	add(&w.addressing.ip4, "192.0.2.16", 24);
	add(&w.addressing.ip6, "2001:db8::15", 64);
	w.addressing.ip4.gateway = addr("192.0.2.254");
	w.addressing.ip4.default_from = ADDRESSING_DEFAULT_GIVEN;
	w.addressing.ip6.gateway = addr("2001:db8::1");
	return w;
}

static const struct autoconf_config *resolve(struct world *w)
{
	autoconf_resolve(&w->request, &w->addressing, &w->config);
	return &w->config.autoconf;
}

static void test_autoconf_rules_usual_host(void **state)
{
	struct world w = usual();
	const struct autoconf_config *c = resolve(&w);

	(void)state;
	assert_true(c->dhcp && c->dhcpv6 && c->ra);
	assert_false(c->configured || c->announce_dns || c->announce_search);
	assert_addr(&c->ip4.addr, "192.0.2.15");
	assert_int_equal(c->ip4.prefix_len, 24);
	assert_addr(&c->ip4.gateway, "192.0.2.254");
	assert_addr(&c->ip4.server, "192.0.2.254");
	assert_addr(&c->ip6.addr, "2001:db8::15");
	assert_addr(&c->ip6.server, "fe80::9855:9aff:fe55:9a55");
	assert_int_equal(c->mtu, 9000);
}

static void test_autoconf_rules_link_local_gateway_is_the_router(void **state)
{
	struct world w = usual();

	(void)state;
	w.addressing.ip6.gateway = addr("fe80::42");
	assert_addr(&resolve(&w)->ip6.server, "fe80::42");
}

static void test_autoconf_rules_server_without_gateway(void **state)
{
	static const struct {
		const char *own;
		unsigned int prefix_len;
		const char *server;
	} cases[] = {
		{ "192.0.2.15", 24, "192.0.2.1" },   { "192.0.2.1", 24, "192.0.2.2" },
		{ "10.255.3.4", 9, "10.128.0.1" },   { "192.0.2.8", 31, "192.0.2.9" },
		{ "192.0.2.9", 31, "192.0.2.8" },    { "192.0.2.9", 32, "169.254.2.2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world w = usual();

		w.addressing.ip4.gateway = in6addr_any;
		w.addressing.ip4.addr_count = 0;
		add(&w.addressing.ip4, cases[i].own, cases[i].prefix_len);
		assert_addr(&resolve(&w)->ip4.server, cases[i].server);
	}
}

static void test_autoconf_rules_families_and_handlers(void **state)
{
	const struct autoconf_config *c;
	struct world w = usual();

	(void)state;
	w.addressing.ip6.enabled = false;
	c = resolve(&w);
	assert_true(c->dhcp && !c->dhcpv6 && !c->ra);
	w = usual();
	w.addressing.ip4.enabled = false;
	c = resolve(&w);
	assert_true(!c->dhcp && c->dhcpv6 && c->ra);
	w = usual();
	w.config.ndp = false;
	c = resolve(&w);
	assert_true(c->dhcp && c->dhcpv6 && !c->ra);
	w = usual();
	w.request.no_dhcp = w.request.no_dhcpv6 = w.request.no_ra = true;
	c = resolve(&w);
	assert_false(c->dhcp || c->dhcpv6 || c->ra);
}

static void test_autoconf_rules_names_lose_the_last_dot(void **state)
{
	struct world w = usual();
	const struct autoconf_config *c;

	(void)state;
	w.request.hostname = "box";
	w.request.fqdn = "box.example.org.";
	c = resolve(&w);
	assert_string_equal(c->hostname, "box");
	assert_string_equal(c->fqdn, "box.example.org");
}

static int parse(struct settings *settings, struct err *err, const char *option, const char *value)
{
	/* the settings point into the arguments */
	char name[] = "pasta", *argv[] = { name, (char *)option, (char *)value, NULL };

	err->text[0] = '\0';
	return options_parse(SETTINGS_PASTA, value ? 3 : 2, argv, settings, err);
}

static void test_autoconf_options_switch_services_off(void **state)
{
	struct settings s;
	struct err err;

	(void)state;
	assert_int_equal(parse(&s, &err, "--no-dhcp", NULL), 0);
	assert_true(s.autoconf.no_dhcp && !s.autoconf.no_dhcpv6 && !s.autoconf.no_ra);
	assert_int_equal(parse(&s, &err, "--no-dhcpv6", NULL), 0);
	assert_true(s.autoconf.no_dhcpv6);
	assert_int_equal(parse(&s, &err, "--no-ra", NULL), 0);
	assert_true(s.autoconf.no_ra);
}

static void test_autoconf_options_last_announcement_wins(void **state)
{
	struct settings s;
	struct err err;

	(void)state;
	assert_int_equal(parse(&s, &err, "--dhcp-dns", NULL), 0);
	assert_true(s.autoconf.announce_dns && !s.autoconf.announce_search);
	assert_int_equal(parse(&s, &err, "--dhcp-dns", "--no-dhcp-dns"), 0);
	assert_false(s.autoconf.announce_dns);
	assert_int_equal(parse(&s, &err, "--no-dhcp-search", "--dhcp-search"), 0);
	assert_true(s.autoconf.announce_search);
}

static void test_autoconf_options_search(void **state)
{
	char value[1100];
	struct settings s;
	struct err err;

	(void)state;
	assert_int_equal(parse(&s, &err, "--search", "example.org, sub.example.net."), 0);
	assert_true(s.dns.search_given);
	assert_string_equal(s.dns.search, "example.org sub.example.net");
	assert_int_equal(parse(&s, &err, "-S", "none"), 0);
	assert_true(s.dns.search_given);
	assert_string_equal(s.dns.search, "");
	assert_true(parse(&s, &err, "-S", "a..b") < 0);
	assert_string_equal(err.text, "--search 'a..b': not a list of domains, nor 'none'");
	assert_true(parse(&s, &err, "-S", " ,") < 0);
	assert_string_equal(err.text, "--search ' ,': must not be empty");
	for (size_t i = 0; i < sizeof(value) - 1; i++)
		value[i] = i % 50 == 49 ? ' ' : 'x';
	value[sizeof(value) - 1] = '\0';
	assert_true(parse(&s, &err, "-S", value) < 0);
}

static void test_autoconf_options_names(void **state)
{
	struct settings s;
	struct err err;

	(void)state;
	assert_int_equal(parse(&s, &err, "-H", "box-1"), 0);
	assert_string_equal(s.autoconf.hostname, "box-1");
	assert_int_equal(parse(&s, &err, "--fqdn", "box.example.org."), 0);
	assert_string_equal(s.autoconf.fqdn, "box.example.org.");
	assert_true(parse(&s, &err, "--hostname", "a b") < 0);
	assert_string_equal(err.text, "--hostname 'a b': not the name of a host");
	assert_true(parse(&s, &err, "--fqdn", "") < 0);
	assert_string_equal(err.text, "--fqdn '': not the name of a host");
	assert_true(parse(&s, &err, "--fqdn", "$(id).example") < 0);
}

static void test_autoconf_rules_grown_family_keeps_the_server(void **state)
{
	struct addressing_family local = { .enabled = true, .gateway = addr("169.254.2.2") };
	struct world w = usual();
	const struct addressing_family given = w.addressing.ip4;
	const struct autoconf_config *c;

	(void)state;
	add(&local, "169.254.2.1", 16);
	w.addressing.ip4 = local;
	w.addressing.ip4.local = true;
	assert_int_equal(resolve(&w)->ip4.lease_s, 0);
	w.request.grows = true;
	c = resolve(&w);
	assert_int_equal(c->ip4.lease_s, AUTOCONF_LEASE_S);
	autoconf_grow(&given, true, &w.config.autoconf);
	assert_addr(&c->ip4.addr, "192.0.2.15");
	assert_int_equal(c->ip4.prefix_len, 24);
	assert_addr(&c->ip4.gateway, "192.0.2.254");
	assert_addr(&c->ip4.server, "169.254.2.2");
	assert_int_equal(c->ip4.lease_s, 0);
	assert_addr(&c->ip6.addr, "2001:db8::15");
}

static void test_autoconf_rules_mirrored_family_is_never_leased_for_long(void **state)
{
	struct world w = usual();
	const struct addressing_family given = w.addressing.ip6;

	(void)state;
	w.request.grows = w.request.mirrors = true;
	assert_int_equal(resolve(&w)->ip4.lease_s, AUTOCONF_LEASE_S);
	assert_true(w.config.autoconf.mirrors);
	autoconf_grow(&given, false, &w.config.autoconf);
	assert_int_equal(w.config.autoconf.ip6.lease_s, AUTOCONF_LEASE_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_autoconf_rules_usual_host),
		cmocka_unit_test(test_autoconf_rules_link_local_gateway_is_the_router),
		cmocka_unit_test(test_autoconf_rules_server_without_gateway),
		cmocka_unit_test(test_autoconf_rules_families_and_handlers),
		cmocka_unit_test(test_autoconf_rules_names_lose_the_last_dot),
		cmocka_unit_test(test_autoconf_options_switch_services_off),
		cmocka_unit_test(test_autoconf_rules_grown_family_keeps_the_server),
		cmocka_unit_test(test_autoconf_rules_mirrored_family_is_never_leased_for_long),
		cmocka_unit_test(test_autoconf_options_last_announcement_wins),
		cmocka_unit_test(test_autoconf_options_search),
		cmocka_unit_test(test_autoconf_options_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
