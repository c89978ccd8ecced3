/* SPDX-License-Identifier: Apache-2.0 */
#include "common/link/vhost_message.h"

#include <errno.h>
#include <string.h>

#include "common/base/util.h"

/* The header's second word */
#define FLAG_VERSION 0x1U
#define FLAG_VERSION_MASK 0x3U
#define FLAG_REPLY 0x4U
#define FLAG_NEED_REPLY 0x8U

/* A table starts with its number of regions, a single one with as much that means nothing */
#define PADDING 8

enum payload {
	PAYLOAD_UNKNOWN,
	PAYLOAD_NONE,
	PAYLOAD_NUMBER,
	PAYLOAD_STATE,
	PAYLOAD_ADDR,
	PAYLOAD_TABLE,
	PAYLOAD_PLACE,
};

static const uint8_t payloads[] = {
	[VHOST_GET_FEATURES] = PAYLOAD_NONE,
	[VHOST_SET_FEATURES] = PAYLOAD_NUMBER,
	[VHOST_SET_OWNER] = PAYLOAD_NONE,
	[VHOST_RESET_OWNER] = PAYLOAD_NONE,
	[VHOST_SET_MEM_TABLE] = PAYLOAD_TABLE,
	[VHOST_SET_VRING_NUM] = PAYLOAD_STATE,
	[VHOST_SET_VRING_ADDR] = PAYLOAD_ADDR,
	[VHOST_SET_VRING_BASE] = PAYLOAD_STATE,
	[VHOST_GET_VRING_BASE] = PAYLOAD_STATE,
	[VHOST_SET_VRING_KICK] = PAYLOAD_NUMBER,
	[VHOST_SET_VRING_CALL] = PAYLOAD_NUMBER,
	[VHOST_SET_VRING_ERR] = PAYLOAD_NUMBER,
	[VHOST_GET_PROTOCOL_FEATURES] = PAYLOAD_NONE,
	[VHOST_SET_PROTOCOL_FEATURES] = PAYLOAD_NUMBER,
	[VHOST_GET_QUEUE_NUM] = PAYLOAD_NONE,
	[VHOST_SET_VRING_ENABLE] = PAYLOAD_STATE,
	[VHOST_GET_MAX_MEM_SLOTS] = PAYLOAD_NONE,
	[VHOST_ADD_MEM_REG] = PAYLOAD_PLACE,
	[VHOST_REM_MEM_REG] = PAYLOAD_PLACE,
	[VHOST_SET_STATUS] = PAYLOAD_NUMBER,
	[VHOST_GET_STATUS] = PAYLOAD_NONE,
};

static const uint8_t sizes[] = {
	[PAYLOAD_NONE] = 0,
	[PAYLOAD_NUMBER] = sizeof(uint64_t),
	[PAYLOAD_STATE] = sizeof(struct vhost_vring_state),
	[PAYLOAD_ADDR] = sizeof(struct vhost_vring_addr),
	[PAYLOAD_PLACE] = PADDING + sizeof(struct guest_region_place),
};

/* As they are on the wire, without holes */
_Static_assert(sizeof(struct vhost_vring_addr) == 40 && sizeof(struct guest_region_place) == 32,
	       "structs are laid out as messages are");

int vhost_header_parse(const uint8_t *bytes, struct vhost_header *ret_header)
{
	uint32_t words[VHOST_HEADER_BYTES / sizeof(uint32_t)];

	memcpy(words, bytes, sizeof(words));
	if ((words[1] & FLAG_VERSION_MASK) != FLAG_VERSION || words[1] & FLAG_REPLY ||
	    words[2] > VHOST_PAYLOAD_MAX)
		return -EPROTO;
	*ret_header = (struct vhost_header){
		.request = words[0],
		.size = words[2],
		.need_reply = words[1] & FLAG_NEED_REPLY,
	};
	return 0;
}

static int parse_table(const uint8_t *payload, size_t size, struct vhost_message *message)
{
	uint32_t count;

	if (size < PADDING)
		return -EPROTO;
	memcpy(&count, payload, sizeof(count));
	if (count > VHOST_TABLE_MAX || size - PADDING < count * sizeof(message->table.places[0]))
		return -EPROTO;
	message->table.count = count;
	memcpy(message->table.places, payload + PADDING, count * sizeof(message->table.places[0]));
	return 0;
}

/* All but a table. Return: 0 or -EPROTO */
static int parse_fixed(enum payload kind, const uint8_t *payload, struct vhost_message *message)
{
	if (message->header.size != sizes[kind])
		return -EPROTO;
	if (kind == PAYLOAD_NUMBER)
		memcpy(&message->number, payload, sizeof(message->number));
	else if (kind == PAYLOAD_STATE)
		memcpy(&message->state, payload, sizeof(message->state));
	else if (kind == PAYLOAD_ADDR)
		memcpy(&message->addr, payload, sizeof(message->addr));
	else if (kind == PAYLOAD_PLACE)
		memcpy(&message->place, payload + PADDING, sizeof(message->place));
	return 0;
}

int vhost_message_parse(const struct vhost_header *header, const uint8_t *payload,
			struct vhost_message *ret_message)
{
	struct vhost_message message = { .header = *header };
	enum payload kind = PAYLOAD_UNKNOWN;
	int rc;

	if (header->request < ARRAY_SIZE(payloads))
		kind = payloads[header->request];
	if (kind == PAYLOAD_UNKNOWN)
		return -EOPNOTSUPP;
	rc = kind == PAYLOAD_TABLE ? parse_table(payload, header->size, &message)
				   : parse_fixed(kind, payload, &message);
	if (!rc)
		*ret_message = message;
	return rc;
}

size_t vhost_reply_emit(uint32_t request, const void *payload, size_t size, uint8_t *out)
{
	const uint32_t header[] = { request, FLAG_VERSION | FLAG_REPLY, (uint32_t)size };

	memcpy(out, header, sizeof(header));
	memcpy(out + sizeof(header), payload, size);
	return sizeof(header) + size;
}
