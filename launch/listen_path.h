/* SPDX-License-Identifier: Apache-2.0
 *
 * A UNIX stream socket that listens at a path, for the user alone, and goes at the end.
 */
#ifndef LAUNCH_LISTEN_PATH_H
#define LAUNCH_LISTEN_PATH_H

#include "netns/beside/made_files.h"

/* Of a path, its end included: unix(7) */
#define LISTEN_PATH_MAX 108

/* listen_path() - take over a path from a socket of ours that nobody listens on any more, and from
 * nothing else
 * @made:	takes the path
 *
 * Return: descriptor, non-blocking; -EADDRINUSE if another program listens there; -ENOTSOCK if what
 *	   is there is no socket; -EPERM if it is another user's; or another -errno
 */
int listen_path(const char *path, struct made_files *made);

/* listen_path_reason() - what such a failure is called */
const char *listen_path_reason(int rc);

#endif
