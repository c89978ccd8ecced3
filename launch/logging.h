/* SPDX-License-Identifier: Apache-2.0
 *
 * Where messages go, over the life of a process: to stderr at first, for whoever started us; once
 * ready, to the log file if there is one, else to the system log if we are in the background. And
 * the counters of --stats. A struct logging stays where it is once logging_stats() was called.
 */
#ifndef LAUNCH_LOGGING_H
#define LAUNCH_LOGGING_H

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/engine/engine.h"
#include "launch/settings.h"
#include "netns/beside/made_files.h"

struct logging {
	struct log_output output;
	int syslog_fd;
	bool keeps_stderr; /* for --debug, in the background too */
	int stderr_fd; /* stderr's pipe or terminal, opened anew; -1: none, or in use */
	struct watch timer; /* of --stats; fd -1: none */
	struct engine *engine;
	struct engine_stats last; /* that were printed */
};

void logging_init(struct logging *logging);

/* logging_open() - open the log file, or the system log for a process that goes to the background,
 * with the caller's rights. A system log that is not there is none; start-up messages go to stderr
 * and the file
 *
 * Return: 0, or -errno with @err set
 */
int logging_open(struct logging *logging, const struct settings *settings, bool background,
		 struct made_files *made, struct err *err);

/* logging_own_stderr() - from here on, no message waits for a reader of stderr
 *
 * To be called when COMMAND's init, which gets stderr as the caller gave it to us, has been made.
 */
void logging_own_stderr(struct logging *logging);

/* logging_stats() - print @engine's counters every so often. Return: 0, or -errno with @err set */
int logging_stats(struct logging *logging, uint32_t seconds, struct engine *engine,
		  struct err *err);

/* logging_keeps_stderr() - whether messages go to stderr even in the background */
bool logging_keeps_stderr(const struct logging *logging);

/* logging_ready() - from here on nobody waits for messages on stderr. Works under the lock-in */
void logging_ready(struct logging *logging, bool background);

#endif
