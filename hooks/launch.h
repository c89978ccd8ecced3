/* SPDX-License-Identifier: Apache-2.0
 *
 * Run pasta until it is ready. What pasta started with has ended then, with status 0; what works
 * on in the background is found by its pid file.
 */
#ifndef HOOKS_LAUNCH_H
#define HOOKS_LAUNCH_H

#include "hooks/process.h"
#include "hooks/words.h"

/* launch_find_pasta() - the path of the pasta that was installed in the hook's own folder */
void launch_find_pasta(char *ret, size_t size);

/* launch_pasta() - run a command line, and wait until the network is there
 * @pid_path:	where it writes its number; removed in any case
 *
 * What pasta has to say goes on to our own standard error if it succeeds, else into @err.
 *
 * Return: a pidfd of the pasta in the background, with *@ret set; or -errno with @err set, and
 * nothing of it is left
 */
int launch_pasta(const struct words *command, const char *pid_path, struct process *ret,
		 struct hook_err *err);

#endif
