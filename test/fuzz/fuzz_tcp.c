/* SPDX-License-Identifier: Apache-2.0
 *
 * tcp_segment_parse() on any bytes: the payload is the end of the segment, options are in range,
 * and the values come back the same after tcp_segment_emit().
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/wire/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	struct tcp_segment s, back;
	uint8_t out[TCP_EMIT_MAX];
	struct writer w = { out, sizeof(out) };

	if (tcp_segment_parse(&r, &s)) {
		REQUIRE(r.data == data && r.left == size);
		return 0;
	}
	REQUIRE(!r.left && s.payload + s.payload_len == data + size);
	REQUIRE(s.payload >= data + TCP_HEADER_LEN);
	REQUIRE(s.wscale == TCP_WSCALE_NONE || s.wscale <= TCP_WSCALE_MAX);
	REQUIRE(s.sack_count <= TCP_SACK_MAX);
	/* one of each may be more than fits, padded by us */
	if (tcp_segment_header_len(&s) > sizeof(out))
		return 0;
	REQUIRE(!tcp_segment_emit(&w, &s, be16_make(0)));
	REQUIRE(sizeof(out) - w.left == tcp_segment_header_len(&s));
	r = (struct reader){ out, sizeof(out) - w.left };
	REQUIRE(!tcp_segment_parse(&r, &back));
	REQUIRE(s.src_port == back.src_port && s.dst_port == back.dst_port);
	REQUIRE(s.seq == back.seq && s.ack == back.ack && s.flags == back.flags);
	REQUIRE(s.window == back.window && s.mss == back.mss && s.wscale == back.wscale);
	REQUIRE(s.sack_permitted == back.sack_permitted && s.sack_count == back.sack_count);
	REQUIRE(!memcmp(s.sack, back.sack, s.sack_count * sizeof(s.sack[0])));
	REQUIRE(s.urgent == back.urgent && !back.payload_len);
	return 0;
}
