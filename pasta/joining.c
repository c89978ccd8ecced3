/* SPDX-License-Identifier: Apache-2.0
 *
 * One callback for each of the descriptors.
 */
#include "pasta/joining.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/beside/member_watch.h"
#include "netns/start/default_route.h"

void joining_init(struct joining *joining)
{
	memset(joining, 0, sizeof(*joining));
	join_init(&joining->join);
	end_watch_init(&joining->end);
	side_process_init(&joining->members);
}

static bool is_descriptor(const char *path)
{
	return !strncmp(path, "/proc/self/fd/", strlen("/proc/self/fd/")) ||
	       !strncmp(path, "/dev/fd/", strlen("/dev/fd/"));
}

/* Nothing tells of the namespace's end: without a caller who waits, it's over when all have left */
static void watch_members(struct joining *joining, const struct settings *settings)
{
	enum log_level level = LOG_LEVEL_WARNING;
	struct err err = { .text = "it cannot be watched" };

	if (!settings->foreground &&
	    !member_watch_start(joining->join.net_fd, &joining->members, &err))
		return;
	/* A descriptor is no place that could go away: whoever gives one knows */
	if (is_descriptor(joining->join.path))
		level = LOG_LEVEL_INFO;
	log_at(level, "the end of '%s' will go unnoticed: %s", joining->join.path, err.text);
}

int joining_open(struct joining *joining, const struct settings *settings, struct err *err)
{
	bool pinned, noticed;
	int rc = join_open(&settings->join, &joining->join, err);

	pinned = joining->join.pid_fd >= 0;
	if (rc || settings->no_netns_quit || (settings->join.pid && pinned))
		return rc;
	noticed = end_watch_open(joining->join.path, pinned, &joining->end);
	if (!noticed && !pinned)
		watch_members(joining, settings);
	return 0;
}

int joining_check(const struct joining *joining, const struct settings *settings, struct err *err)
{
	const struct addressing_request *a = &settings->addressing;
	char ifname[IFNAMSIZ], by[IFNAMSIZ + 20] = "";

	if (!settings->config_net)
		return 0;
	if ((a->ip4.disabled || !default_route_find(AF_INET, ifname)) &&
	    (a->ip6.disabled || !default_route_find(AF_INET6, ifname)))
		return 0;
	if (ifname[0])
		snprintf(by, sizeof(by), ", by interface '%s'", ifname);
	return err_set(err, -EEXIST,
		       "network namespace '%.200s' has a default route already%s (leave "
		       "--config-net out to configure it yourself)",
		       joining->join.path, by);
}

int joining_without_ip6(const struct joining *joining, const struct settings *settings,
			struct addressing *addressing, struct err *err)
{
	const char *path = joining->join.path;

	if (settings->addressing.ip4.disabled)
		return err_set(
			err, -EAFNOSUPPORT,
			"network namespace '%.200s': IPv6 is disabled there, which contradicts "
			"--ipv6-only (see net.ipv6.conf.default.disable_ipv6)",
			path);
	log_info("IPv6: disabled in network namespace '%s', nothing of it is set up", path);
	addressing->ip6.enabled = false;
	return 0;
}

void joining_entered(struct joining *joining)
{
	join_close_namespaces(&joining->join);
}

void joining_finish(struct joining *joining)
{
	side_process_finish(&joining->members);
}

static void end(struct joining *joining, const char *why)
{
	log_debug("network namespace '%s': %s", joining->join.path, why);
	joining->ended = true;
	engine_stop(joining->engine);
}

static void on_process(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct joining *joining = container_of(watch, struct joining, process);

	(void)events;
	(void)now_ns;
	loop_remove(engine_loop(joining->engine), watch);
	end(joining, "its process has ended");
}

static void on_mounts(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct joining *joining = container_of(watch, struct joining, mounts);

	(void)events;
	(void)now_ns;
	if (end_watch_unmounted(&joining->end))
		end(joining, "unmounted");
}

static void on_directory(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct joining *joining = container_of(watch, struct joining, directory);

	(void)events;
	(void)now_ns;
	if (end_watch_deleted(&joining->end))
		end(joining, "deleted");
}

static void on_look(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct joining *joining = container_of(watch, struct joining, look);

	(void)events;
	(void)now_ns;
	if (end_watch_changed(&joining->end))
		end(joining, "gone");
}

static void on_member(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct joining *joining = container_of(watch, struct joining, member);
	int empty = member_watch_is_empty(&joining->members);

	(void)events;
	(void)now_ns;
	if (empty)
		loop_remove(engine_loop(joining->engine), watch);
	if (empty > 0)
		end(joining, "nobody is in it any more");
	else if (empty < 0)
		log_warning("the end of '%s' will go unnoticed: the process that watches it has "
			    "ended",
			    joining->join.path);
}

static int add(struct loop *loop, struct watch *watch, int fd, watch_fn fn, uint32_t events)
{
	if (fd < 0)
		return 0;
	*watch = (struct watch){ .fn = fn, .fd = fd };
	return loop_add(loop, watch, events);
}

int joining_watch(struct joining *joining, const struct settings *settings, struct engine *engine,
		  struct err *err)
{
	struct loop *loop = engine_loop(engine);
	int rc;

	joining->engine = engine;
	if (settings->no_netns_quit)
		return 0;
	rc = add(loop, &joining->process, joining->join.pid_fd, on_process, EPOLLIN);
	if (!rc)
		rc = add(loop, &joining->mounts, joining->end.mounts_fd, on_mounts, EPOLLPRI);
	if (!rc)
		rc = add(loop, &joining->directory, joining->end.dir_fd, on_directory, EPOLLIN);
	if (!rc)
		rc = add(loop, &joining->look, joining->end.timer_fd, on_look, EPOLLIN);
	if (!rc)
		rc = add(loop, &joining->member, joining->members.fd, on_member, EPOLLIN);
	/* Gone since it was opened: no event tells of that */
	if (!rc && joining->end.mounts_fd >= 0 && end_watch_unmounted(&joining->end))
		return err_set(err, -ENOENT, "network namespace '%.200s' has just been unmounted",
			       joining->join.path);
	return rc ? err_set(err, rc, "cannot watch for the end of '%.200s': %s", joining->join.path,
			    strerror(-rc))
		  : 0;
}
