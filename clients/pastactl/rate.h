/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes a second, of what is counted and looked at twice. Pure.
 */
#ifndef CLIENTS_PASTACTL_RATE_H
#define CLIENTS_PASTACTL_RATE_H

#include <jansson.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/util.h"

/* rate_add() - put one into @object
 * @before, @now:	what was counted; less than before: it has begun anew
 * @passed_ns:		between them; not 0
 */
static inline void rate_add(json_t *object, const char *name, json_int_t before, json_int_t now,
			    uint64_t passed_ns)
{
	double bytes = (double)MAX(now - before, 0);

	json_object_set_new(
		object, name,
		json_integer((json_int_t)(bytes * (double)NS_PER_S / (double)passed_ns)));
}

#endif
