/* SPDX-License-Identifier: Apache-2.0
 *
 * frame_filter_parse() on any text, and what it gives on any frame: the input up to its first NUL
 * is the text, the rest the frame. A filter and its opposite never agree.
 */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/link/frame_filter.h"

static void check_opposite(const char *text, const struct frame_filter *filter,
			   const uint8_t *frame, size_t len)
{
	size_t size = strlen(text) + sizeof("not ()");
	char *other_text = malloc(size);
	struct frame_filter other;
	struct err err;

	REQUIRE(other_text);
	snprintf(other_text, size, "not (%s)", text);
	if (!frame_filter_parse(other_text, &other, &err)) {
		REQUIRE(other.count == filter->count + 1);
		REQUIRE(frame_filter_match(&other, frame, len) !=
			frame_filter_match(filter, frame, len));
	}
	free(other_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t text_len = strnlen((const char *)data, size);
	char *text = strndup((const char *)data, text_len);
	struct frame_filter filter;
	struct err err = { "" };

	REQUIRE(text);
	if (!frame_filter_parse(text, &filter, &err)) {
		size_t skip = text_len < size ? text_len + 1 : size;
		uint8_t *frame = malloc(size - skip + 1);

		REQUIRE(frame && filter.count && filter.count <= FRAME_FILTER_STEPS_MAX);
		frame = realloc(frame, size - skip ? size - skip : 1);
		memcpy(frame, data + skip, size - skip);
		check_opposite(text, &filter, frame, size - skip);
		free(frame);
	} else {
		REQUIRE(err.text[0]);
	}
	free(text);
	return 0;
}
