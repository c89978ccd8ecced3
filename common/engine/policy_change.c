/* SPDX-License-Identifier: Apache-2.0
 *
 * What is denied now may begin anew at once, and is told then.
 */
#include "common/engine/policy_change.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/dgram/dgram_flow.h"
#include "common/engine/team.h"
#include "common/engine/worker.h"
#include "common/engine/worker_mail.h"
#include "common/fwd/egress.h"
#include "common/fwd/outbound.h"

void policy_change_init(struct policy_change *change, struct worker *worker)
{
	*change = (struct policy_change){ .worker = worker };
}

void policy_change_fini(struct policy_change *change)
{
	policy_audit_fini(&change->audit);
	policy_free(change->loaded);
}

/* --- flows that are there ------------------------------------------------- */

/* What is being judged, and how many flows had to go */
struct judging {
	struct worker *worker;
	uint32_t ended;
};

/* Whether a flow by the tap may stay. One that would be refused for another reason is none of ours,
 * if that isn't that it can't be judged; one to a resolver must be opened anew if it's another
 * question now whether questions are read
 */
static bool tap_flow_stays(const struct fwd_table *fwd, const struct flow_key *key, bool asks)
{
	const struct fwd_query query = { key->protocol, key->ns, key->remote, key->ns_port,
					 key->remote_port };
	struct fwd_opinion opinion;
	enum fwd_verdict verdict = fwd_outbound_judge(fwd, &query, &opinion);

	if (verdict != FWD_ALLOW)
		return verdict != FWD_REFUSE_UNKNOWN;
	return policy_decision_answer(&opinion.decision)->verdict == POLICY_ALLOW &&
	       opinion.asks == asks;
}

/* Where a socket to the host's own services is connected to */
static bool local_flow_stays(const struct fwd_table *fwd, uint8_t protocol, int connected_fd)
{
	struct fwd_exit exit = { .protocol = protocol, .meaning = FWD_MEANS_HOST };
	struct fwd_opinion opinion;
	union sockaddr_inany sa;
	socklen_t len = sizeof(sa);

	if (getpeername(connected_fd, &sa.sa, &len) ||
	    addr_from_sockaddr(&sa, &exit.addr, &exit.port))
		return true; /* it isn't connected, and ends by itself */
	opinion = fwd_egress_judge(fwd, &exit);
	return policy_decision_answer(&opinion.decision)->verdict == POLICY_ALLOW;
}

static void judge_record(struct flow *flow, void *arg)
{
	struct judging *judging = arg;
	const struct fwd_table *fwd = worker_fwd(judging->worker);
	const uint8_t protocol = flow->key.protocol;
	struct tcp_flow *tcp = (struct tcp_flow *)flow;
	struct dgram_flow *dgram = (struct dgram_flow *)flow;

	if (protocol == IPPROTO_TCP) {
		if (!tcp->from_ns || tap_flow_stays(fwd, &flow->key, tcp->gate == TCP_GATE_DNS))
			return;
		tcp_flow_reset_both(tcp);
	} else if (protocol == UDP_LOCAL_PROTOCOL + SOCKET_HOST) {
		if (local_flow_stays(fwd, IPPROTO_UDP, flow->watch.fd))
			return;
		udp_local_close(flow);
	} else if (protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP ||
		   protocol == IPPROTO_ICMPV6) {
		if (dgram->from_outside || tap_flow_stays(fwd, &flow->key, dgram->asks))
			return;
		dgram_flow_close(dgram);
	} else {
		return;
	}
	judging->ended++;
}

static void judge_spliced(struct judging *judging)
{
	struct splice *splice = &judging->worker->splice;
	struct splice_sockets sockets;

	for (uint32_t i = 0; i < splice->touched; i++) {
		if (!splice_at(splice, i, &sockets) || sockets.to != SOCKET_HOST ||
		    local_flow_stays(worker_fwd(judging->worker), IPPROTO_TCP,
				     sockets.connected_fd))
			continue;
		splice_reset_at(splice, i);
		judging->ended++;
	}
}

/* In a pause. Return: how many had to end */
static uint32_t judge(struct worker *first)
{
	struct judging judging = { .ended = 0 };

	for (uint32_t i = 0; (judging.worker = worker_of(first, i)); i++) {
		flow_table_each(&judging.worker->flows, judge_record, &judging);
		judge_spliced(&judging);
	}
	return judging.ended;
}

/* --- the change ----------------------------------------------------------- */

static int apply(struct policy_change *change, struct policy *policy, uint32_t *ret_ended)
{
	struct worker *w = change->worker;
	struct policy_audit *audit = worker_fwd(w)->audit;
	const struct policy_pair policies = { { policy, worker_fwd(w)->narrow } };
	struct fwd_table *next;
	int rc = audit ? policy_audit_change(audit, policy)
		       : policy_audit_init(&change->audit, &policies);

	if (rc)
		return rc;
	next = forwarding_edit(&w->forwarding);
	next->policy = policy;
	next->audit = audit ? audit : &change->audit;
	forwarding_replace(&w->forwarding);
	policy_free(change->loaded);
	change->loaded = policy;
	*ret_ended = judge(w);
	return 0;
}

int policy_change_apply(struct policy_change *change, struct policy *policy, uint32_t *ret_ended)
{
	struct worker *w = change->worker;
	int rc;

	team_pause(w);
	if (w->team) /* decisions that others have told of are by the numbers of the old rules */
		worker_take_mail(w, clock_now_ns());
	rc = apply(change, policy, ret_ended);
	team_resume(w);
	return rc;
}

static void set_lans(struct policy_change *change, const struct policy_network *lans,
		     uint32_t count)
{
	const struct policy_pair policies = fwd_policies(worker_fwd(change->worker));
	uint32_t ended;

	if (!fwd_has_policy(worker_fwd(change->worker)))
		return;
	for (int i = 0; i < POLICY_PARTS; i++) {
		/* Const for those who judge by it, but nobody does just now */
		struct policy *policy = (struct policy *)policies.of[i];

		if (policy && policy_set_lans(policy, lans, count))
			log_warning("no memory for the networks that the host is connected to now");
	}
	ended = judge(change->worker);
	if (ended)
		log_info("%u flows ended: the policy denies them where the host is now", ended);
}

void policy_change_lans(struct policy_change *change, const struct policy_network *lans,
			uint32_t count)
{
	team_pause(change->worker);
	set_lans(change, lans, count);
	team_resume(change->worker);
}
