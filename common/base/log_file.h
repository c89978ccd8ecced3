/* SPDX-License-Identifier: Apache-2.0
 *
 * A log file of bounded size that keeps the newest lines: when it's full, or the disk is, the oldest
 * quarter goes.
 * Read in the usual order, from the beginning. Writing works with an open descriptor alone.
 */
#ifndef COMMON_BASE_LOG_FILE_H
#define COMMON_BASE_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

/* log_file_write() - append one line
 * @fd:		open for reading and writing
 * @line:	with its newline, not longer than a quarter of the limit
 * @limit:	bytes that the file never exceeds
 *
 * Several processes may write at once, which can cost a line when the file is full.
 */
void log_file_write(int fd, const char *line, size_t len, uint64_t limit);

#endif
