/* SPDX-License-Identifier: Apache-2.0
 *
 * The instance is asked again and again how the capture is: that's how its end is known, and what
 * makes it go on with a frame that a socket had no room for. What goes through us is read by
 * records, so that whatever happens a whole number of them is written.
 */
#include "clients/pastactl/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clients/client.h"
#include "clients/pastactl/show.h"
#include "common/base/fds.h"
#include "common/base/util.h"

#define ASK_MS 200

/* A line of the protocol */
#define REQUEST_MAX 8192

/* Of a capture: its header, a record's header, and the most that pasta writes as one */
#define FILE_HEADER_BYTES 24
#define RECORD_HEADER_BYTES 16
#define RECORD_MAX (256 * 1024)

/* What a pipe takes without making us wait, once it takes anything: pipe(7) */
#define WRITE_MAX 4096

struct capture {
	const struct capture_request *request;
	struct client client;
	int out_fd;
	bool is_file, created, stopping;
	int signal_fd;
	int from_fd; /* what goes through us comes from there; -1: nothing does, or any more */
	bool ended; /* says the instance, or it has itself */
	bool has_header;
	size_t at, whole,
		len; /* in @buf: to be written next, the end of whole records, and of all */
	json_t *state; /* the last one; NULL: not asked yet */
	uint8_t buf[RECORD_MAX];
};

static int open_output(struct capture *c, struct err *err)
{
	const char *path = c->request->path;
	struct stat st;

	if (!strcmp(path, "-")) {
		c->out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	} else {
		c->out_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		c->created = c->out_fd >= 0;
		if (c->out_fd < 0 && errno == EEXIST)
			c->out_fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (c->out_fd < 0 || fstat(c->out_fd, &st))
		return err_set(err, -errno, "'%.200s': %s", path, strerror(errno));
	if (isatty(c->out_fd))
		return err_set(err, -EINVAL,
			       "a capture is not for a terminal (name a file, or pipe it "
			       "into a program)");
	c->is_file = S_ISREG(st.st_mode);
	return 0;
}

/* Signals are taken as they suit us from here on */
static int catch_signals(struct capture *c, struct err *err)
{
	sigset_t signals;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	c->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return c->signal_fd < 0 ? err_set(err, -errno, "signals: %s", strerror(errno)) : 0;
}

static int ask(struct capture *c, const char *request, int pass_fd, struct err *err)
{
	json_t *state;
	int rc = client_ask_passing(&c->client, request, pass_fd, &state, err);

	if (rc)
		return rc;
	json_decref(c->state);
	c->state = state;
	c->ended = json_is_false(json_object_get(state, "running"));
	return 0;
}

static int make_request(const struct capture_request *r, char *text, size_t size, struct err *err)
{
	char *const *word = r->filter;
	size_t len;

	if ((r->packets && strpbrk(r->packets, " \t\n")) ||
	    (r->bytes && strpbrk(r->bytes, " \t\n")))
		return err_set(err, -EINVAL, "a limit is one number");
	len = (size_t)snprintf(text, size, "capture start%s%s%s%s%s", r->packets ? " packets " : "",
			       r->packets ? r->packets : "", r->bytes ? " bytes " : "",
			       r->bytes ? r->bytes : "", *word ? " filter" : "");
	for (; *word && len < size; word++) {
		if (strchr(*word, '\n'))
			return err_set(err, -EINVAL, "filter: it is one line");
		len += (size_t)snprintf(text + len, size - len, " %s", *word);
	}
	return len < size - 1 ? 0 : err_set(err, -E2BIG, "the filter is too long");
}

static int begin(struct capture *c, struct err *err)
{
	const struct capture_request *r = c->request;
	int pair[2] = { -1, -1 }, rc;
	char text[REQUEST_MAX];

	rc = make_request(r, text, sizeof(text), err);
	if (rc)
		return rc;
	if (!c->is_file && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	rc = ask(c, text, c->is_file ? c->out_fd : pair[1], err);
	fds_close(&pair[1]);
	c->from_fd = pair[0];
	return rc;
}

/* What is to be written as one: the file's header, or whole records */
static void find_whole(struct capture *c)
{
	uint32_t captured;

	if (!c->has_header && c->len >= FILE_HEADER_BYTES) {
		c->has_header = true;
		c->whole = FILE_HEADER_BYTES;
	}
	while (c->has_header && c->len - c->whole >= RECORD_HEADER_BYTES) {
		memcpy(&captured, c->buf + c->whole + 8, sizeof(captured));
		if (c->len - c->whole - RECORD_HEADER_BYTES < captured)
			break;
		c->whole += RECORD_HEADER_BYTES + captured;
	}
}

/* Return: 0 or -errno */
static int read_some(struct capture *c)
{
	ssize_t n = read(c->from_fd, c->buf + c->len, sizeof(c->buf) - c->len);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (!n)
		fds_close(&c->from_fd);
	c->len += (size_t)n;
	find_whole(c);
	return 0;
}

static int write_some(struct capture *c)
{
	ssize_t n = write(c->out_fd, c->buf + c->at, MIN(c->whole - c->at, WRITE_MAX));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	c->at += (size_t)n;
	if (c->at < c->whole)
		return 0;
	c->len -= c->at;
	memmove(c->buf, c->buf + c->at, c->len);
	c->at = c->whole = 0;
	return 0;
}

/* Return: 0, or -EINTR if somebody doesn't want to wait any more */
static int take_signal(struct capture *c, struct err *err)
{
	struct signalfd_siginfo info;

	if (read(c->signal_fd, &info, sizeof(info)) < 0 || c->stopping)
		return err_set(err, -EINTR, "interrupted");
	c->stopping = true;
	return c->ended ? 0 : ask(c, "capture stop", -1, err);
}

static bool is_done(const struct capture *c)
{
	return c->ended && c->from_fd < 0 && !c->whole;
}

static int run_once(struct capture *c, struct err *err)
{
	bool writing = c->whole;
	struct pollfd p[] = {
		{ c->signal_fd, POLLIN, 0 },
		{ writing ? c->out_fd : c->from_fd, writing ? POLLOUT : POLLIN, 0 },
	};
	int count = poll(p, ARRAY_SIZE(p), ASK_MS), rc = 0;

	if (count > 0 && p[0].revents)
		return take_signal(c, err);
	if (count > 0 && p[1].revents)
		rc = writing ? write_some(c) : read_some(c);
	else if (!c->ended && ask(c, "capture", -1, err))
		c->ended = true; /* with the instance, which has written what there was */
	return rc ? err_set(err, rc, "'%.200s': %s", c->request->path, strerror(-rc)) : 0;
}

static int report(const struct capture *c, struct err *err)
{
	const char *failure = json_string_value(json_object_get(c->state, "failure"));
	json_int_t packets = json_integer_value(json_object_get(c->state, "packets"));
	json_int_t left_out = json_integer_value(json_object_get(c->state, "left_out"));
	FILE *out = strcmp(c->request->path, "-") ? stdout : stderr;

	if (failure)
		return err_set(err, -EIO, "'%.200s': %s (after %lld packets)", c->request->path,
			       failure, (long long)packets);
	if (c->request->json) {
		show_json(c->state, out);
		return 0;
	}
	fprintf(out, "%lld packets, %lld bytes\n", (long long)packets,
		(long long)json_integer_value(json_object_get(c->state, "bytes")));
	if (left_out)
		fprintf(out, "%lld packets are missing: they came faster than they were read\n",
			(long long)left_out);
	return 0;
}

static int run(struct capture *c, const char *socket, struct err *err)
{
	int rc = open_output(c, err);

	if (!rc)
		rc = client_open(&c->client, socket, err);
	if (!rc)
		rc = catch_signals(c, err);
	if (!rc)
		rc = begin(c, err);
	if (!rc && isatty(STDERR_FILENO))
		fputs("capturing, until Ctrl-C\n", stderr);
	while (!rc && !is_done(c))
		rc = run_once(c, err);
	return rc ? rc : report(c, err);
}

int capture_run(const struct capture_request *request, const char *socket, struct err *err)
{
	struct capture c = {
		.request = request,
		.client.fd = -1,
		.out_fd = -1,
		.signal_fd = -1,
		.from_fd = -1,
	};
	int rc = run(&c, socket, err);

	if (rc && c.created && !c.state)
		unlink(request->path);
	client_close(&c.client);
	fds_close(&c.out_fd);
	fds_close(&c.signal_fd);
	fds_close(&c.from_fd);
	json_decref(c.state);
	return rc;
}
