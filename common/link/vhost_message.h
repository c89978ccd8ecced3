/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the vhost-user protocol, as QEMU's "Vhost-user Protocol" (interop/vhost-user) says:
 * a header, a payload in the machine's byte order, descriptors beside them. From bytes to values,
 * and answers from values to bytes; what is of another size than its kind is refused. Pure.
 */
#ifndef COMMON_LINK_VHOST_MESSAGE_H
#define COMMON_LINK_VHOST_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/link/guest_memory.h"

#define VHOST_HEADER_BYTES 12
#define VHOST_PAYLOAD_MAX 512 /* more than any kind has */
#define VHOST_TABLE_MAX 8 /* regions in one message */

enum vhost_request {
	VHOST_GET_FEATURES = 1,
	VHOST_SET_FEATURES = 2,
	VHOST_SET_OWNER = 3,
	VHOST_RESET_OWNER = 4,
	VHOST_SET_MEM_TABLE = 5,
	VHOST_SET_VRING_NUM = 8,
	VHOST_SET_VRING_ADDR = 9,
	VHOST_SET_VRING_BASE = 10,
	VHOST_GET_VRING_BASE = 11,
	VHOST_SET_VRING_KICK = 12,
	VHOST_SET_VRING_CALL = 13,
	VHOST_SET_VRING_ERR = 14,
	VHOST_GET_PROTOCOL_FEATURES = 15,
	VHOST_SET_PROTOCOL_FEATURES = 16,
	VHOST_GET_QUEUE_NUM = 17,
	VHOST_SET_VRING_ENABLE = 18,
	VHOST_GET_MAX_MEM_SLOTS = 36,
	VHOST_ADD_MEM_REG = 37,
	VHOST_REM_MEM_REG = 38,
	VHOST_SET_STATUS = 39,
	VHOST_GET_STATUS = 40,
};

/* Bits of the protocol's own features */
enum vhost_protocol_feature {
	VHOST_PROTOCOL_MQ = 0,
	VHOST_PROTOCOL_REPLY_ACK = 3,
	VHOST_PROTOCOL_CONFIGURE_MEM_SLOTS = 15,
	VHOST_PROTOCOL_STATUS = 16,
};

/* Bit of the features: there are such, and rings have to be enabled */
#define VHOST_FEATURE_PROTOCOL 30

/* Of a descriptor's message: the ring, and that none comes with it */
#define VHOST_VRING_INDEX_MASK 0xffU
#define VHOST_VRING_NO_FD 0x100U

struct vhost_header {
	uint32_t request; /* one that is not known here, perhaps */
	uint32_t size; /* of the payload */
	bool need_reply; /* if VHOST_PROTOCOL_REPLY_ACK was negotiated */
};

struct vhost_vring_state {
	uint32_t index, value;
};

struct vhost_vring_addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

struct vhost_message {
	struct vhost_header header;
	union {
		uint64_t number;
		struct vhost_vring_state state;
		struct vhost_vring_addr addr;
		struct {
			uint32_t count;
			struct guest_region_place places[VHOST_TABLE_MAX];
		} table;
		struct guest_region_place place;
	};
};

/* vhost_header_parse() - of VHOST_HEADER_BYTES. Return: 0 or -EPROTO */
int vhost_header_parse(const uint8_t *bytes, struct vhost_header *ret_header);

/* vhost_message_parse()
 * @payload:	header->size bytes
 *
 * Return: 0; -EPROTO if it's not of its request's size; -EOPNOTSUPP if the request is not known
 */
int vhost_message_parse(const struct vhost_header *header, const uint8_t *payload,
			struct vhost_message *ret_message);

/* vhost_reply_emit() - the answer to @request
 * @out:	room for VHOST_HEADER_BYTES and @size
 *
 * Return: bytes
 */
size_t vhost_reply_emit(uint32_t request, const void *payload, size_t size, uint8_t *out);

#endif
