/* SPDX-License-Identifier: Apache-2.0
 *
 * By procfs, which shows the main table only, as lines of columns: the interface comes first for
 * IPv4 and last for IPv6.
 */
#include "netns/start/default_route.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/log.h"

#define LINE_MAX_BYTES 256

static bool is_default_ip4(const char *line, char ifname[IFNAMSIZ])
{
	unsigned int destination, mask;

	return sscanf(line, "%15s %x %*x %*x %*d %*d %*d %x", ifname, &destination, &mask) == 3 &&
	       !destination && !mask;
}

static bool is_default_ip6(const char *line, char ifname[IFNAMSIZ])
{
	char destination[33];
	unsigned int len;

	return sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %*x %15s", destination, &len,
		      ifname) == 3 &&
	       !len && strspn(destination, "0") == sizeof(destination) - 1;
}

bool default_route_find(int family, char ret_ifname[IFNAMSIZ])
{
	bool ip4 = family == AF_INET, found = false;
	char line[LINE_MAX_BYTES], ifname[IFNAMSIZ] = "";
	FILE *f = fopen(ip4 ? "/proc/thread-self/net/route" : "/proc/thread-self/net/ipv6_route",
			"re");

	if (!f && errno != ENOENT) /* IPv6 may be missing */
		log_debug("cannot look for a default route in the namespace: %s", strerror(errno));
	while (f && !found && fgets(line, sizeof(line), f)) {
		found = ip4 ? is_default_ip4(line, ifname) : is_default_ip6(line, ifname);
		found = found && strcmp(ifname, "lo") != 0;
	}
	if (f)
		fclose(f);
	if (found && !strcmp(ifname, "*")) /* how /proc says that there is no interface */
		ifname[0] = '\0';
	if (found)
		memcpy(ret_ifname, ifname, IFNAMSIZ);
	return found;
}
