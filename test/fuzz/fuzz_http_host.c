/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP requests: see first_bytes.h. And a name is in the request as it stands there, if not in the
 * same letters.
 */
#include "test/fuzz/fuzz.h"

#include <strings.h>

#include "common/wire/http_host.h"
#include "test/fuzz/first_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NAME_TEXT_MAX + 1];
	size_t len, at = 0;

	first_bytes_fuzz(http_host_name, data, size);
	if (http_host_name(data, size, name) != FIRST_BYTES_NAME)
		return 0;
	len = strlen(name);
	while (at + len <= size && strncasecmp((const char *)data + at, name, len))
		at++;
	REQUIRE(at + len <= size);
	return 0;
}
