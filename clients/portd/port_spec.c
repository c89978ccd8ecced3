/* SPDX-License-Identifier: Apache-2.0
 *
 * Where connections go to the namespace's own address, the rule has no target: then pasta takes the
 * address of the connection's family, which also holds when a client names the IPv4 address with a
 * protocol of IPv6, as dockerd does.
 */
#include "clients/portd/port_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/util.h"
#include "common/base/values.h"

static const struct {
	const char *name, *option;
	int family; /* AF_UNSPEC: both */
} protos[PORT_PROTOS] = {
	[PORT_TCP] = { "tcp", "-t", AF_UNSPEC },  [PORT_TCP4] = { "tcp4", "-t", AF_INET },
	[PORT_TCP6] = { "tcp6", "-t", AF_INET6 }, [PORT_UDP] = { "udp", "-u", AF_UNSPEC },
	[PORT_UDP4] = { "udp4", "-u", AF_INET },  [PORT_UDP6] = { "udp6", "-u", AF_INET6 },
};

const char *port_proto_name(enum port_proto proto)
{
	return protos[proto].name;
}

const char *port_proto_option(enum port_proto proto)
{
	return protos[proto].option;
}

int port_proto_parse(const char *text, enum port_proto *ret_proto, struct err *err)
{
	for (unsigned int i = 0; i < PORT_PROTOS; i++) {
		if (strcmp(text, protos[i].name) != 0)
			continue;
		*ret_proto = (enum port_proto)i;
		return 0;
	}
	return err_set(err, -EINVAL, "proto '%.50s': must be tcp, tcp4, tcp6, udp, udp4 or udp6",
		       text);
}

/* Return: 0, also for none; or -EINVAL with @err set */
static int check_addr(const char *name, const char *text, struct err *err)
{
	struct in6_addr addr;

	if (text[0] && addr_parse(text, &addr))
		return err_set(err, -EINVAL, "%s '%s': not an IP address", name, text);
	return 0;
}

static int family_of(const char *text)
{
	struct in6_addr addr;

	return text[0] && !addr_parse(text, &addr) ? addr_family(&addr) : AF_UNSPEC;
}

int port_spec_check(const struct port_spec *spec, struct err *err)
{
	int listens = family_of(spec->parent_ip), wanted = protos[spec->proto].family;
	int rc = check_addr("parentIP", spec->parent_ip, err);

	if (!rc)
		rc = check_addr("childIP", spec->child_ip, err);
	if (rc)
		return rc;
	if (!spec->parent_port || !spec->child_port)
		return err_set(err, -EINVAL, "%s: must be a port from 1 to 65535",
			       spec->parent_port ? "childPort" : "parentPort");
	if (listens != AF_UNSPEC && wanted != AF_UNSPEC && listens != wanted)
		return err_set(err, -EINVAL, "parentIP '%s': not an address for %s",
			       spec->parent_ip, protos[spec->proto].name);
	return 0;
}

int port_json_number(const json_t *object, const char *name, json_int_t max, uint32_t *ret_number,
		     struct err *err)
{
	const json_t *value = json_object_get(object, name);
	json_int_t number = json_integer_value(value);

	if (!value)
		return err_set(err, -EINVAL, "%s: is missing", name);
	if (!json_is_integer(value) || number < 1 || number > max)
		return err_set(err, -EINVAL, "%s: must be a number from 1 to %lld", name,
			       (long long)max);
	*ret_number = (uint32_t)number;
	return 0;
}

int port_json_addr(const json_t *object, const char *name, char *ret_text, struct err *err)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	if (value && !text && !json_is_null(value))
		return err_set(err, -EINVAL, "%s: must be a text", name);
	text = text ? text : "";
	if (strlen(text) >= ADDR_TEXT_MAX)
		return err_set(err, -EINVAL, "%s '%.50s': not an IP address", name, text);
	memcpy(ret_text, text, strlen(text) + 1);
	return check_addr(name, ret_text, err);
}

static int take_members(const json_t *root, struct port_spec *spec, struct err *err)
{
	const char *proto = json_string_value(json_object_get(root, "proto"));
	uint32_t parent_port = 0, child_port = 0;
	int rc;

	if (!proto)
		return err_set(err, -EINVAL, "proto: must be tcp, tcp4, tcp6, udp, udp4 or udp6");
	rc = port_proto_parse(proto, &spec->proto, err);
	if (!rc)
		rc = port_json_addr(root, "parentIP", spec->parent_ip, err);
	if (!rc)
		rc = port_json_addr(root, "childIP", spec->child_ip, err);
	if (!rc)
		rc = port_json_number(root, "parentPort", UINT16_MAX, &parent_port, err);
	if (!rc)
		rc = port_json_number(root, "childPort", UINT16_MAX, &child_port, err);
	if (rc)
		return rc;
	spec->parent_port = (uint16_t)parent_port;
	spec->child_port = (uint16_t)child_port;
	return port_spec_check(spec, err);
}

int port_spec_from_json(const char *text, size_t len, struct port_spec *ret_spec, struct err *err)
{
	struct port_spec spec = { 0 };
	json_error_t where;
	json_t *root = json_loadb(text, len, 0, &where);
	int rc;

	if (!json_is_object(root)) {
		json_decref(root);
		return err_set(err, -EINVAL, "not a JSON object: %s",
			       root ? "it is none" : where.text);
	}
	rc = take_members(root, &spec, err);
	json_decref(root);
	if (!rc)
		*ret_spec = spec;
	return rc;
}

json_t *port_spec_to_json(const struct port_spec *spec)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:i}", "proto", protos[spec->proto].name, "parentIP",
			 spec->parent_ip, "parentPort", (int)spec->parent_port, "childIP",
			 spec->child_ip, "childPort", (int)spec->child_port);
}

static bool is_addr(const char *text, const char *other)
{
	struct in6_addr a, b;

	return other[0] && !addr_parse(text, &a) && !addr_parse(other, &b) && addr_equal(&a, &b);
}

/* An address and the slash behind it, in the form of its family */
static void format_place(const char *text, char buf[ADDR_TEXT_MAX + 4])
{
	struct in6_addr addr;
	char formatted[ADDR_TEXT_MAX];

	buf[0] = '\0';
	if (!text[0] || addr_parse(text, &addr))
		return;
	snprintf(buf, ADDR_TEXT_MAX + 4, addr_is_ipv4(&addr) ? "%s/" : "[%s]/",
		 addr_format(&addr, formatted));
}

void port_spec_to_rule(const struct port_spec *spec, const struct port_home *home, char *ret_rule)
{
	bool own = is_addr(spec->child_ip, home->ip4) || is_addr(spec->child_ip, home->ip6);
	const char *parent = spec->parent_ip;
	char from[ADDR_TEXT_MAX + 4], to[ADDR_TEXT_MAX + 4];

	if (!parent[0] && protos[spec->proto].family != AF_UNSPEC)
		parent = protos[spec->proto].family == AF_INET ? "0.0.0.0" : "::";
	format_place(parent, from);
	format_place(own ? "" : spec->child_ip, to);
	snprintf(ret_rule, PORT_RULE_MAX, "%s%u:%s%u", from, spec->parent_port, to,
		 spec->child_port);
}

/* Return: whether an address stands here, with the brackets that one of IPv6 has */
static bool take_addr(const char **cursor, char *ret_text)
{
	const char *at = *cursor;
	bool brackets = value_literal(&at, "[");
	struct in6_addr addr;

	ret_text[0] = '\0';
	if (value_addr(&at, &addr) || (brackets && !value_literal(&at, "]")))
		return false;
	addr_format(&addr, ret_text);
	*cursor = at;
	return true;
}

static bool take_port(const char **cursor, uint16_t *ret_port)
{
	uint32_t port;

	if (value_number(cursor, UINT16_MAX, &port) || !port)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* [ADDR/]PORT */
static bool take_parent(const char **cursor, struct port_spec *spec)
{
	const char *at = *cursor;

	if (take_addr(&at, spec->parent_ip) && value_literal(&at, "/"))
		*cursor = at;
	else
		spec->parent_ip[0] = '\0';
	return take_port(cursor, &spec->parent_port);
}

/* Nothing, or :PORT, :ADDR, :ADDR/PORT. A number alone is no address */
static bool take_child(const char **cursor, struct port_spec *spec)
{
	spec->child_port = spec->parent_port;
	if (!value_literal(cursor, ":"))
		return true;
	if (take_addr(cursor, spec->child_ip) && !value_literal(cursor, "/"))
		return true;
	return take_port(cursor, &spec->child_port);
}

bool port_spec_from_rule(const char *option, const char *rule, struct port_spec *ret_spec)
{
	struct port_spec spec = { 0 };
	unsigned int i = 0;

	if (!take_parent(&rule, &spec) || !take_child(&rule, &spec))
		return false;
	while (i < PORT_PROTOS && (strcmp(protos[i].option, option) != 0 ||
				   protos[i].family != family_of(spec.parent_ip)))
		i++;
	if (*rule || i == PORT_PROTOS)
		return false;
	spec.proto = (enum port_proto)i;
	*ret_spec = spec;
	return true;
}
