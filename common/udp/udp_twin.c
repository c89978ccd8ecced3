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
	return f && f->dgram.origin.listener && dgram_fd(&f->dgram) >= 0 ? f : NULL;
}

struct udp_flow *udp_twin_find(const struct dgram_env *env, const struct flow_key *key)
{
	const struct fwd_family *family =
		addr_is_ipv4(&key->remote) ? &env->fwd->ip4 : &env->fwd->ip6;
	struct udp_flow *f = twin_at(env, key, &family->ns_addr);

	if (f || !env->fwd->ns_addrs_set)
		return f;
	for (uint32_t i = 0; !f && i < family->ns_addr_count; i++)
		f = twin_at(env, key, &family->ns_addrs[i]);
	return f;
}
