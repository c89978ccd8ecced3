/* SPDX-License-Identifier: Apache-2.0
 *
 * Asked for each new flow, so it is a few operations.
 */
#include "common/dgram/dgram_shares.h"

#include "common/base/util.h"

#define PARTS 4

uint32_t dgram_shares_max(const struct dgram_shares *shares)
{
	uint32_t used = shares->listeners ? shares->listeners->used : 0;
	uint32_t left = shares->max_fds > used ? shares->max_fds - used : 0;

	return MAX(1U, MIN(left, shares->max_flows) / PARTS);
}

uint32_t dgram_shares_count(const struct dgram_shares *shares, const struct flow_share *share)
{
	if (shares->sharing && share == &shares->to_host)
		return shares->sharing->count(shares);
	return flow_share_count(share);
}
