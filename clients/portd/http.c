/* SPDX-License-Identifier: Apache-2.0
 *
 * The library calls for each request: once with its head, then with pieces of its body, and then
 * without any more: that is when it is answered, at once.
 */
#include "clients/portd/http.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/util.h"
#include "common/base/values.h"

/* For the head of a request, and what goes out at a time, of each connection */
#define MEMORY_MAX 16384

enum {
	TOO_LARGE = 413,
	UNAVAILABLE = 503,
};

struct exchange {
	size_t len;
	size_t unread_bytes; /* of the reply */
	char body[API_BODY_MAX];
};

static enum MHD_Result send_reply(struct http *http, struct MHD_Connection *connection,
				  struct exchange *exchange, struct reply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_NO;

	if (!response) {
		free(reply->body);
		return MHD_NO;
	}
	exchange->unread_bytes = reply->len;
	http->unread_bytes += reply->len;
	if (reply->type && reply->len)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	if (reply->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_error(struct http *http, struct MHD_Connection *connection,
				  struct exchange *exchange, unsigned int status, const char *text)
{
	struct reply reply;
	struct err err;

	err_set(&err, 0, "%s", text);
	reply_error(&reply, status, &err);
	return send_reply(http, connection, exchange, &reply);
}

static enum MHD_Result answer(struct http *http, struct MHD_Connection *connection,
			      struct exchange *exchange, const struct api_request *request)
{
	struct reply reply;

	api_answer(http->api, request, &reply);
	if (reply.len <= HTTP_UNREAD_MAX - MIN(http->unread_bytes, (size_t)HTTP_UNREAD_MAX))
		return send_reply(http, connection, exchange, &reply);
	free(reply.body);
	return send_error(http, connection, exchange, UNAVAILABLE,
			  "too much waits for clients that do not read it");
}

/* Said before the body comes, to whoever announces its length */
static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint32_t bytes;

	return length && value_number(&length, API_BODY_MAX, &bytes);
}

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
			     void **ret_exchange)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return MHD_NO;
	http->requests++;
	*ret_exchange = exchange;
	return announces_too_much(connection) ? send_error(http, connection, exchange, TOO_LARGE,
							   "the request is too long")
					      : MHD_YES;
}

/* Who has not announced it is cut off: an answer would have to wait for the end of the body */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *len)
{
	if (*len > sizeof(exchange->body) - exchange->len)
		return MHD_NO;
	memcpy(exchange->body + exchange->len, data, *len);
	exchange->len += *len;
	*len = 0;
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **context)
{
	struct exchange *exchange = *context;
	struct http *http = arg;

	(void)version;
	if (!exchange)
		return begin(http, connection, context);
	if (*len)
		return take_body(exchange, data, len);
	return answer(http, connection, exchange,
		      &(struct api_request){ .method = method,
					     .path = path,
					     .body = exchange->body,
					     .len = exchange->len });
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *context;
	struct http *http = arg;

	(void)connection;
	(void)why;
	if (!exchange)
		return;
	http->unread_bytes -= exchange->unread_bytes;
	http->requests--;
	free(exchange);
	*context = NULL;
}

int http_start(struct http *http, const struct api *api, int listen_fd, struct err *err)
{
	*http = (struct http){ .api = api };
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL, on_request, http,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		http, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)HTTP_PATIENCE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX, MHD_OPTION_END);
	if (http->daemon)
		return 0;
	close(listen_fd);
	return err_set(err, -ENOMEM, "cannot serve HTTP: %s", strerror(errno));
}

int http_fd(const struct http *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int http_timeout(const struct http *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(http->daemon, &ms) == MHD_YES ? (int)MIN(ms, INT_MAX) : -1;
}

void http_run(struct http *http)
{
	MHD_run(http->daemon);
}

void http_refuse_more(struct http *http)
{
	int fd = MHD_quiesce_daemon(http->daemon);

	fds_close(&fd);
}

void http_finish(struct http *http)
{
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	http->daemon = NULL;
}
