/* SPDX-License-Identifier: Apache-2.0
 *
 * quoted_parse() on any bytes: what it takes is a header and the eight bytes behind it.
 */
#include "test/fuzz/fuzz.h"

#include "common/base/addr.h"
#include "common/wire/ip.h"
#include "common/wire/quoted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	struct quoted_packet q;
	size_t taken;

	if (quoted_parse(&r, &q))
		return 0;
	taken = (size_t)(r.data - data);
	REQUIRE(taken + r.left == size);
	REQUIRE(taken >= IP4_HEADER_LEN + QUOTED_TRANSPORT_LEN && taken <= 60 + QUOTED_TRANSPORT_LEN);
	REQUIRE(addr_is_ipv4(&q.src) == addr_is_ipv4(&q.dst) || data[0] >> 4 == 6);
	return 0;
}
