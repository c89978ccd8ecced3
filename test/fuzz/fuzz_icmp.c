/* SPDX-License-Identifier: Apache-2.0
 *
 * icmp_parse() on any bytes; the header comes back the same, and with its checksum in place the
 * message sums up to zero.
 */
#include "test/fuzz/fuzz.h"

#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	uint8_t out[ICMP_HEADER_LEN];
	struct writer w = { out, sizeof(out) };
	struct icmp_message m;
	uint64_t sum;

	if (icmp_parse(&r, &m)) {
		REQUIRE(size < ICMP_HEADER_LEN);
		return 0;
	}
	REQUIRE(!r.left && m.payload == data + ICMP_HEADER_LEN);
	REQUIRE(m.payload_len == size - ICMP_HEADER_LEN);
	REQUIRE(!icmp_emit(&w, &m, icmp_checksum(&m, 0)));
	REQUIRE(!memcmp(out, data, 2) && !memcmp(out + 4, data + 4, 4));
	sum = checksum_add(checksum_add(0, out, sizeof(out)), m.payload, m.payload_len);
	REQUIRE(be16_get(checksum_fold(sum)) == 0xffff);
	return 0;
}
