/* SPDX-License-Identifier: Apache-2.0
 *
 * The passt command. main() reads top to bottom as the story of a start: parse, look at the host,
 * listen on its ports and for the guest, become nobody in a user namespace of our own, make the
 * engine, lock the process in, go to the background, translate for one guest after the other, or
 * for the only one. Only here does anything exit; a failure before all is ready is one line on
 * stderr, status 1 and nothing left behind.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
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
#include "netns/beside/made_files.h"
#include "netns/lockin/lockin.h"
#include "netns/start/space.h"
#include "passt/guest.h"

/* One start of passt, from the command line to the end */
struct instance {
	struct settings settings;
	sigset_t ignored; /* signals, by the caller */
	struct process_parent parent;
	struct host host;
	struct addressing addressing;
	struct config config; /* the engine's */
	struct background background;
	struct fwd_listeners listeners;
	struct guest guest;
	struct engine *engine;
	struct names names;
	struct watch signals;
	struct logging logging;
	struct policy_log policy_log;
	struct pid_file pid_file;
	struct control_socket control;
	struct made_files made_files;
	struct capture capture;
	bool locked_in;
	bool ready; /* nobody listens to our stderr any more, if we are in the background */
	bool ended; /* a signal has told us to */
};

static bool is_background(const struct instance *self)
{
	return !self->settings.foreground;
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
		rc = guest_open(&self->guest, &self->settings, &self->made_files, err);
	if (!rc)
		rc = control_socket_open(&self->control, &self->settings, &self->made_files, err);
	if (!rc)
		made_files_start(&self->made_files);
	return rc;
}

static void on_signal(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct instance *self = container_of(watch, struct instance, signals);
	struct signalfd_siginfo info;

	(void)events;
	(void)now_ns;
	while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		self->ended = true;
		engine_stop(self->engine);
	}
}

static int watch_signals(struct instance *self, struct err *err)
{
	sigset_t signals;

	process_end_signals(&self->ignored, &signals);
	self->signals.fn = on_signal;
	return process_watch_signals(&signals, &self->signals, engine_loop(self->engine), err);
}

static void on_quit(void *arg, bool now)
{
	struct instance *self = arg;

	(void)now;
	self->ended = true;
	engine_stop(self->engine);
}

static int start_control(struct instance *self, struct err *err)
{
	control_socket_facts(&self->control, &self->settings, &self->host, &self->addressing, "");
	return control_socket_start(&self->control, self->engine, on_quit, self, err);
}

/* What a kernel does for a tap, segments and checksums, is done here for a stream, and for a guest
 * whose network card does not
 */
static int make_engine(struct instance *self, struct err *err)
{
	struct config *config = &self->config;
	int rc;

	limits_apply(&self->settings, config);
	control_socket_reserve(&self->control, config);
	config->sockets = (struct socket_source){ 0 }; /* a guest has none for us */
	config->link.kind = self->settings.vhost_user ? LINK_VHOST : LINK_STREAM;
	if (self->settings.vhost_user)
		config->max_fds -= MIN(VHOST_FDS, config->max_fds);
	config->link.tso = features_wanted(&self->settings, SETTINGS_DISABLE_TSO);
	config->link.uso = features_wanted(&self->settings, SETTINGS_DISABLE_USO);
	rc = engine_new(config, -1, &self->engine, err);
	if (rc)
		return rc;
	rc = names_watch(&self->names, self->engine);
	if (rc)
		return err_set(err, rc, "cannot watch for other resolvers: %s", strerror(-rc));
	policy_log_start(&self->policy_log, self->engine);
	rc = watch_signals(self, err);
	if (!rc)
		rc = logging_stats(&self->logging, self->settings.stats_seconds, self->engine, err);
	return rc ? rc : start_control(self, err);
}

/* Nothing of what looking at the host has left is needed from here on */
static int lock_in(struct instance *self, struct err *err)
{
	const struct lockin_request request = {
		.landlock = features_wanted(&self->settings, SETTINGS_DISABLE_LANDLOCK),
		.maps_guest = self->settings.vhost_user,
	};
	int rc;

	host_fini(&self->host);
	memory_trim();
	rc = background_detach(&self->background, err);
	if (!rc)
		rc = lockin_root(self->settings.chroot_fallback, err);
	if (!rc)
		rc = lockin_apply(&request, err);
	self->locked_in = !rc;
	return rc;
}

/* All works: the caller may know */
static int be_ready(struct instance *self, struct err *err)
{
	int rc = pid_file_write(&self->pid_file, err);

	if (!rc)
		rc = capture_start(&self->capture, self->engine, err);
	if (rc)
		return rc;
	rc = guest_start(&self->guest, self->engine);
	if (rc)
		return err_set(err, rc, "cannot watch the guest's socket: %s", strerror(-rc));
	logging_ready(&self->logging, is_background(self));
	self->ready = true;
	rc = background_ready(&self->background, logging_keeps_stderr(&self->logging), err);
	if (!rc)
		made_files_ready(&self->made_files);
	return rc;
}

/* Until a signal says that it's over, or the only guest has gone */
static int translate(struct instance *self, struct err *err)
{
	for (;;) {
		int rc = engine_run(self->engine);

		if (self->ended)
			return 0;
		if (rc == -EPROTO)
			log_warning("the guest's connection ends: %s", engine_reason(self->engine));
		if (self->settings.one_off)
			return 0;
		rc = guest_gone(&self->guest);
		if (rc)
			return err_set(err, rc, "cannot wait for the next guest: %s",
				       strerror(-rc));
	}
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
	if (!rc)
		rc = runas_apply(self->settings.runas, false, err);
	if (rc)
		return rc;
	names_start(&self->names, &self->config);
	rc = space_enter_user(err);
	process_parent_keep(&self->parent);
	process_close_inherited();
	logging_own_stderr(&self->logging);
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
	fwd_listeners_fini(&self->listeners);
	names_stop(&self->names);
	control_socket_finish(&self->control);
	engine_free(self->engine);
	names_finish(&self->names);
	policy_log_finish(&self->policy_log);
	made_files_finish(&self->made_files, self->locked_in);
	pid_file_finish(&self->pid_file);
	if (!self->locked_in)
		host_fini(&self->host);
}

static void instance_init(struct instance *self)
{
	memset(self, 0, sizeof(*self));
	names_init(&self->names);
	background_init(&self->background);
	made_files_init(&self->made_files);
	capture_init(&self->capture);
	pid_file_init(&self->pid_file);
	control_socket_init(&self->control);
	logging_init(&self->logging);
	policy_log_init(&self->policy_log);
	guest_init(&self->guest);
	self->signals.fd = -1;
}

static int fail(const struct err *err)
{
	if (err->text[0])
		dprintf(STDERR_FILENO, "passt: %s\n", err->text);
	return EXIT_FAILURE;
}

/* Return: exit status */
static int run_instance(struct instance *self)
{
	int rc, status = EXIT_SUCCESS;
	struct err err;

	log_set_level(self->settings.log_level);
	if (is_background(self)) {
		rc = background_fork(&self->background, &status, &err);
		if (rc)
			return rc < 0 ? fail(&err) : status;
	}
	process_parent_look(&self->parent);
	rc = run(self, &err);
	clean_up(self);
	if (rc && self->ready && is_background(self))
		log_error("%s", err.text);
	return rc ? fail(&err) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char name[] = "passt";
	struct instance self;
	struct err err;

	instance_init(&self);
	log_set_name(name);
	process_take_signals(&self.ignored);
	if (process_open_stdio())
		return EXIT_FAILURE;
	if (argc > 0)
		argv[0] = name; /* in getopt's messages too */
	if (options_parse(SETTINGS_PASST, argc, argv, &self.settings, &err))
		return fail(&err);
	switch (self.settings.action) {
	case SETTINGS_RUN:
		return run_instance(&self);
	case SETTINGS_PRINT_HELP:
		options_usage(SETTINGS_PASST, stdout);
		break;
	case SETTINGS_PRINT_VERSION:
		printf("passt %s\n", PASTA_VERSION);
		break;
	case SETTINGS_PRINT_POLICY:
		return policy_print(&self.settings, stdout, &err) ? fail(&err) : EXIT_SUCCESS;
	case SETTINGS_PRINT_CAPABILITIES:
		puts("{\n  \"type\": \"net\"\n}"); /* QEMU: interop/vhost-user.json */
		break;
	}
	return EXIT_SUCCESS;
}
