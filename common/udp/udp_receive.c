/* SPDX-License-Identifier: Apache-2.0
 *
 * A train ends with what one call has read: nothing waits in it for more.
 */
#include "common/udp/udp_receive.h"

#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/udp/tap_train.h"
#include "common/udp/udp_batch.h"

/* Rounds of one event; what is left waits for the next one, after other sockets' */
#define UDP_RX_ROUNDS 4

/* Answers of a resolver's, of @size each but the last */
static void learn(const struct udp_flow *f, const uint8_t *data, uint32_t len, uint32_t size,
		  uint64_t now_ns)
{
	const struct dgram_env *env = f->dgram.env;

	for (uint32_t at = 0; at < len; at += size)
		fwd_questions_answered(env->questions, env->fwd, &f->dgram.flow.key,
				       &(struct reader){ data + at, MIN(size, len - at) }, now_ns);
}

/* One recvmmsg(2). Return: messages read, or -errno */
static int round_receive(struct udp_flow *f, uint8_t *buf, uint64_t now_ns)
{
	struct udp_batch batch;
	struct tap_train train;
	int n = udp_batch_receive(&batch, f->dgram.flow.watch.fd, buf, UDP_RX_MESSAGES, false);

	tap_train_init(&train, f->dgram.env->link);
	for (int i = 0; i < n; i++) {
		const struct dgram_meta meta = udp_batch_meta(&batch, i);
		const uint8_t *data = batch.iov[i].iov_base;
		uint32_t len = batch.msgs[i].msg_len;

		flow_count_add(&f->dgram.to_ns, len, dgram_meta_size(&meta, len));
		if (f->dgram.asks)
			learn(f, data, len, dgram_meta_size(&meta, len), now_ns);
		tap_train_add(&train, f, &meta, data, len);
	}
	tap_train_flush(&train, f);
	return n;
}

void udp_receive(struct udp_flow *f, uint8_t *buf, uint64_t now_ns)
{
	for (int round = 0; round < UDP_RX_ROUNDS; round++) {
		int n = round_receive(f, buf, now_ns);

		if (n > 0)
			dgram_arrived(&f->dgram, now_ns);
		if (n < 0 && !socket_error_passes(-n))
			dgram_flow_close(&f->dgram); /* it would be reported for ever */
		if (n < UDP_RX_MESSAGES)
			return;
	}
}
