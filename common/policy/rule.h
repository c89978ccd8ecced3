/* SPDX-License-Identifier: Apache-2.0
 *
 * One rule's text, read and put into words:
 *
 *	RULE = [tcp/|udp/|icmp/]DEST[:PORT[-PORT][,...]]
 *	DEST = any | ADDR | ADDR/LEN | [ADDR6] | [ADDR6/LEN] | ADDR6/LEN | @GROUP | NAME | *.NAME
 *
 * Without brackets or a length, the end of an IPv6 address could be a port, so there is no such
 * form. Pure.
 */
#ifndef COMMON_POLICY_RULE_H
#define COMMON_POLICY_RULE_H

#include <stddef.h>

#include "common/base/err.h"
#include "common/policy/policy.h"

/* Longest text of policy_rule_format(), terminator included */
#define POLICY_RULE_TEXT_MAX 640

/* policy_rule_parse() - all of @text is one rule
 * @text:	a name in the rule points into it
 * @ret_rule:	complete but for where it comes from
 *
 * Return: 0; or -EINVAL, with @err set to what is wrong with which word of it
 */
int policy_rule_parse(const char *text, enum policy_verdict verdict, struct policy_rule *ret_rule,
		      struct err *err);

/* policy_rule_format() - what a rule does, as a sentence's middle: "allow TCP to 192.0.2.0/24,
 * port 80"
 *
 * Return: @buf
 */
const char *policy_rule_format(const struct policy_rule *rule, char buf[POLICY_RULE_TEXT_MAX]);

/* policy_verdict_text() - "allow", "deny" or "drop" */
const char *policy_verdict_text(enum policy_verdict verdict);

#endif
