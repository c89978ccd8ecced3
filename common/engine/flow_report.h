/* SPDX-License-Identifier: Apache-2.0
 *
 * Any flow as a value, for whoever wants to see it: all that its record knows, and what the kernel
 * knows of its sockets. Next to nothing is counted or kept for this: who looks pays, with a few
 * system calls a flow.
 */
#ifndef COMMON_ENGINE_FLOW_REPORT_H
#define COMMON_ENGINE_FLOW_REPORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum flow_kind {
	FLOW_TCP,
	FLOW_UDP,
	FLOW_PING,
};
#define FLOW_KINDS 3

/* An end of the flow; unspecified: not known */
struct flow_end {
	struct in6_addr addr;
	uint16_t port; /* of FLOW_PING: the identifier, or 0 */
};

struct flow_report {
	enum flow_kind kind;
	bool local; /* from socket to socket; else by the tap */
	struct flow_end ns, remote; /* as in the namespace: its program, and who that talks to */
	struct flow_end own, peer; /* as on the host: our socket, and who that talks to */
	const char *state; /* a word */
	uint64_t inode; /* of our socket on the host; 0: there is none (any more) */
	uint32_t rule_id; /* of the forwarding rule that let it in; 0: none */
	bool has_counts; /* of TCP, the kernel counts */
	uint64_t to_host_bytes, to_ns_bytes; /* payload */
	uint64_t to_host_packets, to_ns_packets; /* of TCP: segments on the host's side */
	uint64_t age_ms; /* since it was opened */
	bool has_idle;
	uint64_t idle_ms; /* since something was last seen either way */
};

struct worker;

/* flow_kind_name() - a word */
const char *flow_kind_name(enum flow_kind kind);

/* flow_report_end() - flows have numbers below this; not all of the numbers have one */
uint32_t flow_report_end(const struct worker *worker);

/* flow_report_at() - the flow that has the number now
 *
 * Return: whether there is one
 */
bool flow_report_at(const struct worker *worker, uint32_t number, uint64_t now_ns,
		    struct flow_report *ret_report);

#endif
