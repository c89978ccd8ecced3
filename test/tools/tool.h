/* SPDX-License-Identifier: Apache-2.0
 *
 * What the test programs share: addresses from the command line and errors by name. Everything is
 * static inline: each program stays one file and one command to build.
 */
#ifndef TEST_TOOLS_TOOL_H
#define TEST_TOOLS_TOOL_H

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct tool_addr {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* tool_fail() - say what failed and why, and end the program */
static inline _Noreturn void tool_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* tool_addr_parse() - numeric address (IPv6 with %scope if wanted) and port, or exit */
static inline struct tool_addr tool_addr_parse(const char *addr, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct tool_addr ret = { .len = 0 };
	struct addrinfo *ai;

	if (getaddrinfo(addr, port, &hints, &ai)) {
		fprintf(stderr, "bad address or port: %s %s\n", addr, port);
		exit(2);
	}
	memcpy(&ret.sa, ai->ai_addr, ai->ai_addrlen);
	ret.len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return ret;
}

/* tool_number() - a decimal argument, or exit */
static inline long tool_number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 0) {
		fprintf(stderr, "bad number: %s\n", text);
		exit(2);
	}
	return n;
}

/* tool_errno_name() - the symbol of the errors that networks cause; the number of others */
static inline const char *tool_errno_name(int code, char buf[static 16])
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ 0, "OK" },
		{ EACCES, "EACCES" },
		{ EPERM, "EPERM" },
		{ ENOSYS, "ENOSYS" },
		{ EPROTO, "EPROTO" },
		{ EINVAL, "EINVAL" },
		{ EMSGSIZE, "EMSGSIZE" },
		{ ENETDOWN, "ENETDOWN" },
		{ ENETUNREACH, "ENETUNREACH" },
		{ EHOSTDOWN, "EHOSTDOWN" },
		{ EHOSTUNREACH, "EHOSTUNREACH" },
		{ ENOPROTOOPT, "ENOPROTOOPT" },
		{ EOPNOTSUPP, "EOPNOTSUPP" },
		{ ECONNREFUSED, "ECONNREFUSED" },
		{ ECONNRESET, "ECONNRESET" },
		{ ECONNABORTED, "ECONNABORTED" },
		{ EPIPE, "EPIPE" },
		{ ETIMEDOUT, "ETIMEDOUT" },
		{ EADDRNOTAVAIL, "EADDRNOTAVAIL" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	snprintf(buf, 16, "errno %d", code);
	return buf;
}

/* tool_now() - monotonic seconds */
static inline double tool_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
