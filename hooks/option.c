/* SPDX-License-Identifier: Apache-2.0
 *
 * An abbreviation that fits two options is refused by pasta, so it does no harm to take it for both.
 */
#include "hooks/option.h"

#include <errno.h>
#include <string.h>

/* Their values name files. The hook's folder is nobody's idea of a place for them */
static const char *const with_path[] = { "--log-file", "--pcap", NULL };

size_t option_name_length(const char *option)
{
	return strcspn(option, "=");
}

bool option_is(const char *option, const char *name)
{
	size_t len = option_name_length(option);

	return len > 2 && !strncmp(option, name, len);
}

bool option_is_among(const struct words *words, const char *name)
{
	for (size_t i = 0; i < words->count; i++) {
		if (option_is(words->word[i], name))
			return true;
	}
	return false;
}

int option_check(const char *option, struct hook_err *err)
{
	size_t len = option_name_length(option);

	if (strncmp(option, "--", 2) || len < 3)
		return hook_err_set(err, -EINVAL, "'%s' is not of the form --name or --name=value",
				    option);
	for (const char *const *name = with_path; *name; name++) {
		if (option_is(option, *name) && strncmp(option + len, "=/", 2))
			return hook_err_set(err, -EINVAL, "'%s' does not have an absolute path",
					    option);
	}
	return 0;
}
