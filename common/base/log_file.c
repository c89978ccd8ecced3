/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines that stay are moved to the front, a block at a time, then the file is cut. That takes
 * no room on the disk, so it is also what helps when the disk is full.
 */
#include "common/base/log_file.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 4096

static ssize_t read_at(int fd, off_t at, char *block)
{
	return lseek(fd, at, SEEK_SET) < 0 ? -1 : read(fd, block, BLOCK_BYTES);
}

/* Return: where the first line at or after @at begins, -1 if there is none */
static off_t find_line(int fd, off_t at)
{
	char block[BLOCK_BYTES];
	ssize_t n;

	while ((n = read_at(fd, at, block)) > 0) {
		const char *newline = memchr(block, '\n', (size_t)n);

		if (newline)
			return at + (newline - block) + 1;
		at += n;
	}
	return -1;
}

static void drop_before(int fd, off_t from)
{
	char block[BLOCK_BYTES];
	off_t to = 0;
	ssize_t n;

	while (from > 0 && (n = read_at(fd, from, block)) > 0) {
		if (pwrite(fd, block, (size_t)n, to) != n)
			break;
		from += n;
		to += n;
	}
	if (ftruncate(fd, to))
		return; /* then the next line tries again */
}

/* The whole line or nothing. Return: whether it's there */
static bool append(int fd, off_t size, const char *line, size_t len)
{
	ssize_t n = write(fd, line, len);

	if (n == (ssize_t)len)
		return true;
	if (n > 0 && ftruncate(fd, size))
		return true; /* half of it stays: not to be written twice */
	return false;
}

void log_file_write(int fd, const char *line, size_t len, uint64_t limit)
{
	off_t size = lseek(fd, 0, SEEK_END), wanted = (off_t)(limit - limit / 4);

	if (size > 0 && (uint64_t)size + len > limit) {
		drop_before(fd, find_line(fd, size > wanted ? size - wanted : 0));
		size = lseek(fd, 0, SEEK_END);
	}
	if (size < 0 || (uint64_t)size + len > limit || append(fd, size, line, len))
		return;
	drop_before(fd, find_line(fd, size / 4));
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || !append(fd, size, line, len))
		return; /* nowhere left to say it */
}
