/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's network has changed while the engine runs. By what it is like now, the next forwarding
 * table is made and put in force between batches: what stays the same in the namespace stays, its
 * own address and the gateway's. Flows are told to look where they go at their next datagram; TCP
 * connections whose address the host has lost for good are reset on both sides; listening sockets
 * of interfaces that have come back are opened anew; and the policy judges by the networks that the
 * host is connected to now. What is not affected goes on untouched.
 */
#ifndef COMMON_ENGINE_HOST_CHANGE_H
#define COMMON_ENGINE_HOST_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/engine/addressing.h"
#include "common/engine/config.h"
#include "common/flow/timer.h"
#include "common/fwd/host_addrs.h"
#include "common/policy/network.h"

struct worker;
struct policy_change;

/* How long an address may be gone before TCP connections that have it end */
#define HOST_CHANGE_LOST_MS 5000

/* The host's network, as far as the engine is concerned */
struct host_state {
	/* By the addressing rules: what sockets are bound to, scopes, and the host's addresses are
	 * taken from here, unless there are none
	 */
	struct fwd_family ip4, ip6;
	struct fwd_host_addrs own;
	uint32_t lan_count; /* of @own's networks */
	struct policy_network lans[FWD_HOST_ADDRS_MAX];
	uint32_t links; /* another value: interfaces have come, gone, or got other names */
	uint32_t routes; /* likewise: of routes */
};

struct host_change {
	struct worker *worker;
	struct policy_change *policy;
	struct config *config; /* the engine's: @lans for policies to come */
	struct host_state state; /* in force */
	struct fwd_host_lost lost;
	uint64_t links_due_ns; /* when interfaces that are gone won't come back; 0: none is gone */
	struct timer timer;
	bool to_ask; /* the machine has slept, and has had no network since */
	struct timer asked; /* set as long as peers are asked whether they're still there */
	uint64_t reset; /* connections so far */
	struct log_limit listen_limit;
};

/* host_change_init() - @start: what the configuration was made of */
void host_change_init(struct host_change *change, struct worker *worker,
		      struct policy_change *policy, struct config *config);
void host_change_start(struct host_change *change, const struct host_state *start);

/* host_change_apply() - have another state hold */
void host_change_apply(struct host_change *change, const struct host_state *state, uint64_t now_ns);

/* host_change_grow() - the namespace has been given more of a family: what comes from outside goes
 * to its new address, and who configures itself is told
 * @given:	all that it has been given now
 *
 * What leads to the host's loopback stays what it is. A guest is believed when it uses the address.
 */
void host_change_grow(struct host_change *change, bool ipv4, const struct addressing_family *given,
		      uint64_t now_ns);

/* host_change_mirror() - it has just that of a family now, and nothing of what it had. The gateway
 * that it has leads to the host's loopback now, if one did by the rules: unless there is none
 */
void host_change_mirror(struct host_change *change, bool ipv4,
			const struct addressing_family *given, uint64_t now_ns);

/* host_change_awake() - the machine has slept, or its clock was set: resolvers are tried anew,
 * flows look where they go, and TCP connections ask whether their other end is still there, as soon
 * as there is a network
 */
void host_change_awake(struct host_change *change, uint64_t now_ns);

#endif
