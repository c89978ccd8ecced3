/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's configuration: complete, const, made once before the engine starts.
 */
#ifndef COMMON_ENGINE_CONFIG_H
#define COMMON_ENGINE_CONFIG_H

#include <stdint.h>

#include "common/base/resolv.h"
#include "common/base/sockets.h"
#include "common/engine/dns_rules.h"
#include "common/fwd/fwd.h"
#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"
#include "common/link/link.h"
#include "common/service/autoconf_config.h"

struct config {
	struct link_config link;
	struct socket_source sockets; /* for both namespaces */
	const struct policy_network *lans; /* that the host is connected to; for policies to come */
	uint32_t lan_count;
	enum policy_sni policy_sni; /* likewise */
	struct fwd_table fwd; /* at start, and without DNS: see forwarding.h */
	const struct fwd_rules *rules; /* finished; NULL: no port is forwarded */
	struct fwd_range ephemeral; /* ports that the host's kernel gives to clients */
	struct fwd_listeners *listeners; /* opened by @rules, used by the engine; NULL: likewise */
	struct autoconf_config autoconf;
	struct dns_config dns;
	struct resolv resolv; /* the host's resolv.conf, as last heard of */
	bool workers_rest; /* while one has little to do, the others' queues are its own: duty.h */
	uint32_t busy_poll_us; /* longest time to poll before sleeping, 0: never poll */
	uint32_t max_flows; /* records in the flow table */
	uint32_t max_fds; /* descriptors for flows and listening sockets */
	bool ndp; /* answer neighbour solicitations */
	bool tcp_peek_off; /* TCP sockets take SO_PEEK_OFF (Linux 6.9) */
};

#endif
