/* SPDX-License-Identifier: Apache-2.0
 *
 * The container's first process and its namespaces, as they are named for pasta. The process is
 * held by a descriptor: its number may be another's by the time we've looked at it.
 */
#ifndef HOOKS_CONTAINER_H
#define HOOKS_CONTAINER_H

#include <stdbool.h>
#include <sys/types.h>

#include "hooks/bundle.h"

#define CONTAINER_PATH_MAX 40

struct container {
	int pid_fd;
	char netns[CONTAINER_PATH_MAX];
	char userns[CONTAINER_PATH_MAX]; /* "": the one that we're in */
};

/* container_open() - find the namespaces of a process, and make sure that they're a container's own
 *
 * Return: 0, and container_close() is needed; or -errno with @err set
 */
int container_open(pid_t pid, const struct bundle *bundle, struct container *ret,
		   struct hook_err *err);

/* container_check_alive() - Return: 0, and all that was opened by its number up to now was its own;
 * or -ESRCH with @err set
 */
int container_check_alive(const struct container *container, struct hook_err *err);

void container_close(struct container *container);

#endif
