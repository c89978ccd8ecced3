/* SPDX-License-Identifier: Apache-2.0
 *
 * What requests are carried out on: the engine, and what it does not know of the instance that it
 * runs in, which clients want to see. Made before the engine runs, and kept up to date, by whoever
 * starts it; pointers are the maker's, and outlive the control socket.
 */
#ifndef COMMON_CONTROL_SUBJECT_H
#define COMMON_CONTROL_SUBJECT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/engine/addressing.h"
#include "common/engine/engine.h"

/* A text that is shown, however long it was; terminator included */
#define CONTROL_TEXT_MAX 256

/* One family of the host's network, as it is now */
struct control_host {
	bool found, has_default; /* found: there's an interface to go out by */
	char ifname[IFNAMSIZ];
	struct in6_addr addr; /* its first one; unspecified: none */
};

struct control_facts {
	const char *version;
	pid_t pid;
	bool joined; /* namespaces of somebody else's; else COMMAND's */
	bool guest; /* a virtual machine, and no namespace at all */
	char command[CONTROL_TEXT_MAX]; /* with its arguments; "": none */
	pid_t namespace_pid; /* COMMAND's init, or the process that was joined; 0: none is known */
	char netns[CONTROL_TEXT_MAX]; /* that was joined, as it was named; "": one of our own */
	char template4[CONTROL_TEXT_MAX], template6[CONTROL_TEXT_MAX]; /* "": none */
	const struct addressing *addressing; /* as set up at start */
	struct control_host host4, host6;
	const char *follow; /* what happens when these change */
	bool has_tap;
};

struct control_subject {
	struct engine *engine;
	struct control_facts facts;
	uint64_t start_ns; /* the instance's age counts from here */
	/* End the instance, or tell COMMAND to end; returns before that has happened
	 * @now:	what is under way is dropped
	 */
	void (*quit)(void *arg, bool now);
	void *quit_arg;
	/* Have the list of the host's resolvers read again, some time later. Return: 0, or -ENOENT:
	 * it makes no difference here. NULL: the same
	 */
	int (*reread)(void *arg);
	void *reread_arg;
};

#endif
