/* SPDX-License-Identifier: Apache-2.0
 *
 * The ports that clients add, list and remove. Which there are is pasta's to say, each time: its
 * rules are the table, and a port's id is its rule's number, so that it is the same for whoever
 * asks, whatever was restarted in between, and never another one's. What is kept here is only how
 * clients have written what a rule can't tell.
 */
#ifndef CLIENTS_PORTD_PORTS_H
#define CLIENTS_PORTD_PORTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "clients/portd/pasta_link.h"
#include "clients/portd/port_spec.h"
#include "common/base/err.h"

/* How many are kept as they were written; as many as pasta has rules at most */
#define PORTS_NOTES 4096

struct port_note {
	uint32_t id; /* 0: none */
	struct port_spec spec;
};

struct ports {
	struct pasta_link *link;
	struct port_note *notes; /* by id, modulo PORTS_NOTES */
};

struct port {
	uint32_t id;
	struct port_spec spec;
};

/* ports_init() - @link is the caller's, and outlives it. Return: 0, or -ENOMEM with @err set */
int ports_init(struct ports *ports, struct pasta_link *link, struct err *err);
void ports_fini(struct ports *ports);

/* ports_add() - have it forwarded; one that pasta was told otherwise to forward is taken over
 * @spec:	a good one
 *
 * Return: 0; -EBADMSG with @err set if it can't be had, -EEXIST if a client has it already; or
 *	   another -errno with @err set
 */
int ports_add(struct ports *ports, const struct port_spec *spec, uint32_t *ret_id, struct err *err);

/* ports_remove() - Return: 0, -ENOENT if there is none; or another -errno. All with @err set */
int ports_remove(struct ports *ports, uint32_t id, struct err *err);

/* ports_each() - all that there are
 * @fn:	a value other than 0 ends it
 *
 * Return: what @fn returned last; or -errno with @err set
 */
int ports_each(struct ports *ports, int (*fn)(void *arg, const struct port *port), void *arg,
	       struct err *err);

#endif
