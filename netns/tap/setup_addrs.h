/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace; netlink (route), by a socket in the namespace.
 *
 * Addresses of the namespace's interface, usable at once; and all that one family of it gets. At
 * start, and later on, by who has kept that right.
 */
#ifndef NETNS_TAP_SETUP_ADDRS_H
#define NETNS_TAP_SETUP_ADDRS_H

#include <netlink/netlink.h>
#include <stddef.h>

#include "common/base/err.h"
#include "netns/tap/setup_family.h"

/* setup_address() - add one address, usable at once; one that is there stays as it is
 * @flags:	IFA_F_*
 *
 * Return: 0 or -NLE_*
 */
int setup_address(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *a,
		  unsigned int flags);

/* setup_address_again() - likewise, but one that is there becomes as it is here */
int setup_address_again(struct nl_sock *sk, unsigned int ifindex, const struct setup_addr *a,
			unsigned int flags);

enum setup_outcome {
	SETUP_DONE,
	SETUP_FAMILY_ABSENT, /* the interface can't have such addresses: there are none */
};

/* setup_addresses() - the first @count addresses of a family; its other ones and its routes matter
 * for how that is done
 *
 * Return: enum setup_outcome, or -errno with @err set
 */
int setup_addresses(struct nl_sock *sk, unsigned int ifindex, const struct setup_family *family,
		    size_t count, struct err *err);

/* setup_family_apply() - all addresses of a family, then its routes. Nothing happens if the
 * interface can't have the family
 *
 * Return: 0, or -errno with @err set
 */
int setup_family_apply(struct nl_sock *sk, unsigned int ifindex, const struct setup_family *family,
		       struct err *err);

#endif
