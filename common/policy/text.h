/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy as text, line by line:
 *
 *	default allow|deny		what holds if no rule fits
 *	allow|deny|drop RULE		see rule.h
 *	include FILE			for who reads files
 *
 * and comments, from a '#' at the beginning of a line or after a blank on.
 */
#ifndef COMMON_POLICY_TEXT_H
#define COMMON_POLICY_TEXT_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/policy/policy.h"

/* Where a text stands */
struct policy_place {
	const char
		*source; /* a file's name; without a line, an option. The policy's, or for ever */
	uint32_t line; /* 0: in no file */
};

/* policy_text_rule() - add a rule by its text. Return: 0, or -errno with @err set */
int policy_text_rule(struct policy *policy, enum policy_verdict verdict, const char *text,
		     const struct policy_place *place, struct err *err);

/* policy_text_line() - what a line of a file says
 * @line:		without its newline; changed
 * @ret_include:	in @line, the name of the file that is to be read here; NULL: none is
 *
 * Return: 0, or -errno with @err set
 */
int policy_text_line(struct policy *policy, char *line, const struct policy_place *place,
		     const char **ret_include, struct err *err);

/* policy_text_mistake() - what is wrong with a word there. Return: -EINVAL */
int policy_text_mistake(const struct policy_place *place, const char *word, const char *why,
			struct err *err);

#endif
