/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket of an instance, over its life: made early, with the caller's rights and where
 * --conf-path says, or else below the user's directory for such things; used from when the engine
 * is there; removed at the end, whatever that is, which is made_files' business.
 *
 * The socket that nobody has asked for is a service: where it can't be made there is none, and
 * nothing is said.
 */
#ifndef LAUNCH_CONTROL_SOCKET_H
#define LAUNCH_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/control/control.h"
#include "common/control/subject.h"
#include "launch/settings.h"
#include "netns/beside/made_files.h"
#include "netns/host/host.h"

struct control_socket {
	int fd; /* -1: there is none */
	uint32_t clients_max; /* see control_socket_reserve() */
	struct control_subject subject;
	struct control *control; /* NULL: not started */
};

void control_socket_init(struct control_socket *cs);

/* control_socket_open() - Return: 0, also if there is none; or -errno with @err set */
int control_socket_open(struct control_socket *cs, const struct settings *settings,
			struct made_files *made, struct err *err);

/* control_socket_reserve() - set aside descriptors for as many clients as there may be at a time
 * @config:	max_fds is for all flows and clients, and then for flows alone
 */
void control_socket_reserve(struct control_socket *cs, struct config *config);

/* control_socket_facts() - what clients are told of the instance. Nothing is kept of what it's given,
 * but @addressing
 * @netns:	that was joined; "": one of our own
 */
void control_socket_facts(struct control_socket *cs, const struct settings *settings,
			  const struct host *host, const struct addressing *addressing,
			  const char *netns);

/* control_socket_start() - let clients in, as soon as the engine runs
 * @quit, @quit_arg:	as in struct control_subject
 *
 * To be called as the user, and in the user namespace, of the rest of our life.
 *
 * Return: 0, or -errno with @err set
 */
int control_socket_start(struct control_socket *cs, struct engine *engine,
			 void (*quit)(void *arg, bool now), void *quit_arg, struct err *err);

/* control_socket_finish() - for every outcome, before the engine is freed */
void control_socket_finish(struct control_socket *cs);

#endif
