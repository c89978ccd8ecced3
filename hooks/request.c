/* SPDX-License-Identifier: Apache-2.0
 *
 * A container gets nothing that nobody asked for: no automatic ports in either direction, and no
 * way to the host's loopback.
 */
#include "hooks/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hooks/option.h"

#define PREFIX "io.pasta."

/* Below what one argument may have, MAX_ARG_STRLEN in linux/binfmts.h */
#define NARROW_MAX_BYTES 65536

void request_init(struct request *request)
{
	*request = (struct request){ 0 };
}

void request_fini(struct request *request)
{
	words_fini(&request->tcp);
	words_fini(&request->udp);
	words_fini(&request->options);
	words_fini(&request->asked_options);
}

int request_add_option(struct request *request, const char *text, struct hook_err *err)
{
	int rc = option_check(text, err);

	return rc ? rc : words_add(&request->options, text);
}

int request_add_publish(struct request *request, const char *text, const struct policy *policy,
			struct hook_err *err)
{
	struct publish publish;
	int rc = publish_parse(text, &publish, err);

	if (!rc && policy)
		rc = policy_check_publish(policy, text, &publish, err);
	return rc ? rc : words_add(publish.udp ? &request->udp : &request->tcp, publish.spec);
}

static int take_enable(struct request *request, const char *value, const struct policy *policy,
		       struct hook_err *err)
{
	request->disabled = !strcmp(value, "false");
	if (request->disabled || !strcmp(value, "true"))
		return policy_check_enable(policy, err);
	return hook_err_set(err, -EINVAL, "annotation '" PREFIX "enable': '%s' is neither 'true' "
			    "nor 'false'", value);
}

static int take_publish(struct request *request, const char *value, const struct policy *policy,
			struct hook_err *err)
{
	struct words words;
	char *blanks = strdup(value);
	int rc = -ENOMEM;

	words_init(&words);
	for (char *c = blanks; c && (c = strchr(c, ',')); c++)
		*c = ' ';
	if (blanks)
		rc = words_split(&words, blanks, err);
	for (size_t i = 0; !rc && i < words.count; i++)
		rc = request_add_publish(request, words.word[i], policy, err);
	words_fini(&words);
	free(blanks);
	return rc;
}

static int take_options(struct request *request, const char *value, const struct policy *policy,
			struct hook_err *err)
{
	struct words *words = &request->asked_options;
	int rc = words_split(words, value, err);

	for (size_t i = 0; !rc && i < words->count; i++)
		rc = policy_check_option(policy, words->word[i], err);
	return rc;
}

static int take_log(struct request *request, const char *value, const struct policy *policy,
		    struct hook_err *err)
{
	int len = snprintf(request->log, sizeof(request->log), "%s", value);

	if (len >= (int)sizeof(request->log))
		return hook_err_set(err, -ENAMETOOLONG, "log: %s", strerror(ENAMETOOLONG));
	return policy_check_log(policy, value, err);
}

/* It takes no permission: whatever it says, the container reaches no more than without. pasta reads
 * it, as an argument's text: a file would be one of the container's choice, read by root
 */
static int take_policy(struct request *request, const char *value, const struct policy *policy,
		       struct hook_err *err)
{
	(void)policy;
	if (strlen(value) > NARROW_MAX_BYTES)
		return hook_err_set(err, -E2BIG, "annotation '" REQUEST_NARROW_ANNOTATION "' is longer "
				    "than %d bytes", NARROW_MAX_BYTES);
	request->narrow = value;
	return 0;
}

/* add_log_id() - behind what was checked as a path, it makes no other folder: an ID has no slash */
static int add_log_id(struct request *request, const char *id, struct hook_err *err)
{
	size_t len = strlen(request->log), room = sizeof(request->log) - len;

	if (!len || snprintf(request->log + len, room, ".%s", id) < (int)room)
		return 0;
	return hook_err_set(err, -ENAMETOOLONG, "log: %s", strerror(ENAMETOOLONG));
}

/* One row an annotation */
static const struct {
	const char *name; /* behind the prefix */
	int (*take)(struct request *request, const char *value, const struct policy *policy,
		    struct hook_err *err);
} kinds[] = {
	{ "enable", take_enable },
	{ "publish", take_publish },
	{ "options", take_options },
	{ "policy", take_policy },
	{ "log", take_log },
};

static int take(struct request *request, const char *key, const char *value,
		const struct policy *policy, struct hook_err *err)
{
	const char *name = key + strlen(PREFIX);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(name, kinds[i].name))
			return kinds[i].take(request, value, policy, err);
	}
	return hook_err_set(err, -EINVAL, "annotation '%s' is unknown", key);
}

int request_add_annotations(struct request *request, const json_t *annotations, const char *id,
			    const struct policy *policy, struct hook_err *err)
{
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach((json_t *)annotations, key, value) {
		if (!strncmp(key, PREFIX, strlen(PREFIX)))
			rc = take(request, key, json_string_value(value), policy, err);
		if (rc)
			break;
	}
	return rc ? rc : add_log_id(request, id, err);
}

static int add_option(struct words *command, const char *option, const char *value)
{
	int rc = words_add(command, option);

	return rc ? rc : words_add(command, value);
}

/* add_ports() - pasta's own default is "auto", so that none has to be said; but saying it beside
 * an administrator's option is a contradiction
 */
static int add_ports(const struct request *request, const char *name, const struct words *specs,
		     struct words *command)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < specs->count; i++)
		rc = add_option(command, name, specs->word[i]);
	if (rc || specs->count || option_is_among(&request->options, name) ||
	    option_is_among(&request->asked_options, name))
		return rc;
	return add_option(command, name, "none");
}

int request_command(const struct request *request, const char *pasta, const char *netns,
		    const char *userns, const char *pid_file, struct words *ret_command)
{
	const struct words nothing = { 0 };
	int rc = words_add(ret_command, pasta);

	if (!rc)
		rc = words_add(ret_command, "--quiet");
	if (!rc)
		rc = words_add(ret_command, "--no-map-gw");
	if (!rc)
		rc = add_option(ret_command, "--netns", netns);
	if (!rc && userns)
		rc = add_option(ret_command, "--userns", userns);
	if (!rc)
		rc = add_option(ret_command, "--pid", pid_file);
	if (!rc)
		rc = words_add_all(ret_command, &request->options);
	if (!rc)
		rc = add_ports(request, "--tcp-ports", &request->tcp, ret_command);
	if (!rc)
		rc = add_ports(request, "--udp-ports", &request->udp, ret_command);
	if (!rc)
		rc = add_ports(request, "--tcp-ns", &nothing, ret_command);
	if (!rc)
		rc = add_ports(request, "--udp-ns", &nothing, ret_command);
	if (!rc && request->log[0])
		rc = add_option(ret_command, "--log-file", request->log);
	if (!rc && request->narrow)
		rc = add_option(ret_command, REQUEST_NARROW, request->narrow);
	return rc ? rc : words_add_all(ret_command, &request->asked_options);
}
