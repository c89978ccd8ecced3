/* SPDX-License-Identifier: Apache-2.0
 *
 * The request's flow says who has asked; it is in the table for a while longer than it takes to be
 * answered.
 */
#include "common/udp/tftp.h"

#include "common/base/addr.h"

/* The flow of the request that it answers. Return: NULL: it's no such answer */
static const struct dgram_flow *request_of(const struct dgram_env *env, const struct flow_key *key)
{
	struct flow_key asked = *key;
	const struct dgram_flow *f;

	if (key->protocol != IPPROTO_UDP || key->ns_port == FWD_TFTP_PORT)
		return NULL;
	asked.ns_port = FWD_TFTP_PORT;
	f = (const void *)flow_lookup(env->flows, &asked);
	return f && f->from_outside && !addr_equal(&f->peer, &key->remote) ? f : NULL;
}

bool udp_tftp_is_answer(const struct dgram_env *env, const struct flow_key *key)
{
	return request_of(env, key);
}

void udp_tftp_answer(const struct dgram_env *env, const struct flow_key *key,
		     struct fwd_target *target)
{
	const struct dgram_flow *f = request_of(env, key);

	if (!f)
		return;
	*target = (struct fwd_target){
		.addr = f->peer,
		.port = f->origin.peer_port,
		.scope_id = f->origin.scope_id,
		.bind_addr = f->origin.local,
	};
}
