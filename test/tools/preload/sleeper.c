/* SPDX-License-Identifier: Apache-2.0
 *
 * sleeper.so, for LD_PRELOAD: the machine sleeps and wakes up whenever a byte of the file that
 * $SLEEPER names becomes another one. Only the kernel's answer to who asked for it is played, to
 * the letter of timerfd_create(2): a timer of CLOCK_REALTIME with TFD_TIMER_CANCEL_ON_SET becomes
 * readable, and read() fails with ECANCELED. Setting the clock would be the machine's, for all
 * tests and all others on it.
 *
 * The file is mapped at the start: processes that may open nothing any more see it as well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOK_MS 20

static const volatile unsigned char *sleeps;
static unsigned char slept; /* what it was when that was told */
static int clock_fd = -1;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("SLEEPER");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED) {
		sleeps = at;
		slept = *sleeps;
	}
	if (fd >= 0)
		close(fd);
}

int timerfd_create(clockid_t clock, int flags)
{
	int (*next)(clockid_t, int) = (int (*)(clockid_t, int))dlsym(RTLD_NEXT, "timerfd_create");
	int fd = next(clock, flags);

	if (sleeps && clock == CLOCK_REALTIME)
		clock_fd = fd;
	return fd;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int (*next)(struct pollfd *, nfds_t, int) =
		(int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
	struct pollfd *clock = NULL;
	int found;

	for (nfds_t i = 0; i < count && sleeps && clock_fd >= 0; i++)
		if (fds[i].fd == clock_fd)
			clock = &fds[i];
	if (!clock || timeout >= 0)
		return next(fds, count, timeout);
	do {
		found = next(fds, count, LOOK_MS);
	} while (!found && *sleeps == slept);
	if (*sleeps != slept) {
		found += !clock->revents;
		clock->revents |= POLLIN;
	}
	return found;
}

ssize_t read(int fd, void *buf, size_t size)
{
	ssize_t (*next)(int, void *, size_t) =
		(ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");

	if (!sleeps || fd != clock_fd || *sleeps == slept)
		return next(fd, buf, size);
	slept = *sleeps;
	errno = ECANCELED;
	return -1;
}
