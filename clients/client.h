/* SPDX-License-Identifier: Apache-2.0
 *
 * The one way to ask a running instance something: its control socket, with the protocol of
 * man/pasta-control.7. A struct client owns its connection; answers belong to the caller, by
 * jansson's rules.
 */
#ifndef CLIENTS_CLIENT_H
#define CLIENTS_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/base/err.h"

/* The protocol that is spoken */
#define CLIENT_PROTOCOL 1

struct client {
	FILE *in; /* NULL: not connected */
	int fd; /* likewise -1; of @in */
};

/* client_open() - connect to the socket at @path
 *
 * Return: 0, to be ended with client_close(); or -errno with @err set: -ECONNREFUSED if no instance
 * listens there (any more)
 */
int client_open(struct client *client, const char *path, struct err *err);
void client_close(struct client *client);

/* client_connect(), client_adopt() - the two steps of that: a descriptor, or -errno with @err set;
 * and what becomes of it. It is the client's in either case
 */
int client_connect(const char *path, struct err *err);
int client_adopt(struct client *client, int fd, struct err *err);

/* client_ask() - one request, and its answer
 * @request:	a line without its newline
 *
 * Return: 0 with *ret_answer set; or -errno with @err set, -EBADMSG if the instance refuses it
 */
int client_ask(struct client *client, const char *request, json_t **ret_answer, struct err *err);

/* client_ask_passing() - the same, and pass a descriptor with it, unless that is -1; it stays the
 * caller's
 */
int client_ask_passing(struct client *client, const char *request, int fd, json_t **ret_answer,
		       struct err *err);

#endif
