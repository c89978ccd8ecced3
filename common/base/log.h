/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages for people: to stderr, and to the system log or a file once in the background. The level
 * and the destination are the only mutable file-scope state of the project. log_*() never fail and
 * never allocate; a message above the level costs one comparison. Anything the namespace can
 * provoke goes through a struct log_limit, so that it can't fill a log.
 */
#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE, /* every packet */
};

/* At most one message a second for one cause; the next one says how many were left out */
struct log_limit {
	uint64_t last_ns; /* 0: never */
	uint64_t suppressed;
};

/* log_set_name() - @name: the program's, 16 bytes at most; must last. The default is "pasta" */
void log_set_name(const char *name);

/* log_set_level() - messages above @level are dropped; the default is LOG_LEVEL_INFO */
void log_set_level(enum log_level level);

/* Where messages go; descriptors are not owned, -1: not there */
struct log_output {
	bool to_stderr;
	bool stderr_waits; /* a write may wait for a reader: look first */
	int syslog_fd; /* connected to the system log's socket */
	int file_fd; /* a log file of at most @file_bytes */
	uint64_t file_bytes;
};

/* Lines that stderr did not take, because nobody reads what is in the pipe, are left out, and the
 * next one that it takes says how many they were.
 *
 * log_set_output() - the default is stderr alone. All of it works with open descriptors only */
void log_set_output(const struct log_output *output);

/* log_enabled() - whether a message of @level would be printed */
bool log_enabled(enum log_level level);

/* log_message() - print one line; callers use the macros below */
void log_message(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* log_limit_pass() - whether a message of this cause may be printed now
 * @now_ns:		monotonic time
 * @ret_suppressed:	how many were left out since the last one, when it returns true
 */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ns, uint64_t *ret_suppressed);

/* Text for the end of a message that a limit has let pass */
struct log_limit_more {
	char text[40];
};

/* log_limit_more() - " (N more like this)", or nothing if none was left out */
struct log_limit_more log_limit_more(uint64_t suppressed);

#define log_at(level, ...)                                                                         \
	do {                                                                                       \
		if (log_enabled(level))                                                            \
			log_message(level, __VA_ARGS__);                                           \
	} while (0)
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_trace(...) log_at(LOG_LEVEL_TRACE, __VA_ARGS__)

#endif
