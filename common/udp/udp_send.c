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

#include "common/base/util.h"
#include "common/dgram/dgram.h"
#include "common/dgram/dgram_error.h"

/* Datagrams that go in one call */
struct train {
	const struct iovec *iov;
	size_t iov_count;
	uint32_t count; /* datagrams */
	uint16_t size; /* payload bytes of each, the last may be shorter */
};

/* One sendmsg(2). Return: 0 or -errno */
static int train_send(struct udp_flow *f, const struct train *train)
{
	struct msghdr msg = {
		.msg_iov = (struct iovec *)train->iov,
		.msg_iovlen = train->iov_count,
	};
	struct dgram_route route;

	dgram_route(&f->dgram, &route, &msg);
	dgram_control_add(&msg, IPPROTO_UDP, UDP_SEGMENT, &train->size, sizeof(train->size));
	if (sendmsg(dgram_fd(&f->dgram), &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return -errno;
}

/* Return: true if the train's fate is settled; false if its datagrams must go one by one */
static bool train_try(struct udp_flow *f, const struct train *train, uint64_t now_ns)
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
		f->gso_limit = train->size;
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

/* Datagrams of one piece of memory, each on its own */
static void datagrams_send(struct udp_flow *f, const uint8_t *data, uint32_t bytes, uint32_t size,
			   uint64_t now_ns)
{
	for (uint32_t at = 0; at < bytes; at += size)
		dgram_send(&f->dgram, data + at, MIN(size, bytes - at), now_ns);
}

void udp_send_burst(const struct udp_burst *burst, uint64_t now_ns)
{
	struct udp_flow *f = burst->flow;
	struct train train = {
		.iov = burst->iov,
		.iov_count = burst->count,
		.count = burst->count,
		.size = (uint16_t)burst->size,
	};

	if (train_try(f, &train, now_ns))
		return;
	for (uint32_t i = 0; i < burst->count; i++)
		dgram_send(&f->dgram, burst->iov[i].iov_base, burst->iov[i].iov_len, now_ns);
}

void udp_send_segments(struct udp_flow *f, const struct udp_datagram *datagrams, uint16_t size,
		       uint64_t now_ns)
{
	uint32_t count = MAX(1U, MIN((uint32_t)UDP_SEGMENTS_MAX, (uint32_t)UDP_BURST_BYTES / size));
	const uint8_t *data = datagrams->payload;

	for (uint32_t left = datagrams->payload_len, bytes; left; left -= bytes, data += bytes) {
		struct iovec iov = { (void *)data, MIN(left, count * size) };
		struct train train = { .iov = &iov, .iov_count = 1, .size = size };

		bytes = (uint32_t)iov.iov_len;
		train.count = (bytes + size - 1) / size;
		if (!train_try(f, &train, now_ns))
			datagrams_send(f, data, bytes, size, now_ns);
	}
}
