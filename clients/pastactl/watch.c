/* SPDX-License-Identifier: Apache-2.0
 *
 * A rate is the difference of two answers' bytes over the time between them. Signals are read from
 * a descriptor, so that nothing interrupts what is being drawn.
 */
#include "clients/pastactl/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "clients/client.h"
#include "clients/pastactl/rate.h"
#include "clients/pastactl/show.h"
#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/util.h"

#define ASK_MS 1000

/* Of a terminal that doesn't tell */
#define DEFAULT_ROWS 24
#define DEFAULT_COLUMNS 80

/* The line with the keys, and the heads */
#define OTHER_ROWS 2

#define SCREEN_ENTER "\033[?1049h\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_TOP "\033[H"
/* In front of a line, as behind one that is full they would take its last character */
#define LINE_CLEAR "\033[2K"
#define REST_CLEAR "\033[J"

struct watching {
	struct client client;
	const char *request;
	struct termios before; /* how the terminal was */
	bool on_screen;
	int signal_fd;
	json_t *flows; /* the last ones, in order; NULL: none yet */
	json_t *bytes; /* of each, by its ends, as of @asked_ns */
	uint64_t asked_ns; /* 0: never */
	char order; /* the key that has chosen it */
};

static int compare(json_int_t a, json_int_t b)
{
	return (a < b) - (a > b);
}

static json_int_t number(const json_t *flow, const char *name)
{
	return json_integer_value(json_object_get(flow, name));
}

/* What is the same in two answers for one flow. Return: for free(), or NULL */
static char *name_of(const json_t *flow)
{
	static const char *const members[] = {
		"kind", "path", "namespace", "remote", "own", "peer"
	};
	json_t *name = json_object();
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_object_set(name, members[i], json_object_get(flow, members[i]));
	text = json_dumps(name, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(name);
	return text;
}

/* Rates of flows that were there before, for those that bytes are counted of */
static void add_rates(struct watching *w, json_t *flows, uint64_t now_ns)
{
	json_t *bytes = json_object(), *flow;
	size_t i;

	json_array_foreach (flows, i, flow) {
		char *name = name_of(flow);
		const json_t *before = name ? json_object_get(w->bytes, name) : NULL;
		json_int_t out = number(flow, "to_host_bytes");
		json_int_t in = number(flow, "to_namespace_bytes");

		if (before && now_ns > w->asked_ns) {
			uint64_t passed_ns = now_ns - w->asked_ns;

			rate_add(flow, "out_rate", json_integer_value(json_array_get(before, 0)),
				 out, passed_ns);
			rate_add(flow, "in_rate", json_integer_value(json_array_get(before, 1)), in,
				 passed_ns);
		}
		if (name && json_object_get(flow, "to_host_bytes"))
			json_object_set_new(bytes, name, json_pack("[I,I]", out, in));
		free(name);
	}
	json_decref(w->bytes);
	w->bytes = bytes;
}

struct entry {
	json_t *flow;
	json_int_t key;
	size_t place; /* in the answer: what is equal stays as it was */
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare(x->key, y->key);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static json_int_t sort_key(const json_t *flow, char order)
{
	switch (order) {
	case 'o':
		return number(flow, "out_rate");
	case 'i':
		return number(flow, "in_rate");
	case 'd':
		return -number(flow, "idle_ms");
	default:
		return number(flow, "out_rate") + number(flow, "in_rate");
	}
}

/* Return: the same flows in another array, NULL if there is no memory */
static json_t *sorted(const json_t *flows, char order)
{
	size_t count = json_array_size(flows);
	struct entry *entries = calloc(count + 1, sizeof(*entries));
	json_t *result = json_array();

	for (size_t i = 0; entries && i < count; i++) {
		json_t *flow = json_array_get(flows, i);

		entries[i] = (struct entry){ flow, sort_key(flow, order), i };
	}
	if (entries)
		qsort(entries, count, sizeof(*entries), compare_entries);
	for (size_t i = 0; entries && i < count; i++)
		json_array_append(result, entries[i].flow);
	free(entries);
	return result;
}

static struct winsize screen_size(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){ .ws_row = DEFAULT_ROWS, .ws_col = DEFAULT_COLUMNS };
	return size;
}

static void write_all(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno != EINTR)
			return; /* the terminal is gone, which a signal tells */
		text += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
}

/* Lines of @text, without an end of the last one, which could move the others up */
static void put_lines(const char *text, FILE *out)
{
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		fputs(end[1] ? LINE_CLEAR : REST_CLEAR, out);
		fwrite(text, 1, (size_t)(end - text), out);
		fputs(end[1] ? "\r\n" : "", out);
	}
}

static int draw(const struct watching *w)
{
	struct winsize size = screen_size();
	size_t rows = MAX(size.ws_row, OTHER_ROWS + 1) - OTHER_ROWS, len = 0, lines_len = 0;
	char *text = NULL, *lines = NULL;
	FILE *inner = open_memstream(&lines, &lines_len), *out = open_memstream(&text, &len);
	json_t *flows = sorted(w->flows, w->order);
	int rc = inner && out && flows ? 0 : -ENOMEM;

	if (!rc) {
		fprintf(inner, "%.*s\n", (int)size.ws_col,
			"sort by b)oth rates, o)ut, i)n, i(d)le;  q)uit");
		rc = show_live_flows(flows, rows, size.ws_col, inner);
	}
	if (inner)
		fclose(inner);
	if (out && !rc) {
		fputs(SCREEN_TOP, out);
		put_lines(lines, out);
	}
	if (out)
		fclose(out);
	if (!rc)
		write_all(text, len);
	json_decref(flows);
	free(lines);
	free(text);
	return rc;
}

static void enter(struct watching *w)
{
	struct termios raw = w->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	write_all(SCREEN_ENTER, strlen(SCREEN_ENTER));
	w->on_screen = true;
}

static void leave(struct watching *w)
{
	if (!w->on_screen)
		return;
	write_all(SCREEN_LEAVE, strlen(SCREEN_LEAVE));
	tcsetattr(STDIN_FILENO, TCSADRAIN, &w->before);
	w->on_screen = false;
}

static int ask(struct watching *w, struct err *err)
{
	json_t *answer;
	uint64_t now_ns;
	int rc = client_ask(&w->client, w->request, &answer, err);

	if (rc)
		return rc;
	now_ns = clock_now_ns();
	json_decref(w->flows);
	w->flows = json_incref(json_object_get(answer, "flows"));
	json_decref(answer);
	add_rates(w, w->flows, now_ns);
	w->asked_ns = now_ns;
	return 0;
}

/* Return: whether to go on */
static bool take_signal(struct watching *w)
{
	struct signalfd_siginfo info;

	if (read(w->signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGTSTP) {
		leave(w);
		raise(SIGSTOP); /* until somebody has us go on */
		enter(w);
		return true;
	}
	return info.ssi_signo == SIGWINCH;
}

static bool take_key(struct watching *w)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q')
		return false;
	if (strchr("boid", key) && key)
		w->order = key;
	return true;
}

static int run(struct watching *w, struct err *err)
{
	struct pollfd p[] = { { w->signal_fd, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
	bool on = true;
	int rc = 0;

	while (on && !rc) {
		uint64_t passed_ms = (clock_now_ns() - w->asked_ns) / NS_PER_MS;

		if (!w->asked_ns || passed_ms >= ASK_MS) {
			rc = ask(w, err);
			passed_ms = 0;
		}
		if (!rc && draw(w))
			rc = err_set(err, -ENOMEM, "no memory");
		if (rc || poll(p, ARRAY_SIZE(p), ASK_MS - (int)passed_ms) <= 0)
			continue;
		on = p[0].revents ? take_signal(w) : take_key(w);
	}
	return rc;
}

static int prepare(struct watching *w, const char *socket, struct err *err)
{
	static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t signals;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &w->before))
		return err_set(err, -ENOTTY, "--watch needs a terminal");
	sigemptyset(&signals);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&signals, taken[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	w->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (w->signal_fd < 0)
		return err_set(err, -errno, "signals: %s", strerror(errno));
	return client_open(&w->client, socket, err);
}

int watch_flows(const char *request, const char *socket, struct err *err)
{
	struct watching w = { .client.fd = -1, .request = request, .signal_fd = -1, .order = 'b' };
	int rc = prepare(&w, socket, err);

	if (!rc)
		rc = ask(&w, err); /* what is wrong with it is said where one sees it */
	if (!rc) {
		enter(&w);
		rc = run(&w, err);
		leave(&w);
	}
	client_close(&w.client);
	fds_close(&w.signal_fd);
	json_decref(w.flows);
	json_decref(w.bytes);
	return rc;
}
