/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests of the OCI hook: JSON documents as text. Include <cmocka.h> and what it needs first.
 */
#ifndef TEST_UNIT_HOOK_DOCUMENT_H
#define TEST_UNIT_HOOK_DOCUMENT_H

#include <string.h>

#include "hooks/document.h"

/* parse() - a text that is a document. Return: it, the caller's */
static inline json_t *parse(const char *text)
{
	struct hook_err err = { "" };
	json_t *root;

	if (document_parse(text, strlen(text), "it", &root, &err))
		fail_msg("'%s' is refused: %s", text, err.text);
	return root;
}

#endif
