/* SPDX-License-Identifier: Apache-2.0
 *
 * The process that connects has the root as its directory, and clients are told the state
 * directory: so these paths are made absolute.
 */
#include "clients/portd/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/client.h"
#include "clients/instances.h"
#include "clients/options.h"
#include "common/base/clock.h"

#define DIRECTORY_MODE 0700

/* With --wait: for how long, and how often it is looked */
#define WAIT_S 30
#define WAIT_STEP_MS 20

enum {
	OPTION_CONTROL = CLIENT_OPTION_OWN,
	OPTION_STATE_DIR,
	OPTION_SOCKET,
	OPTION_SLIRP_SOCKET,
	OPTION_PID,
	OPTION_WAIT,
};

static const struct client_option options[] = {
	{ OPTION_CONTROL, "control", "PATH",
	  "pasta's control socket; default: that of your only\ninstance" },
	{ OPTION_STATE_DIR, "state-dir", "DIR",
	  "What clients are told, and where the API's socket is;\n"
	  "default: $XDG_RUNTIME_DIR/pasta-portd" },
	{ OPTION_SOCKET, "socket", "PATH", "The API's socket; default: DIR/api.sock" },
	{ OPTION_SLIRP_SOCKET, "slirp4netns-socket", "PATH",
	  "Listen for requests of slirp4netns' kind, too" },
	{ OPTION_PID, "pid", "FILE", "Write the process id there when ready" },
	{ OPTION_WAIT, "wait", NULL, "Wait some seconds for pasta, if it does not listen yet" },
	{ 'f', "foreground", NULL, "Stay in the foreground" },
	{ 'q', "quiet", NULL, "Print errors only" },
	CLIENT_OPTIONS_COMMON,
	{ 0 },
};

static void usage(FILE *out)
{
	fputs("Usage: pasta-portd [OPTION]...\n"
	      "\n"
	      "Offer the forwarded ports of a running pasta to programs that know the API of\n"
	      "rootlesskit, or that of slirp4netns, on UNIX sockets.\n"
	      "\n",
	      out);
	client_options_print(options, out);
}

/* Return: 0; 1: nothing else is wanted; or -EINVAL */
static int take_option(struct portd_options *o, int option)
{
	switch (option) {
	case OPTION_CONTROL:
		o->control = optarg;
		return 0;
	case OPTION_STATE_DIR:
		o->state_dir = optarg;
		return 0;
	case OPTION_SOCKET:
		o->socket = optarg;
		return 0;
	case OPTION_SLIRP_SOCKET:
		o->slirp_socket = optarg;
		return 0;
	case OPTION_PID:
		o->pid_path = optarg;
		return 0;
	case OPTION_WAIT:
		o->wait = true;
		return 0;
	case 'f':
		o->foreground = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'h':
		usage(stdout);
		return 1;
	case CLIENT_OPTION_VERSION:
		printf("pasta-portd %s\n", PASTA_VERSION);
		return 1;
	default: /* getopt() has said what is wrong */
		return -EINVAL;
	}
}

int portd_options_parse(int argc, char **argv, struct portd_options *ret_options, struct err *err)
{
	int option, rc = 0;

	*ret_options = (struct portd_options){ 0 };
	err->text[0] = '\0';
	while (!rc && (option = client_options_next(options, argc, argv)) != -1)
		rc = take_option(ret_options, option);
	if (!rc && optind < argc)
		rc = err_set(err, -EINVAL,
			     "'%.100s': there are options only (see pasta-portd --help)",
			     argv[optind]);
	return rc;
}

/* Return: 0, or -errno with @err set */
static int find_control(const char *given, char **ret_path, struct err *err)
{
	char *path = NULL;
	int rc;

	if (given) {
		*ret_path = realpath(given, NULL);
		return *ret_path ? 0
				 : err_set(err, -errno, "--control '%.200s': %s", given,
					   strerror(errno));
	}
	rc = instances_choose(NULL, &path, err);
	if (rc == -EEXIST)
		return err_set(err, rc,
			       "several instances of yours are running (say which one: "
			       "--control PATH)");
	if (rc)
		return err_set(err, rc,
			       "no instance of yours is running, or none has a socket in "
			       "$XDG_RUNTIME_DIR/pasta (name one: --control PATH)");
	*ret_path = path;
	return 0;
}

/* Return: as for find_control(); -ECONNREFUSED: what is there was left by one that has ended */
static int find_listening(const char *given, char **ret_path, struct err *err)
{
	char *path = NULL;
	int fd, rc = find_control(given, &path, err);

	if (rc)
		return rc;
	fd = client_connect(path, err);
	if (fd < 0) {
		free(path);
		return fd;
	}
	close(fd);
	*ret_path = path;
	return 0;
}

/* Who starts both beside each other, as rootlesskit does, has pasta listen at some time */
static int await_control(const char *given, char **ret_path, struct err *err)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_MS * NS_PER_MS };
	uint64_t end_ns = clock_now_ns() + WAIT_S * NS_PER_S;
	int rc;

	for (;;) {
		rc = find_listening(given, ret_path, err);
		if ((rc != -ENOENT && rc != -ECONNREFUSED) || clock_now_ns() >= end_ns)
			return rc;
		nanosleep(&step, NULL);
	}
}

/* That of a socket which is named alone; else the user's */
static char *default_dir(const char *socket)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR"), *slash;
	char *dir = NULL;

	if (socket) {
		slash = strrchr(socket, '/');
		if (!slash)
			return strdup(".");
		return slash == socket ? strdup("/") : strndup(socket, (size_t)(slash - socket));
	}
	if (!runtime_dir || runtime_dir[0] != '/' ||
	    asprintf(&dir, "%s/pasta-portd", runtime_dir) < 0)
		return NULL;
	return dir;
}

/* Return: 0, or -errno with @err set */
static int find_dir(const struct portd_options *o, char **ret_path, struct err *err)
{
	char *dir = o->state_dir ? strdup(o->state_dir) : default_dir(o->socket);
	struct stat st;
	int rc = 0;

	if (!dir)
		return err_set(err, -ENOENT,
			       "XDG_RUNTIME_DIR, below which the state directory is by default, is "
			       "not set (name one: --state-dir DIR)");
	if ((o->state_dir || !o->socket) && mkdir(dir, DIRECTORY_MODE) && errno != EEXIST)
		rc = -errno;
	else if (!stat(dir, &st) && !S_ISDIR(st.st_mode))
		rc = -ENOTDIR;
	*ret_path = rc ? NULL : realpath(dir, NULL);
	if (!rc && !*ret_path)
		rc = -errno;
	if (rc)
		err_set(err, rc, "state directory '%.200s': %s", dir, strerror(-rc));
	free(dir);
	return rc;
}

int portd_places_find(const struct portd_options *o, struct portd_places *ret_places,
		      struct err *err)
{
	struct portd_places *places = ret_places;
	int rc;

	*places = (struct portd_places){ 0 };
	rc = (o->wait ? await_control : find_control)(o->control, &places->control, err);
	if (!rc)
		rc = find_dir(o, &places->state_dir, err);
	if (rc)
		return rc;
	if (o->socket)
		places->socket = strdup(o->socket);
	else if (asprintf(&places->socket, "%s/api.sock", places->state_dir) < 0)
		places->socket = NULL;
	return places->socket ? 0 : err_set(err, -ENOMEM, "no memory");
}

void portd_places_fini(struct portd_places *places)
{
	free(places->control);
	free(places->state_dir);
	free(places->socket);
	*places = (struct portd_places){ 0 };
}
