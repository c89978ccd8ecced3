/* SPDX-License-Identifier: Apache-2.0
 *
 * getopt_long() wants letters and names in two forms of its own, which are made anew for each
 * option: there are few of them.
 */
#include "clients/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdbool.h>

#include "common/base/usage.h"

static bool has_letter(const struct client_option *row)
{
	return row->value < CLIENT_OPTION_VERSION;
}

int client_options_next(const struct client_option *table, int argc, char **argv)
{
	struct option names[CLIENT_OPTIONS_MAX + 1] = { 0 };
	char letters[2 * CLIENT_OPTIONS_MAX + 1], *letter = letters;
	size_t i;

	for (i = 0; table[i].value; i++) {
		const struct client_option *row = &table[i];

		assert(i < CLIENT_OPTIONS_MAX);
		names[i] = (struct option){ row->name, row->arg ? required_argument : no_argument,
					    NULL, row->value };
		if (has_letter(row))
			*letter++ = (char)row->value;
		if (has_letter(row) && row->arg)
			*letter++ = ':';
	}
	*letter = '\0';
	return getopt_long(argc, argv, letters, names, NULL);
}

void client_options_print(const struct client_option *table, FILE *out)
{
	for (; table->value; table++) {
		const struct usage_option option = {
			.letter = has_letter(table) ? (char)table->value : '\0',
			.name = table->name,
			.arg = table->arg,
			.help = table->help,
		};

		usage_print_option(out, &option);
	}
}
