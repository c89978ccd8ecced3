/* SPDX-License-Identifier: Apache-2.0
 *
 * An instance answers between packets; one that does not for seconds has been stopped.
 */
#include "clients/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/fd_message.h"
#include "common/base/fds.h"

#define PATIENCE_S 10

static int connect_error(const char *path, int rc, struct err *err)
{
	const char *why = rc == -ECONNREFUSED ? "no pasta listens there" : strerror(-rc);

	return err_set(err, rc, "'%.200s': %s", path, why);
}

int client_connect(const char *path, struct err *err)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(at.sun_path))
		return connect_error(path, -ENAMETOOLONG, err);
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&at, sizeof(at)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		return fd;
	rc = -errno;
	fds_close(&fd);
	return connect_error(path, rc, err);
}

int client_adopt(struct client *client, int fd, struct err *err)
{
	*client = (struct client){ .fd = fd, .in = fdopen(fd, "r") };
	if (client->in)
		return 0;
	client_close(client);
	return err_set(err, -ENOMEM, "no memory");
}

int client_open(struct client *client, const char *path, struct err *err)
{
	int fd = client_connect(path, err);

	*client = (struct client){ .fd = -1 };
	return fd < 0 ? fd : client_adopt(client, fd, err);
}

void client_close(struct client *client)
{
	if (client->in)
		fclose(client->in);
	else if (client->fd >= 0)
		close(client->fd);
	*client = (struct client){ .fd = -1 };
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* What has come is an answer of this protocol. Return: 0, or -errno with @err set */
static int check_answer(const json_t *answer, struct err *err)
{
	json_int_t protocol = json_integer_value(json_object_get(answer, "protocol"));
	const char *text = json_string_value(json_object_get(answer, "error"));

	if (protocol != CLIENT_PROTOCOL)
		return err_set(err, -EPROTO,
			       "pasta speaks another version of the protocol (%lld, not %d)",
			       (long long)protocol, CLIENT_PROTOCOL);
	if (json_is_true(json_object_get(answer, "ok")))
		return 0;
	return err_set(err, -EBADMSG, "%s", text ? text : "refused without a reason");
}

int client_ask(struct client *client, const char *request, json_t **ret_answer, struct err *err)
{
	return client_ask_passing(client, request, -1, ret_answer, err);
}

int client_ask_passing(struct client *client, const char *request, int fd, json_t **ret_answer,
		       struct err *err)
{
	int rc = send_all(client->fd, request, strlen(request));
	json_error_t where;
	json_t *answer;

	if (!rc)
		rc = fd_message_send(client->fd, "\n", 1, &fd, fd >= 0);
	if (rc)
		return err_set(err, rc, "pasta has ended the connection: %s", strerror(-rc));
	errno = 0;
	answer = json_loadf(client->in, JSON_DISABLE_EOF_CHECK, &where);
	if (!answer)
		return err_set(err, -EPROTO, "no answer from pasta: %s",
			       errno == EAGAIN	  ? "it does not run, or is too busy"
			       : feof(client->in) ? "it has ended the connection"
						  : where.text);
	rc = check_answer(answer, err);
	if (rc)
		json_decref(answer);
	else
		*ret_answer = answer;
	return rc;
}
