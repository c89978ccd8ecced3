/* SPDX-License-Identifier: Apache-2.0
 *
 * Without close_range(2), procfs says what is open; without procfs, every number is tried that the
 * limit allows, or could allow.
 */
#include "common/base/fds.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/util.h"

#define OPEN_FDS_PATH "/proc/thread-self/fd"
#define FD_END_MAX (1 << 20) /* the most that the kernel's default, fs.nr_open, allows */

void fds_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_each(int first, int last)
{
	struct rlimit limit = { .rlim_max = FD_END_MAX };

	getrlimit(RLIMIT_NOFILE, &limit);
	if ((rlim_t)last >= MIN(limit.rlim_max, (rlim_t)FD_END_MAX))
		last = (int)MIN(limit.rlim_max, (rlim_t)FD_END_MAX) - 1;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

static void close_listed(DIR *dir, int first, int last)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd >= first && fd <= last && fd != dirfd(dir))
			close(fd);
	}
}

void fds_close_range(int first, int last)
{
	DIR *dir;

	if (last < first || !syscall(SYS_close_range, first, last, 0))
		return;
	dir = opendir(OPEN_FDS_PATH);
	if (!dir) {
		close_each(first, last);
		return;
	}
	close_listed(dir, first, last);
	closedir(dir);
}

void fds_keep_only(int first, const int *kept, int count)
{
	for (int i = 0; i < count; i++) {
		fds_close_range(first, kept[i] - 1);
		first = kept[i] + 1;
	}
	fds_close_range(first, INT_MAX);
}
