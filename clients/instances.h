/* SPDX-License-Identifier: Apache-2.0
 *
 * Which instances there are: those with a control socket where the user's are by default.
 */
#ifndef CLIENTS_INSTANCES_H
#define CLIENTS_INSTANCES_H

#include "clients/client.h"
#include "common/base/err.h"

/* instances_each() - connect to each instance and ask for its status; those that have ended are
 * passed over
 * @fn:	owns neither; a value other than 0 ends the search
 *
 * Return: what @fn returned last, 0 if there is no instance; or -errno with @err set: no directory
 * is known
 */
int instances_each(int (*fn)(void *arg, const char *path, json_t *status), void *arg,
		   struct err *err);

/* instances_choose() - the path of one instance's socket
 * @which:	a process id, the name of its command, or a path; NULL: the only one that there is
 *
 * Return: 0 with *ret_path set, for free(); or -errno with @err set
 */
int instances_choose(const char *which, char **ret_path, struct err *err);

#endif
