/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel refuses a train for several reasons, with several errors: segments larger than the
 * path's MTU (EINVAL, EMSGSIZE), a device without checksum offload (EIO). None of them tells a
 * datagram's fate, so each is then sent on its own, and trains of such segments are not tried
 * again in this flow. Other errors may be those of earlier datagrams: dgram_send() sorts that out.
 */
#include "common/udp/udp_send.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "common/dgram/dgram.h"
#include "common/dgram/dgram_error.h"

/* One sendmsg(2). Return: 0 or -errno */
static int train_send(struct udp_flow *f, struct train *train)
{
	const uint16_t size = (uint16_t)train->size;
	struct msghdr msg = {
		.msg_iov = train_pieces(train),
		.msg_iovlen = train->pieces,
	};
	struct dgram_route route;

	dgram_route(&f->dgram, &route, &msg);
	dgram_control_add(&msg, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));
	if (sendmsg(dgram_fd(&f->dgram), &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return -errno;
}

/* Return: true if the train's fate is settled; false if its datagrams must go one by one */
static bool train_try(struct udp_flow *f, struct train *train, uint64_t now_ns)
{
	int code;

	if (train->count < 2 || train->size >= f->gso_limit)
		return false;
	code = train_send(f, train);
	switch (code) {
	case 0:
		f->dgram.failing = false;
		return true;
	case -EIO:
		f->gso_limit = 0;
		return false;
	case -EINVAL:
	case -EMSGSIZE:
		f->gso_limit = (uint16_t)train->size;
		return false;
	case -EAGAIN:
	case -ENOBUFS:
	case -ENOMEM:
		break;
	default:
		if (f->dgram.origin.listener && !f->dgram.origin.mapped)
			return false; /* it's about this train, whatever it is */
		dgram_errors(&f->dgram, now_ns);
		code = train_send(f, train);
		if (!code)
			return true;
		if (code != -EAGAIN && code != -ENOBUFS)
			return false;
	}
	dgram_drop(f->dgram.env, DGRAM_DROP_SOCKET_FULL, train->count);
	return true;
}

void udp_send_train(struct udp_flow *f, struct train *train, uint64_t now_ns)
{
	struct train_place place = { 0 };
	struct iovec one;

	if (train_try(f, train, now_ns))
		return;
	while (train_next(train, &place, &one))
		dgram_send(&f->dgram, one.iov_base, one.iov_len, now_ns);
}
