/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's network between the two halves, after the start: what netns/ tells of its changes goes
 * through the addressing rules again, and on to the engine. A struct follow lives as long as the
 * engine.
 */
#ifndef LAUNCH_FOLLOW_H
#define LAUNCH_FOLLOW_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/loop.h"
#include "common/control/subject.h"
#include "common/engine/engine.h"
#include "common/flow/timer.h"
#include "launch/grow.h"
#include "launch/settings.h"
#include "netns/beside/host_watch.h"
#include "netns/beside/side_process.h"
#include "netns/host/host.h"

struct follow {
	struct side_process source; /* fd -1: the host is not watched */
	struct watch watch;
	struct grow grow; /* of the namespace */
	const struct settings *settings;
	struct engine *engine;
	struct control_facts *facts;
	struct host_news *news; /* room for them, which are large */
	uint32_t jumps; /* as in the last news */
	struct control_host told4, told6; /* what was last said of each family */
	uint64_t told_ns; /* and when */
	struct timer timer; /* set while there is more to say, as soon as it's time */
};

void follow_init(struct follow *follow);

/* follow_start() - have the host's network watched, if --follow says so. If that can't be, it is
 * said, and the start goes on
 * @addressing:	what the namespace is given
 *
 * To be called as the user that we are going to be, before any namespace is made.
 */
void follow_start(struct follow *follow, const struct settings *settings, const struct host *host,
		  const struct addressing *addressing);

/* follow_watch() - pass changes on to @engine
 * @host:	as follow_start() had it
 * @addressing:	of the namespace; this and the next one are kept up to date from here on
 * @facts:	that clients are told of the host
 *
 * Return: 0, or -errno with @err set
 */
int follow_watch(struct follow *follow, const struct host *host, struct addressing *addressing,
		 struct engine *engine, struct control_facts *facts, struct err *err);

/* follow_stop() - let the watching end, the engine having stopped. This and the next work under the
 * lock-in
 */
void follow_stop(struct follow *follow);

/* follow_finish() - wait for that end; for every outcome */
void follow_finish(struct follow *follow);

#endif
