/* SPDX-License-Identifier: Apache-2.0
 *
 * A request of a client of the control socket, one line of words, as a value:
 *
 *	status
 *	counters
 *	flows [tcp|udp|ping] [local|tap] [addr ADDR] [port PORT] [limit N]
 *	forward list
 *	forward add|replace -t|-u|-T|-U SPEC
 *	forward rm -t|-u|-T|-U SPEC
 *	forward rm ID
 *	forward clear -t|-u|-T|-U ...
 *	begin
 *	commit
 *	abort
 *	policy show
 *	policy learnt
 *	policy load NAME
 *	policy test tcp|udp/ADDR|NAME:PORT, icmp/ADDR|NAME
 *	dns [reread]
 *	log [error|warning|info|debug|trace]
 *	capture
 *	capture start [packets N] [bytes N] [filter EXPRESSION]
 *	capture stop
 *	quit [now]
 *
 * The words of man/pasta-control.7. Addresses and numbers are read as on the command line. Pure:
 * whether and how it is carried out is for answer.h.
 */
#ifndef COMMON_CONTROL_REQUEST_H
#define COMMON_CONTROL_REQUEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/engine/flow_report.h"
#include "common/fwd/direction.h"
#include "common/link/pcap.h"
#include "common/policy/name.h"

/* A request's line, the newline included */
#define CONTROL_LINE_MAX 8192

/* Flows of one answer, unless the request says another number */
#define CONTROL_FLOWS_DEFAULT 100

enum control_verb {
	CONTROL_STATUS,
	CONTROL_COUNTERS,
	CONTROL_FLOWS,
	CONTROL_FORWARD_LIST,
	CONTROL_FORWARD, /* any change of the rules */
	CONTROL_BEGIN,
	CONTROL_COMMIT,
	CONTROL_ABORT,
	CONTROL_POLICY_SHOW,
	CONTROL_POLICY_TEST,
	CONTROL_POLICY_LOAD,
	CONTROL_POLICY_LEARNT,
	CONTROL_DNS,
	CONTROL_LOG,
	CONTROL_CAPTURE,
	CONTROL_QUIT,
};

/* Which flows are wanted; all zeroes: any */
struct control_flow_filter {
	bool has_kind, has_path, has_addr;
	enum flow_kind kind;
	bool local; /* from socket to socket; else by the tap */
	struct in6_addr addr; /* of any of the flow's ends */
	uint16_t port; /* likewise; 0: any */
	uint32_t limit;
};

enum control_forward_kind {
	CONTROL_FORWARD_ADD,
	CONTROL_FORWARD_REPLACE,
	CONTROL_FORWARD_REMOVE,
	CONTROL_FORWARD_CLEAR,
};

/* A change of the forwarding rules */
struct control_forward {
	enum control_forward_kind kind;
	bool cleared[FWD_DIRECTIONS]; /* CONTROL_FORWARD_CLEAR */
	enum fwd_direction direction; /* of @spec */
	uint32_t id; /* of the rule to be removed; 0: @spec says it */
	const char *spec; /* good, for fwd_spec_parse(); in the line that was parsed */
};

/* A flow that a policy is asked about */
struct control_policy_test {
	unsigned int protocol; /* POLICY_TCP, ... */
	char name[NAME_TEXT_MAX + 1]; /* "": it's to @addr */
	struct in6_addr addr;
	uint16_t port; /* 0 for ICMP */
};

enum control_capture_kind {
	CONTROL_CAPTURE_SHOW,
	CONTROL_CAPTURE_START,
	CONTROL_CAPTURE_STOP,
};

struct control_request {
	enum control_verb verb;
	struct control_forward forward; /* CONTROL_FORWARD */
	struct control_flow_filter flows; /* CONTROL_FLOWS */
	struct control_policy_test test; /* CONTROL_POLICY_TEST */
	const char *policy_name; /* CONTROL_POLICY_LOAD; in the line that was parsed */
	bool has_level; /* CONTROL_LOG: else it asks for it */
	enum log_level level;
	enum control_capture_kind capture; /* CONTROL_CAPTURE */
	struct pcap_wanted wanted; /* likewise: where it starts */
	bool reread; /* CONTROL_DNS: the list is to be read again */
	bool now; /* CONTROL_QUIT: what is under way is dropped */
};

/* control_request_parse() - the whole of @line, without its newline
 *
 * Return: 0, or -EINVAL with @err set, which quotes the word that is wrong
 */
int control_request_parse(const char *line, struct control_request *ret_request, struct err *err);

/* control_direction_option() - the option that a rule of the direction is given by, as "-t" */
const char *control_direction_option(enum fwd_direction direction);

/* control_level_name() - the word for it in requests and answers */
const char *control_level_name(enum log_level level);

#endif
