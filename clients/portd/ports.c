/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule that no client here has written is shown as one could have: with the families that it has,
 * and the addresses that it names.
 */
#include "clients/portd/ports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/portd/info.h"

int ports_init(struct ports *ports, struct pasta_link *link, struct err *err)
{
	*ports = (struct ports){ .link = link };
	ports->notes = calloc(PORTS_NOTES, sizeof(*ports->notes));
	return ports->notes ? 0 : err_set(err, -ENOMEM, "no memory");
}

void ports_fini(struct ports *ports)
{
	free(ports->notes);
	ports->notes = NULL;
}

static struct port_note *note_of(const struct ports *ports, uint32_t id)
{
	return &ports->notes[id % PORTS_NOTES];
}

static int ask_home(struct client *client, struct port_home *ret_home, struct err *err)
{
	json_t *status;
	int rc = client_ask(client, "status", &status, err);

	if (rc)
		return rc;
	info_home(status, ret_home);
	json_decref(status);
	return 0;
}

/* What pasta says to a new rule. Return: 0, or -errno with @err set */
static int take_added(const struct ports *ports, const json_t *answer, const struct port_spec *spec,
		      uint32_t *ret_id, struct err *err)
{
	json_int_t id = json_integer_value(json_array_get(json_object_get(answer, "ids"), 0));
	bool is_new = json_integer_value(json_object_get(answer, "changed"));
	struct port_note *note = note_of(ports, (uint32_t)id);

	if (id < 1 || id > UINT32_MAX)
		return err_set(err, -EPROTO, "pasta gives the port no number");
	if (!is_new && note->id == id)
		return err_set(err, -EEXIST, "conflicts with port %u, which is the same", note->id);
	*note = (struct port_note){ .id = (uint32_t)id, .spec = *spec };
	*ret_id = note->id;
	return 0;
}

int ports_add(struct ports *ports, const struct port_spec *spec, uint32_t *ret_id, struct err *err)
{
	char rule[PORT_RULE_MAX], request[PORT_RULE_MAX + sizeof("forward add -t ")];
	struct port_home home;
	struct client client;
	json_t *answer;
	int rc = pasta_link_connect(ports->link, &client, err);

	if (rc)
		return rc;
	rc = ask_home(&client, &home, err);
	if (!rc) {
		port_spec_to_rule(spec, &home, rule);
		snprintf(request, sizeof(request), "forward add %s %s",
			 port_proto_option(spec->proto), rule);
		rc = client_ask(&client, request, &answer, err);
	}
	if (!rc) {
		rc = take_added(ports, answer, spec, ret_id, err);
		json_decref(answer);
	}
	client_close(&client);
	return rc;
}

/* Return: whether clients see this rule */
static bool port_of_rule(const struct ports *ports, const json_t *rule, struct port *ret_port)
{
	const char *option = json_string_value(json_object_get(rule, "option"));
	const char *spec = json_string_value(json_object_get(rule, "spec"));
	json_int_t id = json_integer_value(json_object_get(rule, "id"));

	if (id < 1 || id > UINT32_MAX || !option || !spec ||
	    !port_spec_from_rule(option, spec, &ret_port->spec))
		return false;
	ret_port->id = (uint32_t)id;
	if (note_of(ports, ret_port->id)->id == ret_port->id)
		ret_port->spec = note_of(ports, ret_port->id)->spec;
	return true;
}

static int each_of(const struct ports *ports, const json_t *answer,
		   int (*fn)(void *arg, const struct port *port), void *arg)
{
	const json_t *rule;
	struct port port;
	int rc = 0;
	size_t i;

	json_array_foreach (json_object_get(answer, "forwards"), i, rule) {
		if (!rc && port_of_rule(ports, rule, &port))
			rc = fn(arg, &port);
	}
	return rc;
}

int ports_each(struct ports *ports, int (*fn)(void *arg, const struct port *port), void *arg,
	       struct err *err)
{
	json_t *answer;
	int rc = pasta_link_ask(ports->link, "forward list", &answer, err);

	if (rc)
		return rc;
	rc = each_of(ports, answer, fn, arg);
	json_decref(answer);
	return rc;
}

static int is_port(void *arg, const struct port *port)
{
	return port->id == *(const uint32_t *)arg;
}

/* Only what clients see is theirs to remove. Return: whether anything was; or -errno with @err set
 */
static int remove_rule(struct ports *ports, uint32_t id, struct err *err)
{
	char request[sizeof("forward rm 4294967295")];
	json_t *answer;
	int rc = ports_each(ports, is_port, &id, err);

	if (rc <= 0)
		return rc;
	snprintf(request, sizeof(request), "forward rm %u", id);
	rc = pasta_link_ask(ports->link, request, &answer, err);
	if (rc)
		return rc;
	rc = json_integer_value(json_object_get(answer, "changed")) > 0;
	json_decref(answer);
	return rc;
}

int ports_remove(struct ports *ports, uint32_t id, struct err *err)
{
	int removed = remove_rule(ports, id, err);

	if (removed < 0)
		return removed;
	if (note_of(ports, id)->id == id)
		*note_of(ports, id) = (struct port_note){ 0 };
	return removed ? 0 : err_set(err, -ENOENT, "there is no port %u", id);
}
