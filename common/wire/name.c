/* SPDX-License-Identifier: Apache-2.0
 *
 * A label is a length byte and its text, the root's is a single zero: the text's length plus two.
 */
#include "common/wire/name.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define NAME_LABEL_MAX 63

/* Return: 0 or -EINVAL */
static int labels_put(struct writer *w, const char *text, size_t len)
{
	while (len) {
		const char *dot = memchr(text, '.', len);
		size_t label = dot ? (size_t)(dot - text) : len;
		uint8_t *p;

		if (!label || label > NAME_LABEL_MAX || label + 1 == len)
			return -EINVAL;
		p = writer_take(w, 1 + label);
		if (!p)
			return -ENOBUFS;
		p[0] = (uint8_t)label;
		memcpy(p + 1, text, label);
		text += label;
		len -= label;
		if (len) {
			text++;
			len--;
		}
	}
	return 0;
}

int name_emit(struct writer *w, const char *text, size_t len)
{
	struct writer attempt = *w;
	uint8_t *root;
	int rc;

	if (!len || len > NAME_TEXT_MAX)
		return -EINVAL;
	rc = labels_put(&attempt, text, len);
	if (rc)
		return rc;
	root = writer_take(&attempt, 1);
	if (!root)
		return -ENOBUFS;
	*root = 0;
	*w = attempt;
	return 0;
}

/* Not isalnum(3), which depends on the locale */
static bool is_host_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool is_host(const char *text, size_t len)
{
	size_t label = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' ? !label : !is_host_letter(text[i]) || label == NAME_LABEL_MAX)
			return false;
		label = text[i] == '.' ? 0 : label + 1;
	}
	return label;
}

int name_canonical(const char *text, size_t len, char ret_name[NAME_TEXT_MAX + 1])
{
	if (len && text[len - 1] == '.')
		len--;
	if (len > NAME_TEXT_MAX || !is_host(text, len))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		ret_name[i] = name_lower(text[i]);
	ret_name[len] = '\0';
	return 0;
}

void name_list_emit(struct writer *w, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		if (name_emit(w, list, len) == -ENOBUFS)
			return;
		list += len + strspn(list + len, " ");
	}
}
