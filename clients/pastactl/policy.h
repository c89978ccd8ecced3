/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy's file, as a running instance takes it: in memory that can't be changed any more, since
 * it can't wait for a file system.
 */
#ifndef CLIENTS_PASTACTL_POLICY_H
#define CLIENTS_PASTACTL_POLICY_H

#include "common/base/err.h"

/* policy_open() - @path: or - for standard input. Return: a descriptor, the caller's, or -errno
 * with @err set
 */
int policy_open(const char *path, struct err *err);

#endif
