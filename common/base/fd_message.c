/* SPDX-License-Identifier: Apache-2.0
 *
 * The room for descriptors is the most that a message can have of them: what the other side sends
 * beyond that is closed by the kernel.
 */
#include "common/base/fd_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(FD_MESSAGE_MAX * sizeof(int))];
};

int fd_message_send(int channel, const void *data, size_t len, const int *fds, uint32_t count)
{
	struct iovec iov = { (void *)(uintptr_t)data, len };
	union control control = { .bytes = { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	return sendmsg(channel, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t fd_message_receive(int channel, int flags, void *data, size_t len, struct fd_list *ret_fds)
{
	struct iovec iov = { data, len };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header;
	ssize_t n;

	ret_fds->count = 0;
	ret_fds->cut = false;
	n = recvmsg(channel, &msg, flags | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	ret_fds->cut = msg.msg_flags & MSG_CTRUNC;
	header = CMSG_FIRSTHDR(&msg);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		ret_fds->count = (uint32_t)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(ret_fds->fd, CMSG_DATA(header), ret_fds->count * sizeof(int));
	}
	return n;
}

void fd_list_close(struct fd_list *fds)
{
	while (fds->count)
		close(fds->fd[--fds->count]);
}
