/* SPDX-License-Identifier: Apache-2.0
 *
 * What a protocol's flows work with: what is the worker's, and what the protocol and others have to
 * say of them. Here is also counted and told what becomes of packets that no flow carries. The
 * protocol's struct embeds a struct dgram_env.
 */
#ifndef COMMON_DGRAM_DGRAM_ENV_H
#define COMMON_DGRAM_DGRAM_ENV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/dgram/dgram_shares.h"
#include "common/flow/flow.h"
#include "common/flow/timer.h"
#include "common/fwd/fwd.h"
#include "common/fwd/questions.h"
#include "common/fwd/refusals.h"
#include "common/link/fragment.h"
#include "common/link/link.h"
#include "common/service/icmp_error.h"
#include "common/wire/ip.h"

enum dgram_drop {
	DGRAM_DROP_MALFORMED, /* a header that makes no sense */
	DGRAM_DROP_CHECKSUM,
	DGRAM_DROP_TYPE, /* an ICMP message other than echo */
	DGRAM_DROP_TTL, /* 0: ends here, as at a router */
	DGRAM_DROP_REFUSED, /* by fwd_to_host() */
	DGRAM_DROP_TABLE_FULL,
	DGRAM_DROP_NO_SOCKET, /* out of descriptors or memory, or forbidden */
	DGRAM_DROP_UNREACHABLE, /* connect() or send() reported an error; so did we */
	DGRAM_DROP_SOCKET_FULL, /* the socket's send buffer, or a queue behind it */
	DGRAM_DROP_LINK, /* towards the namespace: the link did not take it */
	DGRAM_DROP_ANSWER, /* towards the namespace: nothing that this flow asked for */
	DGRAM_DROP_COUNT,
};

struct dgram_flow;
struct dgram_origin;

/* Whether a flow uses a socket that others use too */
enum dgram_sharing_outcome {
	DGRAM_SHARES_NONE, /* it gets its own */
	DGRAM_SHARES,
	DGRAM_SHARES_ELSEWHERE, /* another worker has that socket, and is to have the flow */
};

struct dgram_env {
	struct link *link;
	struct flow_table *flows;
	struct loop *loop;
	struct timer_wheel *timers;
	const struct fwd_table *fwd;
	struct icmp_error_limit *errors; /* the worker's, shared by all protocols */
	struct fwd_refusals *refusals; /* likewise */
	struct fragment_ids *fragment_ids; /* likewise */
	struct dgram_shares *shares; /* likewise */
	/* What became of a query to a resolver: @asked_ns is when, if it was not answered, else 0.
	 * May put another table into @fwd. NULL: nobody asks
	 */
	void (*resolver_result)(struct dgram_env *env, const struct in6_addr *resolver,
				uint16_t port, uint64_t asked_ns, uint64_t now_ns);
	/* Set by the protocol */
	watch_fn ready; /* events of a flow's socket */
	/* Which socket of others' a flow may use; NULL: it gets its own. Who is told of one leaves
	 * it again, if it's mapped: see dgram_mapping.h
	 */
	enum dgram_sharing_outcome (*share)(struct dgram_env *env, const struct flow_key *key,
					    const struct fwd_target *target,
					    struct dgram_origin *ret_origin);
	void (*leave)(struct dgram_env *env, const struct dgram_origin *origin);
	watch_fn mapped_ready; /* events of a mapping's socket; NULL: there are none */
	uint32_t mapping_serial; /* the last one's */
	uint32_t moves; /* of the host's: after each, flows look where they go */
	/* Where a flow that the namespace opens goes, if it belongs to another one; NULL: none does
	 */
	void (*redirect)(const struct dgram_env *env, const struct flow_key *key,
			 struct fwd_target *target);
	/* Give a packet that begins a flow of @key to the worker that is to have it. Return: false:
	 * that's this one; NULL: there's no other one
	 */
	bool (*pass)(struct dgram_env *env, const struct flow_key *key,
		     const struct link_frame *frame, const struct ip_packet *ip);
	bool raced; /* a flow could not be opened because another worker has got it meanwhile */
	/* A flow has got a socket: its own, another one, or a listening one; NULL: nobody asks */
	void (*has_socket)(struct dgram_flow *f);
	/* An error came for a flow with @dns set. Return: whether it need not be reported */
	bool (*query_failed)(struct dgram_flow *f, uint64_t now_ns);
	struct fwd_questions *questions; /* the worker's */
	uint32_t idle_stream_ms; /* how long flows stay that have become streams */
	/* Kept here */
	uint64_t drops[DGRAM_DROP_COUNT];
	uint64_t opened, closed;
	struct log_limit table_limit, socket_limit, refused_limit;
	_Atomic bool *ping_refused; /* and said so; several may have it together. Ping's alone */
};

/* dgram_drop() - count (and trace) @count datagrams that go no further */
void dgram_drop(struct dgram_env *env, enum dgram_drop reason, uint32_t count);

/* dgram_refused() - a packet may open no flow: count it, and tell the namespace if @verdict is told
 * @ip:		NULL: the flow is open, and nobody is told
 */
void dgram_refused(struct dgram_env *env, const struct flow_key *key, const struct ip_packet *ip,
		   enum fwd_verdict verdict, uint64_t now_ns);

/* dgram_unreachable() - the network's answer to connect(), passed on for the packet that caused it
 * @code:	-errno, or DGRAM_BROADCAST
 */
void dgram_unreachable(struct dgram_env *env, const struct ip_packet *ip, int code,
		       uint64_t now_ns);

#endif
