/* SPDX-License-Identifier: Apache-2.0
 *
 * Options for pasta as the hook takes them, from an administrator or an annotation: --name or
 * --name=value, one word each. Short ones, and values in words of their own, could not be told from
 * one another without pasta's own table.
 */
#ifndef HOOKS_OPTION_H
#define HOOKS_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "hooks/error.h"
#include "hooks/words.h"

/* option_name_length() - "--" included, up to the "=" */
size_t option_name_length(const char *option);

/* option_check() - whether it has that form, and a path in it is absolute
 *
 * Return: 0; or -EINVAL with @err set
 */
int option_check(const char *option, struct hook_err *err);

/* option_is() - whether it is option @name ("--name"), perhaps abbreviated as pasta lets it be */
bool option_is(const char *option, const char *name);

/* option_is_among() - whether one of @words is */
bool option_is_among(const struct words *words, const char *name);

#endif
