/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP and ICMPv6 errors towards the namespace, as a router or the destination would send them:
 * what a host's socket reports (an errno, or an entry of its error queue) becomes a message that
 * the namespace's kernel matches to the socket in there. Messages are bounded in size (RFC 1812,
 * 4.3.2.3; RFC 4443, 2.4) and in number. The limit's state belongs to the worker; nothing else is
 * kept.
 */
#ifndef COMMON_SERVICE_ICMP_ERROR_H
#define COMMON_SERVICE_ICMP_ERROR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/link/link.h"
#include "common/wire/ip.h"

/* Messages a second; more are dropped (RFC 4443, 2.4 (f)) */
#define ICMP_ERROR_PER_SECOND 1000

/* Longest ICMP error including its IP header: RFC 1812, 4.3.2.3 and RFC 4443, 2.4 (c) */
#define ICMP_ERROR_MAX4 576
#define ICMP_ERROR_MAX6 1280

enum icmp_error_kind {
	ICMP_ERROR_NET_UNREACHABLE,
	ICMP_ERROR_HOST_UNREACHABLE,
	ICMP_ERROR_PORT_UNREACHABLE,
	ICMP_ERROR_PROHIBITED, /* by an administrator */
	ICMP_ERROR_HOST_UNKNOWN,
	ICMP_ERROR_HOST_ISOLATED,
	ICMP_ERROR_PROTOCOL_UNREACHABLE, /* ICMPv6: parameter problem, unknown next header */
	ICMP_ERROR_PARAMETER_PROBLEM,
	ICMP_ERROR_FRAG_NEEDED, /* @info: MTU; ICMPv6: packet too big */
	ICMP_ERROR_TIME_EXCEEDED, /* in transit */
	ICMP_ERROR_AS_IS, /* @type, @code and @info as another node sent them, same family */
};

struct icmp_error {
	enum icmp_error_kind kind;
	uint8_t type, code; /* for ICMP_ERROR_AS_IS */
	uint32_t info; /* bytes 4 to 7 of the message, host order; the MTU is in the low bits */
	struct in6_addr offender; /* who says so; unspecified: the quoted packet's destination */
	/* The packet at fault, as the namespace sent it: the header is made from the fields, the
	 * payload (transport header first) is quoted as far as it fits
	 */
	const struct ip_packet *packet;
};

/* Zeroed to begin with */
struct icmp_error_limit {
	uint32_t parts; /* one of so many, which have equal parts of what may be said; 0: all */
	uint64_t second_ns; /* when the current second began */
	uint32_t sent; /* in it */
	uint64_t suppressed; /* ever */
};

/* icmp_error_limit_pass() - whether one answer more may go out in this second, be it an ICMP error
 * or a TCP reset (counted if not)
 */
bool icmp_error_limit_pass(struct icmp_error_limit *limit, uint64_t now_ns);

/* icmp_error_from_errno() - the kind of error that connect() or send() reported
 *
 * Return: true with *ret_kind set; false if that errno is not the network's
 */
bool icmp_error_from_errno(int error, enum icmp_error_kind *ret_kind);

/* icmp_error_send() - tell the namespace
 *
 * Never in answer to a multicast or unspecified source (RFC 1122, 3.2.2).
 *
 * Return: 0; -EBUSY if the limit is reached; or another -errno of the link or of a bad argument
 */
int icmp_error_send(struct link *link, struct icmp_error_limit *limit,
		    const struct icmp_error *error, uint64_t now_ns);

#endif
