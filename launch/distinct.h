/* SPDX-License-Identifier: Apache-2.0
 *
 * One address can't be two things: what leads to the host or is the way out can't be the
 * namespace's own address, since nothing that is sent there ever leaves the namespace. Pure; to be
 * asked when the namespace's addresses are known, as they may be copied from the host.
 */
#ifndef LAUNCH_DISTINCT_H
#define LAUNCH_DISTINCT_H

#include "common/base/err.h"
#include "common/engine/addressing.h"
#include "common/engine/config.h"
#include "launch/settings.h"

/* distinct_check() - compare gateway and mappings with the namespace's addresses
 * @config:	mappings that nobody has asked for, and that can't work, are taken out of fwd
 *
 * Two mappings may have one address, of which the loopback's counts: Podman adds its
 * --map-guest-addr whatever its user maps to the loopback.
 *
 * Return: 0, or -EINVAL with @err set when an option can't have its value
 */
int distinct_check(const struct settings *settings, const struct addressing *addressing,
		   struct config *config, struct err *err);

#endif
