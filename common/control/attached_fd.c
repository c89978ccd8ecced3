/* SPDX-License-Identifier: Apache-2.0
 *
 * A read ends behind the message that had a descriptor, but may have begun before it: so what came
 * in one read with it is all that can be known of where it belongs.
 */
#include "common/control/attached_fd.h"

#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/util.h"

void control_attached_fd_init(struct control_attached_fd *attached)
{
	*attached = (struct control_attached_fd){ .fd = -1 };
}

void control_attached_fd_fini(struct control_attached_fd *attached)
{
	fds_close(&attached->fd);
}

void control_attached_fd_offer(struct control_attached_fd *attached, int fd, size_t from, size_t to)
{
	if (attached->fd >= 0) {
		close(fd);
		return;
	}
	attached->fd = fd;
	attached->from = from;
	attached->to = to;
}

void control_attached_fd_line(struct control_attached_fd *attached, size_t len)
{
	attached->line_len = len;
}

void control_attached_fd_line_end(struct control_attached_fd *attached)
{
	size_t len = attached->line_len;

	if (attached->fd < 0)
		return;
	if (attached->to <= len)
		fds_close(&attached->fd);
	attached->from -= MIN(len, attached->from);
	attached->to -= MIN(len, attached->to);
}

int control_attached_fd_take(struct control_attached_fd *attached)
{
	int fd = attached->fd;

	if (fd < 0 || attached->from >= attached->line_len)
		return -1;
	attached->fd = -1;
	return fd;
}
