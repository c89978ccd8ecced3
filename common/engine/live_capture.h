/* SPDX-License-Identifier: Apache-2.0
 *
 * A capture that somebody asks for while frames flow, beside the one of the start: one at a time,
 * into a descriptor that was passed to us, so that nothing of it is known but what it is: a file,
 * which is emptied, or a stream socket, which is never waited for. While there is none it costs
 * nothing.
 */
#ifndef COMMON_ENGINE_LIVE_CAPTURE_H
#define COMMON_ENGINE_LIVE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/link/link.h"
#include "common/link/pcap.h"

struct live_capture {
	struct link *link; /* borrowed */
	struct pcap pcap; /* of the last one; fd -1: it's over */
	uint32_t number; /* of the last one, from 1 on */
};

void live_capture_init(struct live_capture *capture, struct link *link);
void live_capture_fini(struct live_capture *capture);

/* live_capture_start() - @fd: owned from here on, also on failure
 *
 * Return: 0, or -errno with @err set: there is no link, another one is running, or it can't be
 * written to
 */
int live_capture_start(struct live_capture *capture, int fd, const struct pcap_wanted *wanted,
		       struct err *err);

/* live_capture_stop() - it's over as soon as a socket has taken all of the last frame */
void live_capture_stop(struct live_capture *capture);

/* live_capture_drop() - it's over */
void live_capture_drop(struct live_capture *capture);

/* live_capture_is_running() - and go on with what a socket had no room for */
bool live_capture_is_running(struct live_capture *capture);

#endif
