/* SPDX-License-Identifier: Apache-2.0 */
#include "clients/pastactl/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "launch/idna.h"

/* Return: 0, or -errno with @err set */
static int copy(FILE *from, const char *path, FILE *to, struct err *err)
{
	char *line = NULL, *ascii = NULL;
	uint32_t number = 0;
	size_t room = 0;
	ssize_t len;
	int rc = 0;

	while (!rc && (len = getline(&line, &room, from)) >= 0) {
		number++;
		/* What is no text is for the instance to refuse */
		if (!memchr(line, '\0', (size_t)len))
			rc = idna_line(line, path, number, &ascii, err);
		if (!rc)
			fwrite(ascii ? ascii : line, 1, ascii ? strlen(ascii) : (size_t)len, to);
		free(ascii);
		ascii = NULL;
	}
	free(line);
	if (rc)
		return rc;
	if (ferror(from) || fflush(to) || ferror(to))
		return err_set(err, -EIO, "policy load: '%.200s': %s", path, strerror(errno));
	return 0;
}

/* Into memory that doesn't change any more. Return: its descriptor, or -errno with @err set */
static int copy_sealed(FILE *from, const char *path, struct err *err)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING), twin, rc;
	FILE *to;

	if (fd < 0)
		return err_set(err, -errno, "policy load: no memory file: %s", strerror(errno));
	twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	to = twin < 0 ? NULL : fdopen(twin, "w");
	if (to) {
		rc = copy(from, path, to, err);
		fclose(to);
	} else {
		rc = err_set(err, -errno, "policy load: %s", strerror(errno));
		fds_close(&twin);
	}
	if (!rc && fcntl(fd, F_ADD_SEALS, seals))
		rc = err_set(err, -errno, "policy load: '%.200s': %s", path, strerror(errno));
	if (rc)
		fds_close(&fd);
	return rc ? rc : fd;
}

int policy_open(const char *path, struct err *err)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
				   : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	FILE *from = fd < 0 ? NULL : fdopen(fd, "r");
	int rc;

	if (!from) {
		rc = err_set(err, -errno, "policy load: '%.200s': %s", path, strerror(errno));
		fds_close(&fd);
		return rc;
	}
	rc = copy_sealed(from, path, err);
	fclose(from);
	return rc;
}

int policy_destination(const char *text, char **ret_ascii, struct err *err)
{
	struct err why;
	int rc = idna_rule(text, ret_ascii, &why);

	return rc ? err_set(err, rc, "policy test: %s", why.text) : 0;
}
