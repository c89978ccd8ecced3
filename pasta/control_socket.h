/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket of an instance, over its life: made early, with the caller's rights and where
 * --conf-path says, or else below the user's directory for such things; used from when the engine
 * is there; removed at the end, whatever that is, which is made_files' business.
 *
 * The socket that nobody has asked for is a service: where it can't be made there is none, and
 * nothing is said.
 */
#ifndef PASTA_CONTROL_SOCKET_H
#define PASTA_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/control/control.h"
#include "common/control/subject.h"
#include "netns/beside/made_files.h"
#include "netns/start/host.h"
#include "pasta/settings.h"

struct control_socket {
	int fd; /* -1: there is none */
	struct control_subject subject;
	struct control *control; /* NULL: not started */
};

void control_socket_init(struct control_socket *cs);

/* control_socket_open() - Return: 0, also if there is none; or -errno with @err set */
int control_socket_open(struct control_socket *cs, const struct settings *settings,
			struct made_files *made, struct err *err);

/* control_socket_clients() - how many there may be at a time, each of which takes a descriptor
 * @fds:	that there are for all flows and clients
 */
uint32_t control_socket_clients(const struct control_socket *cs, uint32_t fds);

/* control_socket_facts() - what clients are told of the instance, but for what main() has set: the
 * engine, the end, the addresses. Nothing is kept of what it's given
 * @netns:	that was joined; "": one of our own
 */
void control_socket_facts(struct control_socket *cs, const struct settings *settings,
			  const struct host *host, const char *netns);

/* control_socket_start() - let clients in, as soon as the engine runs; @cs->subject is complete
 *
 * To be called as the user, and in the user namespace, of the rest of our life.
 *
 * Return: 0, or -errno with @err set
 */
int control_socket_start(struct control_socket *cs, uint32_t clients_max, struct err *err);

/* control_socket_finish() - for every outcome, before the engine is freed */
void control_socket_finish(struct control_socket *cs);

#endif
