/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a socket is dead is told by connecting to it. Between that and taking its place another
 * start may do the same: one of the two then finds the path in use.
 */
#include "launch/listen_path.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(LISTEN_PATH_MAX == sizeof(((struct sockaddr_un *)NULL)->sun_path),
	       "callers make paths of that size");

/* Nobody else's programs may connect */
#define SOCKET_UMASK 0177

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int try_bind(int fd, const struct sockaddr_un *at)
{
	mode_t before = umask(SOCKET_UMASK);
	int rc = bind(fd, (const struct sockaddr *)at, sizeof(*at)) ? -errno : 0;

	umask(before);
	return rc;
}

/* What is at the path already. Return: 0 if it's a dead socket of ours; or -errno */
static int check_dead(const struct sockaddr_un *at)
{
	struct stat st;
	int fd, rc;

	if (lstat(at->sun_path, &st))
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	if (st.st_uid != geteuid())
		return -EPERM;
	fd = make_socket();
	if (fd < 0)
		return fd;
	rc = connect(fd, (const struct sockaddr *)at, sizeof(*at)) ? errno : 0;
	close(fd);
	return rc == ECONNREFUSED ? 0 : -EADDRINUSE;
}

static int take_over(int fd, const struct sockaddr_un *at)
{
	int rc = check_dead(at);

	if (rc)
		return rc;
	return unlink(at->sun_path) ? -errno : try_bind(fd, at);
}

int listen_path(const char *path, struct made_files *made)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = make_socket();
	if (fd < 0)
		return fd;
	made_files_begin(made);
	rc = try_bind(fd, &at);
	if (rc == -EADDRINUSE)
		rc = take_over(fd, &at);
	if (!rc) {
		made_files_add(made, path);
		rc = listen(fd, SOMAXCONN) ? -errno : 0;
	}
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

const char *listen_path_reason(int rc)
{
	switch (rc) {
	case -EADDRINUSE:
		return "another program listens on it";
	case -ENOTSOCK:
		return "what is there is not a socket";
	case -EPERM:
		return "a socket of another user's is there";
	case -ENAMETOOLONG:
		return "longer than 107 bytes, as a socket's path may be";
	default:
		return strerror(-rc);
	}
}
