/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs last before the engine, without a capability; seccomp(2).
 *
 * The seccomp filter: an allow list, and rules for the calls whose arguments matter. Anything else
 * kills the process, except attempts to open files, which fail as they would in the empty root.
 */
#ifndef NETNS_LOCKIN_SYSCALL_FILTER_H
#define NETNS_LOCKIN_SYSCALL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/* syscall_filter_apply() - filter the calling process, for good; sets no_new_privs too
 * @maps_guest:	allow what a virtual machine's memory takes
 *
 * Return: 0, or -errno with @err set
 */
int syscall_filter_apply(bool maps_guest, struct err *err);

/* syscall_filter_apply_calls() - the same for a program that is no engine, with calls of its own:
 * no signal to others either
 * @calls:	from seccomp_list.h
 */
int syscall_filter_apply_calls(const int *calls, size_t count, struct err *err);

#endif
