/* SPDX-License-Identifier: Apache-2.0
 *
 * Probes of what can be asked without a tap; the others are tried where they are used.
 */
#include "launch/features.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static bool family_takes_peek_off(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), zero = 0;
	bool taken;

	if (fd < 0)
		return errno == EAFNOSUPPORT; /* not there, so not in the way */
	taken = !setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof(zero));
	close(fd);
	return taken;
}

bool features_tcp_peek_off(void)
{
	return family_takes_peek_off(AF_INET) && family_takes_peek_off(AF_INET6);
}

bool features_wanted(const struct settings *settings, enum settings_disable feature)
{
	return !(settings->disabled & 1U << feature);
}
