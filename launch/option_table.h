/* SPDX-License-Identifier: Apache-2.0
 *
 * The const table of all options of both commands: it drives the parser, the usage text and the
 * check against the manual. An option that is part of the interface but can't be honoured yet has
 * its row too, and using it is an error: nothing is ever accepted and then silently not done.
 */
#ifndef LAUNCH_OPTION_TABLE_H
#define LAUNCH_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "launch/settings.h"

#define OPTION_TABLE_MAX 96 /* rows, at most */

struct option_spec;

/* Stores a value in @settings, or only checks it
 * @value:	NULL for an option without argument
 *
 * Return: 0, or -errno with @err set
 */
typedef int (*option_fn)(const struct option_spec *spec, const char *value,
			 struct settings *settings, struct err *err);

/* What a number may be, of an option that is one: its field is a uint32_t */
struct option_number {
	uint32_t min, max; /* @max 0: the option is no number */
	uint32_t fallback; /* without the option; the usage text says so, unless it's 0 */
	bool or_zero; /* 0 is fine, too */
	const char *unit; /* NULL: none */
};

struct option_spec {
	const char *name; /* without hyphens */
	char letter; /* '\0': none */
	const char *arg; /* what the usage text calls the argument; NULL: takes none */
	option_fn set;
	size_t target; /* in struct settings; in addressing_request_family if once a family */
	int value; /* what @set stores for an option without argument */
	const char *help; /* NULL: not in the usage text */
	const char *passt_help; /* in that of passt; NULL: the same */
	struct option_number number;
};

enum option_of {
	OPTION_OF_BOTH,
	OPTION_OF_PASTA, /* passt knows it, and refuses it */
	OPTION_OF_PASST, /* pasta doesn't know it */
};

/* option_of() - which command has the option */
enum option_of option_of(const struct option_spec *spec);

/* option_table_row() - the rows by number, NULL after the last */
const struct option_spec *option_table_row(size_t i);

/* option_table_defaults() - store what numbers are without their options */
void option_table_defaults(struct settings *settings);

#endif
