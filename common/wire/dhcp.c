/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of a wrong length are broken messages: a server that guesses leases to the wrong client.
 * An option that comes twice counts as the first one has it; of the options that may be that long
 * (RFC 3396) none is looked at here.
 */
#include "common/wire/dhcp.h"

#include <errno.h>

#include "common/wire/ip.h"

#define DHCP_HARDWARE_ETHERNET 1
#define DHCP_COOKIE 0x63825363
#define DHCP_OPTION_LEN_MAX 255
#define DHCP_OVERLOAD_FILE 1
#define DHCP_OVERLOAD_NAME 2

struct dhcp_wire {
	uint8_t op;
	uint8_t hardware_type;
	uint8_t hardware_len;
	uint8_t hops;
	struct be32 xid;
	struct be16 seconds;
	struct be16 flags;
	uint8_t client_addr[4];
	uint8_t your_addr[4];
	uint8_t next_addr[4];
	uint8_t relay_addr[4];
	uint8_t mac[16];
	uint8_t name[64];
	uint8_t file[128];
	struct be32 cookie;
};
_Static_assert(sizeof(struct dhcp_wire) == DHCP_HEADER_LEN, "DHCP header has holes");

/* What options say about options */
struct dhcp_options {
	uint8_t overload;
	uint8_t seen[32]; /* a bit an option */
};

static int addr_read(const struct reader *value, struct in6_addr *ret_addr)
{
	if (value->left != 4)
		return -EBADMSG;
	*ret_addr = ip4_addr_get(value->data);
	return 0;
}

static void wanted_read(const struct reader *value, struct dhcp_message *m)
{
	for (size_t i = 0; i < value->left; i++)
		m->wanted[value->data[i] / 8] |= (uint8_t)(1U << value->data[i] % 8);
}

static int type_read(const struct reader *value, struct dhcp_message *m)
{
	if (value->left != 1 || !value->data[0] || value->data[0] > DHCP_TYPE_LAST)
		return -EBADMSG;
	m->type = (enum dhcp_type)value->data[0];
	return 0;
}

static int max_size_read(const struct reader *value, struct dhcp_message *m)
{
	uint16_t size;

	if (value->left != 2)
		return -EBADMSG;
	size = (uint16_t)(value->data[0] << 8 | value->data[1]);
	if (size > m->max_size)
		m->max_size = size;
	return 0;
}

static int option_read(uint8_t code, const struct reader *value, struct dhcp_message *m,
		       struct dhcp_options *options)
{
	switch (code) {
	case DHCP_OPTION_REQUESTED_ADDR:
		return addr_read(value, &m->requested_addr);
	case DHCP_OPTION_SERVER_ID:
		return addr_read(value, &m->server_id);
	case DHCP_OPTION_TYPE:
		return type_read(value, m);
	case DHCP_OPTION_MAX_SIZE:
		return max_size_read(value, m);
	case DHCP_OPTION_OVERLOAD:
		if (value->left != 1)
			return -EBADMSG;
		options->overload = value->data[0];
		return 0;
	case DHCP_OPTION_WANTED:
		wanted_read(value, m);
		return 0;
	case DHCP_OPTION_CLIENT_ID:
		m->client_id = *value;
		return 0;
	case DHCP_OPTION_RAPID_COMMIT:
		m->rapid_commit = true;
		return 0;
	case DHCP_OPTION_FQDN:
		if (value->left < 3)
			return -EBADMSG;
		m->has_fqdn = true;
		m->fqdn_flags = value->data[0];
		return 0;
	default:
		return 0;
	}
}

static int options_read(struct reader r, struct dhcp_message *m, struct dhcp_options *options)
{
	while (r.left) {
		const uint8_t *code = reader_take(&r, 1), *len;
		uint8_t bit = (uint8_t)(1U << *code % 8);
		struct reader value;

		if (*code == DHCP_OPTION_PAD)
			continue;
		if (*code == DHCP_OPTION_END)
			return 0;
		len = reader_take(&r, 1);
		if (!len)
			return -EBADMSG;
		value.left = *len;
		value.data = reader_take(&r, *len);
		if (!value.data)
			return -EBADMSG;
		if (options->seen[*code / 8] & bit)
			continue;
		options->seen[*code / 8] |= bit;
		if (option_read(*code, &value, m, options))
			return -EBADMSG;
	}
	return 0; /* the end mark is missing: RFC 2131 wants it, not all clients do */
}

int dhcp_parse(struct reader *r, struct dhcp_message *ret_message)
{
	const struct dhcp_wire *h = reader_take(r, sizeof(*h));
	struct dhcp_options options = { 0 };
	struct dhcp_message m;
	int rc;

	if (!h || h->hardware_type != DHCP_HARDWARE_ETHERNET || h->hardware_len != ETH_ALEN ||
	    be32_get(h->cookie) != DHCP_COOKIE)
		return -EBADMSG;
	m = (struct dhcp_message){
		.op = h->op,
		.xid = be32_get(h->xid),
		.flags = be16_get(h->flags),
		.client_addr = ip4_addr_get(h->client_addr),
		.your_addr = ip4_addr_get(h->your_addr),
		.relay_addr = ip4_addr_get(h->relay_addr),
		.requested_addr = addr_from_be32(0),
		.server_id = addr_from_be32(0),
		.max_size = DHCP_PACKET_MIN,
	};
	memcpy(m.mac, h->mac, sizeof(m.mac));
	rc = options_read(*r, &m, &options);
	if (!rc && options.overload & DHCP_OVERLOAD_FILE)
		rc = options_read((struct reader){ h->file, sizeof(h->file) }, &m, &options);
	if (!rc && options.overload & DHCP_OVERLOAD_NAME)
		rc = options_read((struct reader){ h->name, sizeof(h->name) }, &m, &options);
	if (rc)
		return rc;
	r->data += r->left;
	r->left = 0;
	*ret_message = m;
	return 0;
}

static void addr_put(uint8_t *bytes, const struct in6_addr *addr)
{
	memcpy(bytes, addr->s6_addr + 12, 4);
}

int dhcp_header_emit(struct writer *w, const struct dhcp_message *message)
{
	struct dhcp_wire *h = writer_take(w, sizeof(*h));

	if (!h)
		return -ENOBUFS;
	*h = (struct dhcp_wire){
		.op = message->op,
		.hardware_type = DHCP_HARDWARE_ETHERNET,
		.hardware_len = ETH_ALEN,
		.xid = be32_make(message->xid),
		.flags = be16_make(message->flags),
		.cookie = be32_make(DHCP_COOKIE),
	};
	addr_put(h->client_addr, &message->client_addr);
	addr_put(h->your_addr, &message->your_addr);
	addr_put(h->relay_addr, &message->relay_addr);
	memcpy(h->mac, message->mac, sizeof(message->mac));
	return 0;
}

int dhcp_option_emit(struct writer *w, enum dhcp_option code, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	size_t pieces = len ? (len + DHCP_OPTION_LEN_MAX - 1) / DHCP_OPTION_LEN_MAX : 1;

	if (len + 2 * pieces > w->left)
		return -ENOBUFS;
	for (size_t i = 0; i < pieces; i++) {
		size_t piece = len > DHCP_OPTION_LEN_MAX ? DHCP_OPTION_LEN_MAX : len;
		uint8_t *p = writer_take(w, 2 + piece);

		if (!p)
			return -ENOBUFS; /* can't be: there is room for all */
		p[0] = (uint8_t)code;
		p[1] = (uint8_t)piece;
		if (!piece)
			break; /* an option without value may come without @data */
		memcpy(p + 2, bytes, piece);
		bytes += piece;
		len -= piece;
	}
	return 0;
}

int dhcp_end_emit(struct writer *w, const uint8_t *start)
{
	uint8_t *end = writer_take(w, 1);
	size_t len, padding;

	if (!end)
		return -ENOBUFS;
	*end = DHCP_OPTION_END;
	len = (size_t)(w->data - start);
	if (len >= DHCP_MESSAGE_MIN)
		return 0;
	padding = DHCP_MESSAGE_MIN - len;
	end = writer_take(w, padding);
	if (!end)
		return -ENOBUFS;
	memset(end, DHCP_OPTION_PAD, padding);
	return 0;
}
