/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms that reach into the column have a line of their own.
 */
#include "common/base/usage.h"

#include <stdbool.h>
#include <string.h>

/* Where the help begins */
#define COLUMN 30

static void print_help(FILE *out, const struct usage_option *option, int width)
{
	const char *line = option->help, *tail = option->tail ? option->tail : "";

	while (*line) {
		int len = (int)strcspn(line, "\n");
		bool last = !line[len];

		fprintf(out, "%*s%.*s%s\n", COLUMN - width, "", len, line, last ? tail : "");
		line += len + !last;
		width = 0;
	}
}

void usage_print_option(FILE *out, const struct usage_option *option)
{
	int width = 0;

	width += option->letter ? fprintf(out, "  -%c, ", option->letter) : fprintf(out, "      ");
	width += fprintf(out, "--%s%s%s", option->name, option->arg ? " " : "",
			 option->arg ? option->arg : "");
	if (width >= COLUMN) {
		fputc('\n', out);
		width = 0;
	}
	print_help(out, option, width);
}
