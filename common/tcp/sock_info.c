/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP_INFO; bytes_sent is there since Linux 4.19.
 */
#include "common/tcp/sock_info.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "common/base/util.h"

/* enum in include/net/tcp_states.h, which no header of user space has beside this one: states after
 * the peer's FIN, which is counted as a byte that was received
 */
#define STATE_TIME_WAIT 6
#define STATE_CLOSE_WAIT 8
#define STATE_LAST_ACK 9
#define STATE_CLOSING 11

static bool has_ended(const struct tcp_info *info)
{
	return info->tcpi_bytes_received &&
	       (info->tcpi_state == STATE_TIME_WAIT || info->tcpi_state == STATE_CLOSE_WAIT ||
		info->tcpi_state == STATE_LAST_ACK || info->tcpi_state == STATE_CLOSING);
}

int tcp_sock_info(int fd, struct tcp_sock_info *ret_info)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	uint32_t idle_ms;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -errno;
	idle_ms = MIN(info.tcpi_last_data_sent, info.tcpi_last_data_recv);
	*ret_info = (struct tcp_sock_info){
		.sent_bytes = info.tcpi_bytes_sent - info.tcpi_bytes_retrans,
		.received_bytes = info.tcpi_bytes_received - has_ended(&info),
		.sent_packets = info.tcpi_segs_out,
		.received_packets = info.tcpi_segs_in,
		.idle_ms = MIN(idle_ms, info.tcpi_last_ack_recv),
	};
	return 0;
}
