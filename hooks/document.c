/* SPDX-License-Identifier: Apache-2.0
 *
 * The size is bounded before the parser sees anything, and the parser bounds the depth itself.
 */
#include "hooks/document.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int document_parse(const char *text, size_t len, const char *what, json_t **ret,
		   struct hook_err *err)
{
	json_error_t error;
	json_t *root;

	if (!len)
		return hook_err_set(err, -EINVAL, "%s is empty", what);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return hook_err_set(err, -EINVAL, "%s is not valid JSON: line %d: %s", what,
				    error.line, error.text);
	if (!json_is_object(root)) {
		json_decref(root);
		return hook_err_set(err, -EINVAL, "%s is not a JSON object", what);
	}
	*ret = root;
	return 0;
}

/* Return: bytes read, @size at most; or -errno */
static ssize_t read_until_end(int fd, char *buf, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, buf + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int document_read(int fd, size_t max_bytes, const char *what, json_t **ret, struct hook_err *err)
{
	char *text = malloc(max_bytes + 1);
	ssize_t len = text ? read_until_end(fd, text, max_bytes + 1) : -ENOMEM;
	int rc;

	if (len < 0)
		rc = hook_err_set(err, (int)len, "cannot read %s: %s", what, strerror((int)-len));
	else if ((size_t)len > max_bytes)
		rc = hook_err_set(err, -EFBIG, "%s is larger than %zu bytes", what, max_bytes);
	else
		rc = document_parse(text, (size_t)len, what, ret, err);
	free(text);
	return rc;
}

static bool is_known(const char *key, const char *const *known)
{
	for (; *known; known++) {
		if (!strcmp(key, *known))
			return true;
	}
	return false;
}

int document_only_keys(const json_t *object, const char *const *known, const char *what,
		       struct hook_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		if (!is_known(key, known))
			return hook_err_set(err, -EINVAL, "%s: unknown key '%s'", what, key);
	}
	return 0;
}

int document_string(const json_t *object, const char *key, const char *what, const char **ret,
		    struct hook_err *err)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_string(value))
		return hook_err_set(err, -EINVAL, "%s: '%s' is not a string", what, key);
	*ret = json_string_value(value);
	return 0;
}

int document_strings(const json_t *object, const char *key, const char *what, const json_t **ret,
		     struct hook_err *err)
{
	const json_t *list = json_object_get(object, key);
	bool fits = !list || json_is_array(list);

	for (size_t i = 0; fits && i < json_array_size(list); i++)
		fits = json_is_string(json_array_get(list, i));
	if (!fits)
		return hook_err_set(err, -EINVAL, "%s: '%s' is not a list of strings", what, key);
	*ret = list;
	return 0;
}
