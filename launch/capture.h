/* SPDX-License-Identifier: Apache-2.0
 *
 * The capture file of --pcap: opened early, with the caller's rights; emptied, and written to by
 * the engine, when all is ready.
 */
#ifndef LAUNCH_CAPTURE_H
#define LAUNCH_CAPTURE_H

#include "common/base/err.h"
#include "common/engine/engine.h"
#include "netns/beside/made_files.h"

struct capture {
	const char *path; /* NULL: none */
	int fd; /* -1: none, or the engine's */
};

void capture_init(struct capture *capture);

/* capture_open() - @path: NULL for none. Return: 0, or -errno with @err set */
int capture_open(struct capture *capture, const char *path, struct made_files *made,
		 struct err *err);

/* capture_start() - Return: 0, or -errno with @err set. Works under the lock-in */
int capture_start(struct capture *capture, struct engine *engine, struct err *err);

#endif
