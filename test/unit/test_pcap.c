/* SPDX-License-Identifier: Apache-2.0
 *
 * The capture file: literal header and records; a descriptor that fails ends the capture only.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "common/link/pcap.h"

static int capture_open(struct pcap *pcap)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pcap_init(pcap, fd), 0);
	return fd;
}

static void test_pcap_file_header(void **state)
{
	static const uint32_t words[] = { 0xa1b23c4d, 0, 0, 0, 262144, 1 };
	static const uint16_t version[] = { 2, 4 };
	uint8_t expected[24], bytes[25];
	struct pcap pcap;
	int fd = capture_open(&pcap);

	(void)state;
	memcpy(expected, words, sizeof(expected));
	memcpy(expected + 4, version, sizeof(version));
	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
	pcap_fini(&pcap);
	assert_int_equal(pcap.fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void test_pcap_frame_in_pieces_is_one_record(void **state)
{
	struct iovec iov[] = { { (void *)"abc", 3 }, { (void *)"", 0 }, { (void *)"defgh", 5 } };
	time_t before = time(NULL);
	uint32_t record[4];
	char data[9];
	struct pcap pcap;
	int fd = capture_open(&pcap);

	(void)state;
	pcap_write(&pcap, iov, 3);
	pcap_write(&pcap, iov, 1);
	assert_int_equal(pcap.frames, 2);
	assert_int_equal(lseek(fd, 0, SEEK_END), 24 + 16 + 8 + 16 + 3);
	assert_int_equal(pread(fd, record, sizeof(record), 24), sizeof(record));
	/* time() is that of the last tick, which may be a second behind */
	assert_true(record[0] >= (uint32_t)before && record[0] <= (uint32_t)time(NULL) + 1);
	assert_true(record[1] < 1000000000);
	assert_int_equal(record[2], 8);
	assert_int_equal(record[3], 8);
	assert_int_equal(pread(fd, data, 8, 40), 8);
	assert_memory_equal(data, "abcdefgh", 8);
	pcap_fini(&pcap);
}

static void test_pcap_more_pieces_than_captured_are_cut_off(void **state)
{
	struct iovec iov[PCAP_IOV_MAX + 2];
	uint32_t record[4];
	struct pcap pcap;
	int fd = capture_open(&pcap);

	(void)state;
	for (int i = 0; i < PCAP_IOV_MAX + 2; i++)
		iov[i] = (struct iovec){ (void *)"xy", 2 };
	pcap_write(&pcap, iov, PCAP_IOV_MAX + 2);
	assert_int_equal(pread(fd, record, sizeof(record), 24), sizeof(record));
	assert_int_equal(record[2], 2 * PCAP_IOV_MAX);
	assert_int_equal(record[3], 2 * PCAP_IOV_MAX + 4);
	assert_int_equal(lseek(fd, 0, SEEK_END), 24 + 16 + 2 * PCAP_IOV_MAX);
	pcap_fini(&pcap);
}

static void test_pcap_full_disk_at_start_is_an_error(void **state)
{
	struct pcap pcap;

	(void)state;
	assert_int_equal(pcap_init(&pcap, open("/dev/full", O_WRONLY | O_CLOEXEC)), -ENOSPC);
	assert_int_equal(pcap.fd, -1);
}

static void test_pcap_full_disk_later_stops_the_capture(void **state)
{
	struct iovec iov = { (void *)"abc", 3 };
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct pcap pcap;
	int fd = capture_open(&pcap);

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	assert_true(full >= 0);
	assert_int_equal(dup2(full, fd), fd);
	close(full);
	pcap_write(&pcap, &iov, 1);
	assert_int_equal(pcap.fd, -1);
	pcap_write(&pcap, &iov, 1);
	assert_int_equal(pcap.frames, 0);
	pcap_fini(&pcap);
}

static void test_pcap_short_writes_are_completed(void **state)
{
	static uint8_t frame[300000], back[sizeof(frame) + 16];
	struct iovec iov[] = { { frame, 100000 }, { frame + 100000, 200000 } };
	size_t done = 0;
	int fds[2], size = 4096, status;
	struct pcap pcap;
	pid_t child;

	(void)state;
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 11 + i / 256);
	assert_int_equal(pipe(fds), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, size) >= 0);
	child = fork();
	if (!child) {
		close(fds[0]);
		_exit(pcap_init(&pcap, fds[1]) ? 1 : (pcap_write(&pcap, iov, 2), 0));
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], back, 24), 24);
	for (ssize_t n = 1; n > 0 && done < sizeof(back); done += (size_t)n) {
		n = read(fds[0], back + done, sizeof(back) - done);
		assert_true(n >= 0);
	}
	assert_int_equal(done, sizeof(back));
	assert_memory_equal(back + 16, frame, sizeof(frame));
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Whole records in @bytes, each of a frame of one value. Return: their number */
static uint64_t count_records(const uint8_t *bytes, size_t len)
{
	uint64_t count = 0;

	for (size_t at = 0; at < len; count++) {
		uint32_t frame_len;

		assert_true(len - at >= 16);
		memcpy(&frame_len, bytes + at + 8, sizeof(frame_len));
		assert_true(len - at - 16 >= frame_len);
		for (uint32_t i = 1; i < frame_len; i++)
			assert_int_equal(bytes[at + 16 + i], bytes[at + 16]);
		at += 16 + frame_len;
	}
	return count;
}

static void test_pcap_pipe_that_nobody_reads_takes_whole_frames_or_none(void **state)
{
	static uint8_t frame[65000], back[40 << 20];
	uint64_t written = 200;
	size_t done = 0;
	struct pcap pcap;
	ssize_t n;
	int fds[2];

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(pcap_init(&pcap, fds[1]), 0);
	for (uint64_t i = 0; i < written; i++) {
		struct iovec iov[] = { { frame, 1000 }, { frame + 1000, 300 * i + 1 } };

		memset(frame, (int)i, sizeof(frame));
		pcap_write(&pcap, iov, 2);
		if (i % 16 != 15)
			continue;
		while ((n = read(fds[0], back + done, 30000)) > 0) {
			done += (size_t)n;
			pcap_flush(&pcap);
		}
	}
	while ((n = read(fds[0], back + done, 30000)) > 0) {
		done += (size_t)n;
		pcap_flush(&pcap);
	}
	assert_true(pcap.left_out > 0 && pcap.frames > 0);
	assert_int_equal(pcap.frames + pcap.left_out, written);
	assert_int_equal(count_records(back + 24, done - 24), pcap.frames);
	pcap_fini(&pcap);
	close(fds[0]);
}

static void test_pcap_reader_that_goes_ends_the_capture(void **state)
{
	static uint8_t frame[40000];
	struct iovec iov = { frame, sizeof(frame) };
	struct pcap pcap;
	int fds[2];

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(pcap_init(&pcap, fds[1]), 0);
	for (int i = 0; i < 2; i++) /* a pipe has room for 65536 bytes */
		pcap_write(&pcap, &iov, 1);
	assert_true(pcap.rest_len > 0);
	close(fds[0]);
	pcap_flush(&pcap);
	assert_int_equal(pcap.fd, -1);
	pcap_flush(&pcap);
	pcap_write(&pcap, &iov, 1);
	pcap_fini(&pcap);
}

/* Frames of @len bytes until the capture is over. Return: how many were written */
static uint64_t write_until_over(struct pcap *pcap, size_t len)
{
	static uint8_t frame[60000];
	struct iovec iov = { frame, len };

	for (int i = 0; i < 1000 && pcap->fd >= 0; i++)
		pcap_write(pcap, &iov, 1);
	assert_int_equal(pcap->fd, -1);
	return pcap->frames;
}

static void test_pcap_is_complete_at_its_limits(void **state)
{
	static const struct {
		struct pcap_wanted wanted;
		uint64_t frames;
	} cases[] = {
		{ { .frames = 3 }, 3 },
		{ { .bytes = 24 + 5 * 116 }, 5 },
		{ { .bytes = 24 + 5 * 116 - 1 }, 4 },
		{ { .bytes = 1 }, 0 },
		{ { .frames = 2, .bytes = 24 + 3 * 116 }, 2 },
	};
	struct pcap pcap;
	int fd, copy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fd = memfd_create("capture", MFD_CLOEXEC);
		copy = dup(fd);
		assert_int_equal(pcap_init_asked(&pcap, fd, &cases[i].wanted), 0);
		assert_int_equal(write_until_over(&pcap, 100), cases[i].frames);
		assert_int_equal(lseek(copy, 0, SEEK_END), 24 + cases[i].frames * 116);
		assert_int_equal(pcap.failure, 0);
		close(copy);
	}
}

/* Its type is in two pieces, as headers of others are */
static void test_pcap_has_what_its_filter_takes(void **state)
{
	uint8_t frame[60] = { [12] = 0x08, [13] = 0x06 };
	const struct iovec whole = { frame, sizeof(frame) };
	const struct iovec pieces[] = { { frame, 13 }, { frame + 13, sizeof(frame) - 13 } };
	struct pcap_wanted wanted = { .frames = 2 };
	struct pcap pcap;
	struct err err;

	(void)state;
	assert_int_equal(frame_filter_parse("arp", &wanted.filter, &err), 0);
	assert_int_equal(pcap_init_asked(&pcap, memfd_create("capture", MFD_CLOEXEC), &wanted), 0);
	frame[13] = 0;
	pcap_write(&pcap, &whole, 1);
	pcap_write(&pcap, pieces, 2);
	assert_int_equal(pcap.frames, 0);
	frame[13] = 0x06;
	pcap_write(&pcap, &whole, 1);
	assert_int_equal(pcap.frames, 1);
	pcap_write(&pcap, pieces, 2);
	assert_int_equal(pcap.frames, 2);
	assert_int_equal(pcap.fd, -1);
}

/* A socket whose flags would let a write wait; a test that waits for ever has failed */
static void test_pcap_socket_is_never_waited_for(void **state)
{
	static uint8_t frame[60000], back[sizeof(frame)];
	struct iovec iov = { frame, sizeof(frame) };
	const struct pcap_wanted none = { 0 };
	struct pcap pcap;
	size_t done = 0;
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(pcap_init_asked(&pcap, fds[1], &none), 0);
	for (int i = 0; i < 100; i++)
		pcap_write(&pcap, &iov, 1);
	assert_true(pcap.left_out > 0 && pcap.frames > 0);
	assert_int_equal(pcap.frames + pcap.left_out, 100);
	pcap_complete(&pcap);
	while ((n = recv(fds[0], back, sizeof(back), MSG_DONTWAIT)) > 0) {
		done += (size_t)n;
		pcap_flush(&pcap);
	}
	assert_int_equal(n, 0); /* what it had taken half of has come, and then its end */
	assert_int_equal(pcap.fd, -1);
	assert_int_equal(done, 24 + pcap.frames * (16 + sizeof(frame)));
	close(fds[0]);
}

static void test_pcap_socket_that_is_closed_ends_the_capture(void **state)
{
	const struct pcap_wanted none = { 0 };
	struct pcap pcap;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(pcap_init_asked(&pcap, fds[1], &none), 0);
	close(fds[0]);
	assert_int_equal(write_until_over(&pcap, 100), 0);
	assert_int_equal(pcap.failure, -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap_file_header),
		cmocka_unit_test(test_pcap_frame_in_pieces_is_one_record),
		cmocka_unit_test(test_pcap_more_pieces_than_captured_are_cut_off),
		cmocka_unit_test(test_pcap_full_disk_at_start_is_an_error),
		cmocka_unit_test(test_pcap_full_disk_later_stops_the_capture),
		cmocka_unit_test(test_pcap_short_writes_are_completed),
		cmocka_unit_test(test_pcap_pipe_that_nobody_reads_takes_whole_frames_or_none),
		cmocka_unit_test(test_pcap_reader_that_goes_ends_the_capture),
		cmocka_unit_test(test_pcap_is_complete_at_its_limits),
		cmocka_unit_test(test_pcap_has_what_its_filter_takes),
		cmocka_unit_test(test_pcap_socket_is_never_waited_for),
		cmocka_unit_test(test_pcap_socket_that_is_closed_ends_the_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
