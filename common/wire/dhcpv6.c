/* SPDX-License-Identifier: Apache-2.0
 *
 * Options nest twice: addresses and prefixes in an identity association, options in those. The
 * innermost have no meaning for anybody, but their lengths are checked all the same.
 */
#include "common/wire/dhcpv6.h"

#include <errno.h>

#include "common/base/util.h"

#define DHCPV6_DUID_MIN 3

/* Fixed fields in front of the options inside: RFC 8415, 21.4 to 21.6, 21.21 and 21.22 */
#define IA_NA_LEN 12
#define IA_TA_LEN 4
#define IA_ADDR_LEN 24
#define IA_PREFIX_LEN 25
#define OPTION_IA_PREFIX 26

struct dhcpv6_wire {
	uint8_t type;
	uint8_t transaction[3];
};
_Static_assert(sizeof(struct dhcpv6_wire) == 4, "DHCPv6 header has holes");

struct dhcpv6_option_wire {
	struct be16 code;
	struct be16 len;
};
_Static_assert(sizeof(struct dhcpv6_option_wire) == 4, "DHCPv6 option has holes");

/* Return: whether there is a sound option, which is taken then */
static bool option_next(struct reader *r, uint16_t *ret_code, struct reader *ret_value)
{
	struct reader attempt = *r;
	const struct dhcpv6_option_wire *h = reader_take(&attempt, sizeof(*h));
	const uint8_t *value;

	if (!h)
		return false;
	value = reader_take(&attempt, be16_get(h->len));
	if (!value)
		return false;
	*ret_code = be16_get(h->code);
	*ret_value = (struct reader){ value, be16_get(h->len) };
	*r = attempt;
	return true;
}

/* Fixed fields of an option in front of those in it. Return: their length, 0: holds no options */
static size_t fixed_len(uint16_t code)
{
	switch (code) {
	case DHCPV6_OPTION_IA_NA:
	case DHCPV6_OPTION_IA_PD:
		return IA_NA_LEN;
	case DHCPV6_OPTION_IA_TA:
		return IA_TA_LEN;
	case DHCPV6_OPTION_IA_ADDR:
		return IA_ADDR_LEN;
	case OPTION_IA_PREFIX:
		return IA_PREFIX_LEN;
	default:
		return 0;
	}
}

static bool options_are_flat(struct reader r)
{
	struct reader value;
	uint16_t code;

	while (option_next(&r, &code, &value))
		;
	return !r.left;
}

/* Options in an identity association, which may hold options themselves */
static bool ia_is_sound(struct reader r)
{
	struct reader value;
	uint16_t code;

	while (option_next(&r, &code, &value)) {
		size_t fixed = fixed_len(code);

		if (fixed && (!reader_take(&value, fixed) || !options_are_flat(value)))
			return false;
	}
	return !r.left;
}

static int duid_read(const struct reader *value, struct reader *ret_duid)
{
	if (ret_duid->data || value->left < DHCPV6_DUID_MIN || value->left > DHCPV6_DUID_MAX)
		return -EBADMSG;
	*ret_duid = *value;
	return 0;
}

static int wanted_read(struct reader value, struct dhcpv6_message *m)
{
	const struct be16 *code;

	while ((code = reader_take(&value, sizeof(*code))))
		if (be16_get(*code) == DHCPV6_OPTION_FQDN)
			m->wants_fqdn = true;
	return value.left ? -EBADMSG : 0;
}

static int option_read(uint16_t code, struct reader value, struct dhcpv6_message *m)
{
	switch (code) {
	case DHCPV6_OPTION_CLIENT_ID:
		return duid_read(&value, &m->client_id);
	case DHCPV6_OPTION_SERVER_ID:
		return duid_read(&value, &m->server_id);
	case DHCPV6_OPTION_IA_NA:
	case DHCPV6_OPTION_IA_TA:
	case DHCPV6_OPTION_IA_PD:
		m->has_ia = true;
		return reader_take(&value, fixed_len(code)) && ia_is_sound(value) ? 0 : -EBADMSG;
	case DHCPV6_OPTION_WANTED:
		return wanted_read(value, m);
	case DHCPV6_OPTION_RAPID_COMMIT:
		m->rapid_commit = true;
		return value.left ? -EBADMSG : 0;
	case DHCPV6_OPTION_FQDN:
		if (!value.left)
			return -EBADMSG;
		m->wants_fqdn = true;
		m->fqdn_flags = value.data[0];
		return 0;
	default:
		return 0;
	}
}

int dhcpv6_parse(struct reader *r, struct dhcpv6_message *ret_message)
{
	const struct dhcpv6_wire *h = reader_take(r, sizeof(*h));
	struct dhcpv6_message m = { 0 };
	struct reader value;
	uint16_t code;

	if (!h || !h->type || h->type > DHCPV6_TYPE_LAST)
		return -EBADMSG;
	m.type = (enum dhcpv6_type)h->type;
	m.transaction = (uint32_t)h->transaction[0] << 16 | (uint32_t)h->transaction[1] << 8 |
			h->transaction[2];
	m.options = *r;
	while (option_next(r, &code, &value))
		if (option_read(code, value, &m))
			return -EBADMSG;
	if (r->left)
		return -EBADMSG;
	*ret_message = m;
	return 0;
}

bool dhcpv6_ia_next(struct reader *options, struct dhcpv6_ia *ret_ia)
{
	struct reader value;
	uint16_t code;

	while (option_next(options, &code, &value)) {
		const struct be32 *id;

		if (code != DHCPV6_OPTION_IA_NA && code != DHCPV6_OPTION_IA_TA &&
		    code != DHCPV6_OPTION_IA_PD)
			continue;
		id = reader_take(&value, fixed_len(code));
		if (!id)
			return false;
		*ret_ia = (struct dhcpv6_ia){
			.code = (enum dhcpv6_option)code,
			.id = be32_get(*id),
			.options = value,
		};
		return true;
	}
	return false;
}

bool dhcpv6_ia_addr_next(struct reader *options, struct in6_addr *ret_addr)
{
	struct reader value;
	uint16_t code;

	while (option_next(options, &code, &value)) {
		if (code != DHCPV6_OPTION_IA_ADDR || value.left < IA_ADDR_LEN)
			continue;
		memcpy(ret_addr, value.data, sizeof(*ret_addr));
		return true;
	}
	return false;
}

int dhcpv6_header_emit(struct writer *w, enum dhcpv6_type type, uint32_t transaction)
{
	struct dhcpv6_wire *h = writer_take(w, sizeof(*h));

	if (!h)
		return -ENOBUFS;
	h->type = (uint8_t)type;
	h->transaction[0] = (uint8_t)(transaction >> 16);
	h->transaction[1] = (uint8_t)(transaction >> 8);
	h->transaction[2] = (uint8_t)transaction;
	return 0;
}

uint8_t *dhcpv6_option_begin(struct writer *w, enum dhcpv6_option code)
{
	struct dhcpv6_option_wire *h = writer_take(w, sizeof(*h));

	if (!h)
		return NULL;
	h->code = be16_make((uint16_t)code);
	h->len = be16_make(0);
	return (uint8_t *)h;
}

void dhcpv6_option_end(const struct writer *w, uint8_t *begin)
{
	struct dhcpv6_option_wire *h = (void *)begin;

	h->len = be16_make((uint16_t)(w->data - begin - (ptrdiff_t)sizeof(*h)));
}

int dhcpv6_option_emit(struct writer *w, enum dhcpv6_option code, const void *data, size_t len)
{
	uint8_t *begin = dhcpv6_option_begin(w, code), *p;

	if (!begin || len > UINT16_MAX)
		return -ENOBUFS;
	if (len) {
		p = writer_take(w, len);
		if (!p)
			return -ENOBUFS;
		memcpy(p, data, len);
	}
	dhcpv6_option_end(w, begin);
	return 0;
}

static const char *status_text(enum dhcpv6_status status)
{
	switch (status) {
	case DHCPV6_SUCCESS:
		return "done";
	case DHCPV6_NO_ADDRS:
		return "no address for this";
	case DHCPV6_NO_BINDING:
		return "nothing known of this";
	case DHCPV6_NOT_ON_LINK:
		return "not an address of this link";
	case DHCPV6_USE_MULTICAST:
		return "ask the multicast address";
	case DHCPV6_NO_PREFIX:
		return "no prefix to delegate";
	}
	return "";
}

int dhcpv6_status_emit(struct writer *w, enum dhcpv6_status status)
{
	const char *text = status_text(status);
	uint8_t *begin = dhcpv6_option_begin(w, DHCPV6_OPTION_STATUS);
	struct be16 *code = begin ? writer_take(w, sizeof(*code) + strlen(text)) : NULL;

	if (!code)
		return -ENOBUFS;
	*code = be16_make((uint16_t)status);
	memcpy(code + 1, text, strlen(text));
	dhcpv6_option_end(w, begin);
	return 0;
}

uint8_t *dhcpv6_ia_begin(struct writer *w, const struct dhcpv6_ia *ia, uint32_t lifetime_s)
{
	const bool ends = lifetime_s != DHCPV6_FOREVER;
	uint8_t *begin = dhcpv6_option_begin(w, ia->code);
	size_t len = fixed_len((uint16_t)ia->code);
	struct be32 *fields = begin ? writer_take(w, len) : NULL;

	if (!fields)
		return NULL;
	fields[0] = be32_make(ia->id);
	if (len == 3 * sizeof(*fields)) {
		fields[1] = be32_make(ends ? lifetime_s / 2 : DHCPV6_FOREVER);
		fields[2] = be32_make(ends ? lifetime_s / 5 * 4 : DHCPV6_FOREVER);
	}
	return begin;
}

int dhcpv6_ia_addr_emit(struct writer *w, const struct in6_addr *addr, uint32_t lifetime_s)
{
	struct {
		struct in6_addr addr;
		struct be32 preferred, valid;
	} value = { *addr, be32_make(lifetime_s), be32_make(lifetime_s) };

	_Static_assert(sizeof(value) == IA_ADDR_LEN, "address option has holes");
	return dhcpv6_option_emit(w, DHCPV6_OPTION_IA_ADDR, &value, sizeof(value));
}
