/* SPDX-License-Identifier: Apache-2.0
 *
 * ICMP errors from the namespace about connections that we are opening to it: a firewall in there
 * that rejects, or an address behind it that is gone. The client on the host's side is reset, where
 * it would wait for a minute otherwise. Established connections are not ended by ICMP (RFC 5927).
 */
#ifndef COMMON_TCP_REJECTED_H
#define COMMON_TCP_REJECTED_H

#include <stdbool.h>

#include "common/link/link.h"
#include "common/tcp/record.h"
#include "common/wire/ip.h"

/* tcp_rejected_key() - the connection that an ICMP or ICMPv6 packet is about, if it says that it
 * can't be
 * @ret_seq:	of the segment that was sent in vain
 *
 * Return: false: it's about none
 */
bool tcp_rejected_key(const struct ip_packet *ip, struct flow_key *ret_key, uint32_t *ret_seq);

/* tcp_rejected() - see whether an ICMP or ICMPv6 packet ends the opening of a connection
 * @frame:	that it came in: how its checksum stands
 *
 * Return: true if it was about a TCP segment of ours, and so nobody else's business
 */
bool tcp_rejected(struct tcp *tcp, const struct link_frame *frame, const struct ip_packet *ip);

#endif
