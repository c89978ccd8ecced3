/* SPDX-License-Identifier: Apache-2.0
 *
 * The text that names ports to forward, as a value:
 *
 *	spec  = none | auto | all | [ADDR][%IFACE]/ports | ports
 *	ports = item,item...	(nothing: all)
 *	item  = FIRST[-LAST][:[TOADDR/]TOFIRST[-TOLAST]] | FIRST[-LAST]:TOADDR | ~FIRST[-LAST] |
 *		all[:TOADDR] | auto
 *
 * Blanks may stand around each item, IPv6 addresses with or without brackets. Without, what is in
 * front of the first slash is the address to listen on whenever it can be one: "2001:db8::1/80"
 * listens on 2001:db8::1, while "2001:[db8::1]/80" maps port 2001. A value says what was written;
 * what it means together with others is for rules.h. Pure, nothing is allocated.
 */
#ifndef COMMON_FWD_SPEC_H
#define COMMON_FWD_SPEC_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"

/* Items of one spec */
#define FWD_SPEC_ITEMS_MAX 256

/* Ports from @first to @last, both included; never empty */
struct fwd_range {
	uint16_t first, last;
};

/* What a listening socket is bound to, its port aside */
struct fwd_listen {
	int family; /* AF_UNSPEC: both, @addr is unspecified; else that of @addr */
	struct in6_addr addr; /* may be 0.0.0.0 or :: */
	char ifname[IFNAMSIZ]; /* "": any interface; zeroes after the name */
};

enum fwd_item_kind {
	FWD_ITEM_RANGE,
	FWD_ITEM_EXCLUDE,
	FWD_ITEM_ALL,
};

struct fwd_item {
	enum fwd_item_kind kind;
	struct fwd_range ports; /* FWD_ITEM_ALL: 1 to 65535 */
	uint16_t to_first; /* where @ports.first goes, the others follow it; excluded ports: same */
	struct in6_addr to_addr; /* unspecified: none was given */
};

enum fwd_spec_mode {
	FWD_SPEC_NONE, /* no items */
	FWD_SPEC_AUTO, /* "auto" and nothing else: no items, @automatic */
	FWD_SPEC_ALL, /* "all" and nothing else: one item */
	FWD_SPEC_LIST,
};

struct fwd_spec {
	enum fwd_spec_mode mode;
	struct fwd_listen listen;
	bool automatic; /* "auto" is in the list, or all of it */
	uint32_t count;
	struct fwd_item items[FWD_SPEC_ITEMS_MAX];
};

/* fwd_range_overlap() - whether any port is in both */
static inline bool fwd_range_overlap(struct fwd_range a, struct fwd_range b)
{
	return a.first <= b.last && b.first <= a.last;
}

/* fwd_range_count() - ports in it */
static inline uint32_t fwd_range_count(struct fwd_range range)
{
	return (uint32_t)range.last - range.first + 1;
}

/* fwd_spec_parse() - the whole of @text
 *
 * Return: 0, -EINVAL, or -E2BIG for too many items; the error quotes the piece that is wrong, and
 * *ret_spec is untouched
 */
int fwd_spec_parse(const char *text, struct fwd_spec *ret_spec, struct err *err);

#endif
