/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCPv4 server (RFC 2131, RFC 4039) of a link with one address to lease, the namespace's own,
 * to whoever asks. So nothing has to be remembered: this keeps no state. The server's name is the
 * gateway's address.
 */
#ifndef COMMON_SERVICE_DHCP_H
#define COMMON_SERVICE_DHCP_H

#include "common/link/link.h"
#include "common/service/autoconf_config.h"
#include "common/wire/ip.h"

/* dhcp_input() - handle a datagram to the server's port
 * @frame:	that @ip came in
 */
enum autoconf_outcome dhcp_input(struct link *link, const struct autoconf_offer *offer,
				 const struct link_frame *frame, const struct ip_packet *ip);

#endif
