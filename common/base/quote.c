/* SPDX-License-Identifier: Apache-2.0
 *
 * Characters outside of ASCII go, too: what they look like is the terminal's business.
 */
#include "common/base/quote.h"

#include <string.h>

#include "common/base/util.h"

struct quote quote_make(const char *piece, size_t len)
{
	size_t shown = MIN(len, (size_t)QUOTE_MAX);
	struct quote quote;

	for (size_t i = 0; i < shown; i++)
		quote.text[i] = piece[i] >= ' ' && piece[i] <= '~' ? piece[i] : '?';
	memcpy(quote.text + shown, shown < len ? "..." : "\0\0\0", sizeof("..."));
	return quote;
}
