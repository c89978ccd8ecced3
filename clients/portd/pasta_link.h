/* SPDX-License-Identifier: Apache-2.0
 *
 * The instance whose ports are looked after, by its control socket and nothing else. Connections to
 * it are made by a process beside this one, which hears nothing from clients: so this one needs no
 * way to make a socket. A struct pasta_link owns that process and a descriptor that tells of
 * pasta's end.
 */
#ifndef CLIENTS_PORTD_PASTA_LINK_H
#define CLIENTS_PORTD_PASTA_LINK_H

#include <sys/types.h>

#include "clients/client.h"
#include "common/base/err.h"
#include "netns/beside/side_process.h"

struct pasta_link {
	struct side_process connector;
	pid_t pid; /* pasta's; 0: not known yet */
	int pid_fd; /* readable when pasta has ended; -1: none */
};

void pasta_link_init(struct pasta_link *link);

/* pasta_link_open() - make the process, and find pasta's end
 * @path:	of the control socket, absolute
 *
 * To be called single-threaded, before the lock-in.
 *
 * Return: 0, or -errno with @err set
 */
int pasta_link_open(struct pasta_link *link, const char *path, struct err *err);

/* pasta_link_connect() - a connection for a few requests, as client_open()
 *
 * Return: 0, to be ended with client_close(); or -errno with @err set
 */
int pasta_link_connect(struct pasta_link *link, struct client *ret_client, struct err *err);

/* pasta_link_ask() - one request, on a connection of its own, as client_ask() */
int pasta_link_ask(struct pasta_link *link, const char *request, json_t **ret_answer,
		   struct err *err);

/* pasta_link_finish() - for every outcome. Works under the lock-in */
void pasta_link_finish(struct pasta_link *link);

#endif
