/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: a UNIX stream socket by which clients ask a running instance, and tell it
 * something. It is one more watch of the engine's loop and costs nothing while nobody uses it.
 * Clients are anybody's programs: each has buffers of a fixed size, a bounded share of a batch and
 * deadlines, so that none can hold up or end the engine, however many there are.
 */
#ifndef COMMON_CONTROL_CONTROL_H
#define COMMON_CONTROL_CONTROL_H

#include <stdint.h>
#include <sys/types.h>

#include "common/control/subject.h"

/* Clients at the same time; others wait in the socket's queue */
#define CONTROL_CLIENTS_MAX 64

/* Nobody */
#define CONTROL_UID_NONE ((uid_t)-1)

struct control_options {
	int fd; /* listening, non-blocking; borrowed */
	uint32_t clients_max; /* up to CONTROL_CLIENTS_MAX */
	/* Whose programs may ask, as SO_PEERCRED names them: our user, and root. In a user
	 * namespace that root has no number in, it is one of those that all have the same one
	 */
	uid_t user, root;
};

struct control;

/* control_new() - listen, in the engine's loop
 * @subject:	borrowed
 *
 * Return: 0 with *ret_control set, to be freed with control_free() before the engine; or -errno
 */
int control_new(const struct control_options *options, const struct control_subject *subject,
		struct control **ret_control);
void control_free(struct control *control);

#endif
