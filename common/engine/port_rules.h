/* SPDX-License-Identifier: Apache-2.0
 *
 * The port forwarding rules in force, and their replacement while the engine runs: whole, or not at
 * all. There are two tables beside that of the start, used in turn: the next one is made in the one
 * that is not in force. New sockets are opened first, then the tables change places, then sockets
 * are closed that no rule has any more. Connections that came by them stay. A socket that UDP flows
 * are answered by stays too, for these alone, until the last one has ended.
 */
#ifndef COMMON_ENGINE_PORT_RULES_H
#define COMMON_ENGINE_PORT_RULES_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/engine/config.h"
#include "common/engine/worker.h"
#include "common/flow/timer.h"
#include "common/fwd/change.h"
#include "common/fwd/rules.h"

struct port_rules {
	struct config *config; /* the engine's: its rules are those in force */
	struct worker *worker;
	struct fwd_rules *tables[2]; /* NULL: there are no rules, and can be none */
	struct fwd_change change;
	struct timer look; /* set while sockets are there for the sake of flows */
};

/* port_rules_init() - @config and @worker are borrowed
 *
 * Return: 0 or -ENOMEM; port_rules_fini() is needed either way
 */
int port_rules_init(struct port_rules *ports, struct config *config, struct worker *worker);
void port_rules_fini(struct port_rules *ports);

/* port_rules_edit() - a copy of the rules in force, to be changed by the functions of change.h and
 * put in force, or forgotten
 *
 * Return: NULL if no port can be forwarded
 */
struct fwd_change *port_rules_edit(struct port_rules *ports);

/* port_rules_replace() - put what port_rules_edit() has returned in force
 * @ret_rule_id:	if it fails, the rule of the new table for which it does; 0: none of them
 * alone
 *
 * Return: 0; or -errno with @err set, and all is as it was
 */
int port_rules_replace(struct port_rules *ports, uint64_t now_ns, uint32_t *ret_rule_id,
		       struct err *err);

#endif
