/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of pasta-portd, as a value; and what is where by default. Texts are argv's, but
 * those of struct portd_places.
 */
#ifndef CLIENTS_PORTD_OPTIONS_H
#define CLIENTS_PORTD_OPTIONS_H

#include <stdbool.h>

#include "common/base/err.h"

struct portd_options {
	const char *control; /* NULL: of the only instance */
	const char *state_dir; /* NULL: by default */
	const char *socket; /* NULL: in the state directory */
	const char *slirp_socket; /* NULL: none */
	const char *pid_path; /* NULL: none */
	bool wait, foreground, quiet;
};

/* What the options come to. Its texts are its own */
struct portd_places {
	char *control; /* absolute */
	char *state_dir; /* likewise */
	char *socket;
};

/* portd_options_parse() - prints what --help and --version ask for
 *
 * Return: 0; 1: all is done already; or -EINVAL with @err set, or empty if it was said
 */
int portd_options_parse(int argc, char **argv, struct portd_options *ret_options, struct err *err);

/* portd_places_find() - and make the state directory, if need be
 *
 * Return: 0, or -errno with @err set. In either case to be ended with portd_places_fini()
 */
int portd_places_find(const struct portd_options *options, struct portd_places *ret_places,
		      struct err *err);
void portd_places_fini(struct portd_places *places);

#endif
