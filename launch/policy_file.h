/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy's file, and what it includes, read with the caller's rights before anything else is
 * done: common/policy/text.h. Names of included files are relative to the one that includes them.
 */
#ifndef LAUNCH_POLICY_FILE_H
#define LAUNCH_POLICY_FILE_H

#include "common/base/err.h"
#include "common/policy/policy.h"

/* policy_file_read() - add the rules of a file, and of what it includes
 *
 * Return: 0, or -errno with @err set: of a mistake to FILE:LINE and the word
 */
int policy_file_read(struct policy *policy, const char *path, struct err *err);

#endif
