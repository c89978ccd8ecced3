/* SPDX-License-Identifier: Apache-2.0
 *
 * pasta-portd: offers the forwarded ports of a running instance to programs that know the API of
 * rootlesskit's port drivers, or slirp4netns'. It talks to that instance by its control socket
 * only, ends with it, and leaves its rules when it ends before. A failure is one line on stderr and
 * status 1.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clients/portd/api.h"
#include "clients/portd/http.h"
#include "clients/portd/options.h"
#include "clients/portd/pasta_link.h"
#include "clients/portd/ports.h"
#include "clients/portd/slirp_server.h"
#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/background.h"
#include "launch/listen_path.h"
#include "launch/pid_file.h"
#include "launch/process.h"
#include "netns/beside/made_files.h"
#include "netns/lockin/lockin.h"
#include "netns/lockin/seccomp_list.h"

/* Beside those of clients: sockets, pipes, the connection to pasta */
#define FDS_RESERVED 32
#define FDS_MIN (HTTP_CONNECTIONS_MAX + SLIRP_CLIENTS_MAX + FDS_RESERVED)

/* At the end, for clients that have asked to read what they are answered */
#define DRAIN_S 10

struct portd {
	struct portd_options options;
	struct portd_places places;
	struct background background;
	struct made_files made_files;
	struct pid_file pid_file;
	struct pasta_link link;
	struct ports ports;
	struct api api;
	struct http http;
	struct slirp_server slirp;
	sigset_t ignored; /* signals that the caller ignores */
	int signal_fd; /* -1: not made yet */
	bool locked_in;
	bool ends; /* no more clients; those that were answered may read */
	bool stops; /* at once */
	uint64_t ends_by_ns; /* if @ends */
};

/* Return: descriptor, or -errno with @err set */
static int listen_at(struct portd *self, const char *option, const char *path, struct err *err)
{
	int fd = listen_path(path, &self->made_files);

	return fd < 0 ? err_set(err, fd, "%s '%.200s': %s", option, path, listen_path_reason(fd))
		      : fd;
}

static int open_sockets(struct portd *self, struct err *err)
{
	const char *slirp_path = self->options.slirp_socket;
	int fd = listen_at(self, "--socket", self->places.socket, err), slirp_fd = -1;
	int rc = MIN(fd, 0);

	if (!rc)
		rc = http_start(&self->http, &self->api, fd, err);
	if (!rc && slirp_path) {
		slirp_fd = listen_at(self, "--slirp4netns-socket", slirp_path, err);
		rc = MIN(slirp_fd, 0);
	}
	slirp_server_init(&self->slirp, &self->ports, MAX(slirp_fd, -1));
	return rc;
}

/* What ends us is read from here, so that it never comes in between */
static int watch_signals(struct portd *self, struct err *err)
{
	sigset_t set;

	process_end_signals(&self->ignored, &set);
	self->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL))
		return err_set(err, -errno, "cannot watch signals: %s", strerror(errno));
	return 0;
}

/* What clients may take is there, so that none of them can take what others need */
static int check_fd_limit(struct err *err)
{
	uint32_t limit = process_raise_fd_limit();

	if (limit >= FDS_MIN)
		return 0;
	return err_set(
		err, -EMFILE,
		"only %u open files are allowed, and %d are needed (raise the limit: ulimit -n)",
		limit, FDS_MIN);
}

static int open_files(struct portd *self, struct err *err)
{
	int rc = portd_places_find(&self->options, &self->places, err);

	if (!rc)
		rc = check_fd_limit(err);
	if (!rc)
		rc = pid_file_open(&self->pid_file, self->options.pid_path, &self->made_files, err);
	process_close_inherited();
	return rc;
}

/* With the caller's rights: all that is opened or made */
static int prepare(struct portd *self, struct err *err)
{
	int rc = open_files(self, err);

	if (!rc)
		rc = pasta_link_open(&self->link, self->places.control, err);
	if (!rc)
		rc = ports_init(&self->ports, &self->link, err);
	self->api = (struct api){
		.link = &self->link,
		.ports = &self->ports,
		.state_dir = self->places.state_dir,
	};
	if (!rc)
		rc = open_sockets(self, err);
	made_files_start(&self->made_files);
	if (!rc)
		rc = watch_signals(self, err);
	return rc ? rc : background_detach(&self->background, err);
}

static int lock_in(struct portd *self, struct err *err)
{
	int rc = lockin_program(seccomp_list_portd, seccomp_list_portd_count, err);

	self->locked_in = !rc;
	return rc;
}

static int be_ready(struct portd *self, struct err *err)
{
	int rc = pid_file_write(&self->pid_file, err);

	if (rc)
		return rc;
	log_info("serves pasta %ld on '%s'", (long)self->link.pid, self->places.socket);
	rc = background_ready(&self->background, false, err);
	if (!rc)
		made_files_ready(&self->made_files);
	return rc;
}

/* The first time, who was asked is answered; the second time is meant */
static void on_signal(struct portd *self)
{
	struct signalfd_siginfo info;

	if (read(self->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	self->stops = self->ends;
	self->ends = true;
	self->ends_by_ns = clock_now_ns() + DRAIN_S * NS_PER_S;
	http_refuse_more(&self->http);
	slirp_server_refuse_more(&self->slirp);
}

static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || b_ms < 0 ? MAX(a_ms, b_ms) : MIN(a_ms, b_ms);
}

static int timeout_of(const struct portd *self)
{
	uint64_t now_ns = clock_now_ns();
	int ms = sooner(http_timeout(&self->http), slirp_server_timeout(&self->slirp, now_ns));
	uint64_t left_ns = self->ends_by_ns > now_ns ? self->ends_by_ns - now_ns : 0;

	return self->ends ? sooner(ms, (int)(left_ns / NS_PER_MS) + 1) : ms;
}

/* Return: whether there is somebody to go on for */
static bool is_done(const struct portd *self)
{
	if (!self->ends)
		return false;
	return self->stops || clock_now_ns() >= self->ends_by_ns ||
	       (!self->http.requests && !slirp_server_is_answering(&self->slirp));
}

static void run(struct portd *self)
{
	struct pollfd fds[SLIRP_FDS_MAX + 3] = {
		{ .fd = self->signal_fd, .events = POLLIN },
		{ .fd = self->link.pid_fd, .events = POLLIN },
		{ .fd = http_fd(&self->http), .events = POLLIN },
	};

	while (!is_done(self)) {
		unsigned int count = slirp_server_fds(&self->slirp, fds + 3);

		if (poll(fds, 3 + count, timeout_of(self)) < 0)
			continue;
		if (fds[1].revents)
			return;
		http_run(&self->http);
		slirp_server_run(&self->slirp, fds + 3, count, clock_now_ns());
		if (fds[0].revents)
			on_signal(self);
	}
}

static int start(struct portd *self, struct err *err)
{
	int rc = prepare(self, err);

	if (!rc)
		rc = lock_in(self, err);
	return rc ? rc : be_ready(self, err);
}

static void finish(struct portd *self)
{
	slirp_server_finish(&self->slirp);
	http_finish(&self->http);
	ports_fini(&self->ports);
	pasta_link_finish(&self->link);
	made_files_finish(&self->made_files, self->locked_in);
	pid_file_finish(&self->pid_file);
	fds_close(&self->signal_fd);
	portd_places_fini(&self->places);
}

/* Return: 0, or -errno with @err set */
static int serve(struct portd *self, struct err *err)
{
	int rc = start(self, err);

	if (!rc)
		run(self);
	if (!rc && !self->ends)
		log_info("pasta has ended");
	finish(self);
	return rc;
}

int main(int argc, char **argv)
{
	char name[] = "pasta-portd";
	struct portd self = { .signal_fd = -1 };
	int rc, status = EXIT_SUCCESS;
	struct err err;

	process_take_signals(&self.ignored);
	if (process_open_stdio())
		return EXIT_FAILURE;
	if (argc > 0)
		argv[0] = name; /* in getopt's messages too */
	log_set_name("pasta-portd");
	background_init(&self.background);
	made_files_init(&self.made_files);
	pid_file_init(&self.pid_file);
	pasta_link_init(&self.link);
	slirp_server_init(&self.slirp, &self.ports, -1);
	rc = portd_options_parse(argc, argv, &self.options, &err);
	if (self.options.quiet)
		log_set_level(LOG_LEVEL_WARNING);
	if (!rc && !self.options.foreground)
		rc = background_fork(&self.background, &status, &err);
	if (rc == BACKGROUND_GO_ON)
		rc = serve(&self, &err);
	if (rc < 0 && err.text[0])
		dprintf(STDERR_FILENO, "pasta-portd: %s\n", err.text);
	if (rc >= 0 && (fflush(stdout) || ferror(stdout)))
		status = EXIT_FAILURE;
	return rc < 0 ? EXIT_FAILURE : status;
}
