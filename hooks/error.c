/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts quote what came from outside: a JSON document, an annotation, what a program printed.
 */
#include "hooks/error.h"

#include <stdarg.h>
#include <stdio.h>

int hook_err_set(struct hook_err *err, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return rc;
}

void hook_err_one_line(struct hook_err *err)
{
	for (char *c = err->text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
}
