/* SPDX-License-Identifier: Apache-2.0
 *
 * DHCPv6 messages (RFC 8415) as values. dhcpv6_parse() checks every length in a message, those of
 * options inside options too, so that walking identity associations afterwards can't fail.
 * Emitting is option by option; one that holds others is begun and ended. Pure.
 */
#ifndef COMMON_WIRE_DHCPV6_H
#define COMMON_WIRE_DHCPV6_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire/cursor.h"

#define DHCPV6_SERVER_PORT 547
#define DHCPV6_CLIENT_PORT 546

/* RFC 8415, 11.1: type code included */
#define DHCPV6_DUID_MAX 130

#define DHCPV6_FOREVER 0xffffffffU /* 7.7 */

/* RFC 8415, 7.3; those from clients and to them, not those of relays */
enum dhcpv6_type {
	DHCPV6_SOLICIT = 1,
	DHCPV6_ADVERTISE = 2,
	DHCPV6_REQUEST = 3,
	DHCPV6_CONFIRM = 4,
	DHCPV6_RENEW = 5,
	DHCPV6_REBIND = 6,
	DHCPV6_REPLY = 7,
	DHCPV6_RELEASE = 8,
	DHCPV6_DECLINE = 9,
	DHCPV6_RECONFIGURE = 10,
	DHCPV6_INFORMATION_REQUEST = 11,
	DHCPV6_TYPE_LAST = DHCPV6_INFORMATION_REQUEST,
};

enum dhcpv6_option {
	DHCPV6_OPTION_CLIENT_ID = 1,
	DHCPV6_OPTION_SERVER_ID = 2,
	DHCPV6_OPTION_IA_NA = 3,
	DHCPV6_OPTION_IA_TA = 4,
	DHCPV6_OPTION_IA_ADDR = 5,
	DHCPV6_OPTION_WANTED = 6,
	DHCPV6_OPTION_PREFERENCE = 7,
	DHCPV6_OPTION_STATUS = 13,
	DHCPV6_OPTION_RAPID_COMMIT = 14,
	DHCPV6_OPTION_DNS = 23, /* RFC 3646 */
	DHCPV6_OPTION_SEARCH = 24,
	DHCPV6_OPTION_IA_PD = 25,
	DHCPV6_OPTION_FQDN = 39, /* RFC 4704 */
};

/* RFC 8415, 21.13 */
enum dhcpv6_status {
	DHCPV6_SUCCESS = 0,
	DHCPV6_NO_ADDRS = 2,
	DHCPV6_NO_BINDING = 3,
	DHCPV6_NOT_ON_LINK = 4,
	DHCPV6_USE_MULTICAST = 5,
	DHCPV6_NO_PREFIX = 6,
};

/* Flags of DHCPV6_OPTION_FQDN, RFC 4704, 4.1 */
#define DHCPV6_FQDN_SERVER_UPDATES 0x01
#define DHCPV6_FQDN_OVERRIDDEN 0x02
#define DHCPV6_FQDN_NO_UPDATES 0x04

/* A client's message; what is into it stays valid as long as its bytes do */
struct dhcpv6_message {
	enum dhcpv6_type type;
	uint32_t transaction; /* 24 bits */
	struct reader client_id, server_id; /* DUIDs; data is NULL if there is none */
	bool has_ia; /* of any kind */
	bool rapid_commit;
	bool wants_fqdn; /* has it, or asks for it */
	uint8_t fqdn_flags;
	struct reader options; /* all of them, sound */
};

/* An identity association, RFC 8415, 21.4, 21.5 and 21.21 */
struct dhcpv6_ia {
	enum dhcpv6_option code; /* IA_NA, IA_TA or IA_PD */
	uint32_t id;
	struct reader options; /* for dhcpv6_ia_addr_next() */
};

/* dhcpv6_parse() - the message that fills @r
 *
 * Return: 0, or -EBADMSG if it's not one between client and server, or an option is broken
 */
int dhcpv6_parse(struct reader *r, struct dhcpv6_message *ret_message);

/* dhcpv6_ia_next() - the next identity association
 * @options:	a copy of the message's
 */
bool dhcpv6_ia_next(struct reader *options, struct dhcpv6_ia *ret_ia);

/* dhcpv6_ia_addr_next() - the next address in one */
bool dhcpv6_ia_addr_next(struct reader *options, struct in6_addr *ret_addr);

/* dhcpv6_header_emit() - Return: 0 or -ENOBUFS */
int dhcpv6_header_emit(struct writer *w, enum dhcpv6_type type, uint32_t transaction);

/* dhcpv6_option_emit() - a whole option. Return: 0 or -ENOBUFS */
int dhcpv6_option_emit(struct writer *w, enum dhcpv6_option code, const void *data, size_t len);

/* dhcpv6_option_begin() - an option whose content is to follow
 *
 * Return: what dhcpv6_option_end() wants, or NULL without room
 */
uint8_t *dhcpv6_option_begin(struct writer *w, enum dhcpv6_option code);
void dhcpv6_option_end(const struct writer *w, uint8_t *begin);

/* dhcpv6_status_emit() - a status option; its text for people is short. Return: 0 or -ENOBUFS */
int dhcpv6_status_emit(struct writer *w, enum dhcpv6_status status);

/* dhcpv6_ia_begin() - an identity association, whose addresses or status are to follow
 * @lifetime_s:	of the addresses: when to renew and to rebind is by this, see RFC 8415, 21.4
 *
 * Return: as dhcpv6_option_begin()
 */
uint8_t *dhcpv6_ia_begin(struct writer *w, const struct dhcpv6_ia *ia, uint32_t lifetime_s);

/* dhcpv6_ia_addr_emit() - an address and its lifetime, preferred and valid alike, in seconds
 *
 * Return: 0 or -ENOBUFS
 */
int dhcpv6_ia_addr_emit(struct writer *w, const struct in6_addr *addr, uint32_t lifetime_s);

#endif
