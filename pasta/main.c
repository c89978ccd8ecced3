/* SPDX-License-Identifier: Apache-2.0
 *
 * The pasta command. main() reads top to bottom as the story of a start: parse, look at the host,
 * listen on its ports, make the namespaces with COMMAND's init waiting in them, or open those to
 * join, make the tap and configure it, make the engine, lock the process in, let COMMAND go, or go
 * to the background, translate until COMMAND or the joined namespace ends. Only here does anything
 * exit; a failure before all is ready is one line on stderr, status 1 and nothing left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "common/engine/engine.h"
#include "launch/background.h"
#include "launch/capture.h"
#include "launch/control_socket.h"
#include "launch/features.h"
#include "launch/limits.h"
#include "launch/logging.h"
#include "launch/names.h"
#include "launch/network.h"
#include "launch/options.h"
#include "launch/pid_file.h"
#include "launch/policy.h"
#include "launch/policy_log.h"
#include "launch/ports.h"
#include "launch/process.h"
#include "launch/runas.h"
#include "netns/base/memory.h"
#include "netns/base/user_ns.h"
#include "netns/beside/made_files.h"
#include "netns/lockin/lockin.h"
#include "netns/start/command.h"
#include "netns/start/setup.h"
#include "netns/start/space.h"
#include "netns/start/tapdev.h"
#include "pasta/joining.h"
#include "pasta/sides.h"

/* Frames that the tap holds for us: a whole announced window, even in frames of 1,500 bytes */
#define TX_QUEUE_FRAMES 16384

/* How long COMMAND's last data may take after it has exited */
#define DRAIN_TIMEOUT_MS 5000

/* One start of pasta, from the command line to COMMAND's end */
struct instance {
	struct settings settings;
	sigset_t ignored; /* signals, by the caller */
	struct process_parent parent;
	struct host host;
	struct addressing addressing;
	struct network_setup setup;
	struct config config; /* the engine's */
	struct background background;
	struct joining joining; /* if there are namespaces to join, else: */
	struct command command;
	struct tapdev tapdev;
	struct sides sides;
	struct fwd_listeners listeners;
	struct engine *engine;
	struct names names;
	struct watch signals;
	struct watch channel; /* to COMMAND's init */
	struct logging logging;
	struct policy_log policy_log;
	struct pid_file pid_file;
	struct control_socket control;
	struct made_files made_files;
	struct capture capture;
	bool locked_in;
	bool ready; /* nobody listens to our stderr any more, if we are in the background */
	bool ended; /* COMMAND has, with @status; or a signal has told us to */
	int status;
	struct err command_err; /* why COMMAND could not be run; "" if it could */
};

static bool is_joined(const struct instance *self)
{
	return join_wanted(&self->settings.join);
}

static int net_fd(const struct instance *self)
{
	return is_joined(self) ? self->joining.join.net_fd : self->command.net_fd;
}

static int look_at_host(struct instance *self, struct err *err)
{
	int rc = network_look(&self->settings, &self->host, err);

	if (rc)
		return rc;
	names_look(&self->settings, &self->config);
	rc = network_resolve(&self->settings, &self->host, &self->addressing, &self->config, err);
	return rc ? rc : policy_apply(&self->settings, &self->config, err);
}

static bool is_background(const struct instance *self)
{
	return is_joined(self) && !self->settings.foreground;
}

/* What the caller may open, before we become anybody else */
static int open_files(struct instance *self, struct err *err)
{
	int rc = capture_open(&self->capture, self->settings.pcap_path, &self->made_files, err);

	if (!rc)
		rc = logging_open(&self->logging, &self->settings, is_background(self),
				  &self->made_files, err);
	if (!rc)
		rc = policy_log_open(&self->policy_log, &self->settings, &self->config,
				     &self->made_files, err);
	if (!rc)
		rc = pid_file_open(&self->pid_file, self->settings.pid_path, &self->made_files,
				   err);
	if (!rc)
		rc = control_socket_open(&self->control, &self->settings, &self->made_files, err);
	if (rc)
		return rc;
	made_files_start(&self->made_files);
	if (is_joined(self))
		rc = joining_open(&self->joining, &self->settings, err);
	return rc;
}

/* --netns-only without any to join: COMMAND stays the user that it is, of the caller's namespace */
static bool has_no_user_namespace(const struct instance *self)
{
	return !is_joined(self) && self->settings.join.netns_only;
}

static int start_command(struct instance *self, struct err *err)
{
	const struct command_request request = {
		.argv = self->settings.command,
		.own_pids = !self->settings.no_pidns,
		.ignored = &self->ignored,
		.resolv_conf = self->names.command_file,
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
	int rc = has_no_user_namespace(self) ? start_command(self, err) : 0;

	if (!rc)
		rc = runas_apply(self->settings.runas,
				 self->settings.join.netns_only || is_joined(self), err);
	if (rc)
		return rc;
	names_start(&self->names, &self->config);
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
	struct tapdev_request request = {
		.ifname = self->addressing.ns_ifname,
		.named = self->settings.addressing.ns_ifname[0],
		.mac = self->settings.has_ns_mac ? self->settings.ns_mac : NULL,
		.mtu = self->addressing.mtu,
		.tx_queue_len = TX_QUEUE_FRAMES,
		.tso = features_wanted(&self->settings, SETTINGS_DISABLE_TSO),
		.uso = features_wanted(&self->settings, SETTINGS_DISABLE_USO),
		.persist = !is_joined(self),
	};
	bool has_tap = !self->settings.splice_only, no_ip6 = false;
	int rc = 0;

	if (has_tap && is_joined(self))
		rc = joining_check(&self->joining, &self->settings, err);
	if (!rc && has_tap)
		rc = tapdev_open(&request, &self->tapdev, err);
	if (rc)
		return rc;
	self->setup.request.ifindex = self->tapdev.ifindex;
	self->setup.request.config_net &= !self->settings.splice_only;
	rc = setup_apply(&self->setup.request, &no_ip6, err);
	if (!rc && no_ip6 && is_joined(self))
		rc = joining_without_ip6(&self->joining, &self->settings, &self->addressing, err);
	return rc ? rc : diag_open(&self->sides.ns, err);
}

static int make_tap(struct instance *self, struct err *err)
{
	int rc = diag_open(&self->sides.host, err);

	network_setup_make(&self->settings, &self->host, &self->addressing, &self->setup);
	return rc ? rc
		  : space_run(net_fd(self), self->joining.join.path, make_tap_inside, self, err);
}

static void complete_config(struct instance *self)
{
	struct config *config = &self->config;

	memcpy(config->link.ns_mac, self->tapdev.mac, ETH_ALEN);
	config->link.tso = self->tapdev.tso;
	config->link.uso = self->tapdev.uso;
	config->sockets = sides_source(&self->sides);
	limits_apply(&self->settings, config);
	control_socket_reserve(&self->control, config);
}

static void on_signal(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct instance *self = container_of(watch, struct instance, signals);
	struct signalfd_siginfo info;

	(void)events;
	(void)now_ns;
	while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (self->ended || is_joined(self)) {
			self->ended = true;
			engine_stop(self->engine); /* whoever sent it won't wait for the rest */
		} else {
			command_signal(&self->command, (int)info.ssi_signo);
		}
	}
}

static void on_channel(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct instance *self = container_of(watch, struct instance, channel);

	(void)events;
	(void)now_ns;
	if (command_poll(&self->command, &self->status, &self->command_err) != COMMAND_ENDED)
		return;
	self->ended = true;
	loop_remove(engine_loop(self->engine), watch);
	engine_stop(self->engine);
}

static int watch_signals(struct instance *self, struct err *err)
{
	sigset_t signals;

	if (is_joined(self))
		process_end_signals(&self->ignored, &signals);
	else
		command_signals(&signals);
	self->signals.fn = on_signal;
	return process_watch_signals(&signals, &self->signals, engine_loop(self->engine), err);
}

static int watch_end(struct instance *self, struct err *err)
{
	int rc = watch_signals(self, err);

	policy_log_start(&self->policy_log, self->engine);
	if (!rc)
		rc = logging_stats(&self->logging, self->settings.stats_seconds, self->engine, err);
	if (rc)
		return rc;
	if (is_joined(self))
		return joining_watch(&self->joining, &self->settings, self->engine, err);
	self->channel.fn = on_channel;
	self->channel.fd = self->command.channel_fd;
	rc = loop_add(engine_loop(self->engine), &self->channel, EPOLLIN);
	return rc ? err_set(err, rc, "cannot watch COMMAND: %s", strerror(-rc)) : 0;
}

/* By a client. COMMAND is told as by a signal of ours, and may take its time */
static void on_quit(void *arg, bool now)
{
	struct instance *self = arg;

	if (!is_joined(self) && !self->ended) {
		command_signal(&self->command, now ? SIGKILL : SIGTERM);
		return;
	}
	self->ended = true;
	engine_stop(self->engine);
}

static int start_control(struct instance *self, struct err *err)
{
	control_socket_facts(&self->control, &self->settings, &self->host, &self->addressing,
			     self->joining.join.path);
	self->control.subject.facts.namespace_pid =
		is_joined(self) ? self->joining.join.number : self->command.init_pid;
	return control_socket_start(&self->control, self->engine, on_quit, self, err);
}

static int make_engine(struct instance *self, struct err *err)
{
	int rc;

	complete_config(self);
	rc = engine_new(&self->config, self->tapdev.fd, &self->engine, err);
	if (rc)
		return rc;
	rc = names_watch(&self->names, self->engine);
	if (rc)
		return err_set(err, rc, "cannot watch for other resolvers: %s", strerror(-rc));
	rc = watch_end(self, err);
	return rc ? rc : start_control(self, err);
}

/* Nothing of what looking at the host has left is needed from here on */
static int lock_in(struct instance *self, struct err *err)
{
	const bool landlock = features_wanted(&self->settings, SETTINGS_DISABLE_LANDLOCK);
	const struct lockin_request thread = { .landlock = landlock };
	/* In a namespace of our own, low ports are nobody's privilege; in the initial user
	 * namespace the capability would be one over the host's ports
	 */
	const struct lockin_request engine = {
		.landlock = landlock,
		.keep_bind_service = is_joined(self) && !user_ns_is_initial() &&
				     ports_open_later(self->config.rules),
	};
	int rc;

	host_fini(&self->host);
	memory_trim();
	rc = background_detach(&self->background, err);
	if (!rc)
		rc = lockin_root(self->settings.chroot_fallback, err);
	if (!rc)
		rc = ns_sockets_start(&self->sides.sockets, net_fd(self), &thread, err);
	if (!rc)
		rc = ports_open(&self->config, SOCKET_NS, err);
	if (!rc)
		rc = ports_check_rounds(&self->config, err);
	joining_entered(&self->joining);
	if (!rc)
		rc = lockin_apply(&engine, err);
	self->locked_in = !rc;
	return rc;
}

static bool is_drained(void *arg)
{
	const struct instance *self = arg;

	return !diag_unsent(&self->sides.ns);
}

/* All works: the callers may know, and COMMAND can start */
static int be_ready(struct instance *self, struct err *err)
{
	int rc = pid_file_write(&self->pid_file, err);

	if (!rc)
		rc = capture_start(&self->capture, self->engine, err);
	if (rc)
		return rc;
	/* What COMMAND asks first may be a resolver on the host's loopback, a low port */
	if (!is_joined(self))
		command_await(&self->command);
	engine_open_ports(self->engine);
	logging_ready(&self->logging, is_background(self));
	self->ready = true;
	rc = is_joined(self) ? background_ready(&self->background,
						logging_keeps_stderr(&self->logging), err)
			     : command_go(&self->command, err);
	if (!rc)
		made_files_ready(&self->made_files);
	return rc;
}

/* Until COMMAND ends, and then until its last data is delivered; or until a joined namespace ends
 */
static int translate(struct instance *self, struct err *err)
{
	int rc = engine_run(self->engine);

	if (self->joining.ended || (self->ended && is_joined(self)))
		return 0;
	if (!self->ended)
		return err_set(err, rc ? rc : -EIO, "the tap device is gone: %s", strerror(-rc));
	if (engine_run_until(self->engine, is_drained, self, DRAIN_TIMEOUT_MS) == -ETIMEDOUT)
		log_warning("COMMAND has exited, but not all of its data could be delivered");
	return 0;
}

static int run(struct instance *self, struct err *err)
{
	int rc = process_check_fd_limit(err);

	if (!rc)
		rc = look_at_host(self, err);
	if (!rc)
		rc = open_files(self, err);
	if (!rc)
		rc = ports_listen(&self->settings, &self->listeners, &self->config, err);
	if (rc)
		return rc;
	if (!is_joined(self) && !self->settings.no_resolv_conf)
		names_for_command(&self->names, &self->config);
	rc = make_namespaces(self, err);
	process_parent_keep(&self->parent);
	process_close_inherited();
	logging_own_stderr(&self->logging);
	if (!rc)
		rc = make_tap(self, err);
	if (!rc)
		rc = make_engine(self, err);
	if (rc)
		return rc;

	network_summary(&self->settings, &self->host, &self->addressing, &self->config);
	names_summary(&self->config, &self->addressing);
	ports_summary(&self->config);
	policy_summary(&self->settings);
	rc = lock_in(self, err);
	if (!rc)
		rc = be_ready(self, err);
	return rc ? rc : translate(self, err);
}

/* For every outcome; the kernel closes and unmaps the rest faster than we could */
static void clean_up(struct instance *self)
{
	/* First of all: whoever made the namespace may be starting the next pasta with these ports
	 */
	fwd_listeners_fini(&self->listeners);
	names_stop(&self->names);
	command_finish(&self->command);
	control_socket_finish(&self->control);
	engine_free(self->engine);
	names_finish(&self->names);
	joining_finish(&self->joining);
	policy_log_finish(&self->policy_log);
	made_files_finish(&self->made_files, self->locked_in);
	pid_file_finish(&self->pid_file);
	if (!self->locked_in)
		host_fini(&self->host);
}

static void instance_init(struct instance *self)
{
	memset(self, 0, sizeof(*self));
	self->command = (struct command){ .channel_fd = -1, .net_fd = -1, .terminal_fd = -1 };
	self->tapdev.fd = -1;
	sides_init(&self->sides);
	names_init(&self->names);
	background_init(&self->background);
	joining_init(&self->joining);
	made_files_init(&self->made_files);
	capture_init(&self->capture);
	pid_file_init(&self->pid_file);
	control_socket_init(&self->control);
	logging_init(&self->logging);
	policy_log_init(&self->policy_log);
	self->signals.fd = -1;
	self->channel.fd = -1;
}

static int fail(const struct err *err)
{
	if (err->text[0])
		dprintf(STDERR_FILENO, "pasta: %s\n", err->text);
	return EXIT_FAILURE;
}

/* Return: exit status */
static int run_instance(struct instance *self)
{
	struct err err;
	int rc;

	log_set_level(self->settings.log_level);
	if (is_background(self)) {
		rc = background_fork(&self->background, &self->status, &err);
		if (rc)
			return rc < 0 ? fail(&err) : self->status;
	}
	process_parent_look(&self->parent);
	rc = run(self, &err);
	clean_up(self);
	if (rc && self->ready && is_background(self))
		log_error("%s", err.text);
	if (rc)
		return fail(&err);
	if (self->command_err.text[0])
		fail(&self->command_err);
	command_end_alike(&self->command);
	return self->status;
}

int main(int argc, char **argv)
{
	char name[] = "pasta";
	struct instance self;
	struct err err;

	instance_init(&self);
	process_take_signals(&self.ignored);
	if (process_open_stdio())
		return EXIT_FAILURE;
	if (argc > 0)
		argv[0] = name; /* in getopt's messages too */
	if (options_parse(SETTINGS_PASTA, argc, argv, &self.settings, &err))
		return fail(&err);
	switch (self.settings.action) {
	case SETTINGS_RUN:
		return run_instance(&self);
	case SETTINGS_PRINT_HELP:
		options_usage(SETTINGS_PASTA, stdout);
		break;
	case SETTINGS_PRINT_VERSION:
		printf("pasta %s\n", PASTA_VERSION);
		break;
	case SETTINGS_PRINT_POLICY:
		return policy_print(&self.settings, stdout, &err) ? fail(&err) : EXIT_SUCCESS;
	case SETTINGS_PRINT_CAPABILITIES:
		break;
	}
	return EXIT_SUCCESS;
}
