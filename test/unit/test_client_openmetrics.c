/* SPDX-License-Identifier: Apache-2.0
 *
 * Metrics of what an engine counts: the text is read by the grammar and the rules of OpenMetrics
 * 1.0, line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "clients/openmetrics.h"
#include "common/engine/counters.h"

#define NAME "pasta_[a-z0-9_]*[a-z0-9]"
#define LABEL "[a-z_]+=\"([^\"\\\\]|\\\\[n\\\\\"])*\""
#define SAMPLE "^(" NAME ")(\\{" LABEL "(," LABEL ")*\\})? [0-9]+(\\.[0-9]+)?$"

#define SAMPLES_MAX 256

static bool matches(const char *line, const char *pattern)
{
	regex_t regex;
	bool match;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	match = !regexec(&regex, line, 0, NULL, 0);
	regfree(&regex);
	return match;
}

/* A reader that takes nothing that the format does not allow */
struct reader {
	char family[128], type[16], unit[16]; /* the one that samples belong to */
	bool has_help, ended;
	char *families[SAMPLES_MAX], *samples[SAMPLES_MAX];
	size_t families_count, samples_count;
};

/* Adds @text to a list that has it only once */
static void add_once(char **list, size_t *count, const char *text, size_t len)
{
	char *copy = strndup(text, len);

	assert_non_null(copy);
	for (size_t i = 0; i < *count; i++)
		assert_string_not_equal(list[i], copy);
	assert_true(*count < SAMPLES_MAX);
	list[(*count)++] = copy;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(text + len - suffix_len, suffix);
}

static void read_help(struct reader *r, const char *line)
{
	assert_true(matches(line, "^# HELP " NAME " [A-Z][^\\\\]*\\.$"));
	r->type[0] = r->unit[0] = '\0';
	assert_int_equal(sscanf(line, "# HELP %127s", r->family), 1);
	add_once(r->families, &r->families_count, r->family, strlen(r->family));
	r->has_help = true;
}

static void read_head(struct reader *r, const char *line)
{
	char family[128];

	if (!strncmp(line, "# HELP ", 7)) {
		read_help(r, line);
	} else if (!strncmp(line, "# TYPE ", 7)) {
		assert_true(matches(line, "^# TYPE " NAME " (counter|gauge|info)$"));
		assert_true(r->has_help);
		assert_string_equal(r->type, "");
		assert_int_equal(sscanf(line, "# TYPE %127s %15s", family, r->type), 2);
		assert_string_equal(family, r->family);
	} else {
		assert_true(matches(line, "^# UNIT " NAME " (bytes|seconds)$"));
		assert_int_equal(sscanf(line, "# UNIT %127s %15s", family, r->unit), 2);
		assert_string_equal(family, r->family);
		assert_true(ends_with(family, r->unit));
	}
}

static void read_sample(struct reader *r, const char *line)
{
	const char *suffix = !strcmp(r->type, "counter") ? "_total"
			     : !strcmp(r->type, "info")	 ? "_info"
							 : "";
	size_t name_len = strcspn(line, "{ "), family_len = strlen(r->family);

	assert_true(matches(line, SAMPLE));
	assert_string_not_equal(r->type, "");
	assert_int_equal(name_len, family_len + strlen(suffix));
	assert_memory_equal(line, r->family, family_len);
	assert_memory_equal(line + family_len, suffix, strlen(suffix));
	/* What is measured in a base unit says so */
	assert_int_equal(ends_with(r->family, "_bytes") || ends_with(r->family, "_seconds"),
			 r->unit[0] != '\0');
	add_once(r->samples, &r->samples_count, line,
		 (size_t)(strrchr(line, ' ') - line)); /* without its value */
}

static void read_line(struct reader *r, const char *line)
{
	assert_false(r->ended);
	if (!strcmp(line, "# EOF"))
		r->ended = true;
	else if (line[0] == '#')
		read_head(r, line);
	else
		read_sample(r, line);
}

static size_t read_all(char *text)
{
	struct reader r = { 0 };
	char *line, *rest = text;

	assert_true(ends_with(text, "\n"));
	text[strlen(text) - 1] = '\0';
	while ((line = strsep(&rest, "\n")))
		read_line(&r, line);
	assert_true(r.ended);
	for (size_t i = 0; i < r.samples_count; i++)
		free(r.samples[i]);
	for (size_t i = 0; i < r.families_count; i++)
		free(r.families[i]);
	return r.samples_count;
}

/* Return: the text, for free() */
static char *print(const json_t *status, const json_t *counters)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	openmetrics_print(status, counters, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* An answer to "counters", in which each has another value */
static json_t *counters_answer(void)
{
	json_t *answer = json_pack("{s:i,s:i,s:i,s:i,s:i,s:i}", "from_namespace_frames", 1,
				   "from_namespace_bytes", 2, "to_namespace_frames", 3,
				   "to_namespace_bytes", 4, "local_bytes", 5, "flows", 6);
	json_t *counters = json_object();

	for (unsigned int i = 0; i < COUNTERS; i++)
		assert_int_equal(
			json_object_set_new(counters, counter_name(i), json_integer(1000 + (int)i)),
			0);
	assert_int_equal(json_object_set_new(answer, "counters", counters), 0);
	return answer;
}

static void test_openmetrics_has_every_counter(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNTERS; i++)
		if (!openmetrics_has_counter(counter_name(i)))
			fail_msg("no metric for '%s'", counter_name(i));
}

static void test_openmetrics_is_by_the_rules_and_has_every_value(void **state)
{
	json_t *status =
		json_pack("{s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:i}", "program", "pasta", "version",
			  "1.2.3", "age_ms", 61007, "flows_max", 7, "descriptors_max", 8,
			  "listening", 9, "buffer_bytes", 10, "buffer_bytes_max", 11);
	json_t *counters = counters_answer();
	char *text = print(status, counters), value[16];

	(void)state;
	for (unsigned int i = 0; i < COUNTERS; i++) {
		snprintf(value, sizeof(value), " %u\n", 1000 + i);
		assert_non_null(strstr(text, value));
	}
	assert_non_null(strstr(text, "pasta_build_info{program=\"pasta\",version=\"1.2.3\"} 1\n"));
	assert_non_null(strstr(text, "\npasta_uptime_seconds 61.007\n"));
	assert_non_null(strstr(text, "\npasta_flows 6\n"));
	assert_non_null(strstr(text, "\npasta_tap_bytes_total{direction=\"to_host\"} 2\n"));
	/* All, beside the sum of local bytes, the age and the version */
	assert_int_equal(read_all(text), COUNTERS + 5 + 5 + 2);
	free(text);
	json_decref(status);
	json_decref(counters);
}

static void test_openmetrics_leaves_out_what_an_instance_does_not_have(void **state)
{
	json_t *nothing = json_object();
	char *text = print(nothing, nothing);

	(void)state;
	assert_int_equal(read_all(text), 1);
	free(text);
	json_decref(nothing);
}

static void test_openmetrics_escapes_labels(void **state)
{
	json_t *status = json_pack("{s:s,s:s}", "program", "p", "version", "a\"b\\c\nd} 1");
	json_t *nothing = json_object();
	char *text = print(status, nothing);

	(void)state;
	assert_non_null(strstr(text, ",version=\"a\\\"b\\\\c\\nd} 1\"} 1\n"));
	assert_int_equal(read_all(text), 1);
	free(text);
	json_decref(status);
	json_decref(nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openmetrics_has_every_counter),
		cmocka_unit_test(test_openmetrics_is_by_the_rules_and_has_every_value),
		cmocka_unit_test(test_openmetrics_leaves_out_what_an_instance_does_not_have),
		cmocka_unit_test(test_openmetrics_escapes_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
