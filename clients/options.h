/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's options as one const table, which is what getopt_long() reads and the usage text
 * prints.
 */
#ifndef CLIENTS_OPTIONS_H
#define CLIENTS_OPTIONS_H

#include <stdio.h>

#define CLIENT_OPTIONS_MAX 24

struct client_option {
	int value; /* its letter; or a number beyond these: it has none; 0: the table's end */
	const char *name; /* without hyphens */
	const char *arg; /* what its argument is called; NULL: takes none */
	const char *help;
};

enum {
	CLIENT_OPTION_VERSION = 256,
	CLIENT_OPTION_OWN, /* of a program: from here on */
};

/* clang-format off */
/* What all take */
#define CLIENT_OPTIONS_COMMON \
	{ 'h', "help", NULL, "Print this text" }, \
	{ CLIENT_OPTION_VERSION, "version", NULL, "Print the version" }

/* Forwarded ports, for those that change them */
#define CLIENT_OPTIONS_PORTS \
	{ 't', "tcp-ports", "SPEC", "TCP ports of the host, as for pasta" }, \
	{ 'u', "udp-ports", "SPEC", "UDP ports of the host" }, \
	{ 'T', "tcp-ns", "SPEC", "TCP ports of the namespace" }, \
	{ 'U', "udp-ns", "SPEC", "UDP ports of the namespace" }
/* clang-format on */

/* client_options_next() - the next option's value, as of getopt_long(): -1 at the end, '?' if it is
 * none of @table, which stderr says
 */
int client_options_next(const struct client_option *table, int argc, char **argv);

/* client_options_print() - lines of a usage text */
void client_options_print(const struct client_option *table, FILE *out);

#endif
