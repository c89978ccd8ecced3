/* SPDX-License-Identifier: Apache-2.0
 *
 * A flow's socket on the host: connecting, taking data from the namespace, giving data to it.
 * Functions return -errno when the connection is lost and its flow must be reset.
 */
#ifndef COMMON_TCP_SOCK_SIDE_H
#define COMMON_TCP_SOCK_SIDE_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/fwd/fwd.h"
#include "common/tcp/record.h"

/* How soon to look again for memory, if there was none */
#define TCP_STARVED_MS 50

/* Pieces in one call to the socket */
#define TCP_SOCK_IOV 16

/* tcp_sock_connect() - make the socket and start connecting; sets watch.fd
 *
 * Return: 0 when under way, -EMFILE and the like when no socket could be had, -EADDRINUSE if all
 *	   source ports are in use, or what connect() said at once
 */
int tcp_sock_connect(struct tcp_flow *f, const struct fwd_target *target);

/* tcp_sock_adopt() - a connection that was accepted: @fd becomes watch.fd, whatever is returned
 *
 * Return: 0 or -errno
 */
int tcp_sock_adopt(struct tcp_flow *f, int fd);

/* tcp_sock_mss() - payload bytes a segment of the socket's connection, 0 if that isn't known */
uint16_t tcp_sock_mss(const struct tcp_flow *f);

/* tcp_sock_accept() - hand over @len bytes that tcp_conn_segment() accepted; never blocks
 * @iov:	where they are, in @count pieces; changed
 *
 * What the socket doesn't take goes to the backlog.
 *
 * Return: 0 or -errno
 */
int tcp_sock_accept(struct tcp_flow *f, struct iovec *iov, int count, uint32_t len);

/* tcp_sock_passed() - the first @len bytes of the backlog have gone */
void tcp_sock_passed(struct tcp_flow *f, uint32_t len);

/* tcp_sock_drain() - the socket can take more: give it the backlog. Return: 0 or -errno */
int tcp_sock_drain(struct tcp_flow *f);

/* tcp_sock_finish() - shut the write side down if the namespace's FIN is here and nothing is held
 *
 * Return: true if that ended the connection
 */
bool tcp_sock_finish(struct tcp_flow *f);

/* tcp_sock_discard() - the namespace acknowledged @len more bytes: they may leave the socket
 *
 * Small amounts may stay until there are more, or tcp_sock_discard_now().
 */
void tcp_sock_discard(struct tcp_flow *f, uint32_t len);

/* tcp_sock_discard_now() - drop all that was acknowledged */
void tcp_sock_discard_now(struct tcp_flow *f);

/* tcp_sock_find_urgent() - the socket has said that there is an urgent byte: see where */
void tcp_sock_find_urgent(struct tcp_flow *f);

/* tcp_sock_holds_data() - whether the socket has something for the namespace, of which nothing was
 * read yet; an error that it has is gone if it has nothing
 */
static inline bool tcp_sock_holds_data(const struct tcp_flow *f)
{
	return recv(f->flow.watch.fd, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* tcp_sock_pull() - send to the namespace what there is and what its window allows, and the FIN
 *
 * Return: 0 or -errno
 */
int tcp_sock_pull(struct tcp_flow *f, uint64_t now_ns);

/* tcp_sock_reset() - close a socket that has no flow, with a RST to its peer */
void tcp_sock_reset(int fd);

/* tcp_sock_close() - close the socket and let go of all buffers
 * @reset:	the host's peer gets a RST
 */
void tcp_sock_close(struct tcp_flow *f, bool reset);

#endif
