/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines that stay are moved to the front, a block at a time, then the file is cut.
 */
#include "common/base/log_file.h"

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

void log_file_write(int fd, const char *line, size_t len, uint64_t limit)
{
	off_t size = lseek(fd, 0, SEEK_END), wanted = (off_t)(limit - limit / 4);

	if (size > 0 && (uint64_t)size + len > limit) {
		drop_before(fd, find_line(fd, size > wanted ? size - wanted : 0));
		size = lseek(fd, 0, SEEK_END);
	}
	if (size < 0 || (uint64_t)size + len > limit || write(fd, line, len) < 0)
		return; /* nowhere left to say it */
}
