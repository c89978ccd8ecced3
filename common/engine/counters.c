/* SPDX-License-Identifier: Apache-2.0
 *
 * One table: where each is, and what it's called.
 */
#include "common/engine/counters.h"

#include <assert.h>
#include <stddef.h>

#include "common/base/util.h"
#include "common/engine/worker.h"

/* clang-format off */
#define AT(member) offsetof(struct worker, member)
#define DROPS(name, member) \
	{ name " malformed", AT(member[DGRAM_DROP_MALFORMED]) }, \
	{ name " wrong checksum", AT(member[DGRAM_DROP_CHECKSUM]) }, \
	{ name " not translated", AT(member[DGRAM_DROP_TYPE]) }, \
	{ name " time to live over", AT(member[DGRAM_DROP_TTL]) }, \
	{ name " refused", AT(member[DGRAM_DROP_REFUSED]) }, \
	{ name " no room for a flow", AT(member[DGRAM_DROP_TABLE_FULL]) }, \
	{ name " no room for a socket", AT(member[DGRAM_DROP_NO_SOCKET]) }, \
	{ name " failed", AT(member[DGRAM_DROP_UNREACHABLE]) }, \
	{ name " no room in the host's queue", AT(member[DGRAM_DROP_SOCKET_FULL]) }, \
	{ name " not taken by the tap", AT(member[DGRAM_DROP_LINK]) }, \
	{ name " not asked for", AT(member[DGRAM_DROP_ANSWER]) }

#define REFUSAL(name, verdict) { "refused: " name, AT(refusals.by[verdict]) }

static const struct {
	const char *name;
	size_t at;
} counters[] = {
	{ "frames invalid", AT(link.stats.rx_invalid) },
	{ "frames malformed", AT(stats.malformed) },
	{ "frames not taken", AT(link.stats.tx_failed) },
	{ "packets of other protocols", AT(stats.unhandled) },
	{ "frames handed over", AT(stats.handed_over) },
	{ "frames not handed over", AT(stats.not_handed_over) },
	{ "not told to another worker", AT(stats.not_told) },
	{ "resolver failures", AT(stats.resolver_failures) },
	{ "addresses moved", AT(link.neighbours.moved) },
	{ "captured frames", AT(pcap.frames) },
	{ "captured frames left out", AT(pcap.left_out) },
	{ "fragments expired", AT(reassembly.expired) },
	{ "fragments no room", AT(reassembly.evicted) },
	{ "ICMP errors held back", AT(icmp_limit.suppressed) },
	{ "flows no room", AT(flows.refused) },
	REFUSAL("protocol is off", FWD_REFUSE_PROTOCOL_OFF),
	REFUSAL("address family is off", FWD_REFUSE_FAMILY_OFF),
	REFUSAL("source", FWD_REFUSE_SOURCE),
	REFUSAL("destination", FWD_REFUSE_DESTINATION),
	REFUSAL("only local ones are forwarded", FWD_REFUSE_NO_TAP),
	REFUSAL("no address in the namespace", FWD_REFUSE_NO_ADDRESS),
	REFUSAL("would go round", FWD_REFUSE_ROUND),
	REFUSAL("rule is gone", FWD_REFUSE_RETIRED),
	REFUSAL("another interface", FWD_REFUSE_OTHER_INTERFACE),
	REFUSAL("can't tell whose address", FWD_REFUSE_UNKNOWN),
	REFUSAL("host has no address in there", FWD_REFUSE_UNMAPPED),
	REFUSAL("policy", FWD_REFUSE_POLICY),
	REFUSAL("policy, silently", FWD_REFUSE_SILENTLY),
	{ "configuration answered", AT(autoconf.stats.answered) },
	{ "configuration ignored", AT(autoconf.stats.ignored) },
	{ "configuration invalid", AT(autoconf.stats.invalid) },
	{ "configuration failed", AT(autoconf.stats.failed) },
	{ "TCP opened", AT(tcp.stats.opened) },
	{ "TCP reset", AT(tcp.stats.reset) },
	{ "TCP invalid", AT(tcp.stats.invalid) },
	{ "TCP retransmitted", AT(tcp.stats.retransmitted) },
	{ "TCP resent for gaps", AT(tcp.stats.resent) },
	{ "TCP resent in vain", AT(tcp.stats.resent_in_vain) },
	{ "TCP early", AT(tcp.stats.early) },
	{ "TCP early no room", AT(tcp.stats.early_lost) },
	{ "TCP backlog used", AT(tcp.stats.backlog_used) },
	{ "TCP backlog no room", AT(tcp.stats.backlog_lost) },
	{ "TCP chunks no room", AT(tcp.chunks.refused) },
	{ "TCP to host refused", AT(tcp.stats.refused_to_host) },
	{ "TCP to host failed", AT(tcp.stats.refused_by_host) },
	{ "TCP to host no room", AT(tcp.stats.unopened) },
	{ "TCP by another name", AT(tcp.stats.misnamed) },
	{ "TCP to namespace accepted", AT(tcp.stats.accepted) },
	{ "TCP to namespace refused", AT(tcp.stats.refused) },
	{ "TCP to namespace failed", AT(tcp.stats.rejected) },
	{ "local TCP opened", AT(splice.stats.opened) },
	{ "local TCP reset", AT(splice.stats.reset) },
	{ "local TCP refused or failed", AT(splice.stats.refused) },
	{ "local TCP no room", AT(splice.stats.no_room) },
	{ "local TCP no pipe", AT(splice.stats.no_pipe) },
	{ "local TCP bytes", AT(splice.stats.bytes) },
	{ "UDP opened", AT(udp.env.opened) },
	{ "UDP closed", AT(udp.env.closed) },
	DROPS("UDP", udp.env.drops),
	{ "ping opened", AT(icmp.env.opened) },
	{ "ping closed", AT(icmp.env.closed) },
	DROPS("ping", icmp.env.drops),
	{ "questions blocked", AT(questions.blocked) },
	{ "questions malformed", AT(questions.malformed) },
	{ "answers to no question", AT(questions.unasked) },
	{ "addresses learnt", AT(questions.learnt) },
	{ "addresses not learnt", AT(questions.not_learnt) },
	{ "learnt addresses displaced", AT(learnt.displaced) },
	{ "datagram flows to host displaced", AT(dgram_shares.to_host.displaced) },
	{ "datagram flows to namespace displaced", AT(dgram_shares.to_ns.displaced) },
	{ "local UDP opened", AT(udp_local.stats.opened) },
	{ "local UDP refused", AT(udp_local.stats.refused) },
	{ "local UDP no room", AT(udp_local.stats.no_room) },
	{ "local UDP displaced", AT(udp_local.share.displaced) },
	{ "local UDP lost", AT(udp_local.stats.lost) },
	{ "local UDP bytes", AT(udp_local.stats.bytes) },
};
/* clang-format on */

static_assert(ARRAY_SIZE(counters) == COUNTERS, "the header says how many there are");
static_assert(FWD_VERDICTS == 14, "each REFUSAL() is there");
static_assert(DGRAM_DROP_COUNT == 11, "DROPS() has them all");

const char *counter_name(unsigned int index)
{
	return counters[index].name;
}

void counters_add(const struct worker *worker, uint64_t values[static COUNTERS])
{
	for (size_t i = 0; i < COUNTERS; i++)
		values[i] +=
			*(const uint64_t *)(const void *)((const uint8_t *)worker + counters[i].at);
}
