/* SPDX-License-Identifier: Apache-2.0
 *
 * Captures of a running instance. Into a file the instance writes by itself, as with --pcap; what
 * else is written to, a pipe or a terminal's other end, it reaches through us, so that it never
 * waits for whoever reads there. Until a limit, a signal, or its end.
 */
#ifndef CLIENTS_PASTACTL_CAPTURE_H
#define CLIENTS_PASTACTL_CAPTURE_H

#include <stdbool.h>

#include "common/base/err.h"

struct capture_request {
	const char *path; /* "-": standard output */
	const char *packets, *bytes; /* limits; NULL: none */
	char *const *filter; /* its words; ends with NULL, which may be the first */
	bool json; /* of the last state */
};

/* capture_run() - by the instance at @socket. Return: 0, or -errno with @err set */
int capture_run(const struct capture_request *request, const char *socket, struct err *err);

#endif
