/* SPDX-License-Identifier: Apache-2.0
 *
 * Many messages read from a socket by one call, each with what the kernel tells about it. Large,
 * and on the stack of whoever reads; the bytes go to a buffer of theirs.
 */
#ifndef COMMON_UDP_UDP_BATCH_H
#define COMMON_UDP_UDP_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/base/addr.h"
#include "common/dgram/dgram_meta.h"

#define UDP_BATCH_MAX 32
/* Room for one message, 64 KiB, and a page more so that messages don't share cache sets */
#define UDP_BATCH_STRIDE (68 * 1024)

/* Written by udp_batch_receive(): msgs[i].msg_len bytes at iov[i].iov_base came from peers[i] */
struct udp_batch {
	struct mmsghdr msgs[UDP_BATCH_MAX];
	struct iovec iov[UDP_BATCH_MAX];
	union sockaddr_inany peers[UDP_BATCH_MAX];
	union {
		struct cmsghdr align;
		uint8_t bytes[DGRAM_CONTROL_BYTES];
	} control[UDP_BATCH_MAX];
};

/* udp_batch_receive() - what has arrived, at most @count messages
 * @buf:	@count * UDP_BATCH_STRIDE bytes, of which only what the messages fill is touched
 * @peers:	whether to ask for them; a connected socket has only one
 *
 * Return: number of messages, or -errno: also what the socket reports of earlier datagrams, which
 * is over then
 */
int udp_batch_receive(struct udp_batch *batch, int fd, uint8_t *buf, unsigned int count,
		      bool peers);

/* udp_batch_meta() - what the kernel has told about a message */
static inline struct dgram_meta udp_batch_meta(struct udp_batch *batch, int i)
{
	struct dgram_meta meta;

	dgram_meta_parse(&batch->msgs[i].msg_hdr, &meta);
	return meta;
}

#endif
