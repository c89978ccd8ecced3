/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that decide what a container may do: root wrote them, and nobody else can.
 */
#ifndef HOOKS_TRUSTED_H
#define HOOKS_TRUSTED_H

#include <stdbool.h>

#include "hooks/document.h"

/* trusted_in_initial_userns() - whether our user namespace is the one the machine started with */
bool trusted_in_initial_userns(void);

/* trusted_read() - read a JSON object from a file that is root's and that nobody else may write
 * @what:	how a text calls it, before its path
 *
 * Return: 0 and *@ret, to be given to json_decref(); or -errno with @err set, -ENOENT if there is
 * no such file
 */
int trusted_read(const char *path, const char *what, json_t **ret, struct hook_err *err);

#endif
