/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy's file, read with the caller's rights before anything else is done. It has one line a
 * rule:
 *
 *	default allow|deny		what holds if no rule fits
 *	allow|deny|drop RULE		see common/policy/rule.h
 *	include FILE			relative to this one
 *
 * and comments, from a '#' at the beginning of a line or after a blank on.
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

/* policy_file_rule() - add a rule by its text
 * @source, @line: where it stands; @line 0: in no file, @source is an option. Lives on
 *
 * Return: 0, or -errno with @err set
 */
int policy_file_rule(struct policy *policy, enum policy_verdict verdict, const char *text,
		     const char *source, uint32_t line, struct err *err);

#endif
