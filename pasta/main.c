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
#include <malloc.h>
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
#include "netns/start/command.h"
#include "netns/lockin/lockin.h"
#include "netns/beside/made_files.h"
#include "netns/start/setup.h"
#include "netns/start/space.h"
#include "netns/base/user_ns.h"
#include "netns/start/tapdev.h"
#include "pasta/background.h"
#include "pasta/features.h"
#include "pasta/joining.h"
#include "pasta/logging.h"
#include "pasta/names.h"
#include "pasta/network.h"
#include "pasta/options.h"
#include "pasta/pid_file.h"
#include "pasta/ports.h"
#include "pasta/process.h"
#include "pasta/runas.h"
#include "pasta/sides.h"

/* Frames that the tap holds for us: a whole announced window, even in frames of 1,500 bytes */
#define TX_QUEUE_FRAMES 16384

/* Not every flow takes a descriptor */
#define FLOWS_MIN (128U * 1024)
#define FLOWS_MAX (256U * 1024)

/* How long COMMAND's last data may take after it has exited */
#define DRAIN_TIMEOUT_MS 5000

/* How long we wait for ports that somebody else still has */
#define PORT_PATIENCE_MS 1000

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
	struct pid_file pid_file;
	struct made_files made_files;
	int pcap_fd; /* until the capture starts */
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

/* The capture file is the caller's, so it's opened with the caller's rights, if that is root */
static int open_pcap(struct instance *self, struct err *err)
{
	const char *path = self->settings.pcap_path;
	struct stat st;
	int fd;

	if (!path)
		return 0;
	fd = made_files_open(&self->made_files, path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0600, true);
	if (fd < 0)
		return err_set(err, fd, "--pcap '%s': %s", path, strerror(-fd));
	self->pcap_fd = fd;
	/* Once there is a reader, nothing is to wait for it */
	if (!fstat(fd, &st) && !S_ISREG(st.st_mode))
		fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK);
	return 0;
}

/* What was there goes only when there is something to replace it with; a pipe has nothing */
static int start_capture(struct instance *self, struct err *err)
{
	if (self->pcap_fd < 0)
		return 0;
	if (ftruncate(self->pcap_fd, 0) && errno != EINVAL)
		return err_set(err, -errno, "--pcap '%s': cannot truncate it: %s",
			       self->settings.pcap_path, strerror(errno));
	engine_capture(self->engine, self->pcap_fd);
	self->pcap_fd = -1;
	return 0;
}

static int look_at_host(struct instance *self, struct err *err)
{
	int rc = network_look(&self->settings, &self->host, err);

	if (rc)
		return rc;
	names_look(&self->settings, &self->config);
	return network_resolve(&self->settings, &self->host, &self->addressing, &self->config, err);
}

/* Ports on the host, some of which take privileges that the next steps give up */
static int open_ports(struct instance *self, struct err *err)
{
	struct fwd_listeners *listeners = &self->listeners;
	struct config *config = &self->config;
	int rc = ports_finish(&self->settings, config, err);

	if (rc)
		return rc;
	rc = fwd_listeners_init(listeners, &config->sockets);
	if (rc)
		return err_set(err, rc, "no memory for listening sockets: %s", strerror(-rc));
	listeners->ip4 = config->fwd.ip4.enabled;
	listeners->ip6 = config->fwd.ip6.enabled;
	listeners->freebind = self->settings.freebind;
	listeners->patience_ms = PORT_PATIENCE_MS;
	config->listeners = listeners;
	return ports_open(config, SOCKET_HOST, err);
}

static bool is_background(const struct instance *self)
{
	return is_joined(self) && !self->settings.foreground;
}

/* What the caller may open, before we become anybody else */
static int open_files(struct instance *self, struct err *err)
{
	int rc = open_pcap(self, err);

	if (!rc)
		rc = logging_open(&self->logging, &self->settings, is_background(self),
				  &self->made_files, err);
	if (!rc)
		rc = pid_file_open(&self->pid_file, self->settings.pid_path, &self->made_files,
				   err);
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

static uint32_t usable_fds(uint32_t fd_limit)
{
	return fd_limit > PROCESS_FDS_RESERVED ? fd_limit - PROCESS_FDS_RESERVED : 0;
}

/* The limit is raised only now: COMMAND, whose init was made before, keeps its caller's */
static void complete_config(struct instance *self)
{
	struct config *config = &self->config;
	uint32_t fd_limit = process_raise_fd_limit();

	memcpy(config->tap.ns_mac, self->tapdev.mac, ETH_ALEN);
	config->tap.tso = self->tapdev.tso;
	config->tap.uso = self->tapdev.uso;
	config->sockets = sides_source(&self->sides);
	config->busy_poll_us = self->settings.busy_poll_us;
	config->max_fds = usable_fds(fd_limit);
	config->max_flows = MIN(MAX(config->max_fds, FLOWS_MIN), FLOWS_MAX);
	config->tcp_peek_off = features_wanted(&self->settings, SETTINGS_DISABLE_PEEK_OFF) &&
			       features_tcp_peek_off();
	log_debug("TCP SO_PEEK_OFF: %s, flows: %u at most, polling: %u us at most",
		  config->tcp_peek_off ? "yes" : "no", config->max_flows, config->busy_poll_us);
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

/* With nothing to pass them on to, only those that end a process count, and of them those that the
 * caller doesn't ignore (nohup, "&" in a script): what is ignored, but blocked, would be read
 */
static void signals_to_read(const struct instance *self, sigset_t *ret_signals)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGQUIT };

	if (!is_joined(self)) {
		command_signals(ret_signals);
		return;
	}
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigismember(&self->ignored, ends[i]))
			sigaddset(ret_signals, ends[i]);
}

static int watch_signals(struct instance *self, struct err *err)
{
	sigset_t signals;
	int rc;

	signals_to_read(self, &signals);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return err_set(err, -errno, "cannot block signals: %s", strerror(errno));
	self->signals.fn = on_signal;
	self->signals.fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (self->signals.fd < 0)
		return err_set(err, -errno, "cannot watch for signals: signalfd4(2): %s",
			       strerror(errno));
	rc = loop_add(engine_loop(self->engine), &self->signals, EPOLLIN);
	return rc ? err_set(err, rc, "cannot watch for signals: %s", strerror(-rc)) : 0;
}

static int watch_end(struct instance *self, struct err *err)
{
	int rc = watch_signals(self, err);

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
	return watch_end(self, err);
}

/* Nothing of what looking at the host has left is needed from here on */
static int lock_in(struct instance *self, struct err *err)
{
	struct lockin_request request = {
		.landlock = features_wanted(&self->settings, SETTINGS_DISABLE_LANDLOCK),
	};
	bool machine = user_ns_is_initial();
	int rc;

	host_fini(&self->host);
	malloc_trim(0);
	rc = background_detach(&self->background, err);
	if (!rc)
		rc = lockin_root(self->settings.chroot_fallback, err);
	if (!rc)
		rc = ns_sockets_start(&self->sides.sockets, net_fd(self), &request, err);
	if (!rc)
		rc = ports_open(&self->config, SOCKET_NS, err);
	if (!rc)
		rc = ports_check_rounds(&self->config, err);
	/* In a namespace of our own, low ports are nobody's privilege; in the initial user
	 * namespace the capability would be one over the host's ports
	 */
	request.keep_bind_service =
		is_joined(self) && !machine && ports_open_later(self->config.rules);
	joining_entered(&self->joining);
	if (!rc)
		rc = lockin_apply(&request, err);
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
		rc = start_capture(self, err);
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
		rc = open_ports(self, err);
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
	engine_free(self->engine);
	names_finish(&self->names);
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
	pid_file_init(&self->pid_file);
	logging_init(&self->logging);
	self->signals.fd = -1;
	self->channel.fd = -1;
	self->pcap_fd = -1;
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
	if (options_parse(argc, argv, &self.settings, &err))
		return fail(&err);
	switch (self.settings.action) {
	case SETTINGS_RUN:
		return run_instance(&self);
	case SETTINGS_PRINT_HELP:
		options_usage(stdout);
		break;
	case SETTINGS_PRINT_VERSION:
		printf("pasta %s\n", PASTA_VERSION);
		break;
	}
	return EXIT_SUCCESS;
}
