/* SPDX-License-Identifier: Apache-2.0
 *
 * A namespace with a path is one that the container joins; its maker cares for its network, and
 * it may have a network already.
 */
#include "hooks/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONFIG_MAX_BYTES (16 << 20)
#define BUNDLE_WHAT "the bundle's config.json"

/* check_keys() - Go's runtimes read a key whatever its case, also in a few letters beyond ASCII, and
 * take the last of several: none may look like one of @names and not be it
 */
static int check_keys(const json_t *object, const char *const *names, struct hook_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		bool is_odd = false;

		for (const char *c = key; *c; c++)
			is_odd |= (unsigned char)*c > '~';
		for (const char *const *name = names; *name; name++)
			is_odd |= !strcasecmp(key, *name) && strcmp(key, *name) != 0;
		if (is_odd)
			return hook_err_set(err, -EINVAL, BUNDLE_WHAT ": key '%s' is not the same "
					    "to every runtime", key);
	}
	return 0;
}

static int check_all_keys(const json_t *config, struct hook_err *err)
{
	const char *const at_root[] = { "linux", NULL };
	const char *const in_linux[] = { "namespaces", NULL };
	const char *const in_namespace[] = { "type", "path", NULL };
	const json_t *linux_part = json_object_get(config, "linux");
	const json_t *list = json_object_get(linux_part, "namespaces");
	int rc = check_keys(config, at_root, err);

	if (!rc)
		rc = check_keys(linux_part, in_linux, err);
	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		rc = check_keys(json_array_get(list, i), in_namespace, err);
	return rc;
}

/* Return: the namespace of that type in config.json; NULL: the container has the runtime's */
static const json_t *find_namespace(const json_t *config, const char *type)
{
	const json_t *list = json_object_get(json_object_get(config, "linux"), "namespaces");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *is = json_string_value(json_object_get(entry, "type"));

		if (is && !strcmp(is, type))
			return entry;
	}
	return NULL;
}

/* Return: the path of a namespace that is joined, NULL for one that is made */
static const char *joined_path(const json_t *entry)
{
	const char *path = json_string_value(json_object_get(entry, "path"));

	return path && *path ? path : NULL;
}

int bundle_check(const json_t *config, struct bundle *ret, struct hook_err *err)
{
	const json_t *network = find_namespace(config, "network");
	const json_t *pid = find_namespace(config, "pid");
	int rc = check_all_keys(config, err);

	if (rc)
		return rc;
	if (!network)
		return hook_err_set(err, -EINVAL, "it has no network namespace of its own: with "
				    "the host's network there is nothing to connect");
	if (joined_path(network))
		return hook_err_set(err, -EINVAL, "it joins the network namespace '%s', which is "
				    "not its own", joined_path(network));
	ret->own_pid_namespace = pid && !joined_path(pid);
	return 0;
}

int bundle_read(const char *folder, struct bundle *ret, struct hook_err *err)
{
	char path[PATH_MAX];
	json_t *config;
	int fd, rc;

	if (snprintf(path, sizeof(path), "%s/config.json", folder) >= (int)sizeof(path))
		return hook_err_set(err, -ENAMETOOLONG, "the bundle's path is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		rc = -errno;
		return hook_err_set(err, rc, "cannot read '%s': %s", path, strerror(-rc));
	}
	rc = document_read(fd, CONFIG_MAX_BYTES, BUNDLE_WHAT, &config, err);
	close(fd);
	if (rc)
		return rc;
	rc = bundle_check(config, ret, err);
	json_decref(config);
	return rc;
}
