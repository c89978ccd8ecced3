/* SPDX-License-Identifier: Apache-2.0
 *
 * The file may be a pipe, to a program that shows what comes.
 */
#include "launch/capture.h"
#include "netns/base/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void capture_init(struct capture *capture)
{
	*capture = (struct capture){ .fd = -1 };
}

int capture_open(struct capture *capture, const char *path, struct made_files *made,
		 struct err *err)
{
	struct stat st;
	int fd;

	if (!path)
		return 0;
	fd = made_files_open(made, path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0600, true);
	if (fd < 0) {
		err_set(err, fd, "--pcap '%s': %s", path, strerror(-fd));
		return err_remedy(err, fd, remedy_file(fd));
	}
	*capture = (struct capture){ path, fd };
	/* Once there is a reader, nothing is to wait for it */
	if (!fstat(fd, &st) && !S_ISREG(st.st_mode))
		fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK);
	return 0;
}

/* What was there goes only when there is something to replace it with; a pipe has nothing */
int capture_start(struct capture *capture, struct engine *engine, struct err *err)
{
	if (capture->fd < 0)
		return 0;
	if (ftruncate(capture->fd, 0) && errno != EINVAL)
		return err_set(err, -errno, "--pcap '%s': cannot truncate it: %s", capture->path,
			       strerror(errno));
	engine_capture(engine, capture->fd);
	capture->fd = -1;
	return 0;
}
