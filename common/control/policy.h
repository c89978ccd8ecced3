/* SPDX-License-Identifier: Apache-2.0
 *
 * The answers to "policy": the rules and how often each has decided, what would be decided, and
 * which rules would allow all that has been let out.
 */
#ifndef COMMON_CONTROL_POLICY_H
#define COMMON_CONTROL_POLICY_H

#include <stdint.h>

#include "common/base/json.h"
#include "common/control/request.h"
#include "common/engine/engine.h"

/* Bytes of a rule in an answer, at most */
#define CONTROL_POLICY_RULE_MAX 2560

/* control_policy_show() - what stands before the rules, into the object that is open */
void control_policy_show(const struct engine *engine, struct json *json);

/* control_policy_rule() - rule @i, from 0, into the array that is open. Return: whether it is there
 */
bool control_policy_rule(const struct engine *engine, uint32_t i, struct json *json);

/* control_policy_learn() - before the first line of what is learnt. Return: whether anything is */
bool control_policy_learn(const struct engine *engine);

/* control_policy_lesson() - a line of it, into the array that is open
 * @at:		0 for the first one; changed
 *
 * Return: whether it is there
 */
bool control_policy_lesson(const struct engine *engine, uint32_t *at, struct json *json);

/* control_policy_test() - the verdict, and whose it is */
void control_policy_test(const struct engine *engine, const struct control_policy_test *test,
			 struct json *json);

#endif
