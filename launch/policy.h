/* SPDX-License-Identifier: Apache-2.0
 *
 * The policies of the command line. The one that is given: rules in the order in which they stand, a
 * file's where its option stands (see policy_file.h). And one that narrows it, as text.
 */
#ifndef LAUNCH_POLICY_H
#define LAUNCH_POLICY_H

#include <stdio.h>

#include "common/base/err.h"
#include "common/engine/config.h"
#include "common/policy/policy.h"
#include "launch/settings.h"
#include "netns/host/host.h"

/* policy_option_rule() - --allow and --deny
 * @policy:	made if it is NULL
 *
 * Return: 0, or -errno with @err set
 */
int policy_option_rule(struct policy **policy, enum policy_verdict verdict, const char *text,
		       struct err *err);

/* policy_option_learn() - --policy-learn: all is allowed, names are read, and other options are
 * refused; after them
 */
int policy_option_learn(struct policy **policy, struct err *err);

/* policy_option_none() - an option that adds no rule, but wants a policy, likewise */
int policy_option_none(struct policy **policy, struct err *err);

/* policy_option_file() - --policy, likewise */
int policy_option_file(struct policy **policy, const char *path, struct err *err);

/* policy_option_narrow() - --policy-narrow: a policy as text, lines as in a file, also with a ';'
 * between them. It can include no files, and there is only one: rules of two would add to each other
 * @policy:	NULL; made
 */
int policy_option_narrow(struct policy **policy, const char *text, struct err *err);

/* policy_apply() - complete the policies by what the host is connected to, and have the engine obey
 * it
 *
 * Return: 0, or -errno with @err set
 */
int policy_apply(const struct settings *settings, const struct host *host, struct config *config,
		 struct err *err);

/* policy_lans() - the networks that the host is directly connected to
 * @ret_lans:	as many as the host has addresses at most
 *
 * Return: how many
 */
uint32_t policy_lans(const struct host *host, struct policy_network *ret_lans);

/* policy_summary() - what there is, for the log */
void policy_summary(const struct settings *settings);

/* policy_print() - what each rule means
 *
 * Return: 0, or -errno with @err set
 */
int policy_print(const struct settings *settings, FILE *out, struct err *err);

#endif
