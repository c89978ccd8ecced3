/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fwd/host_addrs.h"

#include <string.h>

#include "common/base/addr.h"

/* Where it is, or would have to be */
static uint32_t place_of(const struct fwd_host_addrs *own, const struct in6_addr *addr)
{
	uint32_t from = 0, to = own->count;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (memcmp(&own->addrs[mid], addr, sizeof(*addr)) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool is_at(const struct fwd_host_addrs *own, uint32_t place, const struct in6_addr *addr)
{
	return place < own->count && addr_equal(&own->addrs[place], addr);
}

void fwd_host_addrs_add(struct fwd_host_addrs *own, const struct in6_addr *addr)
{
	uint32_t place = place_of(own, addr);

	if (is_at(own, place, addr))
		return;
	if (own->count == FWD_HOST_ADDRS_MAX) {
		own->cut = true;
		return;
	}
	memmove(&own->addrs[place + 1], &own->addrs[place],
		(own->count - place) * sizeof(own->addrs[0]));
	own->addrs[place] = *addr;
	own->count++;
}

bool fwd_host_addrs_has(const struct fwd_host_addrs *own, const struct in6_addr *addr)
{
	return is_at(own, place_of(own, addr), addr);
}

bool fwd_host_addrs_equal(const struct fwd_host_addrs *a, const struct fwd_host_addrs *b)
{
	return a->count == b->count && a->cut == b->cut &&
	       !memcmp(a->addrs, b->addrs, a->count * sizeof(a->addrs[0]));
}

static void lost_remove(struct fwd_host_lost *lost, uint32_t index, uint32_t count)
{
	lost->count -= count;
	memmove(&lost->items[index], &lost->items[index + count],
		(lost->count - index) * sizeof(lost->items[0]));
}

void fwd_host_lost_update(struct fwd_host_lost *lost, const struct fwd_host_addrs *before,
			  const struct fwd_host_addrs *now, uint64_t due_ns)
{
	uint32_t i = 0;

	while (i < lost->count) {
		if (fwd_host_addrs_has(now, &lost->items[i].addr))
			lost_remove(lost, i, 1);
		else
			i++;
	}
	if (now->cut) /* it may be among the others */
		return;
	for (i = 0; i < before->count; i++) {
		if (fwd_host_addrs_has(now, &before->addrs[i]))
			continue;
		if (lost->count == FWD_HOST_LOST_MAX)
			lost_remove(lost, 0, 1);
		lost->items[lost->count].addr = before->addrs[i];
		lost->items[lost->count++].due_ns = due_ns;
	}
}

void fwd_host_lost_take(struct fwd_host_lost *lost, uint64_t now_ns,
			struct fwd_host_addrs *ret_gone)
{
	uint32_t due = 0;

	*ret_gone = (struct fwd_host_addrs){ .count = 0 };
	for (; due < lost->count && lost->items[due].due_ns <= now_ns; due++)
		fwd_host_addrs_add(ret_gone, &lost->items[due].addr);
	lost_remove(lost, 0, due);
}

uint64_t fwd_host_lost_next_ns(const struct fwd_host_lost *lost)
{
	return lost->count ? lost->items[0].due_ns : 0;
}
