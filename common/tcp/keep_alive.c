/* SPDX-License-Identifier: Apache-2.0 */
#include "common/tcp/keep_alive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/tcp/record.h"

/* Linux's own interval (tcp_keepalive_intvl) */
#define INTERVAL_MAX_S 75U

/* While peers are asked: after so long a silence, and then each so many seconds */
#define ASK_IDLE_S 5
#define ASK_INTERVAL_S 3

static void set(int fd, uint32_t idle_s, uint32_t interval_s)
{
	socket_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)interval_s);
	socket_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)idle_s);
}

void tcp_keep_alive(struct tcp_flow *f, uint32_t idle_s)
{
	const int fd = f->flow.watch.fd;

	/* Told by a clock that may be late */
	if (f->keep_alive_s && idle_s <= f->keep_alive_s + 1U && f->keep_alive_s <= idle_s + 1U)
		return;
	set(fd, idle_s, MIN(idle_s, INTERVAL_MAX_S));
	if (!f->keep_alive_s)
		socket_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	f->keep_alive_s = (uint16_t)idle_s;
}

/* SO_KEEPALIVE first: that starts a whole time of silence, but TCP_KEEPIDLE counts the one so far
 */
void tcp_keep_alive_ask(struct tcp_flow *f)
{
	if (f->flow.watch.fd < 0)
		return;
	socket_set(f->flow.watch.fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(f->flow.watch.fd, ASK_IDLE_S, ASK_INTERVAL_S);
}

void tcp_keep_alive_asked(struct tcp_flow *f)
{
	if (f->flow.watch.fd < 0)
		return;
	if (f->keep_alive_s)
		set(f->flow.watch.fd, f->keep_alive_s, MIN(f->keep_alive_s, INTERVAL_MAX_S));
	else
		socket_set(f->flow.watch.fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}
