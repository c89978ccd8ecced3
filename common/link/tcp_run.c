/* SPDX-License-Identifier: Apache-2.0 */
#include "common/link/tcp_run.h"

#include <string.h>

#include "common/link/frame_fields.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"

#define IP_PACKET_MAX 65535

#define IP4_VERSION_IHL 0x45 /* no options */
#define IP4_NOT_WHOLE 0x3fff /* more fragments, or an offset */

/* Return: bytes of an IP header that says what @packet_len bytes of TCP have, or 0 */
static size_t ip_header(const uint8_t *ip, uint16_t eth_type, size_t packet_len)
{
	if (eth_type == ETH_P_IP && packet_len > IP4_HEADER_LEN + TCP_HEADER_LEN &&
	    ip[0] == IP4_VERSION_IHL && field_get16(ip + IP4_TOTAL_LENGTH) == packet_len &&
	    !(field_get16(ip + IP4_FRAGMENT) & IP4_NOT_WHOLE) && ip[IP4_PROTOCOL] == IPPROTO_TCP)
		return IP4_HEADER_LEN;
	if (eth_type == ETH_P_IPV6 && packet_len > IP6_HEADER_LEN + TCP_HEADER_LEN &&
	    ip[0] >> 4 == 6 &&
	    field_get16(ip + IP6_PAYLOAD_LENGTH) == packet_len - IP6_HEADER_LEN &&
	    ip[IP6_NEXT_HEADER] == IPPROTO_TCP)
		return IP6_HEADER_LEN;
	return 0;
}

size_t tcp_run_header(const uint8_t *frame, size_t there, size_t len)
{
	const uint8_t *ip = frame + ETH_HLEN, *tcp;
	size_t ip_len, header_len;

	if (there < ETH_HLEN + IP6_HEADER_LEN + TCP_HEADER_LEN || there > len)
		return 0;
	ip_len = ip_header(ip, field_get16(ip - 2), len - ETH_HLEN);
	if (!ip_len)
		return 0;
	tcp = ip + ip_len;
	header_len = ETH_HLEN + ip_len + (tcp[TCP_DATA_OFFSET] >> 4) * 4u;
	if ((tcp[TCP_FLAGS] & ~TCP_PSH) != TCP_ACK ||
	    header_len < ETH_HLEN + ip_len + TCP_HEADER_LEN || header_len > there ||
	    header_len >= len)
		return 0;
	return header_len;
}

static const uint8_t *tcp_of(const uint8_t *frame)
{
	return frame + ETH_HLEN +
	       (frame[ETH_HLEN] == IP4_VERSION_IHL ? IP4_HEADER_LEN : IP6_HEADER_LEN);
}

static bool sums_are_right(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETH_HLEN, *tcp = tcp_of(frame);
	const size_t tcp_len = len - (size_t)(tcp - frame);
	const uint8_t pseudo[] = { 0, IPPROTO_TCP, (uint8_t)(tcp_len >> 8), (uint8_t)tcp_len };
	uint64_t sum = checksum_add(0, pseudo, sizeof(pseudo));

	if (ip[0] == IP4_VERSION_IHL) {
		if (be16_get(checksum_finish(checksum_add(0, ip, IP4_HEADER_LEN))))
			return false;
		sum = checksum_add(sum, ip + IP4_SOURCE, 2 * sizeof(struct in_addr));
	} else {
		sum = checksum_add(sum, ip + IP6_SOURCE, 2 * sizeof(struct in6_addr));
	}
	return !be16_get(checksum_finish(checksum_add(sum, tcp, tcp_len)));
}

/* All but lengths, sums, IPv4's identification, sequence numbers and PSH */
static bool is_alike(const uint8_t *a, const uint8_t *b, size_t header_len)
{
	const uint8_t *ip_a = a + ETH_HLEN, *ip_b = b + ETH_HLEN;
	const uint8_t *tcp_a = tcp_of(a), *tcp_b = b + (tcp_a - a);
	size_t options = header_len - (size_t)(tcp_a - a) - TCP_HEADER_LEN;

	/* Ethernet, version and traffic class, for IPv6 the flow label */
	if (memcmp(a, b, ETH_HLEN + IP4_TOTAL_LENGTH))
		return false;
	if (ip_a[0] == IP4_VERSION_IHL) {
		if (memcmp(ip_a + IP4_FRAGMENT, ip_b + IP4_FRAGMENT, IP4_CHECKSUM - IP4_FRAGMENT) ||
		    memcmp(ip_a + IP4_SOURCE, ip_b + IP4_SOURCE, IP4_HEADER_LEN - IP4_SOURCE))
			return false;
	} else if (memcmp(ip_a + 2, ip_b + 2, IP6_PAYLOAD_LENGTH - 2) ||
		   memcmp(ip_a + IP6_NEXT_HEADER, ip_b + IP6_NEXT_HEADER,
			  IP6_HEADER_LEN - IP6_NEXT_HEADER)) {
		return false;
	}
	return !memcmp(tcp_a, tcp_b, TCP_SEQUENCE) &&
	       !memcmp(tcp_a + TCP_ACKNOWLEDGEMENT, tcp_b + TCP_ACKNOWLEDGEMENT,
		       TCP_FLAGS - TCP_ACKNOWLEDGEMENT) &&
	       !memcmp(tcp_a + TCP_WINDOW, tcp_b + TCP_WINDOW, sizeof(struct be16)) &&
	       !memcmp(tcp_a + TCP_HEADER_LEN, tcp_b + TCP_HEADER_LEN, options);
}

static void take(struct tcp_run *run, const uint8_t *frame, size_t len)
{
	size_t payload_len = len - run->header_len;
	const uint8_t *tcp = tcp_of(frame);

	run->pieces[run->count++] =
		(struct iovec){ (uint8_t *)(uintptr_t)frame + run->header_len, payload_len };
	run->payload_len += payload_len;
	run->next_seq = field_get32(tcp + TCP_SEQUENCE) + (uint32_t)payload_len;
	run->psh |= tcp[TCP_FLAGS] & TCP_PSH;
}

bool tcp_run_start(struct tcp_run *run, const uint8_t *frame, size_t len, bool sums_known)
{
	size_t header_len = tcp_run_header(frame, len, len);

	if (!header_len || (!sums_known && !sums_are_right(frame, len)))
		return false;
	run->header = frame;
	run->header_len = header_len;
	run->payload_len = 0;
	run->psh = false;
	run->count = 0;
	take(run, frame, len);
	return true;
}

bool tcp_run_add(struct tcp_run *run, const uint8_t *frame, size_t len, bool sums_known)
{
	size_t header_len = tcp_run_header(frame, len, len);

	if (run->count == TCP_RUN_PIECES || header_len != run->header_len ||
	    header_len + run->payload_len + (len - header_len) > ETH_HLEN + IP_PACKET_MAX ||
	    !is_alike(run->header, frame, header_len) ||
	    field_get32(tcp_of(frame) + TCP_SEQUENCE) != run->next_seq ||
	    (!sums_known && !sums_are_right(frame, len)))
		return false;
	take(run, frame, len);
	return true;
}

void tcp_run_emit(const struct tcp_run *run, uint8_t *out)
{
	uint8_t *ip = out + ETH_HLEN;
	size_t packet_len = run->header_len - ETH_HLEN + run->payload_len;
	struct be16 sum;

	memcpy(out, run->header, run->header_len);
	if (ip[0] == IP4_VERSION_IHL) {
		field_put16(ip + IP4_TOTAL_LENGTH, packet_len);
		field_put16(ip + IP4_CHECKSUM, 0);
		sum = checksum_finish(checksum_add(0, ip, IP4_HEADER_LEN));
		memcpy(ip + IP4_CHECKSUM, &sum, sizeof(sum));
	} else {
		field_put16(ip + IP6_PAYLOAD_LENGTH, packet_len - IP6_HEADER_LEN);
	}
	if (run->psh)
		out[tcp_of(out) - out + TCP_FLAGS] |= TCP_PSH;
}
