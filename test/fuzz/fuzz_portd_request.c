/* SPDX-License-Identifier: Apache-2.0
 *
 * What clients send to pasta-portd, of either dialect: any bytes are refused with a text, or give a
 * port whose rule pasta's own parser takes for that one port, and that comes back out of its JSON
 * as it was. And any text of a rule is none, or gives such a port.
 */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "clients/portd/port_spec.h"
#include "clients/portd/slirp.h"
#include "common/fwd/spec.h"

static void check_spec(const struct port_spec *spec)
{
	static const struct port_home home = { "10.0.2.100", "fd00::100" };
	struct fwd_spec parsed;
	struct port_spec again;
	char rule[PORT_RULE_MAX];
	struct err err;

	REQUIRE(!port_spec_check(spec, &err));
	port_spec_to_rule(spec, &home, rule);
	if (fwd_spec_parse(rule, &parsed, &err)) {
		/* Of the other family, or none of a host: pasta says so to the client */
		REQUIRE(spec->child_ip[0] || spec->parent_ip[0]);
		return;
	}
	REQUIRE(parsed.count == 1 && parsed.items[0].kind == FWD_ITEM_RANGE);
	REQUIRE(parsed.items[0].ports.first == spec->parent_port);
	REQUIRE(parsed.items[0].ports.last == spec->parent_port);
	REQUIRE(parsed.items[0].to_first == spec->child_port);
	REQUIRE(port_spec_from_rule(port_proto_option(spec->proto), rule, &again));
	REQUIRE(again.parent_port == spec->parent_port && again.child_port == spec->child_port);
}

static void check_json(const struct port_spec *spec)
{
	json_t *json = port_spec_to_json(spec);
	char *text = json_dumps(json, JSON_COMPACT);
	struct port_spec again;
	struct err err;

	REQUIRE(text && !port_spec_from_json(text, strlen(text), &again, &err));
	REQUIRE(again.proto == spec->proto && !strcmp(again.parent_ip, spec->parent_ip));
	REQUIRE(!strcmp(again.child_ip, spec->child_ip));
	free(text);
	json_decref(json);
}

static void fuzz_rule(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct port_spec spec;

	memcpy(text, data, size);
	text[size] = '\0';
	if (port_spec_from_rule("-t", text, &spec))
		check_spec(&spec);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	struct slirp_request request;
	struct port_spec spec;

	if (!port_spec_from_json((const char *)data, size, &spec, &err)) {
		check_spec(&spec);
		check_json(&spec);
	} else {
		REQUIRE(err.text[0]);
	}
	err.text[0] = '\0';
	if (slirp_request_parse((const char *)data, size, &request, &err))
		REQUIRE(err.text[0]);
	else if (request.command == SLIRP_ADD)
		check_spec(&request.spec);
	if (size)
		fuzz_rule(data, size);
	return 0;
}
