/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of the control socket: what it sends comes in pieces, and is read in others, as the
 * first bytes say. Whatever it is, answers are lines of JSON, one for each line, and end like one.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/util.h"
#include "test/unit/control_fixture.h"

struct totals {
	size_t lines, answers;
	bool in_line;
};

static void read_some(struct control_session *s, size_t most, struct totals *t)
{
	size_t len;
	const char *out = control_session_output(s, &len);

	REQUIRE(len <= CONTROL_OUT_BYTES);
	len = MIN(len, most);
	for (size_t i = 0; i < len; i++) {
		REQUIRE(t->in_line || out[i] == '{');
		REQUIRE(out[i] == '\n' || ((unsigned char)out[i] >= ' ' && out[i] != 0x7f));
		t->in_line = out[i] != '\n';
		t->answers += out[i] == '\n';
	}
	control_session_sent(s, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct totals t = { 0 };
	struct control_fixture *f;
	struct control_session *s;
	size_t piece, most;

	if (size < 2)
		return 0;
	f = control_fixture_new();
	REQUIRE(f);
	s = &f->session;
	piece = (size_t)data[0] + 1;
	most = (size_t)data[1] * 16 + 1;
	data += 2;
	size -= 2;
	while (size || control_session_is_busy(s)) {
		char *buf;
		size_t n = MIN(MIN(control_session_room(s, &buf), piece), size);

		if (n)
			memcpy(buf, data, n);
		for (size_t i = 0; i < n; i++)
			t.lines += data[i] == '\n';
		control_session_got(s, n);
		control_session_work(s, 0);
		read_some(s, most, &t);
		data += n;
		size = s->broken ? 0 : size - n;
	}
	control_session_end(s);
	while (!control_session_is_over(s))
		read_some(s, most, &t);
	REQUIRE(!t.in_line && t.answers == t.lines + s->broken);
	control_fixture_free(f);
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}
