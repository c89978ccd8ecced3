/* SPDX-License-Identifier: Apache-2.0
 *
 * A lookup for each address of the namespace: most have one, and all this costs one comparison
 * then.
 */
#include "common/udp/udp_twin.h"

#include "common/base/addr.h"

static struct udp_flow *twin_at(const struct dgram_env *env, const struct flow_key *key,
				const struct in6_addr *ns)
{
	struct flow_key twin = *key;
	struct udp_flow *f;

	if (addr_equal(ns, &key->ns))
		return NULL;
	twin.ns = *ns;
	f = (void *)flow_lookup(env->flows, &twin);
	return f && f->dgram.from_outside && f->dgram.origin.listener && dgram_fd(&f->dgram) >= 0
		       ? f
		       : NULL;
}

static bool is_unicast(const struct in6_addr *a)
{
	return !addr_is_unspecified(a) && !addr_is_loopback(a) && !addr_is_multicast(a);
}

struct udp_flow *udp_twin_find(const struct dgram_env *env, const struct flow_key *key)
{
	const struct fwd_table *fwd = env->fwd;
	const struct fwd_family *family = fwd_family_of(fwd, &key->remote);
	struct udp_flow *f;

	if (!is_unicast(&key->ns)) /* no source that fwd_to_host() would let pass */
		return NULL;
	f = twin_at(env, key, &family->ns_addr);
	if (f || !fwd->ns_addrs_set)
		return f;
	for (uint32_t i = 0; !f && i < family->ns_addr_count; i++)
		f = twin_at(env, key, &family->ns_addrs[i]);
	return f;
}
