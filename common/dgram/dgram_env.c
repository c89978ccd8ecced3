/* SPDX-License-Identifier: Apache-2.0 */
#include "common/dgram/dgram_env.h"

#include <assert.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/dgram/dgram_socket.h"

void dgram_drop(struct dgram_env *env, enum dgram_drop reason, uint32_t count)
{
	static const char *const texts[] = {
		[DGRAM_DROP_MALFORMED] = "malformed",
		[DGRAM_DROP_CHECKSUM] = "wrong checksum",
		[DGRAM_DROP_TYPE] = "not an echo request",
		[DGRAM_DROP_TTL] = "time to live is over",
		[DGRAM_DROP_REFUSED] = "refused",
		[DGRAM_DROP_TABLE_FULL] = "flow table is full",
		[DGRAM_DROP_NO_SOCKET] = "no socket for it",
		[DGRAM_DROP_UNREACHABLE] = "unreachable",
		[DGRAM_DROP_SOCKET_FULL] = "the host's queue is full",
		[DGRAM_DROP_LINK] = "not taken by the tap",
		[DGRAM_DROP_ANSWER] = "no answer to anything",
	};

	static_assert(ARRAY_SIZE(texts) == DGRAM_DROP_COUNT, "a text for each reason");
	env->drops[reason] += count;
	log_trace("dropped %u: %s", count, texts[reason]);
}

void dgram_refused(struct dgram_env *env, const struct flow_key *key, const struct ip_packet *ip,
		   enum fwd_verdict verdict, uint64_t now_ns)
{
	const struct icmp_error error = { .kind = ICMP_ERROR_PROHIBITED, .packet = ip };
	char ns[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];
	uint64_t suppressed;

	dgram_drop(env, DGRAM_DROP_REFUSED, 1);
	fwd_refusals_count(env->refusals, verdict);
	if (log_enabled(LOG_LEVEL_DEBUG) &&
	    log_limit_pass(&env->refused_limit, now_ns, &suppressed))
		log_debug("refused a flow from %s port %u to %s port %u: %s%s",
			  addr_format(&key->ns, ns), key->ns_port,
			  addr_format(&key->remote, remote), key->remote_port,
			  fwd_verdict_text(verdict), log_limit_more(suppressed).text);
	if (ip && fwd_refusal_is_told(verdict, &key->remote))
		icmp_error_send(env->link, env->errors, &error, now_ns);
}

void dgram_unreachable(struct dgram_env *env, const struct ip_packet *ip, int code, uint64_t now_ns)
{
	struct icmp_error error = { .packet = ip };

	dgram_drop(env, DGRAM_DROP_UNREACHABLE, 1);
	if (code != DGRAM_BROADCAST && icmp_error_from_errno(-code, &error.kind))
		icmp_error_send(env->link, env->errors, &error, now_ns);
}
