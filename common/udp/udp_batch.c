/* SPDX-License-Identifier: Apache-2.0
 *
 * The second message of a recvmmsg(2) that finds the socket empty costs less than the read that
 * returns nothing, or the wake-up, that it saves.
 */
#include "common/udp/udp_batch.h"

#include <errno.h>
#include <stddef.h>

int udp_batch_receive(struct udp_batch *batch, int fd, uint8_t *buf, unsigned int count, bool peers)
{
	int n;

	for (unsigned int i = 0; i < count; i++) {
		batch->iov[i] = (struct iovec){ buf + i * (size_t)UDP_BATCH_STRIDE, 65536 };
		batch->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = peers ? &batch->peers[i] : NULL,
			.msg_namelen = peers ? sizeof(batch->peers[i]) : 0,
			.msg_iov = &batch->iov[i],
			.msg_iovlen = 1,
			.msg_control = &batch->control[i],
			.msg_controllen = sizeof(batch->control[i]),
		};
	}
	n = recvmmsg(fd, batch->msgs, count, MSG_DONTWAIT, NULL);
	return n < 0 ? -errno : n;
}
