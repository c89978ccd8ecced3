/* SPDX-License-Identifier: Apache-2.0
 *
 * What an administrator lets annotations ask for. An empty policy allows nothing:
 *
 *	{
 *		"enable": true,
 *		"publish": { "addresses": ["127.0.0.1", "any"], "ports": ["1024-65535"] },
 *		"options": ["--mtu", "--map-host-loopback=169.254.1.2"],
 *		"log": ["/var/log/pasta"]
 *	}
 *
 * A policy is checked as a whole when it's read, so that a mistake in it shows at once.
 */
#ifndef HOOKS_POLICY_H
#define HOOKS_POLICY_H

#include "hooks/document.h"
#include "hooks/publish.h"

#define POLICY_WHAT "the policy"

/* Lists that are NULL allow nothing */
struct policy {
	json_t *root;
	bool enable; /* whether annotations may say so, or that not */
	const json_t *addresses;
	const json_t *ports;
	const json_t *options; /* "--name": any value; "--name=value": this one only */
	const json_t *log; /* folders */
};

/* policy_take() - check a document and take it over, whatever comes out
 *
 * Return: 0; or -EINVAL with @err set. policy_fini() is needed in either case.
 */
int policy_take(json_t *root, struct policy *ret, struct hook_err *err);

void policy_fini(struct policy *policy);

/* policy_check_*() - Return: 0 if it's allowed; or -errno with @err set */
int policy_check_enable(const struct policy *policy, struct hook_err *err);
int policy_check_publish(const struct policy *policy, const char *text,
			 const struct publish *publish, struct hook_err *err);
int policy_check_option(const struct policy *policy, const char *option, struct hook_err *err);
int policy_check_log(const struct policy *policy, const char *path, struct hook_err *err);

#endif
