/* SPDX-License-Identifier: Apache-2.0
 *
 * --policy-log: the file of a policy's decisions (common/policy/audit.h), of bounded size as a log
 * file is. What is counted there is written a second later, and at the end. A struct policy_log
 * stays where it is once it is open.
 */
#ifndef LAUNCH_POLICY_LOG_H
#define LAUNCH_POLICY_LOG_H

#include "common/base/err.h"
#include "common/engine/config.h"
#include "common/engine/engine.h"
#include "common/flow/timer.h"
#include "common/policy/audit.h"
#include "launch/settings.h"
#include "netns/beside/made_files.h"

struct policy_log {
	struct policy_audit audit;
	struct timer timer; /* set while something is counted */
	struct timer_wheel *timers;
	int fd; /* -1: none */
	uint64_t bytes; /* that the file never exceeds */
};

void policy_log_init(struct policy_log *log);

/* policy_log_open() - have the decisions of the policy in @config counted, and written if they are
 * to be; without a policy there are none
 *
 * Return: 0, or -errno with @err set
 */
int policy_log_open(struct policy_log *log, const struct settings *settings, struct config *config,
		    struct made_files *made, struct err *err);

/* policy_log_start() - before @engine runs */
void policy_log_start(struct policy_log *log, struct engine *engine);

/* policy_log_finish() - after the engine has gone. Works under the lock-in */
void policy_log_finish(struct policy_log *log);

#endif
