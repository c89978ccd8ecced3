/* SPDX-License-Identifier: Apache-2.0
 *
 * What a namespace gets that was made while the host had no network, or no way out, once the host
 * has: its addresses, routes, and a default route. A pure function from what the namespace has been
 * given and what it would be given now. Each is given once, so that what somebody has changed in
 * there by hand since then stays as it is; nothing is ever taken away.
 */
#ifndef COMMON_ENGINE_GROWTH_H
#define COMMON_ENGINE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/engine/addressing.h"

struct growth {
	/* What the family has been given when all of this is done. New addresses come first */
	struct addressing_family next;
	size_t added; /* so many addresses */
	bool default_route; /* by next's gateway, or as next.copy_routes says */
};

/* growth_is_possible() - whether there is anything that the family lacks */
bool growth_is_possible(const struct addressing_family *given);

/* growth_find() - what it gets now
 * @given:	so far
 * @now:	what it would be given at a start, by addressing_resolve()
 *
 * Return: false if that is nothing, and @ret_growth is untouched
 */
bool growth_find(const struct addressing_family *given, const struct addressing_family *now,
		 struct growth *ret_growth);

#endif
