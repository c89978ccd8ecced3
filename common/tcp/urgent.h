/* SPDX-License-Identifier: Apache-2.0
 *
 * The urgent byte of one direction of a connection, on its way through us: where it is in the
 * stream, until it has been passed on. As everywhere (RFC 6093, 3.1) it is one byte, the one before
 * where the urgent pointer of a segment points, and a newer one makes an older one plain data.
 * Pure.
 */
#ifndef COMMON_TCP_URGENT_H
#define COMMON_TCP_URGENT_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_urgent {
	uint32_t seq;
	bool pending; /* else there is none */
};

/* tcp_urgent_note() - the byte at @seq is urgent, unless that's older than what is known */
void tcp_urgent_note(struct tcp_urgent *u, uint32_t seq);

/* tcp_urgent_passed() - nothing before @seq will be passed on any more */
void tcp_urgent_passed(struct tcp_urgent *u, uint32_t seq);

/* tcp_urgent_is_at() - whether the byte at @seq is the urgent one */
static inline bool tcp_urgent_is_at(const struct tcp_urgent *u, uint32_t seq)
{
	return u->pending && u->seq == seq;
}

/* tcp_urgent_piece() - how many of @len bytes from @seq on may be passed on in one piece: those
 * before the urgent one, or that alone
 */
static inline uint32_t tcp_urgent_piece(const struct tcp_urgent *u, uint32_t seq, uint32_t len)
{
	if (!u->pending || u->seq - seq >= len)
		return len;
	return u->seq == seq ? 1 : u->seq - seq;
}

#endif
