/* SPDX-License-Identifier: Apache-2.0
 *
 * The descriptor that a client passes: it is for a request that it comes with, and owned until that
 * takes it. If the request doesn't, it is closed.
 */
#ifndef COMMON_CONTROL_ATTACHED_FD_H
#define COMMON_CONTROL_ATTACHED_FD_H

#include <stddef.h>

struct control_attached_fd {
	int fd; /* that has come with bytes which are not all answered; -1: none */
	size_t from, to; /* these bytes, in the session's input */
	size_t line_len; /* of the request in front of it, which is being answered */
};

void control_attached_fd_init(struct control_attached_fd *attached);
void control_attached_fd_fini(struct control_attached_fd *attached);

/* control_attached_fd_offer() - a descriptor has come with some of the input's bytes @from to @to;
 * owned from here on. One waits at a time: another one is closed
 */
void control_attached_fd_offer(struct control_attached_fd *attached, int fd, size_t from,
			       size_t to);

/* control_attached_fd_line() - the first @len bytes of the input are a request, to be answered now
 */
void control_attached_fd_line(struct control_attached_fd *attached, size_t len);

/* control_attached_fd_line_end() - it has been, and goes: a descriptor that nothing takes is closed
 */
void control_attached_fd_line_end(struct control_attached_fd *attached);

/* control_attached_fd_take() - what came with the line. Return: the caller's, or -1 */
int control_attached_fd_take(struct control_attached_fd *attached);

#endif
