/* SPDX-License-Identifier: Apache-2.0
 *
 * One message, one write(2): lines of the processes that share a stderr never mix. Threads write
 * one after the other.
 */
#include "common/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log_file.h"

/* Both together: a quarter of the smallest log file, see log_file.h */
#define LOG_LINE_MAX 960
#define LOG_HEAD_MAX 64
#define LOG_LIMIT_INTERVAL_NS 1000000000ULL

#define SYSLOG_DAEMON (3 << 3) /* RFC 5424, 6.2.1 */

static _Atomic enum log_level log_threshold = LOG_LEVEL_INFO;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER; /* of what is written, and where */
static const char *log_name = "pasta"; /* the program's, in lines on stderr and in the system log */
static uint64_t log_lost; /* lines that stderr didn't take since it last took one */
static struct log_output log_output = { .to_stderr = true, .syslog_fd = -1, .file_fd = -1 };

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_threshold, level, memory_order_relaxed);
}

void log_set_name(const char *name)
{
	log_name = name;
}

void log_set_output(const struct log_output *output)
{
	log_output = *output;
}

bool log_enabled(enum log_level level)
{
	return level <= atomic_load_explicit(&log_threshold, memory_order_relaxed);
}

/* The daemon there adds the time */
static int head_syslog(char *head, size_t size, enum log_level level)
{
	static const int severities[] = { 3, 4, 6, 7, 7 };

	return snprintf(head, size, "<%d>pasta[%ld]: ", SYSLOG_DAEMON | severities[level],
			(long)getpid());
}

static int head_file(char *head, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(head, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return (int)n + snprintf(head + n, size - n, ".%03ldZ ", now.tv_nsec / 1000000);
}

/* Return: whether stderr took the line, or never will: then there's nowhere left to say it */
static bool stderr_write(const char *line, size_t len)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (log_output.stderr_waits && poll(&p, 1, 0) <= 0)
		return false;
	return write(STDERR_FILENO, line, len) >= 0 || errno != EAGAIN;
}

/* @line:	not longer than a pipe takes as a whole (PIPE_BUF) */
static void stderr_line(const char *line, size_t len)
{
	char lost[LOG_HEAD_MAX + 40];
	int n;

	if (log_lost) {
		n = snprintf(lost, sizeof(lost), "%s: %" PRIu64 " lines were left out here\n",
			     log_name, log_lost);
		if (!stderr_write(lost, (size_t)n)) {
			log_lost++;
			return;
		}
		log_lost = 0;
	}
	log_lost += !stderr_write(line, len);
}

/* @text: @len bytes, LOG_HEAD_MAX before it are free: each destination puts its head in front */
static void write_out(enum log_level level, char *text, size_t len)
{
	char head[LOG_HEAD_MAX];
	int n;

	if (log_output.syslog_fd >= 0) {
		n = head_syslog(head, sizeof(head), level);
		memcpy(text - n, head, (size_t)n);
		send(log_output.syslog_fd, text - n, len + (size_t)n - 1,
		     MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (log_output.file_fd >= 0) {
		n = head_file(head, sizeof(head));
		memcpy(text - n, head, (size_t)n);
		log_file_write(log_output.file_fd, text - n, len + (size_t)n,
			       log_output.file_bytes);
	}
	if (log_output.to_stderr) {
		n = snprintf(head, sizeof(head), "%s: ", log_name);
		memcpy(text - n, head, (size_t)n);
		stderr_line(text - n, len + (size_t)n);
	}
}

void log_message(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error: ", "warning: ", "", "", "" };
	char line[LOG_HEAD_MAX + LOG_LINE_MAX];
	char *text = line + LOG_HEAD_MAX;
	va_list ap;
	size_t len;

	snprintf(text, LOG_LINE_MAX, "%s", names[level]);
	len = strlen(text);
	va_start(ap, fmt);
	vsnprintf(text + len, LOG_LINE_MAX - len - 1, fmt, ap);
	va_end(ap);
	len = strlen(text);
	text[len++] = '\n';

	pthread_mutex_lock(&log_lock);
	write_out(level, text, len);
	pthread_mutex_unlock(&log_lock);
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_ns, uint64_t *ret_suppressed)
{
	if (limit->last_ns && now_ns - limit->last_ns < LOG_LIMIT_INTERVAL_NS) {
		limit->suppressed++;
		return false;
	}
	*ret_suppressed = limit->suppressed;
	limit->suppressed = 0;
	limit->last_ns = now_ns;
	return true;
}

struct log_limit_more log_limit_more(uint64_t suppressed)
{
	struct log_limit_more more = { "" };

	if (suppressed)
		snprintf(more.text, sizeof(more.text), " (%llu more like this)",
			 (unsigned long long)suppressed);
	return more;
}
