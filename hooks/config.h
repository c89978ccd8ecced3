/* SPDX-License-Identifier: Apache-2.0
 *
 * What an administrator wants for every container, whatever its annotations say:
 *
 *	{
 *		"pasta": "/usr/bin/pasta",
 *		"options": ["--config-net", "--dns-forward", "169.254.1.1"],
 *		"publish": ["127.0.0.1/8080:80"]
 *	}
 *
 * Options are given to pasta as they are.
 */
#ifndef HOOKS_CONFIG_H
#define HOOKS_CONFIG_H

#include "hooks/document.h"

#define CONFIG_WHAT "the configuration"

/* What isn't there is NULL */
struct config {
	json_t *root;
	const char *pasta; /* absolute */
	const json_t *options;
	const json_t *publish;
};

/* config_take() - check a document and take it over, whatever comes out
 *
 * Return: 0; or -EINVAL with @err set. config_fini() is needed in either case.
 */
int config_take(json_t *root, struct config *ret, struct hook_err *err);

void config_fini(struct config *config);

#endif
