/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy's file, as a running instance takes it: in memory that can't be changed any more, since
 * it can't wait for a file system; and with its names as DNS has them, which no instance can
 * convert.
 */
#ifndef CLIENTS_PASTACTL_POLICY_H
#define CLIENTS_PASTACTL_POLICY_H

#include "common/base/err.h"

/* policy_open() - @path: or - for standard input. Return: a descriptor, the caller's, or -errno
 * with @err set
 */
int policy_open(const char *path, struct err *err);

/* policy_destination() - what a test is about, likewise
 * @ret_ascii:	to be freed; NULL: it is as it has to be
 *
 * Return: 0, or -errno with @err set
 */
int policy_destination(const char *text, char **ret_ascii, struct err *err);

#endif
