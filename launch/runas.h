/* SPDX-License-Identifier: Apache-2.0
 *
 * The user that we become if root started us.
 */
#ifndef LAUNCH_RUNAS_H
#define LAUNCH_RUNAS_H

#include <stdbool.h>

#include "common/base/err.h"

/* runas_apply() - root of the initial user namespace becomes another user; others stay
 * @who:	UID, UID:GID, LOGIN or LOGIN:GROUP; NULL: nobody
 * @keep_caps:	keep all capabilities, for a namespace that only they can join
 *
 * Before: any user. After: if that was uid 0 of the initial user namespace, the other uid and gid,
 * no other group, no capability but for @keep_caps, not dumpable. Root of a nested user namespace
 * has no more power than the user who made that.
 *
 * Return: 0, or -errno with @err set: there is no such user, or only root can become that one
 */
int runas_apply(const char *who, bool keep_caps, struct err *err);

#endif
