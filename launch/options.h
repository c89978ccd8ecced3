/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line: from argv to settings that are consistent with each other, and the usage text.
 * Looks at nothing but argv.
 */
#ifndef LAUNCH_OPTIONS_H
#define LAUNCH_OPTIONS_H

#include <stdio.h>

#include "common/base/err.h"
#include "launch/settings.h"

/* options_parse() - read the command line up to the first non-option, or to the first option that
 * asks for something to be printed instead
 * @argv:	argv[0] is the name in getopt's messages
 *
 * Return: 0; or -errno with @err set, its text empty if getopt(3) has told stderr already
 */
int options_parse(enum settings_program program, int argc, char **argv,
		  struct settings *ret_settings, struct err *err);

/* options_usage() - the text of --help */
void options_usage(enum settings_program program, FILE *out);

#endif
