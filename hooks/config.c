/* SPDX-License-Identifier: Apache-2.0
 *
 * What ports look like is checked where they're put together with those of annotations.
 */
#include "hooks/config.h"

#include <errno.h>

int config_take(json_t *root, struct config *ret, struct hook_err *err)
{
	const char *const known[] = { "pasta", "options", "publish", NULL };
	int rc;

	*ret = (struct config){ .root = root };
	rc = document_only_keys(root, known, CONFIG_WHAT, err);
	if (!rc)
		rc = document_string(root, "pasta", CONFIG_WHAT, &ret->pasta, err);
	if (!rc && ret->pasta && ret->pasta[0] != '/')
		rc = hook_err_set(err, -EINVAL, CONFIG_WHAT ": '%s' is not an absolute path",
				  ret->pasta);
	if (!rc)
		rc = document_strings(root, "options", CONFIG_WHAT, &ret->options, err);
	return rc ? rc : document_strings(root, "publish", CONFIG_WHAT, &ret->publish, err);
}

void config_fini(struct config *config)
{
	json_decref(config->root);
	*config = (struct config){ 0 };
}
