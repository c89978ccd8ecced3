/* SPDX-License-Identifier: Apache-2.0
 *
 * What has come is read from its start whenever there is more: most often it is there at once.
 */
#include "common/tcp/gate.h"

#include <errno.h>
#include <string.h>

#include "common/base/util.h"
#include "common/fwd/egress.h"
#include "common/tcp/dns_stream.h"
#include "common/tcp/sock_side.h"
#include "common/wire/dns.h"
#include "common/wire/http_host.h"
#include "common/wire/tls_hello.h"

/* Before each message on a stream */
#define PREFIX_BYTES 2
/* Longer than anybody's question */
#define QUESTION_MAX 4096

/* Of the backlog, what is looked at may begin and end in the middle of one; it is no longer than
 * one */
#define CHUNKS_LOOKED_AT 3

/* Who waits for the rest of a name, or is going to ask, takes no chunk of those that other flows
 * were promised
 */
#define GATES_LEAVE(tcp) ((tcp)->chunks.capacity / 2)

int tcp_gate_init(struct tcp_flow *f, const struct fwd_target *target)
{
	const struct fwd_table *fwd = f->tcp->fwd;
	const struct policy_pair policies = fwd_policies(fwd);

	f->held = policy_learnt_hold(fwd->learnt, target->name);
	if (target->asks)
		f->gate = TCP_GATE_DNS;
	else if (target->name && policy_pair_sni(&policies) != POLICY_SNI_OFF)
		f->gate = TCP_GATE_NAME;
	if (f->gate != TCP_GATE_DNS)
		return 0;
	return chunk_available(&f->tcp->chunks, GATES_LEAVE(f->tcp)) ? tcp_dns_stream_init(f)
								     : -ENOBUFS;
}

void tcp_gate_fini(struct tcp_flow *f)
{
	tcp_dns_stream_fini(f);
	f->gate = TCP_GATE_OPEN;
}

/* The first bytes that wait, @most of them, in one piece. Return: how many */
static uint32_t peek(const struct tcp_flow *f, uint8_t *to, uint32_t most)
{
	struct iovec iov[CHUNKS_LOOKED_AT];
	uint32_t len = 0;
	int count = chunk_peek(&f->tcp->chunks, &f->backlog, 0, most, iov, (int)ARRAY_SIZE(iov));

	for (int i = 0; i < count; i++) {
		memcpy(to + len, iov[i].iov_base, iov[i].iov_len);
		len += (uint32_t)iov[i].iov_len;
	}
	return len;
}

/* --- questions ------------------------------------------------------------ */

/* One question, which is whole, with the length before it. Return: 0 or -errno */
static int question(struct tcp_flow *f, const uint8_t *data, uint32_t len, uint64_t now_ns)
{
	const struct reader message = { data + PREFIX_BYTES, len - PREFIX_BYTES };
	uint8_t answer[DNS_BLOCK_MAX];
	struct writer w = { answer, sizeof(answer) };
	int rc = 0;

	switch (fwd_questions_ask(f->tcp->questions, f->tcp->fwd, &f->flow.key, &message, now_ns,
				  &w)) {
	case FWD_QUESTION_GOES_ON:
		*tcp_dns_stream_passes(f) = len;
		return 0;
	case FWD_QUESTION_ANSWERED:
		rc = tcp_dns_stream_answer(f, answer, (uint16_t)(w.data - answer));
		f->sock_state = MAX(f->sock_state, TCP_SOCK_READABLE);
		break;
	case FWD_QUESTION_DROPPED:
		break;
	}
	tcp_sock_passed(f, len);
	return rc;
}

/* The next thing that waits. Return: 0: it can't be judged yet, 1: it was, or -errno */
static int next_question(struct tcp_flow *f, uint64_t now_ns)
{
	uint8_t *data = f->tcp->tx_buf;
	uint32_t have = peek(f, data, PREFIX_BYTES + QUESTION_MAX), len;
	int rc;

	if (have < PREFIX_BYTES)
		return 0;
	len = PREFIX_BYTES + ((uint32_t)data[0] << 8 | data[1]);
	if (len > PREFIX_BYTES + QUESTION_MAX)
		return -EMSGSIZE;
	if (have < len)
		return 0;
	rc = fwd_has_policy(f->tcp->fwd) ? question(f, data, len, now_ns) : 0;
	if (!fwd_has_policy(f->tcp->fwd)) /* there is none any more */
		*tcp_dns_stream_passes(f) = len;
	return rc ? rc : 1;
}

static int look_at_questions(struct tcp_flow *f, uint64_t now_ns)
{
	const bool ended = f->conn.to_host_state != TCP_TO_HOST_OPEN;
	int rc;

	for (;;) {
		rc = tcp_sock_drain(f);
		if (rc || *tcp_dns_stream_passes(f))
			return rc; /* until the socket has room */
		rc = next_question(f, now_ns);
		if (rc <= 0)
			break;
	}
	if (!rc && ended && f->backlog.length)
		tcp_sock_passed(f, f->backlog.length); /* half a question, and no more */
	return rc;
}

/* --- first bytes ---------------------------------------------------------- */

/* Whether rules allow what the flow does by the name that it has said itself */
static bool is_allowed(const struct tcp_flow *f, const char *name)
{
	const struct flow_key *key = &f->flow.key;
	const struct fwd_table *fwd = f->tcp->fwd;
	const struct policy_query query = {
		.protocol = IPPROTO_TCP,
		.addr = key->remote,
		.port = key->remote_port,
		.names = &name,
		.name_count = 1,
	};
	const struct policy_pair policies = fwd_policies(fwd);
	const struct policy_decision decision = policy_pair_judge(&policies, &query);

	if (policy_decision_answer(&decision)->verdict == POLICY_ALLOW)
		return true;
	fwd_egress_note(fwd, key, &decision);
	return false;
}

/* Whether the connection may go on, of which it is known what it's meant for
 * @any:	any bytes have come
 */
static bool may_pass(const struct tcp_flow *f, enum first_bytes found, const char *name, bool any)
{
	const struct policy_pair policies = fwd_policies(f->tcp->fwd);

	switch (found) {
	case FIRST_BYTES_NAME:
		return is_allowed(f, name);
	case FIRST_BYTES_BROKEN:
	case FIRST_BYTES_HTTP2: /* the name is said where nobody looks */
		return false;
	case FIRST_BYTES_MORE: /* and there are no more */
		if (any)
			return false;
		break;
	case FIRST_BYTES_NO_NAME:
	case FIRST_BYTES_OTHER:
		break;
	}
	return policy_pair_sni(&policies) != POLICY_SNI_STRICT;
}

static int look_at_first_bytes(struct tcp_flow *f)
{
	const bool ended = f->conn.to_host_state != TCP_TO_HOST_OPEN;
	char name[NAME_TEXT_MAX + 1];
	enum first_bytes found;
	uint32_t len;

	if (!f->backlog.length && !ended)
		return 0;
	if (!fwd_has_policy(f->tcp->fwd)) { /* there is none any more */
		f->gate = TCP_GATE_OPEN;
		return tcp_sock_drain(f);
	}
	len = peek(f, f->tcp->tx_buf, FIRST_BYTES_MAX + 1);
	found = tls_hello_name(f->tcp->tx_buf, len, name);
	if (found == FIRST_BYTES_OTHER)
		found = http_host_name(f->tcp->tx_buf, len, name);
	if (found == FIRST_BYTES_MORE && !ended)
		return chunk_available(&f->tcp->chunks, GATES_LEAVE(f->tcp)) ? 0 : -ENOBUFS;
	if (!may_pass(f, found, name, len)) {
		f->tcp->stats.misnamed++;
		return -EACCES;
	}
	f->gate = TCP_GATE_OPEN;
	return tcp_sock_drain(f);
}

int tcp_gate_look(struct tcp_flow *f, uint64_t now_ns)
{
	return f->gate == TCP_GATE_DNS ? look_at_questions(f, now_ns) : look_at_first_bytes(f);
}
