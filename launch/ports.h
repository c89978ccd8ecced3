/* SPDX-License-Identifier: Apache-2.0
 *
 * Forwarded ports at start: what -t, -u, -T and -U ask for becomes the rule table, and the rules
 * that are not automatic become listening sockets.
 */
#ifndef LAUNCH_PORTS_H
#define LAUNCH_PORTS_H

#include "common/base/err.h"
#include "common/base/sockets.h"
#include "common/engine/config.h"
#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"
#include "launch/settings.h"
#include "netns/host/host.h"

/* ports_add() - one argument of an option
 * @rules:	NULL before the first one: made then
 *
 * Return: 0, or -errno with @err set: the option and its value are named
 */
int ports_add(struct fwd_rules **rules, enum fwd_direction direction, const char *value,
	      struct err *err);

/* ports_for_guest() - nothing is forwarded to a virtual machine unasked, and nothing automatically,
 * as nobody sees what listens there. Return: 0, or -errno with @err set
 */
int ports_for_guest(struct settings *settings, struct err *err);

/* ports_finish() - the rules of all options and the defaults, into @config
 *
 * To be called on the host, before anything in there changes.
 *
 * Return: 0, or -errno with @err set
 */
int ports_finish(const struct settings *settings, struct config *config, struct err *err);

/* ports_listen() - ports_finish(), then listen on the host
 * @host:	as it is at start: where it has no network of a family yet, addresses may come later
 * @listeners:	the configuration's from here on
 *
 * Return: 0, or -errno with @err set
 */
int ports_listen(const struct settings *settings, const struct host *host,
		 struct fwd_listeners *listeners, struct config *config, struct err *err);

/* ports_open() - listen on one side, on all ports whose rules aren't automatic
 *
 * Before: on the host's side, in its network namespace, with the privileges that bind low ports.
 * After: config->listeners has the sockets; the limit on descriptors is what it was.
 *
 * Return: 0, or -errno with @err set
 */
int ports_open(const struct config *config, enum socket_side side, struct err *err);

/* ports_check_rounds() - once both sides are open: no port may lead back to itself
 *
 * Where a rule that takes what it can get ("all", or another option's ports) is part of it, that
 * one gives way.
 *
 * Return: 0, or -ELOOP with @err set: both rules are named
 */
int ports_check_rounds(const struct config *config, struct err *err);

/* ports_open_later() - whether ports of the namespace may be opened while the engine runs */
bool ports_open_later(const struct fwd_rules *rules);

/* ports_summary() - say at info level what is forwarded */
void ports_summary(const struct config *config);

#endif
