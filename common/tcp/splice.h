/* SPDX-License-Identifier: Apache-2.0
 *
 * Local TCP connections, from socket to socket, without a frame: one socket was accepted in one
 * network namespace, the other is connected in the other. Data moves by splice(2) through a pipe
 * that a direction borrows while it has something in it, so that one pipe, warm in the cache,
 * serves most connections; small pieces are copied, which is faster. End of data, resets and
 * refusals pass from either side to the other. The worker owns a struct splice; it owns its
 * records, its pipes and both sockets of every connection.
 */
#ifndef COMMON_TCP_SPLICE_H
#define COMMON_TCP_SPLICE_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/loop.h"
#include "common/base/sockets.h"
#include "common/tcp/splice_pipe.h"

/* Where the other socket is to be connected to */
struct splice_target {
	enum socket_side side;
	struct in6_addr addr; /* IPv4-mapped for IPv4 */
	uint16_t port;
	uint32_t scope_id; /* interface index, for a link-local address, there */
	struct in6_addr other; /* tried if @addr refuses; unspecified: none */
};

struct splice_stats {
	uint64_t opened, refused, reset;
	uint64_t no_room; /* connections for which there was no record or no socket */
	uint64_t no_pipe; /* times that data was copied because there was no pipe to have */
	uint64_t bytes; /* that have left */
};

struct splice_conn;

struct splice {
	struct loop *loop; /* borrowed */
	const struct socket_source *sockets; /* borrowed */
	struct splice_conn *conns; /* capacity records, touched as needed */
	uint32_t capacity, touched;
	_Atomic uint32_t used; /* other threads may look at it */
	uint32_t free_first, dying_first; /* index + 1, 0: none */
	struct splice_pipes pipes;
	uint8_t *buf; /* for what is copied */
	/* Another worker takes it, as splice_accept() would. NULL: there is none. Return: whether
	 * one does
	 */
	bool (*pass)(struct splice *splice, int fd, const struct splice_target *target);
	struct splice_stats stats;
};

/* splice_init() - Return: 0 or -errno; splice_fini() is needed either way
 * @capacity:	connections at most
 */
int splice_init(struct splice *splice, struct loop *loop, const struct socket_source *sockets,
		uint32_t capacity);
void splice_fini(struct splice *splice);

/* splice_accept() - connect @target and move everything between it and @fd
 * @fd:		as accepted, non-blocking; owned by @splice from here on, for every outcome
 *
 * What fails, now or later, reaches the client behind @fd as a reset.
 */
void splice_accept(struct splice *splice, int fd, const struct splice_target *target,
		   uint64_t now_ns);

/* splice_place() - splice_accept(), here or by another worker */
void splice_place(struct splice *splice, int fd, const struct splice_target *target,
		  uint64_t now_ns);

/* splice_refuse() - the same, but there is nowhere to connect to: the client gets a reset */
void splice_refuse(struct splice *splice, int fd);

/* A connection's two sockets */
struct splice_sockets {
	enum socket_side to; /* the side that it goes to: the connected one's */
	int accepted_fd, connected_fd; /* not the reader's to touch */
	bool connecting;
	uint64_t opened_ns;
};

/* splice_at() - the connection in record @index, below @splice->touched
 *
 * Return: whether one is in there now
 */
bool splice_at(const struct splice *splice, uint32_t index, struct splice_sockets *ret_sockets);

/* splice_reset_at() - end that connection, by a reset to either side */
void splice_reset_at(struct splice *splice, uint32_t index);

/* splice_is_empty() - whether nothing that was received is still to be passed on; not for hot paths
 */
bool splice_is_empty(const struct splice *splice);

/* splice_reap() - end of a batch: records that ended in it become reusable */
void splice_reap(struct splice *splice);

#endif
