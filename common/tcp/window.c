/* SPDX-License-Identifier: Apache-2.0
 *
 * Window estimate; see window.h.
 */
#include "common/tcp/window.h"

#include <assert.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "common/base/util.h"

/* Announced beyond the free space of the send buffer. A full buffer must be met, or no edge would
 * tell of room in it later; and Linux sends nothing into a window smaller than a segment
 */
#define TCP_WINDOW_SURPLUS (64 * 1024)
static_assert(TCP_WINDOW_SURPLUS <= TCP_BACKLOG_MAX, "what is announced can be kept");

/* More in flight than this only gets colder: it has to wait in the tap's queue */
#define TCP_WINDOW_MAX (4 * 1024 * 1024)

static uint32_t send_buffer_free(int fd)
{
	uint32_t mem[SK_MEMINFO_VARS], free;
	socklen_t len = sizeof(mem);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len) || len < sizeof(mem) ||
	    mem[SK_MEMINFO_WMEM_QUEUED] >= mem[SK_MEMINFO_SNDBUF])
		return 0;
	/* The kernel counts its own overhead, too */
	free = mem[SK_MEMINFO_SNDBUF] - mem[SK_MEMINFO_WMEM_QUEUED];
	return free - free / 32;
}

uint32_t tcp_window(struct tcp_flow *f)
{
	uint32_t used = f->conn.rcv_nxt - f->window_seq;

	if (f->backlog.length || used > f->window / 4) {
		uint32_t window = send_buffer_free(f->flow.watch.fd) + TCP_WINDOW_SURPLUS;

		f->window = MIN(window, (uint32_t)TCP_WINDOW_MAX);
		f->window_seq = f->conn.rcv_nxt;
		used = 0;
	}
	used += f->backlog.length;
	return used < f->window ? f->window - used : 0;
}

void tcp_window_forget(struct tcp_flow *f)
{
	f->window_seq = f->conn.rcv_nxt - f->window; /* as if all of it had been used up */
}
