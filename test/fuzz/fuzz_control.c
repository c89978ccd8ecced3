/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of the control socket: what it sends comes in pieces, some with a descriptor, and is
 * read in others, as the first bytes say. Whatever it is, answers are lines of JSON, one for each
 * line, and end like one; and no descriptor stays open.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* A descriptor, of a file or a pipe, with the piece that starts with @first */
static void pass_fd(struct control_session *s, uint8_t first, size_t len)
{
	int fds[2];

	if (first % 2) {
		fds[0] = memfd_create("fuzz", MFD_CLOEXEC);
		REQUIRE(fds[0] >= 0);
	} else {
		REQUIRE(!pipe(fds));
		close(fds[1]);
	}
	control_session_got_fd(s, fds[0], len);
}

/* The next one that would be given out */
static int free_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct totals t = { 0 };
	struct control_fixture *f;
	struct control_session *s;
	size_t piece, most;
	int before = free_fd();

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
		if (n && (data[0] & 7) < most % 8)
			pass_fd(s, data[0], n);
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
	REQUIRE(free_fd() == before);
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}
