/* SPDX-License-Identifier: Apache-2.0
 *
 * Each request for a connection is one byte; the answer is errno, 0 with a descriptor. Connections
 * don't stay: pasta ends those that ask nothing for a while, and gives them to others when many
 * ask.
 */
#include "clients/portd/pasta_link.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fd_message.h"
#include "common/base/fds.h"
#include "common/base/util.h"
#include "netns/lockin/seccomp_list.h"

void pasta_link_init(struct pasta_link *link)
{
	*link = (struct pasta_link){ .pid_fd = -1 };
	side_process_init(&link->connector);
}

static void connect_when_asked(int channel_fd, const void *path)
{
	struct err unused;
	char byte;

	while (recv(channel_fd, &byte, 1, 0) > 0) {
		int fd = client_connect(path, &unused), code = MIN(fd, 0);

		if (fd_message_send(channel_fd, &code, sizeof(code), &fd, fd >= 0))
			return;
		fds_close(&fd);
	}
}

/* Return: a descriptor, or -errno */
static int get_connection(const struct pasta_link *link)
{
	struct fd_list fds = { .count = 0 };
	int code = -ECONNRESET;

	if (send(link->connector.fd, "", 1, MSG_NOSIGNAL) != 1 ||
	    fd_message_receive(link->connector.fd, 0, &code, sizeof(code), &fds) !=
		    (ssize_t)sizeof(code))
		code = -ECONNRESET;
	if (!code && fds.count == 1)
		return fds.fd[0];
	fd_list_close(&fds);
	return code < 0 ? code : -ECONNRESET;
}

/* Who listens at the other end. Return: 0 or -errno */
static int get_peer(int fd, pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -errno;
	*ret_pid = peer.pid;
	return 0;
}

int pasta_link_connect(struct pasta_link *link, struct client *ret_client, struct err *err)
{
	int fd = get_connection(link), rc = MIN(fd, 0);
	pid_t pid = 0;

	if (!rc)
		rc = get_peer(fd, &pid);
	/* Its place may be another one's by now */
	if (!rc && link->pid && pid != link->pid)
		rc = -ECONNREFUSED;
	if (rc) {
		fds_close(&fd);
		return err_set(err, rc, "pasta does not answer: %s",
			       rc == -ECONNREFUSED || rc == -ENOENT ? "it has ended"
								    : strerror(-rc));
	}
	link->pid = pid;
	return client_adopt(ret_client, fd, err);
}

int pasta_link_ask(struct pasta_link *link, const char *request, json_t **ret_answer,
		   struct err *err)
{
	struct client client;
	int rc = pasta_link_connect(link, &client, err);

	if (rc)
		return rc;
	rc = client_ask(&client, request, ret_answer, err);
	client_close(&client);
	return rc;
}

/* Return: 0, or -errno with @err set */
static int watch_end(struct pasta_link *link, struct err *err)
{
	if (!link->pid)
		return err_set(
			err, -ESRCH,
			"cannot tell when pasta ends: it is in a PID namespace that can't be seen "
			"from here");
	link->pid_fd = (int)syscall(SYS_pidfd_open, link->pid, 0);
	if (link->pid_fd < 0)
		return err_set(err, -errno, "cannot tell when pasta ends: %s", strerror(errno));
	return 0;
}

int pasta_link_open(struct pasta_link *link, const char *path, struct err *err)
{
	const struct side_process_job job = {
		.name = "portd-connect",
		.main = connect_when_asked,
		.calls = seccomp_list_connector,
		.call_count = seccomp_list_connector_count,
	};
	struct client client;
	int fd = client_connect(path, err), rc = MIN(fd, 0);

	fds_close(&fd); /* for its message alone */
	if (!rc)
		rc = side_process_start(&job, path, &link->connector, err);
	if (!rc)
		rc = pasta_link_connect(link, &client, err);
	if (rc)
		return rc;
	client_close(&client);
	return watch_end(link, err);
}

void pasta_link_finish(struct pasta_link *link)
{
	side_process_finish(&link->connector);
	fds_close(&link->pid_fd);
}
