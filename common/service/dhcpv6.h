/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCPv6 server (RFC 8415) of a link with one address to lease, the namespace's own, to
 * whoever asks; with none (local mode) it still answers, and says so. So nothing has to be
 * remembered: this keeps no state. Temporary addresses and prefixes are refused.
 */
#ifndef COMMON_SERVICE_DHCPV6_H
#define COMMON_SERVICE_DHCPV6_H

#include "common/link/link.h"
#include "common/service/autoconf_config.h"
#include "common/wire/ip.h"

/* dhcpv6_input() - handle a datagram to the servers' port, to all servers or to us
 * @frame:	that @ip came in
 */
enum autoconf_outcome dhcpv6_input(struct link *link, const struct autoconf_offer *offer,
				   const struct link_frame *frame, const struct ip_packet *ip);

#endif
