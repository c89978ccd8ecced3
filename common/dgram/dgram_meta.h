/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel tells about a received datagram besides its bytes. Only what is said is known:
 * the socket's options decide that. Pure.
 */
#ifndef COMMON_DGRAM_DGRAM_META_H
#define COMMON_DGRAM_DGRAM_META_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/* Room for the control messages of one datagram */
#define DGRAM_CONTROL_BYTES 256

/* TTL of a datagram that comes, or came, without one: RFC 1700 */
#define DGRAM_DEFAULT_TTL 64

struct dgram_meta {
	uint8_t ttl, tos;
	uint16_t gso_size; /* 0: one datagram */
	uint32_t ifindex; /* that it came in by; 0: not said */
	struct in6_addr local; /* that it was sent to; unspecified: not said */
};

/* dgram_meta_size() - bytes of each datagram in a message of @len, but the last may be shorter */
static inline uint32_t dgram_meta_size(const struct dgram_meta *meta, uint32_t len)
{
	return meta->gso_size && meta->gso_size < len ? meta->gso_size : len;
}

/* dgram_meta_parse() - read the control messages of a received datagram */
void dgram_meta_parse(struct msghdr *msg, struct dgram_meta *ret_meta);

#endif
