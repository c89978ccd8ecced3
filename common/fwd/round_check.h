/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether any of the listening sockets that are open would send what comes to it round in a circle:
 * asked when rules are about to take effect, at start and later.
 */
#ifndef COMMON_FWD_ROUND_CHECK_H
#define COMMON_FWD_ROUND_CHECK_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"

/* fwd_round_check() - no port may lead back to itself
 * @rules:		those that the sockets were opened by
 * @ret_rule_id:	if it fails, the later one of the two rules
 *
 * Where a rule that takes what it can get ("all", or another option's ports) is part of it, that
 * one gives way, which is said.
 *
 * Return: 0, or -ELOOP with @err set: both rules are named
 */
int fwd_round_check(const struct fwd_table *table, struct fwd_listeners *set,
		    const struct fwd_rules *rules, uint32_t *ret_rule_id, struct err *err);

#endif
