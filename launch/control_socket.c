/* SPDX-License-Identifier: Apache-2.0
 *
 * A socket with a name, never an abstract one: those are the network namespace's, so that every
 * container on the host's network could reach it. It listens from the start: who comes early waits.
 */
#include "launch/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/listen_path.h"
#include "netns/base/user_ns.h"

/* Of descriptors, how many flows there are for each client */
#define FDS_A_CLIENT 64

/* That a client passes for a capture */
#define CAPTURE_FDS 1

/* What a user namespace calls users that it has no number for (kernel.overflowuid's default) */
#define UID_UNMAPPED 65534

#define DIRECTORY_MODE 0700

void control_socket_init(struct control_socket *cs)
{
	*cs = (struct control_socket){ .fd = -1 };
}

static int open_named(struct control_socket *cs, const char *path, struct made_files *made,
		      struct err *err)
{
	int fd = listen_path(path, made);

	if (fd < 0)
		return err_set(err, fd, "--conf-path '%.200s': %s", path, listen_path_reason(fd));
	cs->fd = fd;
	return 0;
}

/* Whether nobody else can put anything in there. Return: 0 or -errno */
static int check_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) ? -EPERM : 0;
}

/* Return: descriptor or -errno */
static int open_default(const char *runtime_dir, struct made_files *made)
{
	char path[LISTEN_PATH_MAX];
	int rc;

	if (runtime_dir[0] != '/')
		return -EINVAL;
	rc = check_directory(runtime_dir);
	if (rc)
		return rc;
	if ((size_t)snprintf(path, sizeof(path), "%s/pasta", runtime_dir) >= sizeof(path))
		return -ENAMETOOLONG;
	if (mkdir(path, DIRECTORY_MODE) && errno != EEXIST)
		return -errno;
	rc = check_directory(path);
	if (rc)
		return rc;
	if ((size_t)snprintf(path, sizeof(path), "%s/pasta/%ld.sock", runtime_dir,
			     (long)getpid()) >= sizeof(path))
		return -ENAMETOOLONG;
	return listen_path(path, made);
}

int control_socket_open(struct control_socket *cs, const struct settings *settings,
			struct made_files *made, struct err *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	int fd;

	if (settings->no_control)
		return 0;
	if (settings->control_path)
		return open_named(cs, settings->control_path, made, err);
	if (!runtime_dir || !runtime_dir[0])
		return 0;
	fd = open_default(runtime_dir, made);
	if (fd < 0)
		log_debug("no control socket below '%s': %s", runtime_dir, strerror(-fd));
	cs->fd = MAX(fd, -1);
	return 0;
}

void control_socket_reserve(struct control_socket *cs, struct config *config)
{
	if (cs->fd < 0)
		return;
	cs->clients_max = MAX(MIN(config->max_fds / FDS_A_CLIENT, CONTROL_CLIENTS_MAX), 1U);
	config->max_fds -= MIN(cs->clients_max + CAPTURE_FDS, config->max_fds);
}

/* The words of COMMAND, as far as they fit in */
static void command_text(char *const *command, char text[CONTROL_TEXT_MAX])
{
	const char *shell = getenv("SHELL");
	size_t len = 0;

	if (!command[0])
		snprintf(text, CONTROL_TEXT_MAX, "%s", shell && shell[0] ? shell : "/bin/sh");
	for (; *command && len < CONTROL_TEXT_MAX; command++)
		len += (size_t)snprintf(text + len, CONTROL_TEXT_MAX - len, "%s%s", len ? " " : "",
					*command);
}

void control_socket_facts(struct control_socket *cs, const struct settings *settings,
			  const struct host *host, const struct addressing *addressing,
			  const char *netns)
{
	struct control_facts *facts = &cs->subject.facts;

	cs->subject.start_ns = clock_now_ns();
	facts->addressing = addressing;
	facts->version = PASTA_VERSION;
	facts->pid = getpid();
	facts->joined = join_wanted(&settings->join);
	facts->guest = settings->program == SETTINGS_PASST;
	facts->has_tap = !settings->splice_only;
	facts->follow = settings_follow_text(settings->follow);
	snprintf(facts->netns, sizeof(facts->netns), "%s", netns);
	snprintf(facts->template4, sizeof(facts->template4), "%s", host->ip4.ifname);
	snprintf(facts->template6, sizeof(facts->template6), "%s", host->ip6.ifname);
	if (!facts->joined && !facts->guest)
		command_text(settings->command, facts->command);
}

int control_socket_start(struct control_socket *cs, struct engine *engine,
			 void (*quit)(void *arg, bool now), void *quit_arg, struct err *err)
{
	const struct control_options options = {
		.fd = cs->fd,
		.clients_max = cs->clients_max,
		.user = geteuid(),
		.root = user_ns_is_initial() ? 0 : UID_UNMAPPED,
	};
	int rc;

	cs->subject.engine = engine;
	cs->subject.quit = quit;
	cs->subject.quit_arg = quit_arg;
	rc = cs->fd < 0 ? 0 : control_new(&options, &cs->subject, &cs->control);
	return rc ? err_set(err, rc, "cannot listen on the control socket: %s", strerror(-rc)) : 0;
}

void control_socket_finish(struct control_socket *cs)
{
	control_free(cs->control);
	cs->control = NULL;
	if (cs->fd >= 0)
		close(cs->fd);
	cs->fd = -1;
}
