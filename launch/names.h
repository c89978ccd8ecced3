/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's resolvers between the two halves: resolv.conf at start and its changes later come from
 * netns/, and go to the engine. A struct names lives as long as the engine.
 */
#ifndef LAUNCH_NAMES_H
#define LAUNCH_NAMES_H

#include "common/base/loop.h"
#include "common/engine/addressing.h"
#include "common/engine/config.h"
#include "common/engine/engine.h"
#include "launch/settings.h"
#include "netns/beside/resolv_watch.h"

struct names {
	struct side_process source; /* fd -1: resolv.conf is not watched */
	struct watch watch;
	struct engine *engine;
	char *command_file; /* text of COMMAND's resolv.conf, NULL: it has the host's */
};

void names_init(struct names *names);

/* names_look() - read resolv.conf; what the user and it say of DNS goes into @config */
void names_look(const struct settings *settings, struct config *config);

/* names_for_command() - let COMMAND in a namespace of its own reach a resolver, if it wouldn't: see
 * command_names.h. Before names_start()
 */
void names_for_command(struct names *names, struct config *config);

/* names_start() - have resolv.conf watched, if that can make a difference. If it can't be watched,
 * that is said, and the start goes on
 *
 * To be called as the user that we are going to be, before any namespace is made.
 */
void names_start(struct names *names, const struct settings *settings, const struct config *config);

/* names_watch() - pass changes on to @engine. Return: 0 or -errno */
int names_watch(struct names *names, struct engine *engine);

/* names_reread() - of struct control_subject; @arg: a struct names */
int names_reread(void *arg);

/* names_stop() - let the watching end, the engine having stopped. Works under the lock-in */
void names_stop(struct names *names);

/* names_finish() - wait for that end; for every outcome. Works under the lock-in */
void names_finish(struct names *names);

/* names_summary() - say at info level where queries go, in the families that are on */
void names_summary(const struct config *config, const struct addressing *addressing);

#endif
