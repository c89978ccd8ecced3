/* SPDX-License-Identifier: Apache-2.0
 *
 * The second message of a recvmmsg(2) that finds the socket empty costs less than the read that
 * returns nothing, or the wake-up, that it saves.
 */
#include "common/udp/udp_receive.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/base/sockets.h"
#include "common/dgram/dgram.h"
#include "common/udp/tap_train.h"

/* Rounds of one event; what is left waits for the next one, after other sockets' */
#define UDP_RX_ROUNDS 4

/* One recvmmsg(2). Return: messages read, or -errno */
static int round_receive(struct udp_flow *f, uint8_t *buf)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[DGRAM_CONTROL_BYTES];
	} control[UDP_RX_MESSAGES];
	struct mmsghdr msgs[UDP_RX_MESSAGES] = { 0 };
	struct iovec iov[UDP_RX_MESSAGES];
	struct tap_train train;
	int n;

	for (size_t i = 0; i < UDP_RX_MESSAGES; i++) {
		iov[i] = (struct iovec){ buf + i * UDP_RX_STRIDE, 65536 };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_control = &control[i];
		msgs[i].msg_hdr.msg_controllen = sizeof(control[i]);
	}
	n = recvmmsg(f->dgram.flow.watch.fd, msgs, UDP_RX_MESSAGES, MSG_DONTWAIT, NULL);
	if (n < 0)
		return -errno;
	tap_train_init(&train, f->dgram.env->tap);
	for (int i = 0; i < n; i++) {
		struct dgram_meta meta;

		dgram_meta_parse(&msgs[i].msg_hdr, &meta);
		tap_train_add(&train, f, &meta, iov[i].iov_base, msgs[i].msg_len);
	}
	tap_train_flush(&train, f);
	return n;
}

void udp_receive(struct udp_flow *f, uint8_t *buf, uint64_t now_ns)
{
	for (int round = 0; round < UDP_RX_ROUNDS; round++) {
		int n = round_receive(f, buf);

		if (n > 0)
			dgram_arrived(&f->dgram, now_ns);
		if (n < 0 && !socket_error_passes(-n))
			dgram_flow_close(&f->dgram); /* it would be reported for ever */
		if (n < UDP_RX_MESSAGES)
			return;
	}
}
