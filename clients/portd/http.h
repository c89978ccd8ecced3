/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP on a UNIX socket, by libmicrohttpd, from the loop of whoever owns it: no thread, and bounds
 * for everything that a client can have: connections, the size of a request, bytes that wait to be
 * read, time without a byte.
 */
#ifndef CLIENTS_PORTD_HTTP_H
#define CLIENTS_PORTD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "clients/portd/api.h"
#include "common/base/err.h"

/* Seconds without a byte, and connections at a time; others wait */
#define HTTP_PATIENCE_S 10
#define HTTP_CONNECTIONS_MAX 128

/* Of all replies together that clients have not read yet */
#define HTTP_UNREAD_MAX (16 << 20)

struct MHD_Daemon;

struct http {
	const struct api *api;
	struct MHD_Daemon *daemon; /* NULL: not started */
	unsigned int requests; /* that are not answered to the end yet */
	size_t unread_bytes;
};

/* http_start() -
 * @listen_fd:	is taken over, also by a failure
 * @api:	stays the caller's, and @http where it is
 *
 * Return: 0, or -errno with @err set
 */
int http_start(struct http *http, const struct api *api, int listen_fd, struct err *err);

/* http_fd() - readable when there is something to be done */
int http_fd(const struct http *http);

/* http_timeout() - milliseconds until there may be, too; -1: none */
int http_timeout(const struct http *http);

void http_run(struct http *http);

/* http_refuse_more() - no connection is taken from here on */
void http_refuse_more(struct http *http);

/* http_finish() - end all connections. For every outcome */
void http_finish(struct http *http);

#endif
