/* SPDX-License-Identifier: Apache-2.0
 *
 * --debug and --trace are for whoever looks at stderr, a person at a terminal or a file, even when
 * we are in the background. A pipe there is the caller's, who reads it up to its end before going
 * on: it has to be let go.
 */
#include "launch/logging.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/util.h"
#include "netns/base/remedy.h"

#define SYSLOG_PATH "/dev/log"

#define STATS_LINE_MAX 800
/* A counter's name and value, with room to spare */
#define STATS_COUNTER_MAX 100

void logging_init(struct logging *logging)
{
	*logging = (struct logging){
		.output = { .to_stderr = true, .syslog_fd = -1, .file_fd = -1 },
		.syslog_fd = -1,
		.stderr_fd = -1,
		.timer.fd = -1,
	};
}

static int open_syslog(void)
{
	const struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = SYSLOG_PATH };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	log_debug("no system log at '%s': %s", SYSLOG_PATH, strerror(errno));
	close(fd);
	return -1;
}

static bool stays_open(int fd)
{
	struct stat st;

	return isatty(fd) || (!fstat(fd, &st) && S_ISREG(st.st_mode));
}

/* A description of our own can be made to never wait, without a change for those who share the
 * caller's. It is not to be had of a socket, or if somebody else made the pipe: see stderr_waits.
 */
static int reopen_stderr(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) || !(S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO)))
		return -1;
	return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void logging_own_stderr(struct logging *logging)
{
	struct stat st;

	if (logging->stderr_fd >= 0) {
		dup2(logging->stderr_fd, STDERR_FILENO);
		fds_close(&logging->stderr_fd);
	} else if (!fstat(STDERR_FILENO, &st) && !S_ISREG(st.st_mode)) {
		logging->output.stderr_waits = true;
		log_set_output(&logging->output);
	}
}

int logging_open(struct logging *logging, const struct settings *settings, bool background,
		 struct made_files *made, struct err *err)
{
	const char *path = settings->log_path;
	int flags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct log_output *output = &logging->output;
	int fd;

	logging->stderr_fd = reopen_stderr();
	logging->keeps_stderr = !path && log_enabled(LOG_LEVEL_DEBUG) && stays_open(STDERR_FILENO);
	if (background && !path && !logging->keeps_stderr)
		logging->syslog_fd = open_syslog();
	if (!path)
		return 0;
	fd = made_files_open(made, path, flags, 0600, true);
	if (fd < 0) {
		err_set(err, fd, "--log-file '%s': %s", path, strerror(-fd));
		return err_remedy(err, fd, remedy_file(fd));
	}
	output->file_fd = fd;
	if (lseek(output->file_fd, 0, SEEK_CUR) < 0)
		return err_set(err, -errno, "--log-file '%s': not a file: %s", path,
			       strerror(errno));
	output->file_bytes = settings->log_bytes;
	tzset(); /* which reads files, the first time */
	log_set_output(output);
	return 0;
}

static void print(const struct engine_stats *s)
{
	log_info("stats: from the namespace %" PRIu64 " frames, %" PRIu64 " bytes; to it %" PRIu64
		 " frames, %" PRIu64 " bytes; beside the tap %" PRIu64 " bytes; flows %" PRIu32
		 ", displaced %" PRIu64 "; dropped %" PRIu64 " invalid, %" PRIu64
		 " unhandled, %" PRIu64 " not taken",
		 s->rx_frames, s->rx_bytes, s->tx_frames, s->tx_bytes, s->spliced_bytes, s->flows,
		 s->displaced, s->invalid, s->unhandled, s->tx_failed);
}

/* All that is not zero, in lines that a log takes as a whole */
static void print_counters(const struct engine_stats *s)
{
	char text[STATS_LINE_MAX];
	size_t len = 0;

	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (!s->counters[i])
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %" PRIu64,
					len ? ", " : "", counter_name(i), s->counters[i]);
		if (len < sizeof(text) - STATS_COUNTER_MAX)
			continue;
		log_info("stats: %s", text);
		len = 0;
	}
	if (len)
		log_info("stats: %s", text);
}

static void on_timer(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct logging *logging = container_of(watch, struct logging, timer);
	struct engine_stats stats;
	uint64_t expirations;

	(void)events;
	(void)now_ns;
	if (read(watch->fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return;
	engine_stats(logging->engine, &stats);
	if (stats.rx_frames == logging->last.rx_frames &&
	    stats.tx_frames == logging->last.tx_frames &&
	    stats.spliced_bytes == logging->last.spliced_bytes)
		return;
	logging->last = stats;
	print(&stats);
	print_counters(&stats);
}

int logging_stats(struct logging *logging, uint32_t seconds, struct engine *engine, struct err *err)
{
	const struct itimerspec interval = {
		.it_interval.tv_sec = seconds,
		.it_value.tv_sec = seconds,
	};
	int fd;

	if (!seconds)
		return 0;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	logging->engine = engine;
	logging->timer = (struct watch){ .fn = on_timer, .fd = fd };
	if (fd < 0 || timerfd_settime(fd, 0, &interval, NULL) ||
	    loop_add(engine_loop(engine), &logging->timer, EPOLLIN))
		return err_set(err, -errno, "--stats: cannot make a timer: %s", strerror(errno));
	return 0;
}

bool logging_keeps_stderr(const struct logging *logging)
{
	return logging->keeps_stderr;
}

void logging_ready(struct logging *logging, bool background)
{
	logging->output.syslog_fd = logging->syslog_fd;
	logging->output.to_stderr =
		logging->output.file_fd < 0 && (!background || logging_keeps_stderr(logging));
	log_set_output(&logging->output);
}
