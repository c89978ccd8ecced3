/* SPDX-License-Identifier: Apache-2.0
 *
 * Which stage a hook runs for isn't in the state, only what has become of the container: runtimes
 * say "creating" or "created" at createRuntime, and "stopped" at poststop.
 */
#include "hooks/state.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-."
#define ID_MAX 1024

static int need_string(const json_t *root, const char *key, const char **ret, struct hook_err *err)
{
	int rc = document_string(root, key, STATE_WHAT, ret, err);

	if (rc || *ret)
		return rc;
	return hook_err_set(err, -EINVAL, "%s has no '%s'", STATE_WHAT, key);
}

static int read_status(const json_t *root, struct state *state, struct hook_err *err)
{
	const char *status;
	int rc = need_string(root, "status", &status, err);

	if (rc)
		return rc;
	state->stopped = !strcmp(status, "stopped");
	if (state->stopped || !strcmp(status, "creating") || !strcmp(status, "created"))
		return 0;
	return hook_err_set(err, -EINVAL,
			    "%s: status '%s' is neither of createRuntime nor of poststop",
			    STATE_WHAT, status);
}

static int read_pid(const json_t *root, struct state *state, struct hook_err *err)
{
	const json_t *value = json_object_get(root, "pid");
	json_int_t pid = json_integer_value(value);

	if (value && (!json_is_integer(value) || pid < 0 || pid > INT_MAX))
		return hook_err_set(err, -EINVAL, "%s: 'pid' is not a process id", STATE_WHAT);
	if (!pid && !state->stopped)
		return hook_err_set(err, -EINVAL, "%s has no 'pid'", STATE_WHAT);
	state->pid = (pid_t)pid;
	return 0;
}

static int read_annotations(const json_t *root, struct state *state, struct hook_err *err)
{
	const json_t *annotations = json_object_get(root, "annotations");
	const char *key;
	json_t *value;

	if (!annotations || json_is_null(annotations))
		return 0;
	if (!json_is_object(annotations))
		return hook_err_set(err, -EINVAL, "%s: 'annotations' is not an object", STATE_WHAT);
	json_object_foreach((json_t *)annotations, key, value) {
		if (!json_is_string(value))
			return hook_err_set(err, -EINVAL, "%s: annotation '%s' is not a string",
					    STATE_WHAT, key);
	}
	state->annotations = annotations;
	return 0;
}

/* A file is named after it */
static int check_id(const char *id, struct hook_err *err)
{
	size_t len = strlen(id);

	if (len && len <= ID_MAX && id[0] != '.' && strspn(id, ID_CHARS) == len)
		return 0;
	return hook_err_set(err, -EINVAL, "%s: '%.64s' is not a container's id", STATE_WHAT, id);
}

int state_take(json_t *root, struct state *ret, struct hook_err *err)
{
	int rc;

	*ret = (struct state){ .root = root };
	rc = need_string(root, "id", &ret->id, err);
	if (!rc)
		rc = check_id(ret->id, err);
	if (rc)
		ret->id = NULL; /* texts name the container by it */
	if (!rc)
		rc = need_string(root, "bundle", &ret->bundle, err);
	if (!rc && ret->bundle[0] != '/')
		rc = hook_err_set(err, -EINVAL, "%s: bundle '%s' is not an absolute path",
				  STATE_WHAT, ret->bundle);
	if (!rc)
		rc = read_status(root, ret, err);
	if (!rc)
		rc = read_pid(root, ret, err);
	return rc ? rc : read_annotations(root, ret, err);
}

void state_fini(struct state *state)
{
	json_decref(state->root);
	*state = (struct state){ 0 };
}
