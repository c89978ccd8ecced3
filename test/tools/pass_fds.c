/* SPDX-License-Identifier: Apache-2.0
 *
 * pass_fds SOCKET TEXT COUNT: send TEXT to a UNIX socket, with COUNT descriptors (of the standard
 * error) in one message, and nothing more; print what comes back until the other side ends it.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/tools/tool.h"

/* As the kernel has it: SCM_MAX_FD */
#define FDS_MAX 253

static void send_text(int to, char *text, size_t count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { text, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int *fds = (int *)(void *)CMSG_DATA(&control.header);

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		fds[i] = fileno(stderr);
	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	if (sendmsg(to, &msg, 0) != (ssize_t)iov.iov_len)
		tool_fail("sendmsg");
}

int main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[4096];
	ssize_t n;

	if (argc != 4 || strlen(argv[1]) >= sizeof(at.sun_path) || tool_number(argv[3]) > FDS_MAX)
		tool_fail("pass_fds SOCKET TEXT COUNT");
	strcpy(at.sun_path, argv[1]);
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)))
		tool_fail(argv[1]);
	send_text(fd, argv[2], (size_t)tool_number(argv[3]));
	shutdown(fd, SHUT_WR);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	return 0;
}
