/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments of a flow towards the namespace. Nothing here looks at sockets.
 */
#ifndef COMMON_TCP_TAP_SIDE_H
#define COMMON_TCP_TAP_SIDE_H

#include <stdint.h>
#include <sys/uio.h>

#include "common/tcp/record.h"

/* Pieces of payload that tcp_tap_send() takes: a super-frame's, in segments of 1,024 bytes */
#define TCP_TAP_IOV_MAX 64

/* tcp_tap_payload_max() - payload bytes that fit into one super-frame, a multiple of the MSS */
uint32_t tcp_tap_payload_max(const struct tcp_flow *f);

/* tcp_tap_find_room() - where the payload of the next tcp_tap_send() may be put, if that saves a
 * copy
 *
 * Return: pieces in @iov, of @len bytes in all and TCP_TAP_IOV_MAX at most; 0: nowhere
 */
int tcp_tap_find_room(struct tcp_flow *f, uint32_t len, struct iovec *iov);

/* tcp_tap_send() - a segment from snd_nxt on, with the acknowledgement and window as they are now
 * @flags:	besides TCP_ACK: TCP_PSH, TCP_FIN; TCP_URG if the payload is the urgent byte
 * @payload:	@count pieces of @len bytes in all, at most tcp_tap_payload_max()
 *
 * Return: 0 or -errno; nothing is recorded as sent either way
 */
int tcp_tap_send(struct tcp_flow *f, uint8_t flags, const struct iovec *payload, int count,
		 uint32_t len);

/* tcp_tap_send_answer() - acknowledge one segment
 * @duplicate:	the part of it that had come before (RFC 2883), or empty
 *
 * In the same window as before while something is missing, so that the namespace can count how many
 * have overtaken that (RFC 5681, 3.2).
 */
void tcp_tap_send_answer(struct tcp_flow *f, const struct tcp_sack *duplicate);

/* tcp_tap_send_synack() - our SYN-ACK, or in TCP_TAP_SYN_SENT our SYN, with our options */
void tcp_tap_send_synack(struct tcp_flow *f);

/* tcp_tap_send_probe() - an empty segment that the namespace answers with its state */
void tcp_tap_send_probe(struct tcp_flow *f);

/* tcp_tap_send_reset() - RST for a flow, at snd_max: what a rewind left out has been seen */
void tcp_tap_send_reset(struct tcp_flow *f);

/* tcp_tap_reply_reset() - RST in answer to a segment that belongs to nothing (RFC 9293, 3.10.7.1)
 * @ip, @seg:	as they came from the namespace
 */
void tcp_tap_reply_reset(struct tcp *tcp, const struct ip_packet *ip,
			 const struct tcp_segment *seg);

/* tcp_tap_mss_max() - the most that fits into one packet on the link */
uint16_t tcp_tap_mss_max(const struct tcp *tcp, const struct flow_key *key);

#endif
