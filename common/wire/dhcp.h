/* SPDX-License-Identifier: Apache-2.0
 *
 * DHCPv4 messages (RFC 2131, RFC 2132) as values. dhcp_parse() reads what a server looks at, from
 * all places where options may be; emitting is the fixed part first, then option by option. Pure.
 */
#ifndef COMMON_WIRE_DHCP_H
#define COMMON_WIRE_DHCP_H

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire/cursor.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

/* Fixed part and magic cookie */
#define DHCP_HEADER_LEN 240
/* RFC 1542, 2.1: what old clients want a message to have at least */
#define DHCP_MESSAGE_MIN 300
/* RFC 2132, 9.10: the IP packet that every client takes */
#define DHCP_PACKET_MIN 576

#define DHCP_OP_REQUEST 1
#define DHCP_OP_REPLY 2
#define DHCP_FLAG_BROADCAST 0x8000

/* RFC 2132, 9.6 */
enum dhcp_type {
	DHCP_BOOTP = 0, /* no type at all */
	DHCP_DISCOVER = 1,
	DHCP_OFFER = 2,
	DHCP_REQUEST = 3,
	DHCP_DECLINE = 4,
	DHCP_ACK = 5,
	DHCP_NAK = 6,
	DHCP_RELEASE = 7,
	DHCP_INFORM = 8,
	DHCP_TYPE_LAST = DHCP_INFORM,
};

enum dhcp_option {
	DHCP_OPTION_PAD = 0,
	DHCP_OPTION_NETMASK = 1,
	DHCP_OPTION_ROUTER = 3,
	DHCP_OPTION_DNS = 6,
	DHCP_OPTION_HOSTNAME = 12,
	DHCP_OPTION_DOMAIN = 15,
	DHCP_OPTION_MTU = 26,
	DHCP_OPTION_REQUESTED_ADDR = 50,
	DHCP_OPTION_LEASE_TIME = 51,
	DHCP_OPTION_OVERLOAD = 52,
	DHCP_OPTION_TYPE = 53,
	DHCP_OPTION_SERVER_ID = 54,
	DHCP_OPTION_WANTED = 55,
	DHCP_OPTION_MAX_SIZE = 57,
	DHCP_OPTION_CLIENT_ID = 61,
	DHCP_OPTION_RAPID_COMMIT = 80, /* RFC 4039 */
	DHCP_OPTION_FQDN = 81, /* RFC 4702 */
	DHCP_OPTION_SEARCH = 119, /* RFC 3397 */
	DHCP_OPTION_ROUTES = 121, /* RFC 3442 */
	DHCP_OPTION_END = 255,
};

/* Flags of DHCP_OPTION_FQDN, RFC 4702, 2.1 */
#define DHCP_FQDN_SERVER_UPDATES 0x01
#define DHCP_FQDN_OVERRIDDEN 0x02
#define DHCP_FQDN_WIRE_FORM 0x04
#define DHCP_FQDN_NO_UPDATES 0x08

/* Addresses that are not given are 0.0.0.0 */
struct dhcp_message {
	uint8_t op;
	uint32_t xid;
	uint16_t flags;
	struct in6_addr client_addr; /* ciaddr */
	struct in6_addr your_addr; /* yiaddr */
	struct in6_addr relay_addr; /* giaddr */
	uint8_t mac[ETH_ALEN]; /* chaddr */

	/* Options; set by dhcp_parse(), not looked at by dhcp_header_emit() */
	enum dhcp_type type;
	struct in6_addr requested_addr;
	struct in6_addr server_id;
	uint16_t max_size; /* bytes of IP packet, at least DHCP_PACKET_MIN */
	bool rapid_commit;
	bool has_fqdn;
	uint8_t fqdn_flags;
	struct reader client_id; /* into the message */
	uint8_t wanted[32]; /* a bit an option */
};

static inline bool dhcp_is_wanted(const struct dhcp_message *m, enum dhcp_option code)
{
	return m->wanted[code / 8] & 1U << code % 8;
}

/* dhcp_parse() - the message that fills @r
 *
 * Return: 0, or -EBADMSG if it is not DHCP over Ethernet, or an option has no place in it
 */
int dhcp_parse(struct reader *r, struct dhcp_message *ret_message);

/* dhcp_header_emit() - fixed part and magic cookie, options are to follow. Return: 0 or -ENOBUFS */
int dhcp_header_emit(struct writer *w, const struct dhcp_message *message);

/* dhcp_option_emit() - one option, as several where it is longer than one can be (RFC 3396)
 *
 * Return: 0, or -ENOBUFS with nothing consumed
 */
int dhcp_option_emit(struct writer *w, enum dhcp_option code, const void *data, size_t len);

/* dhcp_end_emit() - the end mark, and padding to DHCP_MESSAGE_MIN
 * @start:	first byte of the message
 *
 * Return: 0 or -ENOBUFS
 */
int dhcp_end_emit(struct writer *w, const uint8_t *start);

#endif
