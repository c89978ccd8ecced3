/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left to do for a frame towards the inner side, as virtio-net puts it: by the kernel, or
 * by soft_offload.h. Plain values.
 */
#ifndef COMMON_LINK_OFFLOAD_H
#define COMMON_LINK_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_gso {
	LINK_GSO_NONE,
	LINK_GSO_TCP,
	LINK_GSO_UDP, /* UDP_L4: many datagrams in one */
};

/* A TCP segment whose payload is still to come, in segments of @mss bytes on the wire */
struct link_room {
	size_t header_len; /* Ethernet to TCP */
	size_t payload_len, mss;
	bool ipv6;
};

struct link_offload {
	enum link_gso gso;
	uint16_t gso_size;
	bool ipv6; /* for LINK_GSO_TCP */
	bool needs_csum;
	uint16_t csum_start; /* from the Ethernet header */
	uint16_t csum_offset; /* from csum_start */
	uint16_t hdr_len; /* Ethernet to the end of the transport header */
};

#endif
