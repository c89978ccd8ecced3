/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs share that are a virtual machine as passt sees one: a tap that is the guest's
 * network card, and the connection to passt.
 */
#ifndef TEST_TOOLS_GUEST_H
#define TEST_TOOLS_GUEST_H

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "test/tools/tool.h"

#define GUEST_RETRY_US 20000

/* guest_tap() - @flags: besides IFF_TAP, of TUNSETIFF */
static inline int guest_tap(const char *name, int flags)
{
	struct ifreq ifr = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags) };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		tool_fail("/dev/net/tun");
	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &ifr))
		tool_fail(name);
	return fd;
}

/* guest_connect() - @path: or the number of a descriptor. Return: -1 if nobody listens there */
static inline int guest_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (path[0] != '/' && path[0] != '.')
		return (int)tool_number(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
	if (fd < 0)
		tool_fail("socket");
	if (!connect(fd, (const struct sockaddr *)&at, sizeof(at)))
		return fd;
	close(fd);
	return -1;
}

/* guest_run() - carry frames between @tap and passt until the other side closes; with @again,
 * connect once more then, for ever
 */
static inline void guest_run(const char *path, bool again, int tap, void (*carry)(int tap, int fd))
{
	do {
		int fd = guest_connect(path);

		if (fd >= 0)
			carry(tap, fd);
		else if (!again)
			tool_fail(path);
		else
			usleep(GUEST_RETRY_US);
	} while (again);
}

#endif
