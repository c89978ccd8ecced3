/* SPDX-License-Identifier: Apache-2.0 */
#include "clients/pastactl/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fds.h"

static int copy(int from, int to)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf)))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write(to, buf, (size_t)n) != n)
			return -errno;
	}
	return 0;
}

int policy_open(const char *path, struct err *err)
{
	int from = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
				     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc = 0;

	if (from < 0)
		rc = err_set(err, -errno, "policy load: '%.200s': %s", path, strerror(errno));
	else if (fd < 0)
		rc = err_set(err, -errno, "policy load: no memory file: %s", strerror(errno));
	if (!rc) {
		rc = copy(from, fd);
		if (!rc && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
			rc = -errno;
		if (rc)
			err_set(err, rc, "policy load: '%.200s': %s", path, strerror(-rc));
	}
	fds_close(&from);
	if (rc)
		fds_close(&fd);
	return rc ? rc : fd;
}
