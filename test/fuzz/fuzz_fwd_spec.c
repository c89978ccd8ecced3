/* SPDX-License-Identifier: Apache-2.0
 *
 * One port forwarding spec: what is taken is sound, what is refused is refused in one line.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/fwd/spec.h"

#define SPEC_MAX_BYTES 512

static void check_range(struct fwd_range range, uint16_t to_first)
{
	REQUIRE(range.first && to_first && range.first <= range.last);
	REQUIRE(to_first + fwd_range_count(range) - 1 <= 65535);
}

/* One whole line; names of interfaces may have bytes beyond ASCII */
static void check_error(const struct err *err)
{
	static const char control[] = "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24"
				      "\25\26\27\30\31\32\33\34\35\36\37\177";
	size_t len = strlen(err->text);

	REQUIRE(len && len < sizeof(err->text) - 1);
	REQUIRE(strcspn(err->text, control) == len);
}

static void check_spec(const struct fwd_spec *spec)
{
	REQUIRE(spec->count <= FWD_SPEC_ITEMS_MAX);
	REQUIRE((spec->mode == FWD_SPEC_NONE) == (!spec->count && !spec->automatic));
	REQUIRE(memchr(spec->listen.ifname, '\0', IFNAMSIZ));
	REQUIRE(spec->listen.family == AF_UNSPEC
			? addr_is_unspecified(&spec->listen.addr)
			: addr_family(&spec->listen.addr) == spec->listen.family);
	for (uint32_t i = 0; i < spec->count; i++)
		check_range(spec->items[i].ports, spec->items[i].to_first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[SPEC_MAX_BYTES];
	struct fwd_spec spec;
	struct err err = { "" };

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (fwd_spec_parse(text, &spec, &err))
		check_error(&err);
	else
		check_spec(&spec);
	return 0;
}
