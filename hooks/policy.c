/* SPDX-License-Identifier: Apache-2.0
 *
 * Allowed options are compared by their whole names: pasta takes abbreviations too, which so are
 * allowed only if they stand in the policy themselves.
 */
#include "hooks/policy.h"

#include <errno.h>
#include <string.h>

#include "hooks/option.h"

#define ANY_ADDRESS "any"

/* The hook's own: another value would connect something else, or be taken for "ready" */
static const char *const reserved_options[] = {
	"--netns", "--userns", "--netns-only", "--no-netns-quit", "--pid", "--foreground",
	"--help", "--version", NULL,
};

/* Also abbreviated: pasta would take them for what they stand for */
static bool is_reserved(const char *option)
{
	for (const char *const *name = reserved_options; *name; name++) {
		if (option_is(option, *name))
			return true;
	}
	return false;
}

static const char *string_at(const json_t *list, size_t i)
{
	return json_string_value(json_array_get(list, i));
}

static int check_publish(const struct policy *policy, struct hook_err *err)
{
	struct port_range range;
	struct in6_addr address;

	for (size_t i = 0; i < json_array_size(policy->addresses); i++) {
		const char *text = string_at(policy->addresses, i);

		if (strcmp(text, ANY_ADDRESS) && publish_parse_address(text, &address))
			return hook_err_set(err, -EINVAL, POLICY_WHAT
					    ": '%s' is neither an address nor 'any'", text);
	}
	for (size_t i = 0; i < json_array_size(policy->ports); i++) {
		const char *text = string_at(policy->ports, i);

		if (publish_parse_range(text, &range))
			return hook_err_set(err, -EINVAL, POLICY_WHAT
					    ": '%s' is neither a port nor a range", text);
	}
	return 0;
}

static int check_options(const struct policy *policy, struct hook_err *err)
{
	for (size_t i = 0; i < json_array_size(policy->options); i++) {
		const char *text = string_at(policy->options, i);

		if (strncmp(text, "--", 2) || option_name_length(text) < 3)
			return hook_err_set(err, -EINVAL, POLICY_WHAT
					    ": '%s' is not the long name of an option", text);
		if (is_reserved(text))
			return hook_err_set(err, -EINVAL, POLICY_WHAT
					    ": '%s' is given by the hook and cannot be allowed",
					    text);
	}
	return 0;
}

static int check_log(const struct policy *policy, struct hook_err *err)
{
	for (size_t i = 0; i < json_array_size(policy->log); i++) {
		const char *text = string_at(policy->log, i);

		if (text[0] != '/')
			return hook_err_set(err, -EINVAL, POLICY_WHAT
					    ": '%s' is not an absolute path", text);
	}
	return 0;
}

static int take_enable(struct policy *policy, struct hook_err *err)
{
	const json_t *enable = json_object_get(policy->root, "enable");

	if (enable && !json_is_boolean(enable))
		return hook_err_set(err, -EINVAL, POLICY_WHAT
				    ": 'enable' is neither true nor false");
	policy->enable = json_is_true(enable);
	return 0;
}

static int take_publish(struct policy *policy, struct hook_err *err)
{
	const char *const known[] = { "addresses", "ports", NULL };
	const json_t *publish = json_object_get(policy->root, "publish");
	int rc;

	if (!publish)
		return 0;
	if (!json_is_object(publish))
		return hook_err_set(err, -EINVAL, POLICY_WHAT ": 'publish' is not an object");
	rc = document_only_keys(publish, known, POLICY_WHAT ": 'publish'", err);
	if (!rc)
		rc = document_strings(publish, "addresses", POLICY_WHAT, &policy->addresses, err);
	if (!rc)
		rc = document_strings(publish, "ports", POLICY_WHAT, &policy->ports, err);
	return rc ? rc : check_publish(policy, err);
}

int policy_take(json_t *root, struct policy *ret, struct hook_err *err)
{
	const char *const known[] = { "enable", "publish", "options", "log", NULL };
	int rc;

	*ret = (struct policy){ .root = root };
	rc = document_only_keys(root, known, POLICY_WHAT, err);
	if (!rc)
		rc = take_enable(ret, err);
	if (!rc)
		rc = take_publish(ret, err);
	if (!rc)
		rc = document_strings(root, "options", POLICY_WHAT, &ret->options, err);
	if (!rc)
		rc = check_options(ret, err);
	if (!rc)
		rc = document_strings(root, "log", POLICY_WHAT, &ret->log, err);
	return rc ? rc : check_log(ret, err);
}

void policy_fini(struct policy *policy)
{
	json_decref(policy->root);
	*policy = (struct policy){ 0 };
}

static bool allows_address(const struct policy *policy, const struct publish *publish)
{
	struct in6_addr address;

	for (size_t i = 0; i < json_array_size(policy->addresses); i++) {
		const char *text = string_at(policy->addresses, i);
		bool any = !strcmp(text, ANY_ADDRESS);

		if (any && publish->any_address)
			return true;
		if (!any && !publish->any_address && !publish_parse_address(text, &address) &&
		    IN6_ARE_ADDR_EQUAL(&address, &publish->address))
			return true;
	}
	return false;
}

static bool allows_ports(const struct policy *policy, const struct publish *publish)
{
	struct port_range range;

	for (size_t i = 0; i < json_array_size(policy->ports); i++) {
		if (!publish_parse_range(string_at(policy->ports, i), &range) &&
		    range.first <= publish->ports.first && publish->ports.last <= range.last)
			return true;
	}
	return false;
}

int policy_check_enable(const struct policy *policy, struct hook_err *err)
{
	return policy->enable ? 0 : hook_err_set(err, -EPERM, "annotation 'io.pasta.enable' is not "
						 "allowed by " POLICY_WHAT);
}

int policy_check_publish(const struct policy *policy, const char *text,
			 const struct publish *publish, struct hook_err *err)
{
	if (!allows_address(policy, publish))
		return hook_err_set(err, -EPERM, "publishing '%s' is not allowed by " POLICY_WHAT
				    " (%s)", text, publish->any_address ?
				    "without an address" : "its address");
	if (!allows_ports(policy, publish))
		return hook_err_set(err, -EPERM, "publishing '%s' is not allowed by " POLICY_WHAT
				    " (its ports)", text);
	return 0;
}

int policy_check_option(const struct policy *policy, const char *option, struct hook_err *err)
{
	size_t len = option_name_length(option);
	int rc = option_check(option, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < json_array_size(policy->options); i++) {
		const char *allowed = string_at(policy->options, i);

		if (!strcmp(allowed, option) || (!allowed[option_name_length(allowed)] &&
		    strlen(allowed) == len && !memcmp(allowed, option, len)))
			return 0;
	}
	return hook_err_set(err, -EPERM, "option '%s' is not allowed by " POLICY_WHAT, option);
}

/* Whether @path is below @folder; ".." in it has been looked for already */
static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	while (len && folder[len - 1] == '/')
		len--;
	return !strncmp(path, folder, len) && path[len] == '/' && path[len + 1];
}

int policy_check_log(const struct policy *policy, const char *path, struct hook_err *err)
{
	if (path[0] != '/')
		return hook_err_set(err, -EPERM, "log '%s' is not an absolute path", path);
	for (size_t i = 0; !strstr(path, "/..") && i < json_array_size(policy->log); i++) {
		if (is_below(path, string_at(policy->log, i)))
			return 0;
	}
	return hook_err_set(err, -EPERM, "log '%s' is not allowed by " POLICY_WHAT, path);
}
