/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking the inner side where one of its addresses is, by ARP or neighbour solicitation. The answer
 * is a frame like any other, which link/neighbours.h learns from. Asked only where nobody has been
 * heard of for a while: for connections to the namespace, and what it doesn't acknowledge.
 */
#ifndef COMMON_SERVICE_ASK_H
#define COMMON_SERVICE_ASK_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/link/link.h"

/* ask_where() - send the question for @addr, if there is doubt. What fails is as good as lost */
void ask_where(struct link *link, const struct in6_addr *addr, uint64_t now_ns);

#endif
