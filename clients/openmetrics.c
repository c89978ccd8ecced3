/* SPDX-License-Identifier: Apache-2.0
 *
 * One table in the order of the text: a family's head, and a line for each of its samples. All
 * samples of a family must stand together. A counter's samples have the suffix _total, its family
 * has not; a unit is the family's last word.
 */
#include "clients/openmetrics.h"

#include <stdint.h>
#include <string.h>

#include "common/base/util.h"

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
};

struct row {
	const char *family, *help, *unit; /* a family's head; else @family is NULL */
	enum metric_type type;
	const char *source, *labels; /* of a sample: a member of an answer; labels or NULL */
};

/* clang-format off */
#define COUNTER(name, text, ...) { .family = "pasta_" name, .help = text, __VA_ARGS__ }
#define GAUGE(name, text, ...) \
	{ .family = "pasta_" name, .help = text, .type = METRIC_GAUGE, __VA_ARGS__ }
#define SAMPLE(member, ...) { .source = member, .labels = "" __VA_ARGS__ }
#define DROPS(name, protocol) \
	SAMPLE(name " malformed", protocol "reason=\"malformed\""), \
	SAMPLE(name " wrong checksum", protocol "reason=\"checksum\""), \
	SAMPLE(name " not translated", protocol "reason=\"not_translated\""), \
	SAMPLE(name " time to live over", protocol "reason=\"ttl\""), \
	SAMPLE(name " refused", protocol "reason=\"refused\""), \
	SAMPLE(name " no room for a flow", protocol "reason=\"no_flow\""), \
	SAMPLE(name " no room for a socket", protocol "reason=\"no_socket\""), \
	SAMPLE(name " failed", protocol "reason=\"failed\""), \
	SAMPLE(name " no room in the host's queue", protocol "reason=\"host_queue\""), \
	SAMPLE(name " not taken by the tap", protocol "reason=\"tap\""), \
	SAMPLE(name " not asked for", protocol "reason=\"not_asked_for\"")

static const struct row rows[] = {
	GAUGE("flows", "Connections, and what stands for them in UDP and ping."),
	SAMPLE("flows"),
	GAUGE("flows_limit", "Flows that there is room for."),
	SAMPLE("flows_max"),
	GAUGE("descriptors_limit", "Descriptors that flows and listening sockets may take."),
	SAMPLE("descriptors_max"),
	GAUGE("listening_sockets", "Sockets that listen for forwarded ports."),
	SAMPLE("listening"),
	GAUGE("buffer_bytes", "Memory that holds what connections wait to pass on.",
	      .unit = "bytes"),
	SAMPLE("buffer_bytes"),
	GAUGE("buffer_limit_bytes", "Memory that there is for that.", .unit = "bytes"),
	SAMPLE("buffer_bytes_max"),
	COUNTER("tap_frames", "Frames through the tap."),
	SAMPLE("from_namespace_frames", "direction=\"to_host\""),
	SAMPLE("to_namespace_frames", "direction=\"to_ns\""),
	COUNTER("tap_bytes", "Bytes in frames through the tap.", .unit = "bytes"),
	SAMPLE("from_namespace_bytes", "direction=\"to_host\""),
	SAMPLE("to_namespace_bytes", "direction=\"to_ns\""),
	COUNTER("tap_frames_dropped", "Frames that were dropped as such."),
	SAMPLE("frames invalid", "direction=\"to_host\",reason=\"invalid\""),
	SAMPLE("frames malformed", "direction=\"to_host\",reason=\"malformed\""),
	SAMPLE("packets of other protocols", "direction=\"to_host\",reason=\"other_protocol\""),
	SAMPLE("frames not taken", "direction=\"to_ns\",reason=\"not_taken\""),
	COUNTER("frames_handed_over", "Frames that came to another worker than they were for."),
	SAMPLE("frames handed over", "outcome=\"taken\""),
	SAMPLE("frames not handed over", "outcome=\"no_room\""),
	COUNTER("policy_messages_lost",
		"Names and decisions of a policy that another worker had no room for."),
	SAMPLE("not told to another worker"),
	COUNTER("local_bytes", "Bytes from socket to socket, beside the tap.", .unit = "bytes"),
	SAMPLE("local TCP bytes", "protocol=\"tcp\""),
	SAMPLE("local UDP bytes", "protocol=\"udp\""),
	COUNTER("flows_opened", "Flows that were opened."),
	SAMPLE("TCP opened", "protocol=\"tcp\",path=\"tap\""),
	SAMPLE("local TCP opened", "protocol=\"tcp\",path=\"local\""),
	SAMPLE("UDP opened", "protocol=\"udp\",path=\"tap\""),
	SAMPLE("local UDP opened", "protocol=\"udp\",path=\"local\""),
	SAMPLE("ping opened", "protocol=\"ping\",path=\"tap\""),
	COUNTER("datagram_flows_closed", "Flows of datagrams through the tap that have ended."),
	SAMPLE("UDP closed", "protocol=\"udp\""),
	SAMPLE("ping closed", "protocol=\"ping\""),
	COUNTER("datagram_flows_displaced",
		"Flows of datagrams through the tap that were ended for new ones."),
	SAMPLE("datagram flows to host displaced", "direction=\"to_host\""),
	SAMPLE("datagram flows to namespace displaced", "direction=\"to_ns\""),
	COUNTER("flows_without_room", "Flows through the tap that there was no record for."),
	SAMPLE("flows no room"),
	COUNTER("datagrams_dropped", "Datagrams through the tap that were dropped."),
	DROPS("UDP", "protocol=\"udp\","),
	DROPS("ping", "protocol=\"ping\","),
	COUNTER("refusals", "What was decided against, once or more for each flow, by the reason."),
	SAMPLE("refused: protocol is off", "reason=\"protocol_off\""),
	SAMPLE("refused: address family is off", "reason=\"family_off\""),
	SAMPLE("refused: source", "reason=\"source\""),
	SAMPLE("refused: destination", "reason=\"destination\""),
	SAMPLE("refused: only local ones are forwarded", "reason=\"no_tap\""),
	SAMPLE("refused: no address in the namespace", "reason=\"no_address\""),
	SAMPLE("refused: would go round", "reason=\"round\""),
	SAMPLE("refused: rule is gone", "reason=\"rule_gone\""),
	SAMPLE("refused: another interface", "reason=\"other_interface\""),
	SAMPLE("refused: can't tell whose address", "reason=\"address_unknown\""),
	SAMPLE("refused: host has no address in there", "reason=\"unmapped\""),
	SAMPLE("refused: policy", "reason=\"policy\""),
	SAMPLE("refused: policy, silently", "reason=\"policy_silently\""),
	COUNTER("dns_questions_refused", "Questions for names that did not go to a resolver."),
	SAMPLE("questions blocked", "reason=\"policy\""),
	SAMPLE("questions malformed", "reason=\"malformed\""),
	COUNTER("dns_answers_unasked", "Answers of resolvers that nothing was asked for."),
	SAMPLE("answers to no question"),
	COUNTER("dns_addresses_learnt", "Addresses in answers, for rules by name."),
	SAMPLE("addresses learnt"),
	COUNTER("dns_addresses_not_learnt", "Addresses where an answer must not lead."),
	SAMPLE("addresses not learnt"),
	COUNTER("dns_addresses_displaced", "Learnt addresses that made room for new ones."),
	SAMPLE("learnt addresses displaced"),
	COUNTER("tcp_accepted", "Connections to forwarded ports, those refused at once included."),
	SAMPLE("TCP to namespace accepted"),
	COUNTER("tcp_unopened", "Connections through the tap that were not opened."),
	SAMPLE("TCP to host refused", "direction=\"to_host\",reason=\"refused\""),
	SAMPLE("TCP to host failed", "direction=\"to_host\",reason=\"failed\""),
	SAMPLE("TCP to host no room", "direction=\"to_host\",reason=\"no_room\""),
	SAMPLE("TCP by another name", "direction=\"to_host\",reason=\"name\""),
	SAMPLE("TCP to namespace refused", "direction=\"to_ns\",reason=\"refused\""),
	SAMPLE("TCP to namespace failed", "direction=\"to_ns\",reason=\"failed\""),
	COUNTER("tcp_reset", "Connections that were reset."),
	SAMPLE("TCP reset", "path=\"tap\""),
	SAMPLE("local TCP reset", "path=\"local\""),
	COUNTER("tcp_segments_invalid", "Malformed segments, and those with a wrong checksum."),
	SAMPLE("TCP invalid"),
	COUNTER("tcp_retransmissions", "Times that the namespace was sent data again."),
	SAMPLE("TCP retransmitted", "reason=\"timeout\""),
	SAMPLE("TCP resent for gaps", "reason=\"gap\""),
	COUNTER("tcp_segments_resent_in_vain", "Segments sent again that had not been lost."),
	SAMPLE("TCP resent in vain"),
	COUNTER("tcp_segments_early",
		"Segments of the namespace that came before those they follow."),
	SAMPLE("TCP early", "result=\"kept\""),
	SAMPLE("TCP early no room", "result=\"dropped\""),
	COUNTER("tcp_backlog_used", "Times that a socket did not take all of a segment."),
	SAMPLE("TCP backlog used"),
	COUNTER("tcp_backlog_without_room", "Segments that there was no room to wait for."),
	SAMPLE("TCP backlog no room"),
	COUNTER("tcp_memory_refused", "Times that there was no memory for what has to wait."),
	SAMPLE("TCP chunks no room"),
	COUNTER("local_flows_unopened", "Flows beside the tap that were not opened."),
	SAMPLE("local TCP refused or failed", "protocol=\"tcp\",reason=\"refused_or_failed\""),
	SAMPLE("local TCP no room", "protocol=\"tcp\",reason=\"no_room\""),
	SAMPLE("local UDP refused", "protocol=\"udp\",reason=\"refused\""),
	SAMPLE("local UDP no room", "protocol=\"udp\",reason=\"no_room\""),
	COUNTER("local_datagram_flows_displaced",
		"Flows of datagrams beside the tap that were ended for new ones."),
	SAMPLE("local UDP displaced"),
	COUNTER("local_datagrams_lost", "Datagrams beside the tap that no socket took."),
	SAMPLE("local UDP lost"),
	COUNTER("local_tcp_copies", "Times that data was copied because there was no pipe."),
	SAMPLE("local TCP no pipe"),
	COUNTER("fragments_dropped", "Fragments, or datagrams of them, that were given up."),
	SAMPLE("fragments expired", "reason=\"expired\""),
	SAMPLE("fragments no room", "reason=\"no_room\""),
	COUNTER("icmp_errors_held_back", "Errors that were not sent because there were so many."),
	SAMPLE("ICMP errors held back"),
	COUNTER("configuration_requests", "Messages for ARP, NDP, DHCP and DHCPv6."),
	SAMPLE("configuration answered", "result=\"answered\""),
	SAMPLE("configuration ignored", "result=\"ignored\""),
	SAMPLE("configuration invalid", "result=\"invalid\""),
	SAMPLE("configuration failed", "result=\"failed\""),
	COUNTER("resolver_failures", "Questions to resolvers of the host that got no answer."),
	SAMPLE("resolver failures"),
	COUNTER("neighbour_moves", "Addresses in the namespace that moved to another MAC address."),
	SAMPLE("addresses moved"),
	COUNTER("capture_frames", "Frames for the capture."),
	SAMPLE("captured frames", "result=\"written\""),
	SAMPLE("captured frames left out", "result=\"left_out\""),
};
/* clang-format on */

bool openmetrics_has_counter(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].source && !strcmp(rows[i].source, name))
			return true;
	return false;
}

static void print_head(const struct row *row, FILE *out)
{
	fprintf(out, "# HELP %s %s\n", row->family, row->help);
	fprintf(out, "# TYPE %s %s\n", row->family,
		row->type == METRIC_GAUGE ? "gauge" : "counter");
	if (row->unit)
		fprintf(out, "# UNIT %s %s\n", row->family, row->unit);
}

/* Where the sample's value is. Return: NULL if it's nowhere */
static const json_t *find(const json_t *status, const json_t *counters, const char *source)
{
	const json_t *places[] = { json_object_get(counters, "counters"), counters, status };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (json_is_integer(json_object_get(places[i], source)))
			return json_object_get(places[i], source);
	return NULL;
}

static void print_sample(const struct row *head, const struct row *row, const json_t *value,
			 FILE *out)
{
	fprintf(out, "%s%s", head->family, head->type == METRIC_COUNTER ? "_total" : "");
	if (row->labels[0])
		fprintf(out, "{%s}", row->labels);
	/* jansson's numbers have a sign; ours don't. They are whole numbers in any case */
	fprintf(out, " %llu\n", (unsigned long long)json_integer_value(value));
}

/* What a label's value may have only escaped */
static void print_label(const char *name, const char *value, FILE *out)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static void print_build(const json_t *status, FILE *out)
{
	const char *program = json_string_value(json_object_get(status, "program"));
	const char *version = json_string_value(json_object_get(status, "version"));

	fputs("# HELP pasta_build What runs.\n# TYPE pasta_build info\npasta_build_info{", out);
	print_label("program", program ? program : "", out);
	fputc(',', out);
	print_label("version", version ? version : "", out);
	fputs("} 1\n", out);
}

static void print_uptime(const json_t *status, FILE *out)
{
	const json_t *age = json_object_get(status, "age_ms");
	unsigned long long ms = (unsigned long long)json_integer_value(age);

	if (!age)
		return;
	fputs("# HELP pasta_uptime_seconds How long it has been running.\n"
	      "# TYPE pasta_uptime_seconds gauge\n"
	      "# UNIT pasta_uptime_seconds seconds\n",
	      out);
	fprintf(out, "pasta_uptime_seconds %llu.%03llu\n", ms / 1000, ms % 1000);
}

void openmetrics_print(const json_t *status, const json_t *counters, FILE *out)
{
	const struct row *head = rows;

	print_build(status, out);
	print_uptime(status, out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const json_t *value = row->source ? find(status, counters, row->source) : NULL;

		if (row->family) {
			head = row;
			print_head(row, out);
		}
		if (value)
			print_sample(head, row, value, out);
	}
	fputs("# EOF\n", out);
}
