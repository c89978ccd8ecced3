/* SPDX-License-Identifier: Apache-2.0
 *
 * The file with our process id, for --pid. Opened early, with the caller's rights; written when all
 * is ready, so what a caller reads there works; removed at the end if it was made here, else
 * emptied. The lock-in no longer lets us reach its directory then, so another process does it.
 */
#ifndef PASTA_PID_FILE_H
#define PASTA_PID_FILE_H

#include <stdbool.h>

#include "common/base/err.h"
#include "netns/side_process.h"

struct pid_file {
	const char *path;
	int fd; /* -1: none */
	bool created; /* there was no such file before */
	struct side_process end; /* removes it */
};

void pid_file_init(struct pid_file *file);

/* pid_file_open() - @path: NULL for none. Return: 0, or -errno with @err set */
int pid_file_open(struct pid_file *file, const char *path, struct err *err);

/* pid_file_start() - see to it that the file will be removed; else it'll be emptied
 *
 * To be called single-threaded, as the user who has opened it.
 */
void pid_file_start(struct pid_file *file);

/* pid_file_write() - Return: 0, or -errno with @err set. Works under the lock-in */
int pid_file_write(struct pid_file *file, struct err *err);

/* pid_file_finish() - for every outcome. Works under the lock-in */
void pid_file_finish(struct pid_file *file, bool locked_in);

#endif
