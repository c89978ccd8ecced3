/* SPDX-License-Identifier: Apache-2.0
 *
 * What a namespace gets, and loses, when the host's network changes: with --follow grow what it
 * lacked, with --follow all it has what the host has. What that is is decided in
 * common/engine/growth.h. With --config-net a process of netns/ sets it, and the engine goes by it
 * once it is there; else it is offered to who configures itself. A struct grow lives as long as the
 * engine.
 */
#ifndef LAUNCH_GROW_H
#define LAUNCH_GROW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/control/subject.h"
#include "common/engine/engine.h"
#include "common/engine/growth.h"
#include "launch/settings.h"
#include "netns/beside/host_watch.h"
#include "netns/beside/mirror.h"

/* Large: most of it is never touched */
struct grow_routes {
	struct route_values host4, host6; /* by which a start would set them now */
	struct route_values given4, given6; /* as they are to be there */
	struct route_values next; /* when all is done that is being done */
};

struct grow {
	const struct settings *settings; /* NULL: there's nothing to be given, now or ever */
	struct engine *engine;
	struct control_facts *facts;
	struct addressing *given; /* kept up to date */
	struct addressing now; /* what would be given at a start */
	struct grow_routes *routes; /* NULL without --config-net */
	struct log_limit limit;
	struct mirror mirror;
	struct watch watch; /* of its answers */
	bool busy; /* it is at work, on: */
	bool ipv4;
	struct growth growth;
};

void grow_init(struct grow *grow);

/* grow_is_wanted() - whether a namespace that was given @addressing may ever be given other things
 */
bool grow_is_wanted(const struct settings *settings, const struct addressing *addressing);

/* grow_open() and grow_start() - have a process that can set addresses and routes, if there is ever
 * going to be something for it to do: on a thread in the namespace, and when that has ended. If it
 * can't be made that is said, and the start goes on
 * @addressing:	what the namespace has been given
 * @host:	of which that was made
 * @ifindex:	of the tap
 */
void grow_open(struct grow *grow, const struct settings *settings, const struct host *host,
	       const struct addressing *addressing, unsigned int ifindex);
void grow_start(struct grow *grow, const struct settings *settings);

/* grow_watch() - @addressing: as set up, and kept up to date from here on
 * @facts:	likewise
 *
 * Return: 0, or -errno with @err set
 */
int grow_watch(struct grow *grow, const struct settings *settings, struct addressing *addressing,
	       struct engine *engine, struct control_facts *facts, struct err *err);

/* grow_host_changed() - the host is like that now, which the engine knows
 * @now:	what would be given at a start, copied
 */
void grow_host_changed(struct grow *grow, const struct addressing *now,
		       const struct host_news *news, uint64_t now_ns);

/* grow_stop() and grow_finish() - as follow_stop() and follow_finish() */
void grow_stop(struct grow *grow);
void grow_finish(struct grow *grow);

#endif
