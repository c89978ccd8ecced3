/* SPDX-License-Identifier: Apache-2.0
 *
 * The file with our process id, for --pid. Opened early, with the caller's rights; written when all
 * is ready, so what a caller reads there works; removed at the end if it was made here, which is
 * made_files' business, else emptied.
 */
#ifndef LAUNCH_PID_FILE_H
#define LAUNCH_PID_FILE_H

#include <stdbool.h>

#include "common/base/err.h"
#include "netns/beside/made_files.h"

struct pid_file {
	const char *path;
	int fd; /* -1: none */
	bool written;
	bool stays; /* it was there before */
};

void pid_file_init(struct pid_file *file);

/* pid_file_open() - @path: NULL for none. Return: 0, or -errno with @err set */
int pid_file_open(struct pid_file *file, const char *path, struct made_files *made,
		  struct err *err);

/* pid_file_write() - Return: 0, or -errno with @err set. Works under the lock-in */
int pid_file_write(struct pid_file *file, struct err *err);

/* pid_file_finish() - for every outcome. Works under the lock-in */
void pid_file_finish(struct pid_file *file);

#endif
