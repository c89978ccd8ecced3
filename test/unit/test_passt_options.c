/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of passt, where it differs from pasta's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/util.h"
#include "launch/options.h"

#define ARGS_MAX 16

/* options_parse() of the arguments, which end with NULL */
static int parse(struct settings *settings, struct err *err, const char *const *args)
{
	char name[] = "passt";
	char *argv[ARGS_MAX + 2] = { name };
	char copy[ARGS_MAX][128];
	int argc = 1;

	for (; args[argc - 1]; argc++) {
		assert_true(argc <= ARGS_MAX);
		snprintf(copy[argc - 1], sizeof(copy[0]), "%s", args[argc - 1]);
		argv[argc] = copy[argc - 1];
	}
	err->text[0] = '\0';
	return options_parse(SETTINGS_PASST, argc, argv, settings, err);
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
	return settings;
}

static void parse_error(const char *const *args, const char *text)
{
	struct settings settings;
	struct err err;

	assert_true(parse(&settings, &err, args) < 0);
	assert_string_equal(err.text, text);
}

static void test_passt_defaults(void **state)
{
	struct settings s = parse_ok(NO_ARGS);

	(void)state;
	assert_null(s.guest_path);
	assert_int_equal(s.guest_fd, -1);
	assert_false(s.one_off);
	assert_false(s.vhost_user);
	assert_true(s.autoconf.announce_dns);
	assert_true(s.autoconf.announce_search);
	assert_true(s.no_splice);
	for (int d = 0; d < FWD_DIRECTIONS; d++)
		assert_true(s.rules->direction[d].none);
}

static void test_passt_own_options(void **state)
{
	struct settings s = parse_ok(ARGS("-s", "/x", "-1", "-t", "8080:80"));

	(void)state;
	assert_string_equal(s.guest_path, "/x");
	assert_true(s.one_off);
	assert_false(s.rules->direction[FWD_TCP_TO_NS].none);
	assert_true(s.rules->direction[FWD_UDP_TO_NS].none);
	s = parse_ok(ARGS("--fd", "3"));
	assert_int_equal(s.guest_fd, 3);
	assert_true(s.one_off);
	assert_true(parse_ok(ARGS("--vhost-user")).vhost_user);
	assert_int_equal(parse_ok(ARGS("--print-capabilities")).action,
			 SETTINGS_PRINT_CAPABILITIES);
	s = parse_ok(ARGS("--no-dhcp-dns", "--migrate-exit", "--repair-path", "/x"));
	assert_false(s.autoconf.announce_dns);
}

static void test_passt_refusals(void **state)
{
	(void)state;
	parse_error(ARGS("--config-net"), "--config-net is for namespaces: passt has none");
	parse_error(ARGS("-T", "80"), "--tcp-ns is for namespaces: passt has none");
	parse_error(ARGS("--fd", "2"), "--fd '2': not the number of a descriptor above 2");
	parse_error(ARGS("--fd", "3", "-s", "x"), "--fd '3' contradicts --socket 'x'");
	parse_error(ARGS("true"), "'true': passt runs no command");
	parse_error(ARGS("-t", "auto"),
		    "--tcp-ports 'auto': passt can't see what listens in a guest: name the "
		    "ports");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passt_defaults),
		cmocka_unit_test(test_passt_own_options),
		cmocka_unit_test(test_passt_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
