/* SPDX-License-Identifier: Apache-2.0
 *
 * A label is a length byte and its text, the root's is a single zero: the text's length plus two.
 */
#include "common/wire/name.h"

#include <errno.h>

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

void name_list_emit(struct writer *w, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, " ");

		if (name_emit(w, list, len) == -ENOBUFS)
			return;
		list += len + strspn(list + len, " ");
	}
}
