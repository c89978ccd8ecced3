/* SPDX-License-Identifier: Apache-2.0
 *
 * The pasta command. main() reads top to bottom as the story of a start: parse, look at the host,
 * listen on its ports, make the namespaces with COMMAND's init waiting in them, or open those to
 * join, make the tap and configure it, make the engine, lock the process in, let COMMAND go, or go
 * to the background, translate until COMMAND or the joined namespace ends. Only here does anything
 * exit; a failure before all is ready is one line on stderr, status 1 and nothing left behind. What
 * is the same for passt is in launch/launch.h.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "common/engine/engine.h"
#include "launch/features.h"
#include "launch/launch.h"
#include "launch/network.h"
#include "launch/ports.h"
#include "launch/runas.h"
#include "launch/workers.h"
#include "netns/base/user_ns.h"
#include "netns/start/command.h"
#include "netns/start/setup.h"
#include "netns/start/space.h"
#include "netns/start/tapdev.h"
#include "pasta/joining.h"
#include "pasta/sides.h"

/* Frames that the tap holds for us: a whole announced window, even in frames of 1,500 bytes */
#define TX_QUEUE_FRAMES 16384

static_assert(TAPDEV_QUEUES_MAX == ENGINE_WORKERS_MAX, "each worker may have a queue");

/* How long COMMAND's last data may take after it has exited */
#define DRAIN_TIMEOUT_MS 5000

/* One start of pasta, from the command line to COMMAND's end */
struct instance {
	struct launch launch;
	struct joining joining; /* if there are namespaces to join, else: */
	struct command command;
	struct watch channel; /* to COMMAND's init */
	int status; /* COMMAND's, once it has ended */
	struct err command_err; /* why COMMAND could not be run; "" if it could */
	struct network_setup setup;
	struct tapdev tapdev;
	struct sides sides;
};

static bool is_joined(const struct instance *self)
{
	return join_wanted(&self->launch.settings.join);
}

static int net_fd(const struct instance *self)
{
	return is_joined(self) ? self->joining.join.net_fd : self->command.net_fd;
}

/* What the caller may open, before we become anybody else */
static int open_files(struct instance *self, struct err *err)
{
	int rc = launch_open_files(&self->launch, err);

	if (rc)
		return rc;
	made_files_start(&self->launch.made_files);
	return is_joined(self) ? joining_open(&self->joining, &self->launch.settings, err) : 0;
}

/* --netns-only without any to join: COMMAND stays the user that it is, of the caller's namespace */
static bool has_no_user_namespace(const struct instance *self)
{
	return !is_joined(self) && self->launch.settings.join.netns_only;
}

static int start_command(struct instance *self, struct err *err)
{
	const struct launch *launch = &self->launch;
	const struct command_request request = {
		.argv = launch->settings.command,
		.own_pids = !launch->settings.no_pidns,
		.ignored = &launch->ignored,
		.resolv_conf = launch->names.command_file,
	};
	int rc = command_start(&request, &self->command, err);

	if (rc == -EPERM && has_no_user_namespace(self))
		err_set(err, rc,
			"--netns-only: cannot create namespaces: %s (it takes root, or root of "
			"a user namespace)",
			strerror(-rc));
	return rc;
}

/* A user namespace is made, or joined, by whom we run as; to do without one only the caller has the
 * right, as whom COMMAND is to run
 */
static int make_namespaces(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = has_no_user_namespace(self) ? start_command(self, err) : 0;

	if (!rc)
		rc = runas_apply(launch->settings.runas,
				 launch->settings.join.netns_only || is_joined(self), err);
	if (rc)
		return rc;
	names_start(&launch->names, &launch->settings, &launch->config);
	follow_start(&launch->follow, &launch->settings, &launch->host, &launch->addressing);
	if (is_joined(self))
		return join_enter_user(&self->joining.join, err);
	if (has_no_user_namespace(self))
		return 0;
	rc = space_enter_user(err);
	return rc ? rc : start_command(self, err);
}

/* On a thread in the namespace */
static int make_tap_inside(void *arg, struct err *err)
{
	struct instance *self = arg;
	struct addressing *addressing = &self->launch.addressing;
	const struct settings *settings = &self->launch.settings;
	struct tapdev_request request = {
		.ifname = addressing->ns_ifname,
		.named = settings->addressing.ns_ifname[0],
		.mac = settings->has_ns_mac ? settings->ns_mac : NULL,
		.mtu = addressing->mtu,
		.tx_queue_len = TX_QUEUE_FRAMES,
		.queues = workers_count(settings),
		.fewer_level = workers_log_level(settings),
		.tso = features_wanted(settings, SETTINGS_DISABLE_TSO),
		.uso = features_wanted(settings, SETTINGS_DISABLE_USO),
		.persist = !is_joined(self),
	};
	bool has_tap = !settings->splice_only, no_ip6 = false;
	int rc = 0;

	if (has_tap && is_joined(self))
		rc = joining_check(&self->joining, settings, err);
	if (!rc && has_tap)
		rc = tapdev_open(&request, &self->tapdev, err);
	if (!has_tap) /* workers without a queue */
		self->tapdev.more_count = request.queues - 1;
	if (rc)
		return rc;
	self->setup.request.ifindex = self->tapdev.ifindex;
	self->setup.request.config_net &= !settings->splice_only;
	rc = setup_apply(&self->setup.request, &no_ip6, err);
	if (!rc && no_ip6 && is_joined(self))
		rc = joining_without_ip6(&self->joining, settings, addressing, err);
	if (!rc)
		grow_open(&self->launch.follow.grow, settings, &self->launch.host, addressing,
			  self->tapdev.ifindex);
	return rc ? rc : diag_open(&self->sides.ns, err);
}

static int make_tap(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = diag_open(&self->sides.host, err);

	network_setup_make(&launch->settings, &launch->host, &launch->addressing, &self->setup);
	if (!rc)
		rc = space_run(net_fd(self), self->joining.join.path, make_tap_inside, self, err);
	if (!rc)
		grow_start(&launch->follow.grow, &launch->settings);
	return rc;
}

static void complete_config(struct instance *self)
{
	struct config *config = &self->launch.config;

	memcpy(config->link.ns_mac, self->tapdev.mac, ETH_ALEN);
	config->link.tso = self->tapdev.tso;
	config->link.uso = self->tapdev.uso;
	config->sockets = sides_source(&self->sides);
	launch_limit(&self->launch);
}

/* COMMAND is told as we are, and may take its time */
static void on_told(struct launch *launch, int signo)
{
	struct instance *self = container_of(launch, struct instance, launch);

	if (launch->ended || is_joined(self))
		launch_end(launch); /* whoever sent it won't wait for the rest */
	else
		command_signal(&self->command, signo);
}

static void on_channel(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct instance *self = container_of(watch, struct instance, channel);

	(void)events;
	(void)now_ns;
	if (command_poll(&self->command, &self->status, &self->command_err) != COMMAND_ENDED)
		return;
	loop_remove(engine_loop(self->launch.engine), watch);
	launch_end(&self->launch);
}

static int watch_end(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc;

	if (is_joined(self))
		return joining_watch(&self->joining, &launch->settings, launch->engine, err);
	self->channel.fn = on_channel;
	self->channel.fd = self->command.channel_fd;
	rc = loop_add(engine_loop(launch->engine), &self->channel, EPOLLIN);
	return rc ? err_set(err, rc, "cannot watch COMMAND: %s", strerror(-rc)) : 0;
}

static int make_engine(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	sigset_t signals;
	int rc;

	if (is_joined(self))
		process_end_signals(&launch->ignored, &signals);
	else
		command_signals(&signals);
	complete_config(self);
	rc = launch_make_engine(launch, self->tapdev.fd, &signals, err);
	if (!rc)
		workers_add(launch->engine, self->tapdev.more, self->tapdev.more_count);
	if (!rc)
		rc = watch_end(self, err);
	if (rc)
		return rc;
	if (is_joined(self))
		return launch_start_control(launch, self->joining.join.path,
					    self->joining.join.number, err);
	return launch_start_control(launch, "", self->command.init_pid, err);
}

static int lock_in(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	const bool landlock = features_wanted(&launch->settings, SETTINGS_DISABLE_LANDLOCK);
	const struct lockin_request thread = { .landlock = landlock };
	/* In a namespace of our own, low ports are nobody's privilege; in the initial user
	 * namespace the capability would be one over the host's ports
	 */
	const struct lockin_request engine = {
		.landlock = landlock,
		.keep_bind_service = is_joined(self) && !user_ns_is_initial() &&
				     ports_open_later(launch->config.rules),
	};
	int rc = launch_leave_root(launch, err);

	if (!rc)
		rc = ns_sockets_start(&self->sides.sockets, net_fd(self), &thread, err);
	if (!rc)
		rc = ports_open(&launch->config, SOCKET_NS, err);
	if (!rc)
		rc = ports_check_rounds(&launch->config, err);
	joining_entered(&self->joining);
	return rc ? rc : launch_lock_in(launch, &engine, err);
}

static bool is_drained(void *arg)
{
	const struct instance *self = arg;

	return !diag_unsent(&self->sides.ns);
}

/* All works: the callers may know, and COMMAND can start */
static int be_ready(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = launch_write_files(launch, err);

	if (rc)
		return rc;
	/* What COMMAND asks first may be a resolver on the host's loopback, a low port */
	if (!is_joined(self))
		command_await(&self->command);
	engine_open_ports(launch->engine);
	rc = launch_ready(launch, err);
	if (!rc && !is_joined(self))
		rc = command_go(&self->command, err);
	if (!rc)
		made_files_ready(&launch->made_files);
	return rc;
}

/* Until COMMAND ends, and then until its last data is delivered; or until a joined namespace ends
 */
static int translate(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = engine_run(launch->engine);

	if (self->joining.ended || (launch->ended && is_joined(self)))
		return 0;
	if (!launch->ended)
		return err_set(err, rc ? rc : -EIO, "the tap device is gone: %s", strerror(-rc));
	if (engine_run_until(launch->engine, is_drained, self, DRAIN_TIMEOUT_MS) == -ETIMEDOUT)
		log_warning("COMMAND has exited, but not all of its data could be delivered");
	return 0;
}

static int run(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = launch_look(launch, err);

	if (!rc)
		rc = open_files(self, err);
	if (!rc)
		rc = launch_listen(launch, err);
	if (rc)
		return rc;
	if (!is_joined(self) && !launch->settings.no_resolv_conf)
		names_for_command(&launch->names, &launch->config);
	rc = make_namespaces(self, err);
	launch_leave_caller(launch);
	if (!rc)
		rc = make_tap(self, err);
	if (!rc)
		rc = make_engine(self, err);
	if (rc)
		return rc;
	launch_summary(launch);
	rc = lock_in(self, err);
	if (!rc)
		rc = be_ready(self, err);
	return rc ? rc : translate(self, err);
}

static void clean_up(struct instance *self)
{
	launch_stop(&self->launch);
	command_finish(&self->command);
	joining_finish(&self->joining);
	launch_finish(&self->launch);
}

static void instance_init(struct instance *self)
{
	memset(self, 0, sizeof(*self));
	launch_init(&self->launch);
	self->launch.told = on_told;
	self->command = (struct command){ .channel_fd = -1, .net_fd = -1, .terminal_fd = -1 };
	self->channel.fd = -1;
	self->tapdev.fd = -1;
	memset(self->tapdev.more, -1, sizeof(self->tapdev.more));
	sides_init(&self->sides);
	joining_init(&self->joining);
}

int main(int argc, char **argv)
{
	struct instance self;
	struct launch *launch = &self.launch;
	struct err err;
	int rc;

	instance_init(&self);
	if (!launch_parse(launch, SETTINGS_PASTA, argc, argv, &self.status) ||
	    !launch_fork(launch, is_joined(&self) && !launch->settings.foreground, &self.status))
		return self.status;
	rc = run(&self, &err);
	clean_up(&self);
	if (rc)
		return launch_fail(launch, &err);
	if (self.command_err.text[0])
		launch_fail(launch, &self.command_err);
	command_end_alike(&self.command);
	return self.status;
}
