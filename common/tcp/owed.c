/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow is on one of the lists at most.
 */
#include "common/tcp/owed.h"

#include <stddef.h>

#include "common/tcp/tap_side.h"
#include "common/tcp/window.h"

void tcp_owed_forget(struct tcp_flow *f)
{
	if (!f->owed_link)
		return;
	*f->owed_link = f->owed_next;
	if (f->owed_next)
		f->owed_next->owed_link = f->owed_link;
	f->owed_link = NULL;
}

static void owed_add(struct tcp_flow *f, enum tcp_owed list)
{
	struct tcp_flow **first = &f->tcp->owed[list];

	f->owed_next = *first;
	if (f->owed_next)
		f->owed_next->owed_link = &f->owed_next;
	f->owed_link = first;
	*first = f;
}

void tcp_owed_note(struct tcp_flow *f)
{
	if (f->waits_for_room) {
		tcp_owed_forget(f);
		owed_add(f, TCP_OWED_ROOM);
		return;
	}
	switch ((enum tcp_ack_state)f->conn.ack_state) {
	case TCP_ACK_NONE:
		tcp_owed_forget(f);
		break;
	case TCP_ACK_CARRIED:
		if (!f->owed_link)
			owed_add(f, TCP_OWED_CARRIED);
		break;
	case TCP_ACK_DELAYED:
		if (!f->owed_link) /* else since before */
			owed_add(f, TCP_OWED_FRESH);
		break;
	case TCP_ACK_DUE:
	case TCP_ACK_NOW:
		tcp_owed_forget(f);
		owed_add(f, TCP_OWED_DUE);
		break;
	}
}

static void owed_send(struct tcp *tcp, enum tcp_owed list)
{
	struct tcp_flow *f;

	while ((f = tcp->owed[list])) {
		tcp_owed_forget(f);
		if (tcp_conn_ack_wanted(&f->conn, tcp_window(f)))
			tcp_tap_send(f, 0, NULL, 0, 0);
		f->conn.ack_state = TCP_ACK_NONE;
	}
}

/* The aged ones go out, the fresh ones have aged */
static void owed_age(struct tcp *tcp, enum tcp_owed fresh, enum tcp_owed aged)
{
	struct tcp_flow *first = tcp->owed[fresh];

	owed_send(tcp, aged);
	tcp->owed[aged] = first;
	tcp->owed[fresh] = NULL;
	if (first)
		first->owed_link = &tcp->owed[aged];
}

void tcp_owed_flush(struct tcp *tcp, enum tcp_owed_flush which)
{
	owed_send(tcp, TCP_OWED_DUE);
	if (which == TCP_OWED_FLUSH_AGED) {
		owed_age(tcp, TCP_OWED_FRESH, TCP_OWED_AGED);
		owed_age(tcp, TCP_OWED_CARRIED, TCP_OWED_CARRIED_AGED);
	} else if (which == TCP_OWED_FLUSH_IDLE) {
		owed_send(tcp, TCP_OWED_AGED);
		owed_send(tcp, TCP_OWED_FRESH);
	}
}

bool tcp_owed_ages(const struct tcp *tcp)
{
	return tcp->owed[TCP_OWED_CARRIED] || tcp->owed[TCP_OWED_CARRIED_AGED];
}

struct tcp_flow *tcp_owed_take_room(struct tcp *tcp)
{
	struct tcp_flow *f = tcp->owed[TCP_OWED_ROOM];

	if (f) {
		tcp_owed_forget(f);
		f->waits_for_room = false;
	}
	return f;
}
