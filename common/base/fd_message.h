/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors from one process or thread to another, with a few bytes, over a UNIX socket that
 * keeps messages apart (SOCK_SEQPACKET): SCM_RIGHTS of unix(7). What is sent stays open here; what
 * is received belongs to the receiver and is close-on-exec.
 */
#ifndef COMMON_BASE_FD_MESSAGE_H
#define COMMON_BASE_FD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FD_MESSAGE_MAX 64

struct fd_list {
	int fd[FD_MESSAGE_MAX];
	uint32_t count;
	bool cut; /* there were more than could be taken */
};

/* fd_message_send() - @count may be 0. Return: 0 or -errno */
int fd_message_send(int channel, const void *data, size_t len, const int *fds, uint32_t count);

/* fd_message_receive() - @flags: as for recvmsg(2)
 *
 * Return: number of bytes, 0 if the other end is closed, or -errno. *@ret_fds is empty then
 */
ssize_t fd_message_receive(int channel, int flags, void *data, size_t len, struct fd_list *ret_fds);

/* fd_list_close() - all of them. For messages that make no sense */
void fd_list_close(struct fd_list *fds);

#endif
