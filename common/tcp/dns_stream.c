/* SPDX-License-Identifier: Apache-2.0
 *
 * A message that is too long to be kept goes on like any other, and teaches nothing.
 */
#include "common/tcp/dns_stream.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/util.h"

/* A length is before each message */
#define PREFIX_BYTES 2

/* Of the resolver's message, and of our own answers that wait for its end */
#define MESSAGE_KEPT 8192
#define OWN_MAX 4096

struct dns_stream {
	uint8_t prefix[PREFIX_BYTES];
	uint32_t prefix_have; /* of these; less than all: the length is not known yet */
	uint32_t len, have; /* of the message, then */
	uint32_t own_len;
	uint32_t passes;
	uint8_t message[MESSAGE_KEPT];
	uint8_t own[OWN_MAX];
};

static_assert(sizeof(struct dns_stream) <= CHUNK_BYTES, "it fits into a chunk");

static struct dns_stream *stream_of(const struct tcp_flow *f)
{
	return (void *)chunk_data(&f->tcp->chunks, f->dns_stream);
}

int tcp_dns_stream_init(struct tcp_flow *f)
{
	struct dns_stream *stream;

	f->dns_stream = chunk_take(&f->tcp->chunks);
	if (!f->dns_stream)
		return -ENOBUFS;
	stream = stream_of(f);
	stream->prefix_have = stream->own_len = stream->len = stream->have = 0;
	stream->passes = 0;
	return 0;
}

void tcp_dns_stream_fini(struct tcp_flow *f)
{
	if (f->dns_stream)
		chunk_give(&f->tcp->chunks, f->dns_stream);
	f->dns_stream = 0;
}

uint32_t *tcp_dns_stream_passes(const struct tcp_flow *f)
{
	return &stream_of(f)->passes;
}

static int append(struct tcp_flow *f, const void *data, uint32_t len)
{
	return chunk_append(&f->tcp->chunks, &f->copied, data, len) == len ? 0 : -ENOBUFS;
}

/* Our own answers, where no message is under way */
static int append_own(struct tcp_flow *f, struct dns_stream *stream)
{
	int rc = stream->prefix_have || !stream->own_len ? 0
							 : append(f, stream->own, stream->own_len);

	if (!stream->prefix_have)
		stream->own_len = 0;
	return rc;
}

/* Some of what has come: the length before a message, or some of the message. Return: how much */
static uint32_t take_some(struct dns_stream *stream, const uint8_t *data, uint32_t len)
{
	uint32_t room;

	if (stream->prefix_have < PREFIX_BYTES) {
		stream->prefix[stream->prefix_have++] = data[0];
		stream->len = (uint32_t)stream->prefix[0] << 8 | stream->prefix[1];
		stream->have = 0;
		return 1;
	}
	len = MIN(len, stream->len - stream->have);
	room = MESSAGE_KEPT - MIN(stream->have, (uint32_t)MESSAGE_KEPT);
	memcpy(stream->message + stream->have, data, MIN(len, room));
	stream->have += len;
	return len;
}

int tcp_dns_stream_take(struct tcp_flow *f, const uint8_t *data, uint32_t len, uint64_t now_ns)
{
	struct dns_stream *stream = stream_of(f);
	int rc = 0;

	while (len && !rc) {
		uint32_t n = take_some(stream, data, len);

		rc = append(f, data, n);
		data += n;
		len -= n;
		if (stream->prefix_have < PREFIX_BYTES || stream->have < stream->len)
			continue;
		if (stream->len <= MESSAGE_KEPT)
			fwd_questions_answered(f->tcp->questions, f->tcp->fwd, &f->flow.key,
					       &(struct reader){ stream->message, stream->len },
					       now_ns);
		stream->prefix_have = 0;
		if (!rc)
			rc = append_own(f, stream);
	}
	return rc;
}

int tcp_dns_stream_answer(struct tcp_flow *f, const uint8_t *message, uint16_t len)
{
	struct dns_stream *stream = stream_of(f);
	uint8_t *to = stream->own + stream->own_len;

	if (stream->own_len + PREFIX_BYTES + len > OWN_MAX)
		return -ENOBUFS;
	to[0] = (uint8_t)(len >> 8);
	to[1] = (uint8_t)len;
	memcpy(to + PREFIX_BYTES, message, len);
	stream->own_len += PREFIX_BYTES + len;
	return append_own(f, stream);
}
