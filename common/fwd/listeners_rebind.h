/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets that listen on one interface are bound to its number, not to its name: when it was
 * deleted and made again, or another one has its name now, they are deaf.
 */
#ifndef COMMON_FWD_LISTENERS_REBIND_H
#define COMMON_FWD_LISTENERS_REBIND_H

#include <stdint.h>

#include "common/fwd/listeners.h"

/* fwd_listeners_rebind() - those of the host's that are, if the name is there. They stay the same
 * to all who know them
 *
 * Return: how many could not be opened again, though the name is there
 */
uint32_t fwd_listeners_rebind(struct fwd_listeners *set);

#endif
