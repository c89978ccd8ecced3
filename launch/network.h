/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the two halves meet: what netns/ reports of the host becomes the addressing rules' input,
 * and what they decide becomes what netns/ sets up. Values are copied, never shared, except for
 * the opaque list of routes.
 */
#ifndef LAUNCH_NETWORK_H
#define LAUNCH_NETWORK_H

#include "common/base/err.h"
#include "common/engine/addressing.h"
#include "common/engine/config.h"
#include "common/engine/host_change.h"
#include "launch/settings.h"
#include "netns/host/host.h"
#include "netns/start/setup.h"

/* A set-up request and the arrays that it points to: not to be copied */
struct network_setup {
	struct setup_request request;
	struct setup_addr addrs4[ADDRESSING_ADDRS_MAX];
	struct setup_addr addrs6[ADDRESSING_ADDRS_MAX];
};

/* network_request() - what of the host the user's choices are about */
struct host_request network_request(const struct settings *settings);

/* network_look() - look at the host with the user's choices, and check what they name there
 *
 * Return: 0 with *ret_host to be freed by host_fini(); or -errno with @err set
 */
int network_look(const struct settings *settings, struct host *ret_host, struct err *err);

/* network_resolve() - apply the addressing rules to @host
 *
 * Return: 0, or -errno with @err set
 */
int network_resolve(const struct settings *settings, const struct host *host,
		    struct addressing *ret_addressing, struct config *config, struct err *err);

/* network_state() - the host as the engine is to know it when it has changed, by the same rules
 * @host:	of a host_record, whose bounds it has
 * @ret_addressing:	what a namespace would be given at a start now
 *
 * Return: 0 or -ENOMEM
 */
int network_state(const struct settings *settings, const struct host *host,
		  struct addressing *ret_addressing, struct host_state *ret_state);

/* The metric of local mode's default route, where another may come: behind any other */
#define NETWORK_LOCAL_METRIC 65535

/* network_default_metric() - of a family's default route alone; 0: the kernel's */
uint32_t network_default_metric(const struct settings *settings,
				const struct addressing_family *family);

/* network_setup_addrs() - a family's addresses, as setting them up takes them */
void network_setup_addrs(const struct addressing_family *family,
			 struct setup_addr addrs[ADDRESSING_ADDRS_MAX]);

/* network_setup_make() - what is to be set up in the namespace, its tap's index still missing */
void network_setup_make(const struct settings *settings, const struct host *host,
			const struct addressing *addressing, struct network_setup *ret_setup);

/* network_summary() - say at info level what the namespace has got */
void network_summary(const struct settings *settings, const struct host *host,
		     const struct addressing *addressing, const struct config *config);

#endif
