/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs as root of the namespaces made for COMMAND, unfiltered; mount(2), sethostname(2), /proc/sys.
 *
 * What COMMAND finds around it, other than the network: /proc and /sys of its own namespaces,
 * system controls, the host name. All of it best effort: a kernel or container that forbids a
 * piece takes that piece only.
 */
#ifndef NETNS_INSIDE_INIT_WORLD_H
#define NETNS_INSIDE_INIT_WORLD_H

#include <stdbool.h>

/* init_world_prepare() - to be called by PID 1 of the new namespaces
 * @prompt:	set PS1 for a shell, in the environment
 * @own_pids:	there is a PID namespace to mount a new /proc for
 * @resolv_conf:	text of a file to be found in place of the caller's, NULL: none
 */
void init_world_prepare(bool prompt, bool own_pids, const char *resolv_conf);

#endif
