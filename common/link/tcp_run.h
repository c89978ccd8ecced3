/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of TCP segments of one connection, which follow one another and differ in nothing but their
 * payload, as one: for what sends plain frames only, what soft_offload.h is for one that gets them,
 * and for small segments that a kernel sends one by one. The payload stays where it is, in pieces.
 * Pure.
 *
 * Frames are hostile, and none becomes part of a run whose checksums have not been found right:
 * lengths are exact, there are no IP options or extension headers, no flags but ACK and PSH.
 */
#ifndef COMMON_LINK_TCP_RUN_H
#define COMMON_LINK_TCP_RUN_H

#include <linux/if_ether.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Longest header of a segment that can be in a run */
#define TCP_RUN_HEADER_MAX (ETH_HLEN + 40 + 60)

/* A whole IP packet in segments of 1,024 bytes and more */
#define TCP_RUN_PIECES 64

struct tcp_run {
	const uint8_t *header; /* the first frame's */
	size_t header_len; /* Ethernet to the TCP options */
	size_t payload_len; /* of all */
	uint32_t next_seq;
	bool psh;
	int count;
	struct iovec pieces[TCP_RUN_PIECES]; /* a payload each */
};

/* tcp_run_header() - whether a frame is a segment of payload, as one of a run is, sums aside
 * @there:	bytes that are at @frame, of @len in all; TCP_RUN_HEADER_MAX are enough
 *
 * Return: bytes up to the payload, or 0: it isn't
 */
size_t tcp_run_header(const uint8_t *frame, size_t there, size_t len);

/* tcp_run_start() - a run of one frame. Return: whether it may be in one
 * @sums_known:	somebody vouches for its checksums, as a kernel does
 */
bool tcp_run_start(struct tcp_run *run, const uint8_t *frame, size_t len, bool sums_known);

/* tcp_run_add() - one more. Return: false if it does not belong to the run, which is as before */
bool tcp_run_add(struct tcp_run *run, const uint8_t *frame, size_t len, bool sums_known);

/* tcp_run_emit() - the header of all, which is @run->header_len bytes. The TCP checksum, which was
 * checked, is the first frame's
 */
void tcp_run_emit(const struct tcp_run *run, uint8_t *out);

#endif
