/* SPDX-License-Identifier: Apache-2.0
 *
 * From what a host's datagram socket says about a datagram to the ICMP error that the namespace
 * gets for it: the packet is made up again from the flow's ends and the bytes that were sent (or
 * came back with the error), the offender's address is put into the namespace's view.
 */
#ifndef COMMON_DGRAM_DGRAM_ERROR_H
#define COMMON_DGRAM_DGRAM_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h> /* linux/errqueue.h needs it */
#include <linux/errqueue.h>

#include "common/dgram/dgram_flow.h"
#include "common/dgram/dgram_meta.h"
#include "common/service/icmp_error.h"

/* Entries of an error queue read at once; more wait for the next event */
#define DGRAM_ERRORS_MAX 32

/* One of them */
struct dgram_error_entry {
	bool is_icmp; /* if not, @error is not set */
	struct icmp_error error; /* all but the packet */
	struct in6_addr peer; /* where the datagram was sent to */
	uint16_t peer_port;
	struct dgram_meta
		meta; /* of the error's packet: what it was sent to is where we sent from */
	size_t len;
	uint8_t data[ICMP_ERROR_MAX6]; /* of the datagram, as much as came back */
};

/* dgram_error_decode() - the ICMP error in an entry of a socket's error queue
 * @ee:		with the offender's address behind it, as the kernel puts it
 *
 * Return: true with kind, type, code, info and offender of *ret_error set; false if the entry
 *	   is not an ICMP error (send() reports local errors too)
 */
bool dgram_error_decode(const struct sock_extended_err *ee, struct icmp_error *ret_error);

/* dgram_error_visible() - the offender as the namespace may see it, unspecified for the remote end
 * @peer:	the remote end, as the host sees it
 * @ns:		the namespace's end
 *
 * The host's side of a mapping, loopback, and the namespace's own address (which the host may
 * have as well) would be thrown away in there or tell what they should not.
 */
struct in6_addr dgram_error_visible(const struct in6_addr *offender, const struct in6_addr *peer,
				    const struct in6_addr *ns);

/* dgram_error_offender() - the same for a flow */
struct in6_addr dgram_error_offender(const struct dgram_flow *f, const struct in6_addr *offender);

/* dgram_error_report() - send @error to the namespace
 * @error:	all but the packet
 * @data:	what the socket sent: UDP payload, or ICMP header and payload
 */
void dgram_error_report(const struct dgram_flow *f, const struct icmp_error *error,
			const void *data, size_t len, uint64_t now_ns);

/* dgram_error_take() - the next entry of a socket's error queue. Return: whether there was one */
bool dgram_error_take(int fd, struct dgram_error_entry *ret_entry);

/* dgram_errors() - report everything on the socket's error queue; for EPOLLERR */
void dgram_errors(struct dgram_flow *f, uint64_t now_ns);

#endif
