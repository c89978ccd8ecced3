/* SPDX-License-Identifier: Apache-2.0
 *
 * How much the engine may use: what the limits of the process allow decides the size of its tables.
 */
#ifndef LAUNCH_LIMITS_H
#define LAUNCH_LIMITS_H

#include "common/engine/config.h"
#include "launch/settings.h"

/* limits_apply() - fill in descriptors, flows and polling, and which kernel features are used
 *
 * Raises the limit on descriptors as far as it can be: what keeps its caller's was made before.
 */
void limits_apply(const struct settings *settings, struct config *config);

#endif
