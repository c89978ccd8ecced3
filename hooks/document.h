/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON documents of bounded size. Here is what all of them have in common: reading, one wording
 * for what is wrong, and access by key with a check of the type. Strings and lists that are
 * returned live as long as the document. "what" is how a text calls the document.
 */
#ifndef HOOKS_DOCUMENT_H
#define HOOKS_DOCUMENT_H

#include <jansson.h>

#include "hooks/error.h"

/* document_parse() - @text must be one JSON object, without double keys
 *
 * Return: 0 and *@ret, to be given to json_decref(); or -errno with @err set
 */
int document_parse(const char *text, size_t len, const char *what, json_t **ret,
		   struct hook_err *err);

/* document_read() - the same, from a file until its end; more than @max_bytes is an error */
int document_read(int fd, size_t max_bytes, const char *what, json_t **ret, struct hook_err *err);

/* document_only_keys() - @known ends with NULL. Return: 0; -EINVAL with @err set for another key */
int document_only_keys(const json_t *object, const char *const *known, const char *what,
		       struct hook_err *err);

/* document_string() - Return: 0 and *@ret, NULL if there is no such key; or -EINVAL with @err set,
 * if it is no string
 */
int document_string(const json_t *object, const char *key, const char *what, const char **ret,
		    struct hook_err *err);

/* document_strings() - the same for a list of strings */
int document_strings(const json_t *object, const char *key, const char *what, const json_t **ret,
		     struct hook_err *err);

#endif
