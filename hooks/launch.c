/* SPDX-License-Identifier: Apache-2.0
 *
 * We make ourselves the parent of orphans. So the pasta in the background becomes our child, and
 * its number can't be anybody else's, not even if it ends at once; and after a failure we find all
 * that is left of it. When the hook ends it becomes the runtime's, or process 1's.
 */
#include "hooks/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Runtimes may have a timeout of their own for a hook, which says less when it strikes */
#define TIMEOUT_MS 30000

/* Of what pasta says, the end, where its reason is */
#define SAID_MAX (2 * HOOK_ERR_MAX)

struct launch {
	pid_t pid; /* in the foreground */
	int pid_fd;
	int stderr_fd; /* to read from; not blocking */
	char said[SAID_MAX];
	size_t said_len;
};

void launch_find_pasta(char *ret, size_t size)
{
	char own[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own));

	while (len > 0 && own[len - 1] != '/')
		len--;
	snprintf(ret, size, "%.*spasta", len > 0 ? (int)len : 0, own);
}

/* In the new process of @parent, after fork() */
static void __attribute__((noreturn))
become(const struct words *command, pid_t parent, int stderr_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* If the runtime loses patience and kills us, nobody waits for a network any more */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 && dup2(null_fd, STDOUT_FILENO) >= 0 &&
	    dup2(stderr_fd, STDERR_FILENO) >= 0)
		execv(command->word[0], command->word);
	dprintf(stderr_fd, "cannot run '%s': %s\n", command->word[0], strerror(errno));
	_exit(127);
}

static int start(const struct words *command, struct launch *launch, struct hook_err *err)
{
	const pid_t own = getpid();
	int fds[2];

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || pipe2(fds, O_CLOEXEC))
		return hook_err_set(err, -errno, "cannot prepare for pasta: %s", strerror(errno));
	launch->stderr_fd = fds[0];
	launch->pid = fork();
	if (!launch->pid)
		become(command, own, fds[1]);
	close(fds[1]);
	if (launch->pid < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK))
		return hook_err_set(err, -errno, "cannot run pasta: %s", strerror(errno));
	launch->pid_fd = (int)syscall(SYS_pidfd_open, launch->pid, 0);
	if (launch->pid_fd < 0)
		return hook_err_set(err, -errno, "cannot wait for pasta: pidfd_open(2): %s",
				    strerror(errno));
	return 0;
}

/* Return: whether there may be more */
static bool listen_to(struct launch *launch)
{
	ssize_t n;

	if (launch->said_len == sizeof(launch->said) - 1) {
		launch->said_len /= 2;
		memmove(launch->said, launch->said + sizeof(launch->said) - 1 - launch->said_len,
			launch->said_len);
	}
	n = read(launch->stderr_fd, launch->said + launch->said_len,
		 sizeof(launch->said) - 1 - launch->said_len);
	if (n > 0) {
		launch->said_len += (size_t)n;
		launch->said[launch->said_len] = '\0';
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

static int now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec % 1000000) * 1000 + (int)(now.tv_nsec / 1000000);
}

/* wait_for_end() - of the process in the foreground. The other end of the pipe says nothing about
 * that: pasta may keep its standard error for messages
 */
static int wait_for_end(struct launch *launch)
{
	struct pollfd fds[] = {
		{ .fd = launch->pid_fd, .events = POLLIN },
		{ .fd = launch->stderr_fd, .events = POLLIN },
	};
	int end_ms = now_ms() + TIMEOUT_MS, left_ms = TIMEOUT_MS;

	while (left_ms > 0 && !fds[0].revents) {
		int n = poll(fds, 2, left_ms);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && fds[1].revents && !listen_to(launch))
			fds[1].fd = -1;
		left_ms = end_ms - now_ms();
	}
	while (listen_to(launch))
		;
	return fds[0].revents ? 0 : -ETIMEDOUT;
}

/* The reason is in the last line; others before it are warnings */
static const char *last_line(struct launch *launch)
{
	char *newline;

	while (launch->said_len && launch->said[launch->said_len - 1] == '\n')
		launch->said[--launch->said_len] = '\0';
	newline = strrchr(launch->said, '\n');
	return newline ? newline + 1 : launch->said;
}

static int wait_until_ready(struct launch *launch, struct hook_err *err)
{
	int rc = wait_for_end(launch), status = 0;

	if (rc)
		kill(launch->pid, SIGKILL); /* it's our child, so the number is still its own */
	while (waitpid(launch->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc)
		return hook_err_set(err, rc, "pasta was not ready in time: %s", strerror(-rc));
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		dprintf(STDERR_FILENO, "%s", launch->said);
		return 0;
	}
	if (*last_line(launch))
		return hook_err_set(err, -ECHILD, "%s", last_line(launch));
	return hook_err_set(err, -ECHILD, "pasta failed without a word (%s %d)",
			    WIFEXITED(status) ? "status" : "signal",
			    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* Whatever has become of it: in the foreground, on its way to the background, or there */
static void end_all(void)
{
	FILE *file;
	long pid;

	while ((file = fopen("/proc/thread-self/children", "re"))) {
		while (fscanf(file, "%ld", &pid) == 1)
			kill((pid_t)pid, SIGKILL); /* our children, their numbers are their own */
		fclose(file);
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			break;
	}
}

/* Return: the number in the file; 0 if there is none */
static pid_t read_pid(const char *path)
{
	FILE *file = fopen(path, "re");
	long pid = 0;

	if (file && fscanf(file, "%10ld", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Return: pidfd, or -errno with @err set */
static int find_background(const char *pid_path, struct process *ret, struct hook_err *err)
{
	siginfo_t info = { 0 };
	pid_t pid = read_pid(pid_path);
	int rc;

	if (!pid || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
		return hook_err_set(err, -ESRCH, "pasta has ended as soon as it was ready");
	rc = process_identify(pid, ret);
	if (!rc)
		rc = (int)syscall(SYS_pidfd_open, pid, 0);
	return rc >= 0 ? rc : hook_err_set(err, rc, "cannot find pasta's process %ld", (long)pid);
}

int launch_pasta(const struct words *command, const char *pid_path, struct process *ret,
		 struct hook_err *err)
{
	struct launch launch = { .pid_fd = -1, .stderr_fd = -1 };
	int rc = start(command, &launch, err);

	if (!rc)
		rc = wait_until_ready(&launch, err);
	if (!rc)
		rc = find_background(pid_path, ret, err);
	if (rc < 0)
		end_all();
	unlink(pid_path);
	if (launch.pid_fd >= 0)
		close(launch.pid_fd);
	if (launch.stderr_fd >= 0)
		close(launch.stderr_fd);
	return rc;
}
