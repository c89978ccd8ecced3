/* SPDX-License-Identifier: Apache-2.0
 *
 * Two frames, the first as long as the first two bytes say: what becomes one is a segment that can
 * be parsed, of both their payloads.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/iov.h"
#include "common/base/util.h"
#include "common/link/tcp_run.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"

#define FRAME_MAX (ETH_HLEN + 65536)

/* Sums are hard to guess: right ones, where frames have them */
static void mend(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETH_HLEN;
	size_t header_len = ip[0] == 0x45 ? IP4_HEADER_LEN : IP6_HEADER_LEN;
	const size_t tcp_len = len - ETH_HLEN - header_len;
	const uint8_t pseudo[] = { 0, IPPROTO_TCP, (uint8_t)(tcp_len >> 8), (uint8_t)tcp_len };
	uint8_t *tcp = ip + header_len;
	struct be16 sum = { { 0, 0 } };
	uint64_t all;

	if (ip[0] == 0x45) {
		memcpy(ip + 10, &sum, sizeof(sum));
		sum = checksum_finish(checksum_add(0, ip, header_len));
		memcpy(ip + 10, &sum, sizeof(sum));
		all = checksum_add(0, ip + 12, 8);
	} else {
		all = checksum_add(0, ip + 8, 32);
	}
	memset(tcp + TCP_CSUM_OFFSET, 0, sizeof(sum));
	all = checksum_add(checksum_add(all, pseudo, sizeof(pseudo)), tcp, tcp_len);
	sum = checksum_finish(all);
	memcpy(tcp + TCP_CSUM_OFFSET, &sum, sizeof(sum));
}

static void check(const struct tcp_run *run)
{
	static uint8_t joined[FRAME_MAX];
	struct reader r = { joined, run->header_len + run->payload_len };
	struct tcp_segment seg;
	struct eth_header eth;
	struct ip_packet ip;

	REQUIRE(r.left <= sizeof(joined) && run->header_len <= TCP_RUN_HEADER_MAX);
	tcp_run_emit(run, joined);
	REQUIRE(iov_gather(run->pieces, run->count, joined + run->header_len,
			   sizeof(joined) - run->header_len) == run->payload_len);
	REQUIRE(!eth_parse(&r, &eth));
	if (ip_parse(&r, eth.type, false, &ip))
		return; /* an address that nobody has */
	REQUIRE(!r.left && ip.protocol == IPPROTO_TCP);
	if (tcp_segment_parse(&(struct reader){ ip.payload, ip.payload_len }, &seg))
		return; /* options that make no sense, in one as in all */
	REQUIRE(seg.payload == joined + run->header_len && seg.payload_len == run->payload_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frames[2][FRAME_MAX];
	struct tcp_run run;
	size_t first, second;

	if (size < 2)
		return 0;
	first = MIN((size_t)data[0] << 8 | data[1], size - 2);
	second = MIN(size - 2 - first, sizeof(frames[1]));
	memcpy(frames[0], data + 2, first);
	memcpy(frames[1], data + 2 + first, second);
	if (tcp_run_header(frames[0], first, first))
		mend(frames[0], first);
	if (tcp_run_header(frames[1], second, second))
		mend(frames[1], second);
	if (!tcp_run_start(&run, frames[0], first, false))
		return 0;
	check(&run);
	if (tcp_run_add(&run, frames[1], second, false))
		REQUIRE(run.count == 2);
	check(&run);
	return 0;
}
