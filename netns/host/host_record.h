/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs no system call.
 *
 * What host.h says of the host's network, as a value of a fixed size that goes from one process to
 * another and can be compared as a whole: all that matters after a start. Routes are left out, and
 * so is what goes beyond its bounds, by which an address is marked as not all there is.
 */
#ifndef NETNS_HOST_HOST_RECORD_H
#define NETNS_HOST_HOST_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "netns/host/host.h"

#define HOST_RECORD_ADDRS_MAX 32 /* of a template */
#define HOST_RECORD_OWN_MAX 256

struct host_record_family {
	struct host_family values; /* its pointers are NULL */
	struct host_addr addrs[HOST_RECORD_ADDRS_MAX];
};

struct host_record {
	struct host_record_family ip4, ip6;
	uint32_t own_count;
	bool own_cut; /* there are more */
	uint32_t links;
	struct host_own own[HOST_RECORD_OWN_MAX];
};

/* host_record_make() - equal ones of equal hosts, byte by byte */
void host_record_make(const struct host *host, struct host_record *ret_record);

/* host_record_is_sound() - of one that another process has sent: whether it may be used at all */
bool host_record_is_sound(const struct host_record *record);

/* host_record_view() - the same as a struct host, without routes, which points into the record:
 * there is nothing to free
 */
void host_record_view(struct host_record *record, struct host *ret_host);

#endif
