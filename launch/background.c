/* SPDX-License-Identifier: Apache-2.0
 *
 * A pipe between the two: one byte is "ready", its end without that is a failure, which has been
 * explained on stderr by the one who failed.
 */
#include "launch/background.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns/base/parent.h"

void background_init(struct background *background)
{
	*background = (struct background){ .ready_fd = -1, .null_fd = -1 };
}

/* Return: BACKGROUND_DONE with the exit status, or -errno with @err set */
static int wait_until_ready(int fd, pid_t pid, int *ret_status, struct err *err)
{
	int status = 0;
	ssize_t n;
	char byte;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	*ret_status = n == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (n == 1)
		return BACKGROUND_DONE;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFSIGNALED(status))
		return BACKGROUND_DONE;
	return err_set(err, -ECHILD, "the process for the background was killed by signal %d",
		       WTERMSIG(status));
}

int background_fork(struct background *background, int *ret_status, struct err *err)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		int rc = -errno;

		close(fds[0]);
		close(fds[1]);
		return err_set(err, rc, "cannot make a process for the background: %s",
			       strerror(-rc));
	}
	if (pid) {
		close(fds[1]);
		return wait_until_ready(fds[0], pid, ret_status, err);
	}
	close(fds[0]);
	background->ready_fd = fds[1];
	/* A signal that ends the start ends the process that the caller knows */
	parent_die_with(parent, SIGTERM);
	return BACKGROUND_GO_ON;
}

int background_detach(struct background *background, struct err *err)
{
	if (background->ready_fd < 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (setsid() < 0)
		return err_set(err, -errno, "cannot make a session: %s", strerror(errno));
	background->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (background->null_fd < 0)
		return err_set(err, -errno, "cannot open '/dev/null': %s", strerror(errno));
	return 0;
}

int background_ready(struct background *background, bool keep_stderr, struct err *err)
{
	int last = keep_stderr ? STDOUT_FILENO : STDERR_FILENO;
	ssize_t n;

	if (background->ready_fd < 0)
		return 0;
	for (int fd = STDIN_FILENO; fd <= last; fd++)
		dup2(background->null_fd, fd);
	close(background->null_fd);
	n = write(background->ready_fd, "", 1);
	close(background->ready_fd);
	background_init(background);
	return n == 1 ? 0 : err_set(err, -EPIPE, "the process that started us has ended");
}
