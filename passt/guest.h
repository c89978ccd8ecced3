/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual machine's end: a UNIX stream socket on which it connects to us, or one that is
 * connected already. There is one guest at a time.
 */
#ifndef PASST_GUEST_H
#define PASST_GUEST_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/engine/engine.h"
#include "launch/settings.h"
#include "netns/beside/made_files.h"

struct guest {
	struct watch listening; /* fd -1: one guest, connected from the start */
	int fd; /* -1: nobody is there */
	bool shares_files; /* its vhost-user front end does, with us */
	struct engine *engine;
};

void guest_init(struct guest *guest);

/* guest_open() - make the socket that the settings ask for, or take the one that is given
 * @made:	takes the path, for the end
 *
 * Return: 0, or -errno with @err set
 */
int guest_open(struct guest *guest, const struct settings *settings, struct made_files *made,
	       struct err *err);

/* guest_start() - connect the guest to the engine, or wait for one. Return: 0 or -errno */
int guest_start(struct guest *guest, struct engine *engine);

/* guest_gone() - wait for the next one. Works under the lock-in. Return: 0 or -errno */
int guest_gone(struct guest *guest);

#endif
