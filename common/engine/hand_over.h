/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker gets that another one is to have: frames, connections that were accepted, and what
 * it has learnt. Frames come to whatever queue the kernel thinks right, which forgets where a flow
 * was after a while, and never knows where its fragments belong.
 *
 * Whose is a frame? A TCP connection is its worker's; one that nobody has is begun where its SYN
 * comes to, but for DNS, of which the first worker has all: what becomes of a question changes what
 * the next one may do. So it is with UDP and ping, which tell by themselves when a flow begins that
 * another worker is to have (dgram_team.h). An ICMP error belongs to the connection that it is
 * about. All the rest is the first one's.
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
	HAND_OVER_HEARD, /* an address that packets come from */
	HAND_OVER_NEED, /* nothing in it: another one needs a descriptor of the share */
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

/* hand_over_to() - the packet that is looked at, to worker @to
 * @frame:	that it came in; of fragments, the last one
 *
 * If that one has no room, it's lost and counted; or kept, if its frame comes from the link, which
 * is not to be read until hand_over_held() says so; or if its fragments came by mail, likewise
 */
void hand_over_to(struct worker *w, uint32_t to, const struct link_frame *frame,
		  const struct ip_packet *ip);

/* hand_over_of() - the same, if the frame is another worker's, as far as that can be told from it
 * @ip:		NULL: what is in it is no IP; else it may be a fragment
 *
 * Return: whether it is
 */
bool hand_over_of(struct worker *w, const struct link_frame *frame, const struct ip_packet *ip);

/* hand_over_heard() - tell the first one that packets come from @addr; another time will do as well
 */
void hand_over_heard(struct worker *w, const struct in6_addr *addr);

/* hand_over_held() - try again with the frame that is kept. Return: whether it's gone */
bool hand_over_held(struct worker *w);

/* hand_over_held_by_mail() - the same with that whose fragments came by mail, before more mail is
 * read. Return: whether there's none
 */
bool hand_over_held_by_mail(struct worker *w);

#endif
