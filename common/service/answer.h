/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams between the namespace and ourselves: reading one that is meant for us, and sending one
 * that no socket is behind. Checksums are computed here, payloads are short. Keeps no state.
 */
#ifndef COMMON_SERVICE_ANSWER_H
#define COMMON_SERVICE_ANSWER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "common/link/link.h"
#include "common/wire/icmp.h"
#include "common/wire/ip.h"
#include "common/wire/udp.h"

/* Where an answer comes from and goes to; ports for UDP only */
struct answer_path {
	uint8_t mac[ETH_ALEN]; /* the receiver's */
	struct in6_addr src, dst;
	uint16_t src_port, dst_port;
};

/* answer_read_udp() - the UDP datagram in @ip, its checksum verified unless it is known
 *
 * Return: 0 or -EBADMSG
 */
int answer_read_udp(const struct link_frame *frame, const struct ip_packet *ip,
		    struct udp_datagram *ret_datagram);

/* answer_send_udp() - Return: 0 or -errno */
int answer_send_udp(struct link *link, const struct answer_path *path, const void *data,
		    size_t len);

/* answer_send_icmp6() - an ICMPv6 message that must not be forwarded. Return: 0 or -errno */
int answer_send_icmp6(struct link *link, const struct answer_path *path,
		      const struct icmp_message *message);

#endif
