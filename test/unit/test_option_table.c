/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of options: that it is whole, and that its columns are what is done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/util.h"
#include "launch/option_table.h"

static void test_table_names_and_letters_are_unique(void **state)
{
	const struct option_spec *a, *b;

	(void)state;
	for (size_t i = 0; (a = option_table_row(i)); i++) {
		for (size_t j = 0; j < i; j++) {
			b = option_table_row(j);
			assert_string_not_equal(a->name, b->name);
			assert_true(!a->letter || a->letter != b->letter);
		}
	}
}

static void test_table_rows_are_complete(void **state)
{
	const struct option_spec *spec;

	(void)state;
	for (size_t i = 0; (spec = option_table_row(i)); i++) {
		assert_non_null(spec->set);
		assert_true(spec->name[0]);
	}
}

static void test_table_has_every_option_of_the_interface(void **state)
{
	static const char *const names[] = {
		"debug",
		"trace",
		"stats",
		"quiet",
		"foreground",
		"stderr",
		"log-file",
		"log-size",
		"runas",
		"pcap",
		"pid",
		"conf-path",
		"help",
		"version",
		"ipv4-only",
		"ipv6-only",
		"interface",
		"address",
		"netmask",
		"gateway",
		"mac-addr",
		"ns-mac-addr",
		"mtu",
		"ns-ifname",
		"config-net",
		"no-copy-routes",
		"no-copy-addrs",
		"outbound",
		"outbound-if4",
		"outbound-if6",
		"map-host-loopback",
		"no-map-gw",
		"map-guest-addr",
		"dns",
		"dns-forward",
		"dns-host",
		"search",
		"dhcp-dns",
		"no-dhcp-dns",
		"dhcp-search",
		"no-dhcp-search",
		"hostname",
		"fqdn",
		"no-tcp",
		"no-udp",
		"no-icmp",
		"no-dhcp",
		"no-ndp",
		"no-dhcpv6",
		"no-ra",
		"tcp-ports",
		"udp-ports",
		"tcp-ns",
		"udp-ns",
		"host-lo-to-ns-lo",
		"no-splice",
		"splice-only",
		"freebind",
		"userns",
		"netns",
		"netns-only",
		"no-netns-quit",
		"no-pidns",
		"chroot-fallback",
	};
	const struct option_spec *spec;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (size_t j = 0; (spec = option_table_row(j)); j++)
			if (!strcmp(spec->name, names[i]))
				break;
		if (!spec)
			fail_msg("no option --%s", names[i]);
	}
}

static void test_letters_mean_what_callers_expect(void **state)
{
	static const struct {
		char letter;
		const char *name;
	} letters[] = {
		{ 'd', "debug" },     { 'q', "quiet" },	    { 'f', "foreground" },
		{ 'e', "stderr" },    { 'l', "log-file" },  { 'p', "pcap" },
		{ 'P', "pid" },	      { 'c', "conf-path" }, { 'h', "help" },
		{ '4', "ipv4-only" }, { '6', "ipv6-only" }, { 'i', "interface" },
		{ 'a', "address" },   { 'n', "netmask" },   { 'g', "gateway" },
		{ 'M', "mac-addr" },  { 'm', "mtu" },	    { 'I', "ns-ifname" },
		{ 'o', "outbound" },  { 'D', "dns" },	    { 'S', "search" },
		{ 'H', "hostname" },  { 't', "tcp-ports" }, { 'u', "udp-ports" },
		{ 'T', "tcp-ns" },    { 'U', "udp-ns" },
	};
	const struct option_spec *spec;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; (spec = option_table_row(i)); i++)
		for (size_t j = 0; j < ARRAY_SIZE(letters); j++)
			if (spec->letter == letters[j].letter) {
				assert_string_equal(spec->name, letters[j].name);
				found++;
			}
	assert_int_equal(found, ARRAY_SIZE(letters));
}

static uint32_t stored(const struct option_spec *spec, const struct settings *settings)
{
	uint32_t number;

	memcpy(&number, (const char *)settings + spec->target, sizeof(number));
	return number;
}

static void expect_number(const struct option_spec *spec, uint64_t number, bool taken)
{
	struct settings settings;
	struct err err = { "" };
	char text[32], range[64];

	memset(&settings, 0xa5, sizeof(settings));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	snprintf(range, sizeof(range), "must be between %u and %u", spec->number.min,
		 spec->number.max);
	assert_int_equal(spec->set(spec, text, &settings, &err), taken ? 0 : -EINVAL);
	assert_int_equal(stored(spec, &settings), taken ? number : 0xa5a5a5a5);
	assert_true(taken || strstr(err.text, range));
}

static void test_table_numbers_keep_to_their_columns(void **state)
{
	const struct option_spec *spec;
	struct settings settings;
	int numbers = 0;

	(void)state;
	memset(&settings, 0xa5, sizeof(settings));
	option_table_defaults(&settings);
	for (size_t i = 0; (spec = option_table_row(i)); i++) {
		const struct option_number *n = &spec->number;

		if (!n->max)
			continue;
		numbers++;
		assert_non_null(spec->arg);
		assert_int_equal(stored(spec, &settings), n->fallback);
		expect_number(spec, n->min, true);
		expect_number(spec, n->max, true);
		expect_number(spec, n->max + 1ULL, false);
		expect_number(spec, UINT32_MAX + 1ULL, false);
		if (n->min)
			expect_number(spec, 0, n->or_zero);
		if (n->min > 1)
			expect_number(spec, n->min - 1ULL, false);
	}
	assert_true(numbers > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_names_and_letters_are_unique),
		cmocka_unit_test(test_table_rows_are_complete),
		cmocka_unit_test(test_table_has_every_option_of_the_interface),
		cmocka_unit_test(test_letters_mean_what_callers_expect),
		cmocka_unit_test(test_table_numbers_keep_to_their_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
