/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container asks for by annotations, what a policy lets it have, and the command line that
 * comes out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "hooks/option.h"
#include "hooks/request.h"
#include "test/unit/hook_document.h"

static const char usual_policy[] =
	"{ \"enable\": true,"
	"  \"publish\": { \"addresses\": [\"127.0.0.1\", \"[::1]\"],"
	"                \"ports\": [\"1024-2048\", \"80\"] },"
	"  \"options\": [\"--mtu\", \"--map-host-loopback=192.0.2.1\", \"--ipv4-only\"],"
	"  \"log\": [\"/var/log/pasta/\"] }";
#define ANY_ADDRESS "{ \"publish\": { \"addresses\": [\"any\"], \"ports\": [\"1-65535\"] } }"

/* ask() - one annotation under a policy. Return: what request_add_annotations() does; @ret_line is
 * pasta's command line
 */
static int ask(const char *policy_text, const char *key, const char *value, char *ret_line,
	       size_t size, struct hook_err *err)
{
	json_t *annotations = json_pack("{s:s,s:s}", "other", "x", key, value);
	struct policy policy;
	struct request request;
	struct words command;
	size_t at = 0;
	int rc;

	request_init(&request);
	words_init(&command);
	assert_int_equal(policy_take(parse(policy_text), &policy, err), 0);
	rc = request_add_annotations(&request, annotations, "box", &policy, err);
	if (!rc) {
		assert_int_equal(request_command(&request, "/p", "/n", NULL, "/f", &command), 0);
		for (size_t i = 0; i < command.count; i++)
			at += (size_t)snprintf(ret_line + at, size - at, "%s%s", i ? " " : "",
					       command.word[i]);
	}
	words_fini(&command);
	request_fini(&request);
	policy_fini(&policy);
	json_decref(annotations);
	return rc;
}

#define BEGIN "/p --quiet --no-map-gw --netns /n --pid /f "
#define NO_PORTS BEGIN "--tcp-ports none --udp-ports none --tcp-ns none --udp-ns none"

static void assert_line(const char *policy, const char *key, const char *value, const char *line)
{
	struct hook_err err = { "" };
	char is[1024];

	if (ask(policy, key, value, is, sizeof(is), &err))
		fail_msg("%s '%s' is refused: %s", key, value, err.text);
	assert_string_equal(is, line);
}

static void refuse(const char *policy, const char *key, const char *value, const char *why)
{
	struct hook_err err = { "" };
	char line[1024];

	if (!ask(policy, key, value, line, sizeof(line), &err))
		fail_msg("%s '%s' is not refused: %s", key, value, line);
	if (!strstr(err.text, why))
		fail_msg("%s '%s': %s", key, value, err.text);
}

static void test_request_without_annotations_opens_nothing(void **state)
{
	(void)state;
	assert_line("{}", "unrelated", "x", NO_PORTS);
	assert_line("{}", "io.pasta.publish", " , ", NO_PORTS);
}

static void test_request_unknown_annotation_is_refused(void **state)
{
	(void)state;
	refuse(usual_policy, "io.pasta.publsh", "80", "annotation 'io.pasta.publsh' is unknown");
	refuse(usual_policy, "io.pasta.", "80", "annotation 'io.pasta.' is unknown");
}

static void test_request_policy_takes_no_permission(void **state)
{
	static char text[65537 + 1];

	(void)state;
	assert_line("{}", "io.pasta.policy", "allow any:80; deny any",
		    NO_PORTS " --policy-narrow allow any:80; deny any");
	assert_line("{}", "io.pasta.policy", "", NO_PORTS " --policy-narrow ");
	memset(text, '#', sizeof(text) - 1);
	refuse("{}", "io.pasta.policy", text, "annotation 'io.pasta.policy' is longer than 65536");
}

static void test_request_enable(void **state)
{
	(void)state;
	assert_line("{ \"enable\": true }", "io.pasta.enable", "true", NO_PORTS);
	refuse(usual_policy, "io.pasta.enable", "yes", "'yes' is neither 'true' nor 'false'");
	refuse("{}", "io.pasta.enable", "true", "'io.pasta.enable' is not allowed by the policy");
	refuse("{ \"enable\": false }", "io.pasta.enable", "false", "is not allowed");
}

static void test_request_publish_is_split_by_protocol(void **state)
{
	(void)state;
	assert_line(ANY_ADDRESS, "io.pasta.publish", "8080:80,53/udp 90-92:190-192/tcp",
		    BEGIN "--tcp-ports 8080:80 --tcp-ports 90-92:190-192 --udp-ports 53 "
		    "--tcp-ns none --udp-ns none");
}

static void test_request_publish_within_policy(void **state)
{
	(void)state;
	assert_line(usual_policy, "io.pasta.publish", "127.0.0.1/80:8080",
		    BEGIN "--tcp-ports 127.0.0.1/80:8080 --udp-ports none --tcp-ns none "
		    "--udp-ns none");
	assert_line(usual_policy, "io.pasta.publish", "::1/1024-2048/udp",
		    BEGIN "--tcp-ports none --udp-ports ::1/1024-2048 --tcp-ns none --udp-ns none");
	assert_line(usual_policy, "io.pasta.publish", "[0::1]/80",
		    BEGIN "--tcp-ports [0::1]/80 --udp-ports none --tcp-ns none --udp-ns none");
}

static void test_request_publish_beyond_policy_is_refused(void **state)
{
	(void)state;
	refuse("{}", "io.pasta.publish", "80", "publishing '80' is not allowed by the policy");
	refuse(usual_policy, "io.pasta.publish", "80", "(without an address)");
	refuse(usual_policy, "io.pasta.publish", "127.0.0.2/80", "(its address)");
	refuse(usual_policy, "io.pasta.publish", "0.0.0.0/80", "(its address)");
	refuse(usual_policy, "io.pasta.publish", "127.0.0.1/81", "(its ports)");
	refuse(usual_policy, "io.pasta.publish", "127.0.0.1/1023-1024", "(its ports)");
	refuse(usual_policy, "io.pasta.publish", "127.0.0.1/2048-2049", "(its ports)");
	refuse(usual_policy, "io.pasta.publish", "127.0.0.1/80 127.0.0.1/22", "'127.0.0.1/22'");
	refuse(ANY_ADDRESS, "io.pasta.publish", "127.0.0.1/80", "(its address)");
}

static void test_request_publish_that_is_none_is_refused(void **state)
{
	const char *const cases[] = {
		"x", "0", "65536", "80-79", "80:", ":80", "80:0", "/80", "1.2.3/80", "a/80", "80/",
		"80/sctp", "80:90:100", "80-", "-80", "~80", "auto", "all", "none", "%lo/80",
		"1.2.3.4%lo/80", "[1.2.3.4]/80", "[::1/80", "/udp", "80/udp/udp", "80:1.2.3.4/90",
		"99999999999999999999", "+80", "0x50",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuse(ANY_ADDRESS, "io.pasta.publish", cases[i], "cannot publish '");
}

static void test_request_options_within_policy(void **state)
{
	(void)state;
	assert_line(usual_policy, "io.pasta.options", "--mtu=1400 --ipv4-only",
		    NO_PORTS " --mtu=1400 --ipv4-only");
	assert_line(usual_policy, "io.pasta.options", "--map-host-loopback=192.0.2.1",
		    NO_PORTS " --map-host-loopback=192.0.2.1");
}

static void test_request_options_beyond_policy_are_refused(void **state)
{
	(void)state;
	refuse("{}", "io.pasta.options", "--mtu=1", "option '--mtu=1' is not allowed");
	refuse(usual_policy, "io.pasta.options", "--mt=1400", "option '--mt=1400' is not allowed");
	refuse(usual_policy, "io.pasta.options", "--mtux=1", "not allowed");
	refuse(usual_policy, "io.pasta.options", "--map-host-loopback=192.0.2.11", "not allowed");
	refuse(usual_policy, "io.pasta.options", "--map-host-loopback", "not allowed");
	refuse(usual_policy, "io.pasta.options", "--ipv4-only --netns=/x",
	       "'--netns=/x' is not allowed");
	refuse(usual_policy, "io.pasta.options", "--mtu 1400", "'1400' is not of the form");
	refuse(usual_policy, "io.pasta.options", "-m1400", "'-m1400' is not of the form");
	refuse(usual_policy, "io.pasta.options", "--", "'--' is not of the form");
	refuse(usual_policy, "io.pasta.options", "--=x", "'--=x' is not of the form");
	refuse(usual_policy, "io.pasta.options", "--mtu='1", "' is not closed");
}

static void test_request_ports_among_options_are_not_contradicted(void **state)
{
	(void)state;
	assert_line("{ \"options\": [\"--tcp-ns\"] }", "io.pasta.options", "--tcp-ns=auto",
		    BEGIN "--tcp-ports none --udp-ports none --udp-ns none --tcp-ns=auto");
	assert_line("{ \"options\": [\"--tcp-p\"] }", "io.pasta.options", "--tcp-p=auto",
		    BEGIN "--udp-ports none --tcp-ns none --udp-ns none --tcp-p=auto");
	assert_line("{ \"options\": [\"--search\"] }", "io.pasta.options", "--search=--tcp-ns",
		    NO_PORTS " --search=--tcp-ns");
}

static void test_request_options_have_one_form(void **state)
{
	const char *const wrong[] = { "-4", "-tauto", "auto", "-qt80", "--", "--=x", "" };
	const char *const no_path[] = { "--pcap=x", "--pcap", "--pcap=", "--pca=./x", "--log-f=x" };
	const char *const right[] = { "--pcap=/x", "--log-file=/x", "--log-size=x", "--mtu=1" };
	struct hook_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(option_check(wrong[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "is not of the form"));
	}
	for (size_t i = 0; i < sizeof(no_path) / sizeof(no_path[0]); i++) {
		assert_int_equal(option_check(no_path[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "does not have an absolute path"));
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_int_equal(option_check(right[i], &err), 0);
}

static void test_request_log_within_policy(void **state)
{
	(void)state;
	assert_line(usual_policy, "io.pasta.log", "/var/log/pasta/a.log",
		    NO_PORTS " --log-file /var/log/pasta/a.log.box");
}

static void test_request_log_beyond_policy_is_refused(void **state)
{
	const char *const cases[] = {
		"/var/log/pasta", "/var/log/pasta/", "/var/log/pastax/a", "/var/log/a",
		"/etc/passwd", "/var/log/pasta/../a", "/var/log/pasta/..",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuse(usual_policy, "io.pasta.log", cases[i], "is not allowed by the policy");
	refuse(usual_policy, "io.pasta.log", "a.log", "'a.log' is not an absolute path");
	refuse("{}", "io.pasta.log", "/a", "is not allowed by the policy");
}

static void test_request_administrator_needs_no_permission(void **state)
{
	struct hook_err err = { "" };
	struct request request;
	struct words command;

	(void)state;
	request_init(&request);
	words_init(&command);
	assert_int_equal(request_add_publish(&request, "22", NULL, &err), 0);
	assert_int_equal(words_split(&request.options, "--tcp-ns=auto --ipv4-only --udp-ports=53", &err), 0);
	assert_int_equal(request_command(&request, "/p", "/n", "/user", "/f", &command), 0);
	assert_string_equal(command.word[5], "--userns");
	assert_string_equal(command.word[6], "/user");
	assert_string_equal(command.word[12], "--tcp-ports");
	assert_string_equal(command.word[13], "22");
	assert_string_equal(command.word[14], "--udp-ns");
	assert_int_equal(command.count, 16);
	words_fini(&command);
	request_fini(&request);
}

static void test_policy_that_is_wrong_is_refused(void **state)
{
	const struct {
		const char *text, *why;
	} cases[] = {
		{ "{ \"x\": 1 }", "unknown key 'x'" },
		{ "{ \"enable\": \"true\" }", "'enable' is neither true nor false" },
		{ "{ \"publish\": [] }", "'publish' is not an object" },
		{ "{ \"publish\": { \"port\": [] } }", "unknown key 'port'" },
		{ "{ \"publish\": { \"ports\": [80] } }", "'ports' is not a list of strings" },
		{ "{ \"publish\": { \"ports\": [\"80-\"] } }", "'80-' is neither a port" },
		{ "{ \"publish\": { \"addresses\": [\"*\"] } }", "'*' is neither an address" },
		{ "{ \"options\": \"--mtu\" }", "'options' is not a list of strings" },
		{ "{ \"options\": [\"-m\"] }", "'-m' is not the long name" },
		{ "{ \"options\": [\"--\"] }", "'--' is not the long name" },
		{ "{ \"options\": [\"--netns\"] }", "'--netns' is given by the hook" },
		{ "{ \"options\": [\"--pid=/x\"] }", "'--pid=/x' is given by the hook" },
		{ "{ \"options\": [\"--netn\"] }", "'--netn' is given by the hook" },
		{ "{ \"options\": [\"--pi=/x\"] }", "'--pi=/x' is given by the hook" },
		{ "{ \"log\": [\"x\"] }", "'x' is not an absolute path" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hook_err err = { "" };
		struct policy policy;

		assert_int_equal(policy_take(parse(cases[i].text), &policy, &err), -EINVAL);
		if (!strstr(err.text, cases[i].why))
			fail_msg("'%s': %s", cases[i].text, err.text);
		policy_fini(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_without_annotations_opens_nothing),
		cmocka_unit_test(test_request_unknown_annotation_is_refused),
		cmocka_unit_test(test_request_policy_takes_no_permission),
		cmocka_unit_test(test_request_enable),
		cmocka_unit_test(test_request_publish_is_split_by_protocol),
		cmocka_unit_test(test_request_publish_within_policy),
		cmocka_unit_test(test_request_publish_beyond_policy_is_refused),
		cmocka_unit_test(test_request_publish_that_is_none_is_refused),
		cmocka_unit_test(test_request_options_within_policy),
		cmocka_unit_test(test_request_options_beyond_policy_are_refused),
		cmocka_unit_test(test_request_ports_among_options_are_not_contradicted),
		cmocka_unit_test(test_request_options_have_one_form),
		cmocka_unit_test(test_request_log_within_policy),
		cmocka_unit_test(test_request_log_beyond_policy_is_refused),
		cmocka_unit_test(test_request_administrator_needs_no_permission),
		cmocka_unit_test(test_policy_that_is_wrong_is_refused),
	};

	return cmocka_run_group_tests_name("hook_request", tests, NULL, NULL);
}
