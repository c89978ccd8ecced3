/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client leaves out is as with slirp4netns: all IPv4 addresses of the host, the namespace's
 * own. Its "tcp" and "udp" are IPv4.
 */
#include "clients/portd/slirp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/portd/reply.h"

#define ALL_IP4 "0.0.0.0"

static int take_add(const json_t *arguments, struct port_spec *spec, struct err *err)
{
	const char *proto = json_string_value(json_object_get(arguments, "proto"));
	uint32_t host_port = 0, guest_port = 0;
	int rc = port_proto_parse(proto ? proto : "", &spec->proto, err);

	if (!rc)
		rc = port_json_addr(arguments, "host_addr", spec->parent_ip, err);
	if (!rc)
		rc = port_json_addr(arguments, "guest_addr", spec->child_ip, err);
	if (!rc)
		rc = port_json_number(arguments, "host_port", UINT16_MAX, &host_port, err);
	if (!rc)
		rc = port_json_number(arguments, "guest_port", UINT16_MAX, &guest_port, err);
	if (rc)
		return rc;
	if (!spec->parent_ip[0] && (spec->proto == PORT_TCP || spec->proto == PORT_UDP))
		snprintf(spec->parent_ip, sizeof(spec->parent_ip), ALL_IP4);
	spec->parent_port = (uint16_t)host_port;
	spec->child_port = (uint16_t)guest_port;
	return port_spec_check(spec, err);
}

static int take_request(const json_t *root, struct slirp_request *request, struct err *err)
{
	const char *execute = json_string_value(json_object_get(root, "execute"));
	const json_t *arguments = json_object_get(root, "arguments");

	if (!execute)
		return err_set(err, -EINVAL, "bad request: execute: is missing");
	if (!strcmp(execute, "list_hostfwd")) {
		request->command = SLIRP_LIST;
		return 0;
	}
	if (!strcmp(execute, "add_hostfwd")) {
		request->command = SLIRP_ADD;
		return take_add(arguments, &request->spec, err);
	}
	if (!strcmp(execute, "remove_hostfwd")) {
		request->command = SLIRP_REMOVE;
		return port_json_number(arguments, "id", UINT32_MAX, &request->id, err);
	}
	return err_set(err, -EINVAL, "bad request: execute '%.50s': unknown", execute);
}

int slirp_request_parse(const char *text, size_t len, struct slirp_request *ret_request,
			struct err *err)
{
	struct slirp_request request = { 0 };
	json_error_t where;
	json_t *root;
	int rc;

	if (len >= SLIRP_REQUEST_MAX)
		return err_set(err, -EINVAL, "bad request: must be shorter than %d bytes",
			       SLIRP_REQUEST_MAX);
	root = json_loadb(text, len, 0, &where);
	if (!root)
		return err_set(err, -EINVAL, "bad request: not JSON: %s", where.text);
	rc = take_request(root, &request, err);
	json_decref(root);
	if (!rc)
		*ret_request = request;
	return rc;
}

static int put_entry(void *arg, const struct port *port)
{
	const struct port_spec *spec = &port->spec;
	json_t *entry =
		json_pack("{s:I, s:s, s:s, s:i, s:s, s:i}", "id", (json_int_t)port->id, "proto",
			  port_proto_name(spec->proto), "host_addr", spec->parent_ip, "host_port",
			  (int)spec->parent_port, "guest_addr", spec->child_ip, "guest_port",
			  (int)spec->child_port);

	return json_array_append_new(arg, entry) ? -ENOMEM : 0;
}

/* Return: 0 with *ret_value set, or -errno with @err set */
static int list_entries(struct ports *ports, json_t **ret_value, struct err *err)
{
	json_t *entries = json_array();
	int rc;

	err_set(err, 0, "no memory");
	rc = entries ? ports_each(ports, put_entry, entries, err) : -ENOMEM;
	if (rc)
		json_decref(entries);
	else
		*ret_value = json_pack("{s:o}", "entries", entries);
	return rc;
}

static int carry_out(struct ports *ports, const struct slirp_request *request, json_t **ret_value,
		     struct err *err)
{
	uint32_t id;
	int rc = 0;

	switch (request->command) {
	case SLIRP_LIST:
		return list_entries(ports, ret_value, err);
	case SLIRP_REMOVE:
		rc = ports_remove(ports, request->id, err);
		*ret_value = rc ? NULL : json_object();
		return rc;
	case SLIRP_ADD:
		break;
	}
	rc = ports_add(ports, &request->spec, &id, err);
	*ret_value = rc ? NULL : json_pack("{s:I}", "id", (json_int_t)id);
	return rc;
}

char *slirp_answer(struct ports *ports, const char *text, size_t len, size_t *ret_len)
{
	struct slirp_request request;
	json_t *value = NULL;
	struct reply reply;
	struct err err;
	int rc = slirp_request_parse(text, len, &request, &err);

	if (!rc)
		rc = carry_out(ports, &request, &value, &err);
	reply_json(&reply, 0,
		   rc ? json_pack("{s:{s:o}}", "error", "desc", reply_text(&err))
		      : json_pack("{s:o}", "return", value));
	*ret_len = reply.len;
	return reply.body;
}
