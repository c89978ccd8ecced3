/* SPDX-License-Identifier: Apache-2.0
 *
 * Joined namespaces between the two halves: netns/ opens them and knows the descriptors that tell
 * of their end, and here these stop the engine. A struct joining lives as long as the engine, and
 * stays where it is.
 */
#ifndef PASTA_JOINING_H
#define PASTA_JOINING_H

#include "common/base/err.h"
#include "common/base/loop.h"
#include "common/engine/addressing.h"
#include "common/engine/engine.h"
#include "launch/settings.h"
#include "netns/beside/end_watch.h"
#include "netns/beside/side_process.h"
#include "netns/start/join.h"

struct joining {
	struct join join;
	struct end_watch end;
	struct side_process members; /* where nothing else tells of its end: who is in there */
	struct watch process, mounts, directory, look, member;
	struct engine *engine;
	bool ended;
};

void joining_init(struct joining *joining);

/* joining_open() - open what the command line names, with the caller's rights
 *
 * Return: 0, or -errno with @err set
 */
int joining_open(struct joining *joining, const struct settings *settings, struct err *err);

/* joining_check() - on a thread in the namespace: it must not be on a network already
 *
 * Return: 0, or -errno with @err set
 */
int joining_check(const struct joining *joining, const struct settings *settings, struct err *err);

/* joining_without_ip6() - IPv6 was wanted, but it's disabled there: say so, and that there is none
 * @addressing:	its IPv6 is off for the summary
 *
 * The engine goes on with it, for whoever enables it there later.
 *
 * Return: 0, or -errno with @err set if there is no other family
 */
int joining_without_ip6(const struct joining *joining, const struct settings *settings,
			struct addressing *addressing, struct err *err);

/* joining_entered() - all who had to have entered: holding the namespaces longer by the descriptors
 * that were opened would keep a mount from being unmounted
 */
void joining_entered(struct joining *joining);

/* joining_finish() - what watches for the namespace's end has no more to do. Works under the
 * lock-in
 */
void joining_finish(struct joining *joining);

/* joining_watch() - stop @engine when the namespace ends. Return: 0, or -errno with @err set */
int joining_watch(struct joining *joining, const struct settings *settings, struct engine *engine,
		  struct err *err);

#endif
