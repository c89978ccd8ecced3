/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker gets that another one is to have: frames, connections that were accepted, and what
 * it has learnt. Frames come to whatever queue the kernel thinks right, which forgets where a flow
 * was after a while, and never knows where its fragments belong.
 *
 * Whose is a frame? A TCP connection is its worker's; one that nobody has is begun where its SYN
 * comes to, but for DNS, of which the first worker has all: what becomes of a question changes what
 * the next one may do. An ICMP error belongs to the connection that it is about. All the rest is
 * the first one's.
 */
#ifndef COMMON_ENGINE_HAND_OVER_H
#define COMMON_ENGINE_HAND_OVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/engine/worker.h"
#include "common/tcp/accept.h"

enum hand_over_kind {
	HAND_OVER_FRAME,
	HAND_OVER_ACCEPTED,
	HAND_OVER_SPLICE,
	HAND_OVER_NEIGHBOUR,
	HAND_OVER_LEARNT,
	HAND_OVER_DECISION,
	HAND_OVER_LESSON,
};

struct hand_over_frame {
	uint32_t len;
	uint16_t gso_size;
	uint8_t gso; /* enum link_gso */
	bool csum_known;
	uint64_t pad;
	uint8_t data[]; /* as struct link_frame has it, in one piece */
};

struct hand_over_splice {
	int fd;
	struct splice_target target;
};

struct hand_over_neighbour {
	struct in6_addr addr;
	uint8_t mac[ETH_ALEN];
};

struct hand_over_learnt {
	struct in6_addr addr;
	uint32_t ttl_s;
	char name[NAME_TEXT_MAX + 1];
};

/* Of a policy; it has no name but this one */
struct hand_over_decision {
	struct policy_decision decision;
	struct policy_event event;
	char name[NAME_TEXT_MAX + 1]; /* "": none */
};

/* What a lesson is made of: the query has no names but this one */
struct hand_over_lesson {
	struct policy_query query;
	char name[NAME_TEXT_MAX + 1]; /* "": none */
};

/* hand_over_init() - one of a team, that is, from here on
 * @w:		is in its team
 */
void hand_over_init(struct worker *w);

/* hand_over_table() - have the first one's forwarding table in force here; in a pause */
void hand_over_table(const struct worker *first, struct worker *w);

/* hand_over_of() - a frame, if it is another worker's
 * @ip:		NULL: what is in it is no IP; else it may be a fragment
 *
 * Return: whether it was. If that one has no room, it's lost and counted; or kept, if it comes from
 *the link, which is not to be read until hand_over_held() says so
 */
bool hand_over_of(struct worker *w, const struct link_frame *frame, const struct ip_packet *ip);

/* hand_over_held() - try again with the frame that is kept. Return: whether it's gone */
bool hand_over_held(struct worker *w);

/* hand_over_whole() - the same of a packet that came in fragments
 * @frame:	its last one
 */
bool hand_over_whole(struct worker *w, const struct link_frame *frame, const struct ip_packet *ip);

#endif
