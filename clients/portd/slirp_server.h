/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections for slirp4netns' dialect: a client sends one request and shuts its side down, reads
 * the answer, and that was all. Few at a time, and each for seconds only; others wait.
 */
#ifndef CLIENTS_PORTD_SLIRP_SERVER_H
#define CLIENTS_PORTD_SLIRP_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "clients/portd/ports.h"
#include "clients/portd/slirp.h"

#define SLIRP_CLIENTS_MAX 32
#define SLIRP_PATIENCE_S 10

/* What slirp_server_fds() may fill in */
#define SLIRP_FDS_MAX (SLIRP_CLIENTS_MAX + 1)

struct slirp_client {
	int fd; /* -1: this place is free */
	uint64_t until_ns;
	size_t len; /* of the request, as far as it has come */
	char request[SLIRP_REQUEST_MAX];
	char *answer; /* NULL: the request has not come to its end */
	size_t answer_len, sent;
};

struct slirp_server {
	struct ports *ports;
	int listen_fd; /* -1: not started, or no more connections are taken */
	struct slirp_client client[SLIRP_CLIENTS_MAX];
};

/* slirp_server_init() - @listen_fd: is taken over; -1: there are no clients */
void slirp_server_init(struct slirp_server *server, struct ports *ports, int listen_fd);

/* slirp_server_fds() - what is to be waited for. Return: number of them */
unsigned int slirp_server_fds(const struct slirp_server *server, struct pollfd *ret_fds);

/* slirp_server_timeout() - milliseconds until a client's time is over; -1: there is none */
int slirp_server_timeout(const struct slirp_server *server, uint64_t now_ns);

/* slirp_server_run() - @fds: of slirp_server_fds(), and poll(2) */
void slirp_server_run(struct slirp_server *server, const struct pollfd *fds, unsigned int count,
		      uint64_t now_ns);

/* slirp_server_is_answering() - whether a client has not read its answer yet */
bool slirp_server_is_answering(const struct slirp_server *server);

/* slirp_server_refuse_more() - no connection is taken from here on */
void slirp_server_refuse_more(struct slirp_server *server);
void slirp_server_finish(struct slirp_server *server);

#endif
