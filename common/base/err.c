/* SPDX-License-Identifier: Apache-2.0
 *
 * Error texts; see err.h for their form.
 */
#include "common/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int err_remedy(struct err *err, int code, const char *remedy)
{
	size_t n = strlen(err->text);

	if (remedy)
		snprintf(err->text + n, sizeof(err->text) - n, " (%s)", remedy);
	return code;
}

int err_no_memory(struct err *err, const char *what)
{
	err_set(err, -ENOMEM, "no memory for %s", what);
	return err_remedy(err, -ENOMEM, "is it limited? see ulimit -v and -d");
}
