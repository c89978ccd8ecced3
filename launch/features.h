/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernel features that are newer than the oldest kernel we run on: probed at start, shown at debug
 * level, taken away one by one with --debug-disable so that every fallback can be run anywhere.
 */
#ifndef LAUNCH_FEATURES_H
#define LAUNCH_FEATURES_H

#include <stdbool.h>

#include "launch/settings.h"

/* features_tcp_peek_off() - whether TCP sockets take SO_PEEK_OFF, of both families (those that the
 * kernel has): Linux 6.9, for IPv6 6.11
 */
bool features_tcp_peek_off(void);

/* features_wanted() - whether the user has left @feature on */
bool features_wanted(const struct settings *settings, enum settings_disable feature);

#endif
