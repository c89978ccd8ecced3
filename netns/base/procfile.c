/* SPDX-License-Identifier: Apache-2.0
 *
 * Small files of procfs.
 */
#include "netns/base/procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int procfile_write(const char *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;
	int fd, rc;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	rc = n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
	close(fd);
	return rc;
}

int procfile_read_number(const char *path, long *ret_number)
{
	char text[32], *end;
	ssize_t n;
	long value;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	value = strtol(text, &end, 10);
	if (end == text)
		return -EINVAL;
	*ret_number = value;
	return 0;
}
