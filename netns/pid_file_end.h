/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a pid file, for a process that can't reach its directory any more. A right to remove
 * files would be one over every file of the user's, as no filter can look at a path: so a side
 * process has it, which does nothing else, and pasta has not.
 */
#ifndef NETNS_PID_FILE_END_H
#define NETNS_PID_FILE_END_H

#include "common/base/err.h"
#include "netns/side_process.h"

/* pid_file_end_start() - make the process; the file goes when it ends, even if pasta was killed
 * @path:	left alone if another file has got that name by then
 * @fd:		the same file, open
 *
 * Return: 0; -errno with @err set; to be called and ended as side_process_start() says
 */
int pid_file_end_start(const char *path, int fd, struct side_process *ret_process,
		       struct err *err);

#endif
