/* SPDX-License-Identifier: Apache-2.0
 *
 * What a namespace gets, and loses, when the host has another network than when it was made. Two
 * pure functions of what it has been given and what it would be given now. One adds what it lacked,
 * because the host had no network then, or no way out: addresses, routes, and a default route, each
 * once, so that what somebody has changed in there by hand since then stays as it is; nothing is
 * ever taken away. The other has it be like the host is now, local mode included.
 */
#ifndef COMMON_ENGINE_GROWTH_H
#define COMMON_ENGINE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/engine/addressing.h"

struct growth {
	/* What the family has been given when all of this is done. Those that it lacked come first
	 */
	struct addressing_family next;
	bool default_route; /* of next: by its gateway, or as its copy_routes says */
	bool moved; /* it is known by another address, or it has come to local mode or left it */
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

/* growth_mirror() - what it is to have now, all of it
 *
 * Return: false if that is what it has, and @ret_growth says so
 */
bool growth_mirror(const struct addressing_family *given, const struct addressing_family *now,
		   struct growth *ret_growth);

#endif
