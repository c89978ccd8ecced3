/* SPDX-License-Identifier: Apache-2.0
 *
 * Who connects while there is a guest is turned away at once: a virtual machine that had to wait
 * would think that it is connected.
 */
#include "passt/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/listen_path.h"

#define GUEST_PATH_MAX 32
#define GUEST_NUMBER_MAX 1000
#define GUEST_PATIENCE_SECONDS 1

void guest_init(struct guest *guest)
{
	*guest = (struct guest){ .listening.fd = -1, .fd = -1 };
}

/* Others' sockets, live ones and files are passed over. Return: descriptor or -errno */
static int listen_default(struct made_files *made, char path[GUEST_PATH_MAX])
{
	int fd = -EADDRINUSE;

	for (int i = 1; i <= GUEST_NUMBER_MAX; i++) {
		snprintf(path, GUEST_PATH_MAX, "/tmp/passt_%d.socket", i);
		fd = listen_path(path, made);
		if (fd != -EADDRINUSE && fd != -EPERM && fd != -ENOTSOCK)
			break;
	}
	return fd;
}

static int take_connected(struct guest *guest, int fd, struct err *err)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(domain);

	if ((getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
	     getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)) &&
	    errno != ENOTSOCK)
		return err_set(err, -errno, "--fd '%d': %s", fd, strerror(errno));
	if (domain != AF_UNIX || type != SOCK_STREAM)
		return err_set(err, -EINVAL, "--fd '%d': not a UNIX stream socket", fd);
	/* Whatever else the caller has open is closed later on; reads and writes don't wait as it
	 * is
	 */
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	guest->fd = fd;
	return 0;
}

int guest_open(struct guest *guest, const struct settings *settings, struct made_files *made,
	       struct err *err)
{
	char path[GUEST_PATH_MAX];
	int fd;

	guest->shares_files = settings->vhost_user;
	if (settings->guest_fd >= 0)
		return take_connected(guest, settings->guest_fd, err);
	if (settings->guest_path) {
		fd = listen_path(settings->guest_path, made);
		if (fd < 0)
			return err_set(err, fd, "--socket '%.200s': %s", settings->guest_path,
				       listen_path_reason(fd));
	} else {
		fd = listen_default(made, path);
		if (fd < 0)
			return err_set(err, fd, "cannot listen on '%s' or others like it: %s", path,
				       listen_path_reason(fd));
		log_info("listening on %s", path);
	}
	guest->listening.fd = fd;
	return 0;
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* A front end can have a write to its eventfd wait for ever. A signal ends that, while there is
 * one, after a second at most. One at the time of the write would not do: nothing says when the
 * waiting begins. Return: 0 or -errno
 */
static int limit_waiting(bool on)
{
	const struct itimerval every = {
		.it_interval.tv_sec = on ? GUEST_PATIENCE_SECONDS : 0,
		.it_value.tv_sec = on ? GUEST_PATIENCE_SECONDS : 0,
	};

	return setitimer(ITIMER_REAL, &every, NULL) ? -errno : 0;
}

static int take_alarms(void)
{
	const struct sigaction action = { .sa_handler = on_alarm }; /* not to be restarted */
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) || sigprocmask(SIG_UNBLOCK, &alarm, NULL))
		return -errno;
	return 0;
}

/* Return: 0 or -errno */
static int connect_guest(struct guest *guest, int fd)
{
	int rc = guest->shares_files ? limit_waiting(fd >= 0) : 0;

	return rc ? rc : engine_connect(guest->engine, fd);
}

static void on_guest(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct guest *guest = container_of(watch, struct guest, listening);
	int fd;

	(void)events;
	(void)now_ns;
	while ((fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (guest->fd >= 0 || connect_guest(guest, fd)) {
			log_info("turned away a second guest");
			close(fd);
			continue;
		}
		log_info("a guest is connected");
		guest->fd = fd;
	}
}

int guest_start(struct guest *guest, struct engine *engine)
{
	int rc = guest->shares_files ? take_alarms() : 0;

	if (rc)
		return rc;
	guest->engine = engine;
	if (guest->listening.fd < 0)
		return connect_guest(guest, guest->fd);
	guest->listening.fn = on_guest;
	return loop_add(engine_loop(engine), &guest->listening, EPOLLIN);
}

int guest_gone(struct guest *guest)
{
	int rc = connect_guest(guest, -1);

	log_info("the guest is gone, waiting for the next one");
	close(guest->fd);
	guest->fd = -1;
	return rc;
}
