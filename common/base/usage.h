/* SPDX-License-Identifier: Apache-2.0
 *
 * One option of a usage text: its forms, and from a fixed column on what it does.
 */
#ifndef COMMON_BASE_USAGE_H
#define COMMON_BASE_USAGE_H

#include <stdio.h>

struct usage_option {
	char letter; /* '\0': none */
	const char *name; /* without hyphens */
	const char *arg; /* what its argument is called; NULL: takes none */
	const char *help; /* lines */
	const char *tail; /* behind the last one; NULL: nothing */
};

void usage_print_option(FILE *out, const struct usage_option *option);

#endif
