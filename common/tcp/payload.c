/* SPDX-License-Identifier: Apache-2.0 */
#include "common/tcp/payload.h"

#include "common/base/iov.h"
#include "common/tcp/core.h"
#include "common/tcp/gaps.h"
#include "common/tcp/sock_side.h"

int tcp_payload_fill(struct tcp_flow *f)
{
	struct iovec iov[TCP_SOCK_IOV];
	int count;

	while ((count = tcp_gaps_next(f, iov, TCP_SOCK_IOV))) {
		uint32_t len = 0, end;
		int rc;

		for (int i = 0; i < count; i++)
			len += (uint32_t)iov[i].iov_len;
		end = f->conn.rcv_nxt + len;
		tcp_conn_filled(&f->conn, len);
		rc = tcp_sock_accept(f, iov, count, len);
		if (rc || tcp_seq_lt(f->conn.rcv_nxt, end))
			return rc; /* the rest waits where it is, for the socket to make room */
	}
	return 0;
}

/* What is accepted of a segment goes to the socket. Return: 0 or -errno */
static int accept_in_order(struct tcp_flow *f, const struct tcp_segment *seg,
			   const struct link_frame *frame, const struct tcp_action *action)
{
	struct iovec whole = { (uint8_t *)(uintptr_t)seg->payload, seg->payload_len };
	struct iovec *iov = frame->piece_count ? frame->pieces : &whole;
	int count = frame->piece_count ? frame->piece_count : 1;

	iov_narrow(&iov, &count, action->accept_offset, action->accept_len);
	return tcp_sock_accept(f, iov, count, action->accept_len);
}

int tcp_payload_take(struct tcp_flow *f, const struct tcp_segment *seg,
		     const struct link_frame *frame, struct tcp_action *action)
{
	int rc = 0;

	if (action->accept_len) {
		rc = accept_in_order(f, seg, frame, action);
	} else if (action->keep_len) {
		link_gather(f->tcp->link, frame);
		tcp_gaps_keep(f, seg, action);
	}
	if (!rc && f->gaps && action->accept_len)
		rc = tcp_payload_fill(f);
	return rc;
}
