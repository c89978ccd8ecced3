/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a flow is decided that comes to a forwarded port of the namespace, by its loopback: it goes
 * to the host's, to the same address there if it was a loopback address, as 127.0.0.53. Pure.
 */
#ifndef COMMON_FWD_FWD_LOCAL_H
#define COMMON_FWD_FWD_LOCAL_H

#include "common/fwd/fwd.h"

/* fwd_local() - decide a flow from the namespace to the host that doesn't take the tap
 * @arrival:	in the namespace's view
 * @ret_target:	set only for FWD_ALLOW
 */
enum fwd_verdict fwd_local(const struct fwd_table *table, const struct fwd_arrival *arrival,
			   struct fwd_target *ret_target);

#endif
