/* SPDX-License-Identifier: Apache-2.0
 *
 * A piece of what somebody has written, as it can stand in a message: bounded, printable, on one
 * line. A value, nothing to free.
 */
#ifndef COMMON_BASE_QUOTE_H
#define COMMON_BASE_QUOTE_H

#include <stddef.h>

#define QUOTE_MAX 64

struct quote {
	char text[QUOTE_MAX + sizeof("...")];
};

/* quote_make() - the first @len bytes of @piece, with "..." for what is too long */
struct quote quote_make(const char *piece, size_t len);

#endif
