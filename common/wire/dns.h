/* SPDX-License-Identifier: Apache-2.0
 *
 * DNS messages (RFC 1035), as far as a forwarder has to understand them: what is asked, which
 * addresses an answer has for that, and an answer of our own that there is no such name. Names are
 * text in lower case here. Pure; every message is hostile.
 */
#ifndef COMMON_WIRE_DNS_H
#define COMMON_WIRE_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire/cursor.h"
#include "common/wire/name.h"

#define DNS_HEADER_LEN 12

/* What a message asks, or answers */
struct dns_question {
	uint16_t id;
	bool response;
	uint8_t opcode;
	uint16_t type, class;
	bool edns; /* who asks understands RFC 6891 */
	size_t end; /* of the question, in the message */
	/* Without a dot at the end, "" for the root. A byte that is not a letter, a digit, '-' or
	 * '_' is a '?'
	 */
	char name[NAME_TEXT_MAX + 1];
};

/* dns_parse() - a message with one question
 *
 * Return: 0 or -EBADMSG
 */
int dns_parse(const uint8_t *message, size_t len, struct dns_question *ret);

/* An address that an answer has */
struct dns_address {
	struct in6_addr addr; /* IPv4 ones mapped */
	uint32_t ttl_s;
};

#define DNS_ADDRESSES_MAX 256

/* dns_addresses() - those that an answer has for the name that was asked for, through aliases,
 * hints of HTTPS and SVCB records (RFC 9460) included; the first DNS_ADDRESSES_MAX of them
 * @question:	of the same message
 *
 * Return: how many
 */
size_t dns_addresses(const uint8_t *message, size_t len, const struct dns_question *question,
		     struct dns_address ret[DNS_ADDRESSES_MAX]);

/* Longest answer of dns_block_emit() */
#define DNS_BLOCK_MAX 384

/* dns_block_emit() - to a query: there is no such name (NXDOMAIN), because it is blocked (RFC 8914)
 * @question:	that dns_parse() has read from @query
 *
 * Return: 0 or -ENOBUFS
 */
int dns_block_emit(struct writer *w, const uint8_t *query, const struct dns_question *question);

#endif
