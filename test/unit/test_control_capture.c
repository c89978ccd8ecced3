/* SPDX-License-Identifier: Apache-2.0
 *
 * Captures by the control socket: which descriptor is for which request, that no other one stays
 * open, and whose capture ends when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/unit/control_fixture.h"

#define HEAD "{\"protocol\":1,\"ok\":"
#define NEVER                                                                                      \
	HEAD "true,\"running\":false,\"packets\":0,\"bytes\":0,\"left_out\":0,\"failure\":null}\n"
#define RUNS                                                                                       \
	HEAD "true,\"running\":true,\"packets\":0,\"bytes\":24,\"left_out\":0,\"failure\":null}\n"
#define STOPPED                                                                                    \
	HEAD "true,\"running\":false,\"packets\":0,\"bytes\":24,\"left_out\":0,\"failure\":null}"  \
	     "\n"
#define REFUSED(why) HEAD "false,\"error\":\"capture start: " why "\"}\n"
#define NONE REFUSED("no descriptor came with it, or several")

/* What a client sends, with a descriptor unless that is -1 */
static void say(struct control_session *s, const char *text, int fd)
{
	char *buf;
	size_t len = strlen(text);

	assert_true(control_session_room(s, &buf) >= len);
	memcpy(buf, text, len);
	if (fd >= 0)
		control_session_got_fd(s, fd, len);
	control_session_got(s, len);
	control_session_work(s, 0);
}

static void expect(struct control_session *s, const char *text)
{
	size_t len;
	const char *out = control_session_output(s, &len);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(out, text, len);
	control_session_sent(s, len);
}

static int file(void)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_int_equal(write(fd, "what was there before, however long it may be", 45), 45);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_capture_starts_shows_and_stops(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	int fd = file(), copy = dup(fd);

	say(s, "capture\n", -1);
	expect(s, NEVER);
	assert_false(control_session_captures(s));
	say(s, "capture start packets 2 bytes 1000\n", fd);
	expect(s, RUNS);
	assert_true(control_session_captures(s));
	assert_int_equal(lseek(copy, 0, SEEK_END), 24);
	say(s, "capture\ncapture stop\ncapture stop\n", -1);
	expect(s, RUNS STOPPED STOPPED);
	assert_false(is_open(fd));
	assert_false(control_session_captures(s));
	close(copy);
}

static void test_capture_takes_files_and_stream_sockets_only(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	say(s, "capture start\n", fds[1]);
	expect(s, REFUSED("the descriptor must be of a file or a stream socket"));
	assert_false(is_open(fds[1]));
	close(fds[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	say(s, "capture start\n", fds[1]);
	expect(s, REFUSED("the descriptor must be of a file or a stream socket"));
	assert_false(is_open(fds[1]));
	close(fds[0]);
	fds[0] = open("/dev/null", O_RDONLY);
	say(s, "capture start\n", fds[0]);
	expect(s, REFUSED("the descriptor must be of a file or a stream socket"));
	fds[0] = open("/proc/self/exe", O_RDONLY);
	say(s, "capture start\n", fds[0]);
	expect(s, REFUSED("cannot empty the file: Invalid argument"));
	assert_false(is_open(fds[0]));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	say(s, "capture start\n", fds[1]);
	expect(s, RUNS);
	close(fds[0]);
}

static void test_capture_runs_once_and_the_other_file_stays(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	int other = file(), copy = dup(other);

	say(s, "capture start\n", file());
	expect(s, RUNS);
	say(s, "capture start\n", other);
	expect(s, REFUSED("another one is running"));
	assert_false(is_open(other));
	assert_int_equal(lseek(copy, 0, SEEK_END), 45);
	assert_true(control_session_captures(s));
	close(copy);
}

static void test_capture_descriptor_is_for_a_request_that_it_came_with(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;

	say(s, "capture start\n", -1);
	expect(s, NONE);
	say(s, "capture stop\ncapture start\ncapture stop\n", file()); /* one message */
	expect(s, NEVER RUNS STOPPED);
	say(s, "captu", file());
	say(s, "re start\n", -1);
	expect(s, RUNS);
	say(s, "capture stop\n", -1);
	expect(s, STOPPED);
	say(s, "capture sta", -1);
	say(s, "rt\n", file());
	expect(s, RUNS);
}

static void test_capture_descriptors_that_nothing_takes_are_closed(void **state)
{
	struct control_session *s = &((struct control_fixture *)*state)->session;
	int fds[8];

	for (size_t i = 0; i < 8; i++)
		fds[i] = file();
	say(s, "capture stop\n", fds[0]);
	say(s, "nonsense\n", fds[1]);
	say(s, "\n\n", fds[2]);
	for (size_t i = 0; i < 3; i++)
		assert_false(is_open(fds[i]));
	say(s, "capt", fds[3]);
	say(s, "ure ", fds[4]); /* one waits at a time */
	assert_true(is_open(fds[3]));
	assert_false(is_open(fds[4]));
	say(s, "x\n", -1);
	assert_false(is_open(fds[3]));
	control_session_sent(s, s->out_len);
	say(s, "capture\n", fds[5]);
	say(s, "capture start\n", -1); /* not for the one behind */
	expect(s, NEVER NONE);
	say(s, "half a line", fds[6]);
	assert_true(is_open(fds[6]));
	control_session_fini(s);
	assert_false(is_open(fds[6]));
	close(fds[7]);
}

static void test_capture_ends_with_the_client_that_has_begun_it(void **state)
{
	struct control_fixture *f = *state;
	struct control_session other;
	int fd = file();

	control_session_init(&other, &f->subject);
	say(&f->session, "capture start\n", fd);
	expect(&f->session, RUNS);
	say(&other, "capture\n", -1);
	expect(&other, RUNS);
	control_session_fini(&other);
	assert_true(is_open(fd));
	control_session_fini(&f->session);
	assert_false(is_open(fd));
	control_session_init(&f->session, &f->subject);
}

static void test_capture_of_another_client_outlives_one_that_was_stopped(void **state)
{
	struct control_fixture *f = *state;
	struct control_session other;
	int fd = file();

	control_session_init(&other, &f->subject);
	say(&f->session, "capture start\n", file());
	expect(&f->session, RUNS);
	say(&other, "capture stop\n", -1);
	expect(&other, STOPPED);
	say(&other, "capture start\n", fd);
	expect(&other, RUNS);
	assert_false(control_session_captures(&f->session));
	control_session_fini(&f->session);
	assert_true(is_open(fd));
	control_session_fini(&other);
	assert_false(is_open(fd));
	control_session_init(&f->session, &f->subject);
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, control_fixture_setup, control_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_capture_starts_shows_and_stops),
		TEST(test_capture_takes_files_and_stream_sockets_only),
		TEST(test_capture_runs_once_and_the_other_file_stays),
		TEST(test_capture_descriptor_is_for_a_request_that_it_came_with),
		TEST(test_capture_descriptors_that_nothing_takes_are_closed),
		TEST(test_capture_ends_with_the_client_that_has_begun_it),
		TEST(test_capture_of_another_client_outlives_one_that_was_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
