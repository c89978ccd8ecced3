/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with no capability, in a side process; netlink (route), reading only.
 *
 * News of the host's network for an engine that can't look at it any more, once it's locked in: a
 * side process hears of every change of links, addresses, routes and rules, lets what belongs
 * together happen, looks at the host as the start did, and tells what is another now.
 */
#ifndef NETNS_BESIDE_HOST_WATCH_H
#define NETNS_BESIDE_HOST_WATCH_H

#include <stdint.h>

#include "common/base/err.h"
#include "netns/beside/side_process.h"
#include "netns/host/host.h"
#include "netns/host/host_record.h"
#include "netns/host/route_values.h"

struct host_news {
	struct host_record host;
	uint32_t routes; /* grows when routes or rules have changed, or may have */
	uint32_t jumps; /* grows when the clock was set, or the machine has slept */
	/* By the templates; none, unless they were asked for: host_request.no_routes */
	struct route_values routes4, routes6;
};

/* host_watch_start() - make the process; when its fd is readable, call host_watch_read()
 * @request:	as at start, its names need not stay; what is named may be gone
 * @known:	what the host was like when it was looked at; only what differs is told
 *
 * To be called in the host's network namespace. Return: as side_process_start()
 */
int host_watch_start(const struct host_request *request, const struct host_record *known,
		     struct side_process *ret_watch, struct err *err);

/* host_watch_read() - take the news. Works under the lock-in
 * @ret_news:	of no use after a failure; large, and only what is used of it is touched
 *
 * Return: 0; -EAGAIN if there is none; another -errno if the process is gone
 */
int host_watch_read(const struct side_process *watch, struct host_news *ret_news);

#endif
