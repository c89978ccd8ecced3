/* SPDX-License-Identifier: Apache-2.0
 *
 * udp_parse() on any bytes, as a plain and as a segmented datagram.
 */
#include "test/fuzz/fuzz.h"

#include "common/wire/udp.h"

static void check(const uint8_t *data, size_t size, bool gso)
{
	struct reader r = { data, size };
	struct udp_datagram d, back;
	uint8_t out[UDP_HEADER_LEN];
	struct writer w = { out, sizeof(out) };

	if (udp_parse(&r, gso, &d)) {
		REQUIRE(r.data == data && r.left == size);
		return;
	}
	REQUIRE(d.payload == data + UDP_HEADER_LEN);
	REQUIRE(d.payload + d.payload_len == r.data && r.data + r.left == data + size);
	REQUIRE(!gso || !r.left);
	if (gso)
		return;
	REQUIRE(!udp_emit(&w, &d, be16_make(d.has_csum)));
	REQUIRE(out[4] == data[4] && out[5] == data[5]);
	d.payload_len = 0;
	REQUIRE(!udp_emit(&(struct writer){ out, sizeof(out) }, &d, be16_make(d.has_csum)));
	r = (struct reader){ out, sizeof(out) };
	REQUIRE(!udp_parse(&r, false, &back));
	REQUIRE(d.src_port == back.src_port && d.dst_port == back.dst_port);
	REQUIRE(d.has_csum == back.has_csum && !back.payload_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, false);
	check(data, size, true);
	return 0;
}
