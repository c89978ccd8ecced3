/* SPDX-License-Identifier: Apache-2.0
 *
 * What an answer lacks is shown as nothing, so that later versions can be asked as well.
 */
#include "clients/pastactl/show.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "clients/pastactl/table.h"

/* An end of a flow, brackets included */
#define END_TEXT_MAX 80

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

struct short_text {
	char text[32];
};

/* Two interfaces with an address each */
struct leaves_text {
	char text[160];
};

/* A time in its largest unit */
static struct short_text time_text(long long ms)
{
	struct short_text s;
	long long seconds = ms / 1000;

	if (seconds < 60)
		snprintf(s.text, sizeof(s.text), "%llds", seconds);
	else if (seconds < 3600)
		snprintf(s.text, sizeof(s.text), "%lldm", seconds / 60);
	else if (seconds < 86400)
		snprintf(s.text, sizeof(s.text), "%lldh", seconds / 3600);
	else
		snprintf(s.text, sizeof(s.text), "%lldd", seconds / 86400);
	return s;
}

static struct short_text bytes_text(const json_t *flow, const char *name)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	const json_t *value = json_object_get(flow, name);
	double bytes = (double)json_integer_value(value);
	struct short_text s = { "" };
	size_t unit = 0;

	for (; bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		bytes /= 1000;
	if (value)
		snprintf(s.text, sizeof(s.text), unit ? "%.1f%s" : "%.0f%s", bytes, units[unit]);
	return s;
}

/* What the instance is there for */
static const char *purpose(const json_t *status)
{
	const char *command = text_of(status, "command");

	if (!strcmp(text_of(status, "mode"), "guest"))
		return "a virtual machine";
	return command[0] ? command : text_of(status, "netns");
}

int show_json(const json_t *answer, FILE *out)
{
	if (json_dumpf(answer, out, JSON_COMPACT))
		return -ENOMEM;
	fputc('\n', out);
	return 0;
}

/* What goes out leaves there: interface and address, and those of IPv6 where its interface is
 * another one
 */
static struct leaves_text leaves_text(const json_t *status)
{
	const json_t *host4 = json_object_get(json_object_get(status, "ipv4"), "host");
	const json_t *host6 = json_object_get(json_object_get(status, "ipv6"), "host");
	const char *ifname4 = text_of(host4, "interface"), *ifname6 = text_of(host6, "interface");
	const bool other = ifname6[0] && strcmp(ifname4, ifname6) != 0;
	struct leaves_text s = { "" };
	size_t len = 0;

	if (!ifname4[0] && !ifname6[0]) {
		snprintf(s.text, sizeof(s.text), "%s", host4 || host6 ? "nothing" : "");
		return s;
	}
	if (ifname4[0])
		len = (size_t)snprintf(s.text, sizeof(s.text), "%s %s", ifname4,
				       text_of(host4, "address"));
	if (other && len < sizeof(s.text))
		snprintf(s.text + len, sizeof(s.text) - len, "%s%s %s", len ? ", " : "", ifname6,
			 text_of(host6, "address"));
	return s;
}

int show_instances(const json_t *statuses, FILE *out)
{
	static const char *const heads[] = {
		">PID",	   ">AGE",	">FLOWS",
		">OUT/s",  ">IN/s",	">LOCAL/s",
		"VERSION", "LEAVES BY", "COMMAND OR NAMESPACE",
		NULL,
	};
	struct table table;
	json_t *status;
	size_t i;
	int rc;

	table_init(&table, heads);
	json_array_foreach (statuses, i, status) {
		table_cell(&table, "%lld", number_of(status, "pid"));
		table_cell(&table, "%s", time_text(number_of(status, "age_ms")).text);
		table_cell(&table, "%lld", number_of(status, "flows"));
		table_cell(&table, "%s", bytes_text(status, "out_rate").text);
		table_cell(&table, "%s", bytes_text(status, "in_rate").text);
		table_cell(&table, "%s", bytes_text(status, "local_rate").text);
		table_cell(&table, "%s", text_of(status, "version"));
		table_cell(&table, "%s", leaves_text(status).text);
		table_cell(&table, "%s", purpose(status));
	}
	rc = table_print(&table, out);
	table_fini(&table);
	return rc;
}

static void line(struct table *table, const char *name, const char *value)
{
	if (!value[0])
		return;
	table_cell(table, "%s", name);
	table_cell(table, "%s", value);
}

static void number_line(struct table *table, const char *name, const json_t *value)
{
	if (!json_is_integer(value))
		return;
	table_cell(table, "%s", name);
	table_cell(table, "%lld", (long long)json_integer_value(value));
}

/* What goes out leaves by it */
static void host_line(struct table *table, const json_t *host)
{
	const char *ifname = text_of(host, "interface"), *addr = text_of(host, "address");

	if (!host)
		return;
	table_cell(table, "  leaves by");
	if (ifname[0])
		table_cell(table, "%s, %s", ifname, addr);
	else
		table_cell(table, "nothing: the host has no network");
}

static void family_lines(struct table *table, const char *name, const json_t *family)
{
	const json_t *addr;
	size_t i;

	if (!family)
		return;
	table_cell(table, "%s", name);
	if (json_is_true(json_object_get(family, "local_mode")))
		table_cell(table, "local mode");
	else
		table_cell(table, "copied from %s", text_of(family, "template"));
	json_array_foreach (json_object_get(family, "addresses"), i, addr) {
		table_cell(table, "  address");
		table_cell(table, "%s", json_string_value(addr) ? json_string_value(addr) : "");
	}
	line(table, "  gateway", text_of(family, "gateway"));
	line(table, "  host's loopback", text_of(family, "map_host_loopback"));
	line(table, "  host's address", text_of(family, "map_guest_addr"));
	line(table, "  forwards DNS", text_of(family, "dns_forward"));
	line(table, "  resolver", text_of(family, "resolver"));
	host_line(table, json_object_get(family, "host"));
}

/* Features that the kernel has, with blanks between */
static void feature_line(struct table *table, const json_t *features)
{
	char text[256] = "";
	const char *name;
	json_t *value;
	size_t len = 0;

	json_object_foreach ((json_t *)features, name, value)
		if (json_is_true(value) && len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len ? " " : "", name);
	line(table, "features", text);
}

int show_status(const json_t *answer, FILE *out)
{
	static const char *const heads[] = { "WHAT", "IS", NULL };
	struct table table;
	int rc;

	table_init(&table, heads);
	number_line(&table, "pid", json_object_get(answer, "pid"));
	line(&table, "version", text_of(answer, "version"));
	line(&table, "running for", time_text(number_of(answer, "age_ms")).text);
	line(&table, "command", text_of(answer, "command"));
	line(&table, "namespace", text_of(answer, "netns"));
	line(&table, "interface", text_of(answer, "interface"));
	number_line(&table, "mtu", json_object_get(answer, "mtu"));
	family_lines(&table, "IPv4", json_object_get(answer, "ipv4"));
	family_lines(&table, "IPv6", json_object_get(answer, "ipv6"));
	line(&table, "follows", text_of(answer, "follow"));
	number_line(&table, "flows", json_object_get(answer, "flows"));
	number_line(&table, "  at most", json_object_get(answer, "flows_max"));
	line(&table, "buffers", bytes_text(answer, "buffer_bytes").text);
	line(&table, "  at most", bytes_text(answer, "buffer_bytes_max").text);
	number_line(&table, "listening", json_object_get(answer, "listening"));
	feature_line(&table, json_object_get(answer, "features"));
	line(&table, "log level", text_of(answer, "log"));
	rc = table_print(&table, out);
	table_fini(&table);
	return rc;
}

static const char *end_text(const json_t *flow, const char *name, char text[END_TEXT_MAX])
{
	const json_t *end = json_object_get(flow, name);
	const char *addr = text_of(end, "addr");
	bool ip6 = strchr(addr, ':');

	if (!addr[0])
		return "-";
	snprintf(text, END_TEXT_MAX, "%s%.46s%s:%lld", ip6 ? "[" : "", addr, ip6 ? "]" : "",
		 number_of(end, "port"));
	return text;
}

static struct short_text rule_text(const json_t *flow)
{
	struct short_text s = { "" };

	if (json_object_get(flow, "rule"))
		snprintf(s.text, sizeof(s.text), "%lld", number_of(flow, "rule"));
	return s;
}

int show_flows(const json_t *answer, FILE *out)
{
	static const char *const heads[] = { "KIND",  "NAMESPACE", "REMOTE", "PEER",
					     "STATE", ">OUT",	   ">IN",    ">AGE",
					     ">IDLE", ">RULE",	   NULL };
	char text[END_TEXT_MAX];
	const json_t *flow;
	struct table table;
	size_t i;
	int rc;

	table_init(&table, heads);
	json_array_foreach (json_object_get(answer, "flows"), i, flow) {
		table_cell(&table, "%s", text_of(flow, "kind"));
		table_cell(&table, "%s", end_text(flow, "namespace", text));
		table_cell(&table, "%s", end_text(flow, "remote", text));
		table_cell(&table, "%s", end_text(flow, "peer", text));
		table_cell(&table, "%s", text_of(flow, "state"));
		table_cell(&table, "%s", bytes_text(flow, "to_host_bytes").text);
		table_cell(&table, "%s", bytes_text(flow, "to_namespace_bytes").text);
		table_cell(&table, "%s", time_text(number_of(flow, "age_ms")).text);
		table_cell(&table, "%s", time_text(number_of(flow, "idle_ms")).text);
		table_cell(&table, "%s", rule_text(flow).text);
	}
	rc = table_print(&table, out);
	table_fini(&table);
	if (!rc && json_is_true(json_object_get(answer, "more")))
		fputs("(there are more: flows limit N)\n", out);
	return rc;
}

/* What came of a change of them */
static void show_change(const json_t *answer, FILE *out)
{
	const json_t *id, *ids = json_object_get(answer, "ids");
	long long changed = number_of(answer, "changed");
	size_t i;

	if (changed)
		fprintf(out, "%lld rule%s changed", changed, changed == 1 ? "" : "s");
	else
		fputs("nothing to change", out);
	json_array_foreach (ids, i, id) {
		fprintf(out, "%s %lld", i ? "," : ": ID", (long long)json_integer_value(id));
	}
	fputc('\n', out);
}

int show_live_flows(const json_t *flows, size_t rows, size_t width, FILE *out)
{
	static const char *const heads[] = { "KIND",  "NAMESPACE", "REMOTE", "STATE", ">OUT/s",
					     ">IN/s", ">OUT",	   ">IN",    ">IDLE", NULL };
	char text[END_TEXT_MAX];
	struct table table;
	int rc;

	table_init(&table, heads);
	for (size_t i = 0; i < rows && i < json_array_size(flows); i++) {
		const json_t *flow = json_array_get(flows, i);

		table_cell(&table, "%s", text_of(flow, "kind"));
		table_cell(&table, "%s", end_text(flow, "namespace", text));
		table_cell(&table, "%s", end_text(flow, "remote", text));
		table_cell(&table, "%s", text_of(flow, "state"));
		table_cell(&table, "%s", bytes_text(flow, "out_rate").text);
		table_cell(&table, "%s", bytes_text(flow, "in_rate").text);
		table_cell(&table, "%s", bytes_text(flow, "to_host_bytes").text);
		table_cell(&table, "%s", bytes_text(flow, "to_namespace_bytes").text);
		table_cell(&table, "%s", time_text(number_of(flow, "idle_ms")).text);
	}
	rc = table_print_narrow(&table, width, out);
	table_fini(&table);
	return rc;
}

int show_forwards(const json_t *answer, FILE *out)
{
	static const char *const heads[] = { ">ID", "OPTION", "SPEC", ">PORTS", NULL };
	const json_t *rule;
	struct table table;
	size_t i;
	int rc;

	if (!json_object_get(answer, "forwards")) {
		show_change(answer, out);
		return 0;
	}
	table_init(&table, heads);
	json_array_foreach (json_object_get(answer, "forwards"), i, rule) {
		table_cell(&table, "%lld", number_of(rule, "id"));
		table_cell(&table, "%s", text_of(rule, "option"));
		table_cell(&table, "%s", text_of(rule, "spec"));
		table_cell(&table, "%lld", number_of(rule, "ports"));
	}
	rc = table_print(&table, out);
	table_fini(&table);
	return rc;
}

/* Which of the two families' queries go there */
static const char *asked_for(const json_t *answer, const char *addr)
{
	const json_t *asked = json_object_get(answer, "asked");
	bool ip4 = !strcmp(text_of(asked, "ipv4"), addr);
	bool ip6 = !strcmp(text_of(asked, "ipv6"), addr);

	return ip4 && ip6 ? "IPv4, IPv6" : ip4 ? "IPv4" : ip6 ? "IPv6" : "";
}

static const char *resolver_state(const json_t *resolver)
{
	const json_t *dns = json_object_get(resolver, "dns");

	return json_is_true(json_object_get(dns, "passed_over")) ? "does not answer" : "";
}

int show_resolvers(const json_t *answer, FILE *out)
{
	static const char *const heads[] = { "RESOLVER", "ASKED FOR", ">FAILURES", "STATE", NULL };
	const json_t *resolver;
	struct table table;
	size_t i;
	int rc;

	table_init(&table, heads);
	json_array_foreach (json_object_get(answer, "resolvers"), i, resolver) {
		table_cell(&table, "%s", text_of(resolver, "addr"));
		table_cell(&table, "%s", asked_for(answer, text_of(resolver, "addr")));
		table_cell(&table, "%lld", number_of(json_object_get(resolver, "dns"), "failures"));
		table_cell(&table, "%s", resolver_state(resolver));
	}
	rc = table_print(&table, out);
	table_fini(&table);
	return rc;
}

/* Whether a rule, or that there is none, is of the policy that narrows the other one */
static bool is_narrow(const json_t *rule)
{
	return json_object_get(rule, "policy");
}

/* What a test has come to */
static void show_policy_test(const json_t *answer, FILE *out)
{
	const char *verdict = text_of(answer, "verdict");
	const json_t *line = json_object_get(answer, "line");

	if (json_object_get(answer, "why"))
		fprintf(out, "%s: %s\n", verdict, text_of(answer, "why"));
	else if (!json_object_get(answer, "id"))
		fprintf(out, "%s: no rule %sis for it\n", verdict,
			is_narrow(answer) ? "of --policy-narrow " : "");
	else if (!line)
		fprintf(out, "%s: %s %s\n", verdict, text_of(answer, "source"),
			text_of(answer, "rule"));
	else
		fprintf(out, "%s: %s:%lld: %s %s\n", verdict, text_of(answer, "source"),
			(long long)json_integer_value(line), verdict, text_of(answer, "rule"));
}

static void policy_cells(struct table *table, const json_t *rule)
{
	const json_t *line = json_object_get(rule, "line");

	table_cell(table, "%lld", number_of(rule, "id"));
	table_cell(table, "%s", text_of(rule, "verdict"));
	table_cell(table, "%s", text_of(rule, "rule"));
	table_cell(table, "%lld", number_of(rule, "hits"));
	if (line)
		table_cell(table, "%s:%lld", text_of(rule, "source"),
			   (long long)json_integer_value(line));
	else
		table_cell(table, "%s", text_of(rule, "source"));
}

/* The rules of one of the two, and what holds if none fits */
static void add_policy(struct table *table, const json_t *answer, bool narrow,
		       const json_t *otherwise)
{
	const json_t *rule;
	size_t i;

	json_array_foreach (json_object_get(answer, "rules"), i, rule) {
		if (is_narrow(rule) == narrow)
			policy_cells(table, rule);
	}
	table_cell(table, "%s", "");
	table_cell(table, "%s", text_of(otherwise, "verdict"));
	table_cell(table, "the rest");
	table_cell(table, "%lld", number_of(otherwise, "hits"));
	table_cell(table, "%s", narrow ? "--policy-narrow" : "");
}

/* As they would be in its file */
static int show_learnt(const json_t *lines, FILE *out)
{
	const json_t *line;
	size_t i;

	json_array_foreach (lines, i, line) {
		fprintf(out, "%s\n", json_string_value(line));
	}
	return 0;
}

int show_policy(const json_t *answer, FILE *out)
{
	static const char *const heads[] = { ">ID", "VERDICT", "RULE", ">HITS", "FROM", NULL };
	const json_t *otherwise = json_object_get(answer, "default");
	struct table table;
	int rc;

	if (json_object_get(answer, "ended")) {
		fprintf(out, "%lld rules hold now, %lld flows had to end\n",
			number_of(answer, "rules"), number_of(answer, "ended"));
		return 0;
	}
	if (json_object_get(answer, "learnt"))
		return show_learnt(json_object_get(answer, "learnt"), out);
	if (!otherwise) {
		show_policy_test(answer, out);
		return 0;
	}
	table_init(&table, heads);
	add_policy(&table, answer, false, otherwise);
	if (json_object_get(answer, "narrow_default"))
		add_policy(&table, answer, true, json_object_get(answer, "narrow_default"));
	rc = table_print(&table, out);
	table_fini(&table);
	return rc;
}

static void counter_cells(struct table *table, const char *name, const json_t *value)
{
	if (!json_integer_value(value))
		return;
	table_cell(table, "%lld", (long long)json_integer_value(value));
	table_cell(table, "%s", name);
}

int show_counters(const json_t *answer, FILE *out)
{
	static const char *const heads[] = { ">COUNT", "WHAT", NULL };
	static const char *const sums[][2] = {
		{ "from_namespace_frames", "frames from the namespace" },
		{ "from_namespace_bytes", "bytes in them" },
		{ "to_namespace_frames", "frames to the namespace" },
		{ "to_namespace_bytes", "bytes in them" },
		{ "local_bytes", "bytes beside the tap" },
		{ "flows", "flows now" },
	};
	json_t *counters = json_object_get(answer, "counters"), *value;
	struct table table;
	const char *name;
	int rc;

	table_init(&table, heads);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		counter_cells(&table, sums[i][1], json_object_get(answer, sums[i][0]));
	json_object_foreach (counters, name, value) {
		counter_cells(&table, name, value);
	}
	rc = table_print(&table, out);
	table_fini(&table);
	return rc;
}

int show_log(const json_t *answer, FILE *out)
{
	fprintf(out, "%s\n", text_of(answer, "log"));
	return 0;
}

int show_nothing(const json_t *answer, FILE *out)
{
	(void)answer;
	(void)out;
	return 0;
}
