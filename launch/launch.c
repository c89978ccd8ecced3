/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps, in their order.
 */
#include "launch/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/limits.h"
#include "launch/network.h"
#include "launch/options.h"
#include "launch/policy.h"
#include "launch/ports.h"
#include "launch/workers.h"
#include "netns/base/memory.h"

void launch_init(struct launch *launch)
{
	memset(launch, 0, sizeof(*launch));
	background_init(&launch->background);
	names_init(&launch->names);
	follow_init(&launch->follow);
	made_files_init(&launch->made_files);
	capture_init(&launch->capture);
	pid_file_init(&launch->pid_file);
	control_socket_init(&launch->control);
	logging_init(&launch->logging);
	policy_log_init(&launch->policy_log);
	policy_learn_init(&launch->policy_learn);
	launch->signals.fd = -1;
}

static int print(struct launch *launch)
{
	struct err err;

	switch (launch->settings.action) {
	case SETTINGS_RUN:
		break;
	case SETTINGS_PRINT_HELP:
		options_usage(launch->settings.program, stdout);
		break;
	case SETTINGS_PRINT_VERSION:
		printf("%s %s\n", launch->name, PASTA_VERSION);
		break;
	case SETTINGS_PRINT_POLICY:
		if (policy_print(&launch->settings, stdout, &err))
			return launch_fail(launch, &err);
		break;
	case SETTINGS_PRINT_CAPABILITIES:
		puts("{\n  \"type\": \"net\"\n}"); /* QEMU: interop/vhost-user.json */
		break;
	}
	return EXIT_SUCCESS;
}

bool launch_parse(struct launch *launch, enum settings_program program, int argc, char **argv,
		  int *ret_status)
{
	struct err err;

	strcpy(launch->name, program == SETTINGS_PASTA ? "pasta" : "passt");
	log_set_name(launch->name);
	process_take_signals(&launch->ignored);
	if (process_open_stdio()) {
		*ret_status = EXIT_FAILURE;
		return false;
	}
	if (argc > 0)
		argv[0] = launch->name; /* in getopt's messages too */
	if (options_parse(program, argc, argv, &launch->settings, &err)) {
		*ret_status = launch_fail(launch, &err);
		return false;
	}
	if (launch->settings.action != SETTINGS_RUN) {
		*ret_status = print(launch);
		return false;
	}
	log_set_level(launch->settings.log_level);
	return true;
}

bool launch_fork(struct launch *launch, bool to_background, int *ret_status)
{
	struct err err;
	int rc;

	launch->in_background = to_background;
	if (to_background) {
		rc = background_fork(&launch->background, ret_status, &err);
		if (rc < 0)
			*ret_status = launch_fail(launch, &err);
		if (rc)
			return false;
	}
	process_parent_look(&launch->parent);
	return true;
}

int launch_look(struct launch *launch, struct err *err)
{
	int rc = process_check_fd_limit(err);

	if (!rc)
		rc = network_look(&launch->settings, &launch->host, err);
	if (rc)
		return rc;
	names_look(&launch->settings, &launch->config);
	rc = network_resolve(&launch->settings, &launch->host, &launch->addressing, &launch->config,
			     err);
	return rc ? rc : policy_apply(&launch->settings, &launch->host, &launch->config, err);
}

int launch_open_files(struct launch *launch, struct err *err)
{
	const struct settings *settings = &launch->settings;
	struct made_files *made = &launch->made_files;
	int rc = capture_open(&launch->capture, settings->pcap_path, made, err);

	if (!rc)
		rc = logging_open(&launch->logging, settings, launch->in_background, made, err);
	if (!rc)
		rc = policy_log_open(&launch->policy_log, settings, &launch->config, made, err);
	if (!rc)
		rc = policy_learn_open(&launch->policy_learn, settings, &launch->config, made, err);
	if (!rc)
		rc = pid_file_open(&launch->pid_file, settings->pid_path, made, err);
	return rc ? rc : control_socket_open(&launch->control, settings, made, err);
}

int launch_listen(struct launch *launch, struct err *err)
{
	return ports_listen(&launch->settings, &launch->host, &launch->listeners, &launch->config,
			    err);
}

void launch_leave_caller(struct launch *launch)
{
	process_parent_keep(&launch->parent);
	process_close_inherited();
	logging_own_stderr(&launch->logging);
}

void launch_limit(struct launch *launch)
{
	limits_apply(&launch->settings, &launch->config);
	control_socket_reserve(&launch->control, &launch->config);
}

static void tell(struct launch *launch, int signo)
{
	if (launch->told)
		launch->told(launch, signo);
	else
		launch_end(launch);
}

static void on_signal(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct launch *launch = container_of(watch, struct launch, signals);
	struct signalfd_siginfo info;

	(void)events;
	(void)now_ns;
	while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		tell(launch, (int)info.ssi_signo);
}

int launch_make_engine(struct launch *launch, int link_fd, const sigset_t *signals, struct err *err)
{
	int rc = engine_new(&launch->config, link_fd, &launch->engine, err);

	if (rc)
		return rc;
	rc = names_watch(&launch->names, launch->engine);
	if (rc)
		return err_set(err, rc, "cannot watch for other resolvers: %s", strerror(-rc));
	rc = follow_watch(&launch->follow, &launch->host, &launch->addressing, launch->engine,
			  &launch->control.subject.facts, err);
	if (rc)
		return rc;
	launch->signals.fn = on_signal;
	rc = process_watch_signals(signals, &launch->signals, engine_loop(launch->engine), err);
	if (rc)
		return rc;
	policy_log_start(&launch->policy_log, launch->engine);
	return logging_stats(&launch->logging, launch->settings.stats_seconds, launch->engine, err);
}

/* By a client */
static void on_quit(void *arg, bool now)
{
	tell(arg, now ? SIGKILL : SIGTERM);
}

int launch_start_control(struct launch *launch, const char *netns, pid_t pid, struct err *err)
{
	control_socket_facts(&launch->control, &launch->settings, &launch->host,
			     &launch->addressing, netns);
	launch->control.subject.facts.namespace_pid = pid;
	launch->control.subject.reread = names_reread;
	launch->control.subject.reread_arg = &launch->names;
	return control_socket_start(&launch->control, launch->engine, on_quit, launch, err);
}

void launch_summary(const struct launch *launch)
{
	network_summary(&launch->settings, &launch->host, &launch->addressing, &launch->config);
	names_summary(&launch->config, &launch->addressing);
	ports_summary(&launch->config);
	policy_summary(&launch->settings);
}

int launch_leave_root(struct launch *launch, struct err *err)
{
	int rc;

	host_fini(&launch->host);
	memory_trim();
	memory_trim_stack();
	rc = background_detach(&launch->background, err);
	return rc ? rc : lockin_root(launch->settings.chroot_fallback, err);
}

int launch_lock_in(struct launch *launch, const struct lockin_request *request, struct err *err)
{
	int rc = lockin_thread(request, err);

	if (rc)
		return rc;
	workers_start(launch->engine);
	rc = lockin_filter(request, err);
	launch->locked_in = !rc;
	return rc;
}

int launch_write_files(struct launch *launch, struct err *err)
{
	int rc = pid_file_write(&launch->pid_file, err);

	return rc ? rc : capture_start(&launch->capture, launch->engine, err);
}

int launch_ready(struct launch *launch, struct err *err)
{
	logging_ready(&launch->logging, launch->in_background);
	launch->ready = true;
	return background_ready(&launch->background, logging_keeps_stderr(&launch->logging), err);
}

void launch_end(struct launch *launch)
{
	launch->ended = true;
	engine_stop(launch->engine);
}

void launch_stop(struct launch *launch)
{
	/* First of all: whoever made the namespace may be starting the next pasta with these ports
	 */
	fwd_listeners_fini(&launch->listeners);
	names_stop(&launch->names);
	follow_stop(&launch->follow);
}

void launch_finish(struct launch *launch)
{
	control_socket_finish(&launch->control);
	engine_free(launch->engine);
	names_finish(&launch->names);
	follow_finish(&launch->follow);
	policy_log_finish(&launch->policy_log);
	policy_learn_finish(&launch->policy_learn);
	made_files_finish(&launch->made_files, launch->locked_in);
	pid_file_finish(&launch->pid_file);
	if (!launch->locked_in)
		host_fini(&launch->host);
}

int launch_fail(const struct launch *launch, const struct err *err)
{
	if (launch->ready && launch->in_background)
		log_error("%s", err->text);
	if (err->text[0])
		dprintf(STDERR_FILENO, "%s: %s\n", launch->name, err->text);
	return EXIT_FAILURE;
}
