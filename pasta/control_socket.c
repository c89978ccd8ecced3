/* SPDX-License-Identifier: Apache-2.0
 *
 * A socket with a name, never an abstract one: those are the network namespace's, so that every
 * container on the host's network could reach it. It listens from the start: who comes early waits.
 */
#include "pasta/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/base/user_ns.h"

#define BACKLOG 128

/* Of descriptors, how many flows there are for each client */
#define FDS_A_CLIENT 64

/* What a user namespace calls users that it has no number for (kernel.overflowuid's default) */
#define UID_UNMAPPED 65534

/* Nobody else's programs may connect */
#define SOCKET_UMASK 0177
#define DIRECTORY_MODE 0700

void control_socket_init(struct control_socket *cs)
{
	*cs = (struct control_socket){ .fd = -1 };
}

static int try_bind(int fd, const struct sockaddr_un *at)
{
	mode_t before = umask(SOCKET_UMASK);
	int rc = bind(fd, (const struct sockaddr *)at, sizeof(*at)) ? -errno : 0;

	umask(before);
	return rc;
}

/* What is at the path already. Return: 0 if it's a socket of ours that nobody listens on any more;
 * or -errno
 */
static int check_stale(const struct sockaddr_un *at)
{
	struct stat st;
	int fd, rc;

	if (lstat(at->sun_path, &st))
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	if (st.st_uid != geteuid())
		return -EPERM;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)at, sizeof(*at)) ? errno : 0;
	close(fd);
	return rc == ECONNREFUSED ? 0 : -EADDRINUSE;
}

static int bind_socket(int fd, const struct sockaddr_un *at)
{
	int rc = try_bind(fd, at);

	if (rc != -EADDRINUSE)
		return rc;
	rc = check_stale(at);
	if (rc)
		return rc;
	if (unlink(at->sun_path))
		return -errno;
	return try_bind(fd, at);
}

/* Return: descriptor or -errno */
static int open_socket(const struct sockaddr_un *at, struct made_files *made)
{
	int rc, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	made_files_begin(made);
	rc = bind_socket(fd, at);
	if (!rc) {
		made_files_add(made, at->sun_path);
		rc = listen(fd, BACKLOG) ? -errno : 0;
	}
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

static const char *open_remedy(int rc)
{
	switch (rc) {
	case -EADDRINUSE:
		return "another program listens on it";
	case -ENOTSOCK:
		return "what is there is not a socket";
	case -EPERM:
		return "a socket of another user's is there";
	default:
		return strerror(-rc);
	}
}

static int open_named(struct control_socket *cs, const char *path, struct made_files *made,
		      struct err *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(err, -ENAMETOOLONG, "--conf-path '%.200s': longer than %zu bytes",
			       path, sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = open_socket(&at, made);
	if (fd < 0)
		return err_set(err, fd, "--conf-path '%s': %s", path, open_remedy(fd));
	cs->fd = fd;
	return 0;
}

/* Whether nobody else can put anything in there. Return: 0 or -errno */
static int check_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) ? -EPERM : 0;
}

/* Return: descriptor or -errno */
static int open_default(const char *runtime_dir, struct made_files *made)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const size_t size = sizeof(at.sun_path);
	int rc;

	if (runtime_dir[0] != '/')
		return -EINVAL;
	rc = check_directory(runtime_dir);
	if (rc)
		return rc;
	if ((size_t)snprintf(at.sun_path, size, "%s/pasta", runtime_dir) >= size)
		return -ENAMETOOLONG;
	if (mkdir(at.sun_path, DIRECTORY_MODE) && errno != EEXIST)
		return -errno;
	rc = check_directory(at.sun_path);
	if (rc)
		return rc;
	if ((size_t)snprintf(at.sun_path, size, "%s/pasta/%ld.sock", runtime_dir, (long)getpid()) >=
	    size)
		return -ENAMETOOLONG;
	return open_socket(&at, made);
}

int control_socket_open(struct control_socket *cs, const struct settings *settings,
			struct made_files *made, struct err *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	int fd;

	if (settings->no_control)
		return 0;
	if (settings->control_path)
		return open_named(cs, settings->control_path, made, err);
	if (!runtime_dir || !runtime_dir[0])
		return 0;
	fd = open_default(runtime_dir, made);
	if (fd < 0)
		log_debug("no control socket below '%s': %s", runtime_dir, strerror(-fd));
	cs->fd = MAX(fd, -1);
	return 0;
}

uint32_t control_socket_clients(const struct control_socket *cs, uint32_t fds)
{
	return cs->fd < 0 ? 0 : MAX(MIN(fds / FDS_A_CLIENT, CONTROL_CLIENTS_MAX), 1U);
}

/* The words of COMMAND, as far as they fit in */
static void command_text(char *const *command, char text[CONTROL_TEXT_MAX])
{
	const char *shell = getenv("SHELL");
	size_t len = 0;

	if (!command[0])
		snprintf(text, CONTROL_TEXT_MAX, "%s", shell && shell[0] ? shell : "/bin/sh");
	for (; *command && len < CONTROL_TEXT_MAX; command++)
		len += (size_t)snprintf(text + len, CONTROL_TEXT_MAX - len, "%s%s", len ? " " : "",
					*command);
}

void control_socket_facts(struct control_socket *cs, const struct settings *settings,
			  const struct host *host, const char *netns)
{
	struct control_facts *facts = &cs->subject.facts;

	cs->subject.start_ns = clock_now_ns();
	facts->version = PASTA_VERSION;
	facts->pid = getpid();
	facts->joined = join_wanted(&settings->join);
	facts->has_tap = !settings->splice_only;
	snprintf(facts->netns, sizeof(facts->netns), "%s", netns);
	snprintf(facts->template4, sizeof(facts->template4), "%s", host->ip4.ifname);
	snprintf(facts->template6, sizeof(facts->template6), "%s", host->ip6.ifname);
	if (!facts->joined)
		command_text(settings->command, facts->command);
}

int control_socket_start(struct control_socket *cs, uint32_t clients_max, struct err *err)
{
	const struct control_options options = {
		.fd = cs->fd,
		.clients_max = clients_max,
		.user = geteuid(),
		.root = user_ns_is_initial() ? 0 : UID_UNMAPPED,
	};
	int rc = cs->fd < 0 ? 0 : control_new(&options, &cs->subject, &cs->control);

	return rc ? err_set(err, rc, "cannot listen on the control socket: %s", strerror(-rc)) : 0;
}

void control_socket_finish(struct control_socket *cs)
{
	control_free(cs->control);
	cs->control = NULL;
	if (cs->fd >= 0)
		close(cs->fd);
	cs->fd = -1;
}
