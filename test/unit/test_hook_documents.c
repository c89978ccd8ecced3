/* SPDX-License-Identifier: Apache-2.0
 *
 * What the OCI hook reads: a container's state, its bundle's config.json, and the configuration.
 * What is accepted, and that everything else is refused with a text that names it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "hooks/bundle.h"
#include "hooks/config.h"
#include "hooks/state.h"
#include "test/unit/hook_document.h"

#define STATE(MORE) "{ \"ociVersion\": \"1.2.0\", \"id\": \"box\", \"bundle\": \"/b\"" MORE " }"
#define CREATED ", \"status\": \"created\", \"pid\": 7"

static void refuse_document(const char *text, const char *why)
{
	struct hook_err err = { "" };
	json_t *root;

	if (document_parse(text, strlen(text), "it", &root, &err) != -EINVAL)
		fail_msg("'%s' is not refused", text);
	if (!strstr(err.text, why))
		fail_msg("'%s': %s", text, err.text);
}

static void test_document_must_be_one_object(void **state)
{
	(void)state;
	json_decref(parse("{}"));
	refuse_document("", "it is empty");
	refuse_document("{", "not valid JSON: line 1");
	refuse_document("{}x", "not valid JSON");
	refuse_document("{} {}", "not valid JSON");
	refuse_document("[]", "not a JSON object");
	refuse_document("7", "not valid JSON");
	refuse_document("{ \"a\": 1, \"a\": 2 }", "duplicate");
	refuse_document("{ \"a\": \"\\u0000\" }", "not valid JSON");
	refuse_document("{ \"\xff\": 1 }", "not valid JSON");
}

static void test_document_too_deep_is_refused(void **state)
{
	char *text = malloc(200001);

	(void)state;
	assert_non_null(text);
	memset(text, '[', 200000);
	text[200000] = '\0';
	refuse_document(text, "not valid JSON");
	free(text);
}

/* Writes @len bytes of a valid document into a pipe, and reads it with a limit of 100 */
static int read_document(size_t len, struct hook_err *err)
{
	char text[201];
	int fds[2], rc;
	json_t *root;

	memset(text, ' ', sizeof(text));
	memcpy(text, "{}", 2);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, len), len);
	close(fds[1]);
	rc = document_read(fds[0], 100, "it", &root, err);
	close(fds[0]);
	if (!rc)
		json_decref(root);
	return rc;
}

static void test_document_larger_than_allowed_is_refused(void **state)
{
	struct hook_err err = { "" };

	(void)state;
	assert_int_equal(read_document(100, &err), 0);
	assert_int_equal(read_document(101, &err), -EFBIG);
	assert_string_equal(err.text, "it is larger than 100 bytes");
	assert_int_equal(read_document(200, &err), -EFBIG);
	assert_int_equal(read_document(0, &err), -EINVAL);
}

static void test_state_is_read(void **cmocka_state)
{
	struct hook_err err = { "" };
	struct state state;

	(void)cmocka_state;
	assert_int_equal(state_take(parse(STATE(CREATED ", \"root\": [1], \"annotations\": "
						"{ \"a\": \"b\" }")), &state, &err), 0);
	assert_string_equal(state.id, "box");
	assert_string_equal(state.bundle, "/b");
	assert_int_equal(state.pid, 7);
	assert_false(state.stopped);
	assert_string_equal(json_string_value(json_object_get(state.annotations, "a")), "b");
	state_fini(&state);
}

static void test_state_stopped_needs_no_pid(void **cmocka_state)
{
	struct hook_err err = { "" };
	struct state state;

	(void)cmocka_state;
	assert_int_equal(state_take(parse(STATE(", \"status\": \"stopped\", "
						"\"annotations\": null")), &state, &err), 0);
	assert_true(state.stopped);
	assert_int_equal(state.pid, 0);
	assert_null(state.annotations);
	state_fini(&state);
}

static void test_state_that_is_wrong_is_refused(void **cmocka_state)
{
	const struct {
		const char *text, *why;
	} cases[] = {
		{ "{}", "has no 'id'" },
		{ "{ \"id\": 1 }", "'id' is not a string" },
		{ "{ \"id\": \"\" }", "'' is not a container's id" },
		{ "{ \"id\": \"../x\" }", "'../x' is not a container's id" },
		{ "{ \"id\": \"a/b\" }", "'a/b' is not a container's id" },
		{ "{ \"id\": \"a\" }", "has no 'bundle'" },
		{ "{ \"id\": \"a\", \"bundle\": \"b\" }", "bundle 'b' is not an absolute path" },
		{ STATE(""), "has no 'status'" },
		{ STATE(", \"status\": \"running\", \"pid\": 1"), "status 'running'" },
		{ STATE(", \"status\": \"created\""), "has no 'pid'" },
		{ STATE(", \"status\": \"created\", \"pid\": 0"), "has no 'pid'" },
		{ STATE(", \"status\": \"created\", \"pid\": -1"), "'pid' is not a process id" },
		{ STATE(", \"status\": \"created\", \"pid\": 4294967297"), "'pid' is not a" },
		{ STATE(", \"status\": \"created\", \"pid\": \"7\""), "'pid' is not a process id" },
		{ STATE(CREATED ", \"annotations\": []"), "'annotations' is not an object" },
		{ STATE(CREATED ", \"annotations\": { \"x\": 1 }"), "'x' is not a string" },
	};

	(void)cmocka_state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hook_err err = { "" };
		struct state state;

		assert_int_equal(state_take(parse(cases[i].text), &state, &err), -EINVAL);
		if (!strstr(err.text, cases[i].why))
			fail_msg("'%s': %s", cases[i].text, err.text);
		assert_true(!state.id || !strpbrk(state.id, "./"));
		state_fini(&state);
	}
}

static int check_bundle(const char *namespaces, struct bundle *ret, struct hook_err *err)
{
	char text[256];
	json_t *config;
	int rc;

	snprintf(text, sizeof(text), "{ \"linux\": { \"namespaces\": %s } }", namespaces);
	config = parse(text);
	rc = bundle_check(config, ret, err);
	json_decref(config);
	return rc;
}

static void test_bundle_with_a_network_of_its_own(void **state)
{
	struct hook_err err = { "" };
	struct bundle bundle;

	(void)state;
	assert_int_equal(check_bundle("[{\"type\":\"network\"},{\"type\":\"pid\"}]", &bundle, &err),
			 0);
	assert_true(bundle.own_pid_namespace);
	assert_int_equal(check_bundle("[{\"type\":\"network\",\"path\":\"\"}]", &bundle, &err), 0);
	assert_false(bundle.own_pid_namespace);
	assert_int_equal(check_bundle("[{\"type\":\"pid\",\"path\":\"/p\"},{\"type\":\"network\"}]",
				      &bundle, &err), 0);
	assert_false(bundle.own_pid_namespace);
}

/* Of two keys that runtimes in Go take for the same, we would see another than they do */
static void test_bundle_with_ambiguous_keys_is_refused(void **state)
{
	const char *const cases[] = {
		"{ \"linux\": { \"namespaces\": [], \"Namespaces\": [] } }",
		"{ \"linux\": { \"name\u017fpaces\": [] } }",
		"{ \"Linux\": {} }",
		"{ \"linux\": { \"namespaces\": [{ \"type\": \"network\", \"PATH\": \"/n\" }] } }",
		"{ \"linux\": { \"namespaces\": [{ \"tYpe\": \"network\" }] } }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *config = parse(cases[i]);
		struct hook_err err = { "" };
		struct bundle bundle;

		assert_int_equal(bundle_check(config, &bundle, &err), -EINVAL);
		assert_non_null(strstr(err.text, "is not the same to every runtime"));
		json_decref(config);
	}
}

static void test_bundle_without_one_is_refused(void **state)
{
	const char *const cases[] = {
		"[]", "null", "7", "[7, {}, { \"type\": 7 }]", "[{\"type\":\"pid\"}]",
	};
	struct hook_err err = { "" };
	struct bundle bundle;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(check_bundle(cases[i], &bundle, &err), -EINVAL);
		assert_non_null(strstr(err.text, "host's network"));
	}
	assert_int_equal(check_bundle("[{\"type\":\"network\",\"path\":\"/run/netns/x\"}]", &bundle,
				      &err), -EINVAL);
	assert_non_null(strstr(err.text, "'/run/netns/x', which is not its own"));
}

static void assert_config_refused(const char *text, const char *why)
{
	struct hook_err err = { "" };
	struct config config;

	assert_int_equal(config_take(parse(text), &config, &err), -EINVAL);
	if (!strstr(err.text, why))
		fail_msg("'%s': %s", text, err.text);
	config_fini(&config);
}

static void test_config_is_checked(void **state)
{
	struct hook_err err = { "" };
	struct config config;

	(void)state;
	assert_int_equal(config_take(parse("{ \"pasta\": \"/p\", \"options\": [], \"publish\": "
					   "[\"80\"] }"), &config, &err), 0);
	assert_string_equal(config.pasta, "/p");
	assert_int_equal(json_array_size(config.publish), 1);
	config_fini(&config);
	assert_config_refused("{ \"pasta\": \"p\" }", "'p' is not an absolute path");
	assert_config_refused("{ \"pasta\": 1 }", "'pasta' is not a string");
	assert_config_refused("{ \"options\": \"-4\" }", "'options' is not a list of strings");
	assert_config_refused("{ \"publish\": [80] }", "'publish' is not a list of strings");
	assert_config_refused("{ \"polish\": [] }", "unknown key 'polish'");
}

static void test_error_is_one_line(void **state)
{
	struct hook_err err;

	(void)state;
	assert_int_equal(hook_err_set(&err, -EPERM, "a\nb\x1b[31m%c", 0x7f), -EPERM);
	hook_err_one_line(&err);
	assert_string_equal(err.text, "a?b?[31m?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document_must_be_one_object),
		cmocka_unit_test(test_document_too_deep_is_refused),
		cmocka_unit_test(test_document_larger_than_allowed_is_refused),
		cmocka_unit_test(test_state_is_read),
		cmocka_unit_test(test_state_stopped_needs_no_pid),
		cmocka_unit_test(test_state_that_is_wrong_is_refused),
		cmocka_unit_test(test_bundle_with_a_network_of_its_own),
		cmocka_unit_test(test_bundle_with_ambiguous_keys_is_refused),
		cmocka_unit_test(test_bundle_without_one_is_refused),
		cmocka_unit_test(test_config_is_checked),
		cmocka_unit_test(test_error_is_one_line),
	};

	return cmocka_run_group_tests_name("hook_documents", tests, NULL, NULL);
}
