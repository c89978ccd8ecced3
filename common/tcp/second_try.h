/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to the host's loopback that went by the tap, as an IPv6 one does where the namespace
 * has a link-local address only, and was refused in there: "localhost" is the other family as well,
 * so the client's socket is handed to the spliced path, to be connected to that. It has given and
 * got nothing yet.
 *
 * And one that is not answered in the namespace, which has another address since then: a client
 * that takes a new lease has none for a moment.
 */
#ifndef COMMON_TCP_SECOND_TRY_H
#define COMMON_TCP_SECOND_TRY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tcp/record.h"

/* tcp_second_try() - @f, which was being opened to the namespace, was refused there
 *
 * Return: true if its socket has gone elsewhere, and only the record is left to be freed
 */
bool tcp_second_try(struct tcp_flow *f, uint64_t now_ns);

/* tcp_second_address() - @f, which is being opened to the namespace, is not answered
 * @ret_key:	the ends that it is to have instead, which no other connection has
 *
 * Return: its socket, taken out of it; or -1: it's to be asked again where it was
 */
int tcp_second_address(struct tcp_flow *f, struct flow_key *ret_key);

#endif
