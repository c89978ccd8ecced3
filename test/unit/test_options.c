/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: the table, the parser and the checks across options.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "launch/option_table.h"
#include "launch/options.h"
#include "test/unit/addr_text.h"

#define ARGS_MAX 16

/* parse() - options_parse() of the arguments, which end with NULL */
static int parse(struct settings *settings, struct err *err, const char *const *args)
{
	char name[] = "pasta";
	char *argv[ARGS_MAX + 2] = { name };
	char copy[ARGS_MAX][128];
	int argc = 1;

	for (; args[argc - 1]; argc++) {
		assert_true(argc <= ARGS_MAX);
		snprintf(copy[argc - 1], sizeof(copy[0]), "%s", args[argc - 1]);
		argv[argc] = copy[argc - 1];
	}
	err->text[0] = '\0';
	return options_parse(SETTINGS_PASTA, argc, argv, settings, err);
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_ARGS ((const char *const[]){ NULL })

static struct settings parse_ok(const char *const *args)
{
	struct settings settings;
	struct err err;
	int rc = parse(&settings, &err, args);

	if (rc)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	assert_int_equal(settings.action, SETTINGS_RUN);
	return settings;
}

/* The text is a contract: it names the option and the value */
static void parse_error(const char *const *args, const char *text)
{
	struct settings settings;
	struct err err;

	assert_true(parse(&settings, &err, args) < 0);
	assert_string_equal(err.text, text);
}

static void parse_action(const char *const *args, enum settings_action action)
{
	struct settings settings;
	struct err err;

	assert_int_equal(parse(&settings, &err, args), 0);
	assert_int_equal(settings.action, action);
}

static void test_usage_lines_fit_a_terminal(void **state)
{
	char text[16384] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	options_usage(SETTINGS_PASTA, out);
	fclose(out);
	assert_non_null(strstr(text, "  -m, --mtu N"));
	for (char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
}

static void test_defaults(void **state)
{
	struct settings settings = parse_ok(NO_ARGS);

	(void)state;
	assert_int_equal(settings.addressing.mtu, 65520);
	assert_int_equal(settings.busy_poll_us, 50);
	assert_int_equal(settings.log_level, LOG_LEVEL_INFO);
	assert_false(settings.config_net);
	assert_null(settings.pcap_path);
	assert_int_equal(settings.disabled, 0);
}

static void test_empty_argument_vector_runs_the_shell(void **state)
{
	char *argv[] = { NULL };
	struct settings settings;
	struct err err;

	(void)state;
	assert_int_equal(options_parse(SETTINGS_PASTA, 0, argv, &settings, &err), 0);
	assert_null(settings.command[0]);
}

static void test_parsing_stops_at_first_non_option(void **state)
{
	struct settings settings;
	struct err err;
	char *argv[] = { (char[]){ "pasta" }, (char[]){ "-4" }, (char[]){ "ls" }, (char[]){ "-6" },
			 NULL };

	(void)state;
	assert_int_equal(options_parse(SETTINGS_PASTA, 4, argv, &settings, &err), 0);
	assert_ptr_equal(settings.command, &argv[2]);
	assert_false(settings.addressing.ip4.disabled);
	assert_true(settings.addressing.ip6.disabled);
}

static void test_double_hyphen_ends_options(void **state)
{
	struct settings settings;
	struct err err;
	char *argv[] = { (char[]){ "pasta" }, (char[]){ "--" }, (char[]){ "-x" }, NULL };

	(void)state;
	assert_int_equal(options_parse(SETTINGS_PASTA, 3, argv, &settings, &err), 0);
	assert_ptr_equal(settings.command, &argv[2]);
}

static void test_letters_are_bundled(void **state)
{
	struct settings settings = parse_ok(ARGS("-4qm1500"));

	(void)state;
	assert_true(settings.addressing.ip6.disabled);
	assert_int_equal(settings.log_level, LOG_LEVEL_WARNING);
	assert_int_equal(settings.addressing.mtu, 1500);
}

static void test_last_occurrence_wins(void **state)
{
	struct settings settings = parse_ok(ARGS("--mtu=1500", "--mtu", "9000", "-I", "a", "-Ib"));

	(void)state;
	assert_int_equal(settings.addressing.mtu, 9000);
	assert_string_equal(settings.addressing.ns_ifname, "b");
}

static void test_unknown_option_is_getopts_to_report(void **state)
{
	(void)state;
	parse_error(ARGS("--name-of-nothing"), "");
	parse_error(ARGS("-Z"), "");
	parse_error(ARGS("--mtu"), "");
	parse_error(ARGS("--quiet=yes"), "");
}

static void test_version_and_help_after_valid_options(void **state)
{
	(void)state;
	parse_action(ARGS("-4", "--config-net", "--version"), SETTINGS_PRINT_VERSION);
	parse_action(ARGS("-4", "-6", "--help", "--nonsense"), SETTINGS_PRINT_HELP);
	parse_action(ARGS("-h"), SETTINGS_PRINT_HELP);
}

static void test_control_socket_last_one_wins(void **state)
{
	(void)state;
	assert_non_null(parse_ok(ARGS("-c", "/x", "--conf-path=/y")).control_path);
	assert_true(parse_ok(ARGS("-c", "/x", "--no-control")).no_control);
	assert_false(parse_ok(ARGS("--no-control", "-c", "/x")).no_control);
	parse_error(ARGS("-c", ""), "--conf-path '': must not be empty");
}

static void test_ports_none_accepted(void **state)
{
	(void)state;
	parse_ok(ARGS("-t", "none", "-u", "none", "-T", "none", "-U", "none"));
}

static void test_sole_number_is_a_process_to_join(void **state)
{
	struct settings settings;

	(void)state;
	settings = parse_ok(ARGS("-4", "1234"));
	assert_int_equal(settings.join.pid, 1234);
	settings = parse_ok(ARGS("1234", "x"));
	assert_int_equal(settings.join.pid, 0);
	settings = parse_ok(ARGS("7z"));
	assert_int_equal(settings.join.pid, 0);
	parse_error(ARGS("0"), "'0' is not the number of a process");
	parse_error(ARGS("4294967297"), "'4294967297' is not the number of a process");
}

static void test_join_contradictions_rejected(void **state)
{
	(void)state;
	parse_ok(ARGS("--netns", "x"));
	parse_ok(ARGS("--netns", "x", "--userns", "/y"));
	parse_ok(ARGS("--netns-only", "12"));
	parse_error(ARGS("--netns", "x", "12"), "--netns 'x' contradicts the process '12'");
	parse_error(ARGS("--netns", "x", "--userns", "/y", "--netns-only"),
		    "--userns '/y' contradicts --netns-only");
	parse_error(ARGS("--userns", "/y"), "--userns '/y' needs --netns or a process to join");
	parse_ok(ARGS("--netns-only", "--", "ls"));
}

static void test_log_size_limits(void **state)
{
	struct settings settings = parse_ok(ARGS("ls"));

	(void)state;
	assert_int_equal(settings.log_bytes, 1024 * 1024);
	settings = parse_ok(ARGS("--log-size", "4096"));
	assert_int_equal(settings.log_bytes, 4096);
	parse_error(ARGS("--log-size", "4095"),
		    "--log-size '4095': must be between 4096 and 2147483647 bytes");
	parse_error(ARGS("--stats", "0"), "--stats '0': must be between 1 and 86400 seconds");
}

static void test_mtu_above_maximum_rejected(void **state)
{
	(void)state;
	parse_error(ARGS("--mtu", "99999"), "--mtu '99999': must be between 68 and 65520 (or 0)");
	parse_error(ARGS("--mtu", "65521"), "--mtu '65521': must be between 68 and 65520 (or 0)");
	assert_int_equal(parse_ok(ARGS("-m", "65520")).addressing.mtu, 65520);
}

static void test_mtu_below_minimum_rejected(void **state)
{
	(void)state;
	parse_error(ARGS("-4", "-m67"), "--mtu '67': must be between 68 and 65520 (or 0)");
	parse_error(ARGS("-m", "1279"),
		    "--mtu '1279': must be at least 1280 with IPv6 (use --ipv4-only)");
	assert_int_equal(parse_ok(ARGS("-4", "-m", "68")).addressing.mtu, 68);
	assert_int_equal(parse_ok(ARGS("-m", "1280")).addressing.mtu, 1280);
	assert_int_equal(parse_ok(ARGS("-m", "0")).addressing.mtu, 0);
}

static void test_mtu_with_trailing_garbage_rejected(void **state)
{
	(void)state;
	parse_error(ARGS("--mtu", "1500x"), "--mtu '1500x': must be between 68 and 65520 (or 0)");
	parse_error(ARGS("--mtu", ""), "--mtu '': must be between 68 and 65520 (or 0)");
}

static void test_addresses_once_a_family(void **state)
{
	struct settings settings = parse_ok(ARGS("-a", "192.0.2.7", "-a", "2001:db8::7/96"));

	(void)state;
	assert_addr(&settings.addressing.ip4.addr, "192.0.2.7");
	assert_int_equal(settings.addressing.ip4.prefix_len, 0);
	assert_addr(&settings.addressing.ip6.addr, "2001:db8::7");
	assert_int_equal(settings.addressing.ip6.prefix_len, 96);
}

static void test_last_address_of_a_family_wins(void **state)
{
	struct settings s =
		parse_ok(ARGS("-a", "192.0.2.7/24", "-a", "2001:db8::7", "-a", "192.0.2.8", "-g",
			      "fe80::1", "-g", "fe80::2", "-g", "192.0.2.1"));

	(void)state;
	assert_addr(&s.addressing.ip4.addr, "192.0.2.8");
	assert_int_equal(s.addressing.ip4.prefix_len, 0);
	assert_addr(&s.addressing.ip6.addr, "2001:db8::7");
	assert_addr(&s.addressing.ip6.gateway, "fe80::2");
	assert_addr(&s.addressing.ip4.gateway, "192.0.2.1");
	s = parse_ok(ARGS("-o", "192.0.2.1", "-o", "192.0.2.2", "--dns-forward", "192.0.2.3",
			  "--dns-forward", "192.0.2.4", "--dns-host", "::1", "--dns-host", "::2",
			  "-n", "8", "-n", "16"));
	assert_addr(&s.addressing.ip4.outbound_addr, "192.0.2.2");
	assert_addr(&s.dns.forward4, "192.0.2.4");
	assert_addr(&s.dns.host6.addr, "::2");
	assert_int_equal(s.addressing.netmask_len, 16);
}

static void test_none_counts_like_any_other_value(void **state)
{
	struct settings s = parse_ok(ARGS("-D", "192.0.2.1", "-D", "none", "--map-guest-addr",
					  "192.0.2.5", "--map-guest-addr", "none"));

	(void)state;
	assert_true(s.dns.announce_none);
	assert_int_equal(s.dns.announce_count, 0);
	assert_addr(&s.addressing.ip4.map_guest_addr, "::");
	s = parse_ok(ARGS("-D", "none", "-D", "192.0.2.1", "--map-guest-addr", "none",
			  "--map-guest-addr", "192.0.2.5", "-t", "none", "-t", "80"));
	assert_false(s.dns.announce_none);
	assert_int_equal(s.dns.announce_count, 1);
	assert_addr(&s.addressing.ip4.map_guest_addr, "192.0.2.5");
	assert_false(s.rules->direction[FWD_TCP_TO_NS].none);
}

static void test_addresses_that_no_host_has_rejected(void **state)
{
	(void)state;
	parse_error(ARGS("-a", "0.0.0.0"),
		    "--address '0.0.0.0': must not be unspecified, loopback or multicast");
	parse_error(ARGS("-g", "::1"),
		    "--gateway '::1': must not be unspecified, loopback or multicast");
	parse_error(ARGS("-o", "ff02::1"),
		    "--outbound 'ff02::1': must not be unspecified, loopback or multicast");
	parse_error(ARGS("-a", "192.0.2.7/33"),
		    "--address '192.0.2.7/33': prefix length out of range");
	parse_error(ARGS("-a", "192.0.2.7/24x"),
		    "--address '192.0.2.7/24x': not an address (ADDR or ADDR/LEN)");
	parse_error(ARGS("-g", "eth0"), "--gateway 'eth0': not an IPv4 or IPv6 address");
}

static void test_netmask_with_prefix_length_rejected(void **state)
{
	(void)state;
	assert_int_equal(parse_ok(ARGS("-n", "255.255.0.0")).addressing.netmask_len, 16);
	parse_ok(ARGS("-n", "24", "-a", "192.0.2.7"));
	parse_ok(ARGS("-n", "24", "-a", "2001:db8::7/64"));
	parse_error(ARGS("-n", "24", "-a", "192.0.2.7/24"),
		    "--netmask '24' contradicts --address '192.0.2.7/24'");
	parse_error(ARGS("-6", "-n", "24"), "--netmask '24' contradicts --ipv6-only");
	parse_error(ARGS("-n", "255.0.255.0"), "--netmask '255.0.255.0': not an IPv4 netmask "
					       "(255.255.255.0, or 1 to 32 bits)");
}

static void test_both_families_off_rejected(void **state)
{
	(void)state;
	parse_error(ARGS("-46"), "--ipv4-only and --ipv6-only contradict each other");
}

static void test_address_of_disabled_family_only_rejected(void **state)
{
	(void)state;
	parse_error(ARGS("-4", "-a", "2001:db8::7"),
		    "--address '2001:db8::7' contradicts --ipv4-only");
	parse_error(ARGS("-6", "-g", "192.0.2.1"), "--gateway '192.0.2.1' contradicts --ipv6-only");
	parse_ok(ARGS("-4", "-a", "2001:db8::7", "-a", "192.0.2.7"));
}

static void test_map_host_loopback_none_or_addresses(void **state)
{
	struct settings settings = parse_ok(ARGS("--map-host-loopback", "192.0.2.9"));

	(void)state;
	assert_addr(&settings.addressing.ip4.map_host_loopback, "192.0.2.9");
	assert_false(settings.addressing.ip4.map_host_loopback_none);
	settings = parse_ok(ARGS("--map-host-loopback=none", "--map-host-loopback=192.0.2.9"));
	assert_false(settings.addressing.ip4.map_host_loopback_none);
	assert_true(settings.addressing.ip6.map_host_loopback_none);
	settings = parse_ok(ARGS("--map-host-loopback=192.0.2.9", "--map-host-loopback=none"));
	assert_true(settings.addressing.ip4.map_host_loopback_none);
}

static void test_interface_names_checked(void **state)
{
	(void)state;
	assert_string_equal(parse_ok(ARGS("-i", "eth0")).template_name, "eth0");
	parse_ok(ARGS("-i", "an-alternative-name"));
	parse_error(ARGS("-i", "a b"), "--interface 'a b': not the name of an interface");
	parse_error(ARGS("-I", "abcdefghijklmnop"),
		    "--ns-ifname 'abcdefghijklmnop': interface names have at most 15 characters");
	parse_error(ARGS("-I", "a/b"), "--ns-ifname 'a/b': not the name of an interface");
}

static void test_mac_addresses_checked(void **state)
{
	struct settings settings = parse_ok(ARGS("-M", "02:00:00:00:00:01"));

	(void)state;
	assert_int_equal(settings.addressing.our_mac[5], 1);
	assert_false(settings.has_ns_mac);
	assert_true(parse_ok(ARGS("--ns-mac-addr", "02:00:00:00:00:01")).has_ns_mac);
	parse_error(ARGS("-M", "01:00:00:00:00:01"),
		    "--mac-addr '01:00:00:00:00:01': not the MAC address of one interface");
	parse_error(ARGS("-M", "zz"), "--mac-addr 'zz': not a MAC address (xx:xx:xx:xx:xx:xx)");
}

static void test_debug_disable_is_a_list(void **state)
{
	struct settings settings = parse_ok(ARGS("--debug-disable", "uso,peek-off"));

	(void)state;
	assert_int_equal(settings.disabled,
			 1 << SETTINGS_DISABLE_USO | 1 << SETTINGS_DISABLE_PEEK_OFF);
	parse_error(ARGS("--debug-disable", "uso,"), "--debug-disable 'uso,': must be a list of "
						     "peek-off, uso, tso, landlock");
	parse_error(ARGS("--debug-disable", "uso;tso"),
		    "--debug-disable 'uso;tso': items are separated by commas");
}

static void test_busy_poll_bounds(void **state)
{
	(void)state;
	assert_int_equal(parse_ok(ARGS("--busy-poll", "0")).busy_poll_us, 0);
	parse_error(ARGS("--busy-poll", "1000001"),
		    "--busy-poll '1000001': must be between 0 and 1000000 microseconds");
}

static void test_verbosity_last_wins(void **state)
{
	(void)state;
	assert_int_equal(parse_ok(ARGS("-q", "-d")).log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(parse_ok(ARGS("-d", "--trace")).log_level, LOG_LEVEL_TRACE);
}

static void test_handlers_off(void **state)
{
	struct settings settings = parse_ok(ARGS("--no-tcp", "--no-udp", "--no-icmp", "--no-ndp"));

	(void)state;
	assert_true(settings.addressing.no_tcp);
	assert_true(settings.addressing.no_udp);
	assert_true(settings.addressing.no_icmp);
	assert_true(settings.addressing.no_ndp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage_lines_fit_a_terminal),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_empty_argument_vector_runs_the_shell),
		cmocka_unit_test(test_parsing_stops_at_first_non_option),
		cmocka_unit_test(test_double_hyphen_ends_options),
		cmocka_unit_test(test_letters_are_bundled),
		cmocka_unit_test(test_last_occurrence_wins),
		cmocka_unit_test(test_unknown_option_is_getopts_to_report),
		cmocka_unit_test(test_version_and_help_after_valid_options),
		cmocka_unit_test(test_control_socket_last_one_wins),
		cmocka_unit_test(test_ports_none_accepted),
		cmocka_unit_test(test_sole_number_is_a_process_to_join),
		cmocka_unit_test(test_join_contradictions_rejected),
		cmocka_unit_test(test_log_size_limits),
		cmocka_unit_test(test_mtu_above_maximum_rejected),
		cmocka_unit_test(test_mtu_below_minimum_rejected),
		cmocka_unit_test(test_mtu_with_trailing_garbage_rejected),
		cmocka_unit_test(test_addresses_once_a_family),
		cmocka_unit_test(test_last_address_of_a_family_wins),
		cmocka_unit_test(test_none_counts_like_any_other_value),
		cmocka_unit_test(test_addresses_that_no_host_has_rejected),
		cmocka_unit_test(test_netmask_with_prefix_length_rejected),
		cmocka_unit_test(test_both_families_off_rejected),
		cmocka_unit_test(test_address_of_disabled_family_only_rejected),
		cmocka_unit_test(test_map_host_loopback_none_or_addresses),
		cmocka_unit_test(test_interface_names_checked),
		cmocka_unit_test(test_mac_addresses_checked),
		cmocka_unit_test(test_debug_disable_is_a_list),
		cmocka_unit_test(test_busy_poll_bounds),
		cmocka_unit_test(test_verbosity_last_wins),
		cmocka_unit_test(test_handlers_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
