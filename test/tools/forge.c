/* SPDX-License-Identifier: Apache-2.0
 *
 * forge STATUS: as root of the namespaces that pasta has made for COMMAND, to be run as a part of
 * that. Take the channel to pasta from process 1, the init, and send what that would never send:
 * every signal but the four that stop a process as what has stopped COMMAND, kinds of messages that
 * there are none of, descriptors. The last message says that COMMAND has exited with STATUS.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netns/inside/init.h"
#include "test/tools/tool.h"

#define UNKNOWN_KIND 99

static bool is_socket(const char *name)
{
	char path[300], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/1/fd/%s", name);
	n = readlink(path, target, sizeof(target));
	return n > 8 && !strncmp(target, "socket:", 7);
}

/* The init has no other socket than its channel */
static int take_channel(void)
{
	const struct dirent *entry;
	int pid_fd = (int)syscall(SYS_pidfd_open, 1, 0), fd = -1;
	DIR *dir = opendir("/proc/1/fd");

	if (!dir || pid_fd < 0)
		tool_fail("process 1");
	while (fd < 0 && (entry = readdir(dir)))
		if (is_socket(entry->d_name))
			fd = (int)syscall(SYS_pidfd_getfd, pid_fd, atoi(entry->d_name), 0);
	if (fd < 0)
		tool_fail("channel");
	closedir(dir);
	return fd;
}

static void say(int channel, int kind, int value)
{
	struct init_message message = { .value = value };

	memcpy(&message.kind, &kind, sizeof(kind));
	if (send(channel, &message, sizeof(message), 0) < 0)
		tool_fail("send");
}

static bool stops(int signo)
{
	return signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

int main(int argc, char **argv)
{
	int channel;

	if (argc != 2) {
		fputs("usage: forge STATUS\n", stderr);
		return 2;
	}
	channel = take_channel();
	for (int signo = -1; signo <= NSIG; signo++)
		if (!stops(signo))
			say(channel, INIT_STOPPED, signo);
	for (int kind = INIT_GO; kind <= INIT_ANSWER; kind++)
		if (kind != INIT_STOPPED && kind != INIT_NOT_RUN)
			say(channel, kind, SIGKILL);
	say(channel, UNKNOWN_KIND, SIGKILL);
	say(channel, -1, SIGKILL);
	say(channel, INIT_ENDED, (int)tool_number(argv[1]) << 8);
	pause();
	return 0;
}
