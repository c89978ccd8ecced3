/* SPDX-License-Identifier: Apache-2.0
 *
 * A client that may name the namespace's loopback does, and connections from afar don't get there:
 * so none may.
 */
#include "clients/portd/info.h"

#include <stdio.h>
#include <string.h>

#define DRIVER "pasta"

/* The first of a family's, without its prefix length; "": none */
static void take_addr(const json_t *status, const char *family, char ret_text[ADDR_TEXT_MAX])
{
	const json_t *addresses = json_object_get(json_object_get(status, family), "addresses");
	const char *text = json_string_value(json_array_get(addresses, 0));
	size_t len = text ? strcspn(text, "/") : 0;

	if (len >= ADDR_TEXT_MAX)
		len = 0;
	snprintf(ret_text, ADDR_TEXT_MAX, "%.*s", (int)len, len ? text : "");
}

void info_home(const json_t *status, struct port_home *ret_home)
{
	take_addr(status, "ipv4", ret_home->ip4);
	take_addr(status, "ipv6", ret_home->ip6);
}

static json_t *resolvers(const json_t *status)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	json_t *dns = json_array();

	for (size_t i = 0; i < 2; i++) {
		json_t *addr = json_object_get(json_object_get(status, families[i]), "dns_forward");

		if (json_is_string(addr))
			json_array_append(dns, addr);
	}
	return dns;
}

/* Those of the families that are on; without a tap it's not said which these are */
static json_t *protocols(const json_t *status)
{
	const bool has_ip6 = json_object_get(status, "ipv6") || !json_object_get(status, "ipv4");
	const bool has_ip4 = json_object_get(status, "ipv4") || !json_object_get(status, "ipv6");
	json_t *protos = json_array();

	for (int i = 0; i < PORT_PROTOS; i++) {
		enum port_proto proto = (enum port_proto)i;
		bool ip4 = proto == PORT_TCP4 || proto == PORT_UDP4;
		bool ip6 = proto == PORT_TCP6 || proto == PORT_UDP6;

		if ((!ip4 || has_ip4) && (!ip6 || has_ip6))
			json_array_append_new(protos, json_string(port_proto_name(proto)));
	}
	return protos;
}

json_t *info_to_json(const json_t *status, const char *state_dir)
{
	const json_int_t child = json_integer_value(json_object_get(status, "namespace_pid"));
	struct port_home home;

	info_home(status, &home);
	return json_pack("{s:s, s:s, s:s, s:I, s:{s:s, s:o, s:s, s:b}, s:{s:s, s:o, s:b}}",
			 "apiVersion", INFO_API_VERSION, "version", PASTA_VERSION, "stateDir",
			 state_dir, "childPID", child, "networkDriver", "driver", DRIVER, "dns",
			 resolvers(status), "childIP", home.ip4[0] ? home.ip4 : home.ip6,
			 "dynamicChildIP", 0, "portDriver", "driver", DRIVER, "protos",
			 protocols(status), "disallowLoopbackChildIP", 1);
}
