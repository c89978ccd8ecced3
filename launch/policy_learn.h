/* SPDX-License-Identifier: Apache-2.0
 *
 * --policy-learn: the file with the policy that would have allowed what was let out (common/policy/
 * lessons.h), written when the engine has stopped. A struct policy_learn stays where it is once it
 * is open.
 */
#ifndef LAUNCH_POLICY_LEARN_H
#define LAUNCH_POLICY_LEARN_H

#include "common/base/err.h"
#include "common/engine/config.h"
#include "common/policy/lessons.h"
#include "launch/settings.h"
#include "netns/beside/made_files.h"

struct policy_learn {
	struct policy_lessons lessons;
	int fd; /* -1: nothing is learnt */
};

void policy_learn_init(struct policy_learn *learn);

/* policy_learn_open() - if the user wants it. Return: 0, or -errno with @err set */
int policy_learn_open(struct policy_learn *learn, const struct settings *settings,
		      struct config *config, struct made_files *made, struct err *err);

/* policy_learn_finish() - after the engine has gone. Works under the lock-in */
void policy_learn_finish(struct policy_learn *learn);

#endif
