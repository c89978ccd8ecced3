/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the policies are asked: every flow that leaves the namespace passes here once, when it is
 * opened, be it by the tap (outbound.h) or from socket to socket.
 *
 * Where a policy has names, the host's resolvers may be asked by whatever it allows, at their plain
 * port: who forwards the questions judges each of them (policy_judge_question()), and learns from
 * the answers. Only a rule for these resolvers themselves closes that.
 */
#ifndef COMMON_FWD_EGRESS_H
#define COMMON_FWD_EGRESS_H

#include "common/flow/flow.h"
#include "common/fwd/fwd.h"

/* A flow that is about to leave */
struct fwd_exit {
	uint8_t protocol; /* as in IP */
	struct in6_addr ns; /* who opens it, in the namespace's view */
	uint16_t ns_port;
	/* What it is sent to; for a forwarded port of the namespace's loopback, where that leads */
	struct in6_addr addr;
	uint16_t port;
	enum fwd_meaning meaning; /* the host's, too, if the address is one of its own */
};

/* What the policies say of it */
struct fwd_opinion {
	struct policy_decision decision; /* its names are valid until others are learnt */
	const char *name; /* likewise: that a rule for it has let it out by; NULL: none */
	bool asks; /* questions, each of which is judged by its name */
};

/* fwd_egress_judge() - Pure */
struct fwd_opinion fwd_egress_judge(const struct fwd_table *table, const struct fwd_exit *exit);

/* fwd_egress() - whether the policy allows it; counted, and noted in the policy's log */
enum fwd_verdict fwd_egress(const struct fwd_table *table, const struct fwd_exit *exit,
			    struct fwd_opinion *ret_opinion);

/* fwd_egress_note() - the same of what is decided later, by what a flow says itself */
void fwd_egress_note(const struct fwd_table *table, const struct flow_key *key,
		     const struct policy_decision *decision);

/* fwd_egress_local() - the same for a flow that fwd_local() has decided */
enum fwd_verdict fwd_egress_local(const struct fwd_table *table, const struct fwd_arrival *arrival,
				  const struct in6_addr *addr, uint16_t port);

#endif
