/* SPDX-License-Identifier: Apache-2.0
 *
 * Closing descriptors: one; or many, also where the kernel or a filter of system calls around us
 * (an older container engine's) lacks close_range(2): what a caller has open must not get into
 * COMMAND.
 */
#ifndef COMMON_BASE_FDS_H
#define COMMON_BASE_FDS_H

/* fds_close() - one that may be absent (-1), and is from here on */
void fds_close(int *fd);

/* fds_close_range() - close what is open from @first to @last, both included, in the calling
 * thread's table; nothing if @last is smaller
 */
void fds_close_range(int first, int last);

/* fds_keep_only() - close all from @first on but @count others, @kept, in ascending order */
void fds_keep_only(int first, const int *kept, int count);

#endif
