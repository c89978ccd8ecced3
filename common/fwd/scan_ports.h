/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scan knows of the ports of one direction, set by set. Nearly all of it is empty nearly
 * always, so some bits at the front tell where anything is: what was never used is not even looked
 * at, and none of its pages is ever there. All zeroes are empty sets. Pure.
 */
#ifndef COMMON_FWD_SCAN_PORTS_H
#define COMMON_FWD_SCAN_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/fwd/rules.h"
#include "common/fwd/spec.h"

#define FWD_SCAN_FAMILIES 2 /* IPv4, IPv6 */

/* Sets by where ports are listened on, see struct fwd_place */
enum fwd_scan_set {
	FWD_SCAN_IP4, /* where rules say, or anywhere on the host */
	FWD_SCAN_IP6,
	FWD_SCAN_LO4, /* 127.0.0.1 of the namespace */
	FWD_SCAN_LO6,
	FWD_SCAN_ALL_LO4, /* all of 127.0.0.0/8 */
};
#define FWD_SCAN_SETS 5

/* Each stands for as many sets as there are families, or places: they follow one another */
enum fwd_scan_ports_set {
	FWD_SCAN_FIRST, /* what listens there on 127.0.0.1, ::1 */
	FWD_SCAN_LOOPBACK = FWD_SCAN_FIRST + FWD_SCAN_FAMILIES, /* for loopback addresses, these or
								 * others */
	FWD_SCAN_ASSIGNED = FWD_SCAN_LOOPBACK + FWD_SCAN_FAMILIES, /* for those that the namespace
								    * was given */
	FWD_SCAN_ANY = FWD_SCAN_ASSIGNED + FWD_SCAN_FAMILIES, /* for any address */
	FWD_SCAN_TARGETS = FWD_SCAN_ANY + FWD_SCAN_FAMILIES, /* ports whose rule's target listens */
	FWD_SCAN_FOUND_END = FWD_SCAN_TARGETS + FWD_SCAN_FAMILIES,
	FWD_SCAN_WANTED = FWD_SCAN_FOUND_END,
	FWD_SCAN_OPEN = FWD_SCAN_WANTED + FWD_SCAN_SETS, /* automatic ports that are */
	FWD_SCAN_FAILED = FWD_SCAN_OPEN + FWD_SCAN_SETS, /* could not be opened lately */
	FWD_SCAN_PARTLY = FWD_SCAN_FAILED + FWD_SCAN_SETS, /* of those open: not for every rule */
	FWD_SCAN_PORTS_END = FWD_SCAN_PARTLY + FWD_SCAN_SETS,
};

struct fwd_scan_ports {
	uint64_t used[FWD_SCAN_PORTS_END]; /* a bit for 1024 ports, of which one is in it, or was */
	struct fwd_portmap map[FWD_SCAN_PORTS_END];
};

/* fwd_scan_ports_word() - 64 ports at once. Return: those of @set from @w * 64 on */
uint64_t fwd_scan_ports_word(const struct fwd_scan_ports *ports, uint32_t set, uint32_t w);

/* fwd_scan_ports_next() - where to look for the next that is in @set
 *
 * Return: an index for fwd_scan_ports_word(), @w or more, below which there is none; what is there
 * may be none, too. FWD_SCAN_WORDS: there is none any more
 */
#define FWD_SCAN_WORDS (65536 / 64)
uint32_t fwd_scan_ports_next(const struct fwd_scan_ports *ports, uint32_t set, uint32_t w);

bool fwd_scan_ports_has(const struct fwd_scan_ports *ports, uint32_t set, uint16_t port);
void fwd_scan_ports_add(struct fwd_scan_ports *ports, uint32_t set, uint16_t port);
void fwd_scan_ports_remove(struct fwd_scan_ports *ports, uint32_t set, uint16_t port);

/* fwd_scan_ports_add_all() - those of @from that are in @range */
void fwd_scan_ports_add_all(struct fwd_scan_ports *ports, uint32_t set, uint32_t from,
			    struct fwd_range range);

/* fwd_scan_ports_subtract() - those that are in @without */
void fwd_scan_ports_subtract(struct fwd_scan_ports *ports, uint32_t set, uint32_t without);

/* fwd_scan_ports_clear() - all sets from @first to before @end */
void fwd_scan_ports_clear(struct fwd_scan_ports *ports, uint32_t first, uint32_t end);

#endif
