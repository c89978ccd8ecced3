/* SPDX-License-Identifier: Apache-2.0
 *
 * Which frames are wanted, in words that people know from tcpdump:
 *
 *	EXPRESSION = TEST | not TEST | EXPRESSION and EXPRESSION | EXPRESSION or EXPRESSION
 *	TEST       = PROTOCOL | [PROTOCOL] WHERE | ( EXPRESSION )
 *	PROTOCOL   = ip | ip6 | arp | tcp | udp | icmp | icmp6
 *	WHERE      = [src | dst] (host ADDR | net ADDR/LEN | port N | portrange N-N)
 *
 * "not" is for the one test behind it; "and" and "or" weigh the same and go from left to right. A
 * filter is a plain value of fixed size, whatever was asked for. Frames that can't be read have no
 * protocol, address or port. Pure.
 */
#ifndef COMMON_LINK_FRAME_FILTER_H
#define COMMON_LINK_FRAME_FILTER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/* Tests, and what joins them; results that wait for others are bits of one word */
#define FRAME_FILTER_STEPS_MAX 64

enum frame_step_kind {
	FRAME_STEP_TYPE, /* of the Ethernet header */
	FRAME_STEP_PROTOCOL, /* of the IP header, and the type */
	FRAME_STEP_NET,
	FRAME_STEP_PORTS,
	FRAME_STEP_NOT,
	FRAME_STEP_AND,
	FRAME_STEP_OR,
};

enum frame_side {
	FRAME_SIDE_ANY,
	FRAME_SIDE_SRC,
	FRAME_SIDE_DST,
};

struct frame_step {
	enum frame_step_kind kind;
	enum frame_side side; /* of an address or port */
	uint16_t type; /* ETH_P_*; 0: any */
	uint8_t protocol;
	uint8_t prefix_len; /* of @net, in its own family */
	uint16_t first, last; /* ports */
	struct in6_addr net;
};

/* In the order in which they are carried out: what joins results stands behind them */
struct frame_filter {
	uint32_t count; /* 0: all frames are wanted */
	struct frame_step steps[FRAME_FILTER_STEPS_MAX];
};

/* frame_filter_parse() - the whole of @text
 *
 * Return: 0; or -EINVAL or -E2BIG with @err set, which quotes the word that is wrong
 */
int frame_filter_parse(const char *text, struct frame_filter *ret_filter, struct err *err);

/* frame_filter_match() - whether a frame is wanted, from its Ethernet header on */
bool frame_filter_match(const struct frame_filter *filter, const uint8_t *frame, size_t len);

#endif
