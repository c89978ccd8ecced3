/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel has counted of a TCP socket, for people. A module of its own because the kernel's
 * header, which has more of it than libc's, can't stand beside that.
 */
#ifndef COMMON_TCP_SOCK_INFO_H
#define COMMON_TCP_SOCK_INFO_H

#include <stdint.h>

struct tcp_sock_info {
	uint64_t sent_bytes, received_bytes; /* payload, each byte once */
	uint64_t sent_packets, received_packets;
	uint64_t idle_ms; /* since data or an acknowledgement came, or data was sent */
};

/* tcp_sock_info() - Return: 0 or -errno */
int tcp_sock_info(int fd, struct tcp_sock_info *ret_info);

#endif
