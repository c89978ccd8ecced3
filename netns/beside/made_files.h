/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights, in a side process of its own; open(2) before, unlink(2) there.
 *
 * The files that pasta makes for its caller, and their end. All of them go if the start fails, by
 * whatever; those that are only of use while pasta runs go at its end, too. By then it may be
 * another user and can't reach their directories any more. A right to remove files would be one
 * over every file of the user's, as no filter can look at a path: so a side process has it, which
 * does nothing else, and pasta has not. It is there only if a file was made, and ends with the
 * start if all files are to stay.
 *
 * Files that were there before are none of this module's business: it opens them, no more.
 */
#ifndef NETNS_BESIDE_MADE_FILES_H
#define NETNS_BESIDE_MADE_FILES_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/err.h"
#include "netns/beside/side_process.h"

/* pid, log, capture, policy log and learnt policy; control socket, and a guest's */
#define MADE_FILES_MAX 7

struct made_file {
	char *path; /* absolute if possible */
	dev_t dev; /* left alone if another file has got that name by then */
	ino_t ino;
	bool stays; /* after a start that did not fail */
};

struct made_files {
	struct made_file file[MADE_FILES_MAX];
	unsigned int count;
	bool ready; /* the start has not failed */
	bool blocked; /* signals are, the mask before was this */
	sigset_t old_mask;
	struct side_process end; /* removes them */
};

void made_files_init(struct made_files *files);

/* made_files_open() - open a file, and make it if it isn't there
 * @flags:	O_CLOEXEC is one of them
 * @mode:	of a new file
 * @stays:	a new file is to be kept after a start that did not fail
 *
 * Once a file was made all signals are blocked, until made_files_start() or made_files_finish(): in
 * between, a death would leave it behind.
 *
 * For root of the initial user namespace a @path that is a symbolic link is none (ELOOP), but in
 * /proc and /dev.
 *
 * Return: a descriptor, or -errno
 */
int made_files_open(struct made_files *files, const char *path, int flags, mode_t mode, bool stays);

/* made_files_begin() and made_files_add() - before and after making a file by other means, a
 * socket; it goes at the end. In between and from then on all signals are blocked, likewise
 */
void made_files_begin(struct made_files *files);
void made_files_add(struct made_files *files, const char *path);

/* made_files_start() - from here on the files go even if pasta is killed
 *
 * To be called single-threaded, as the user who has opened them. If no process can be made, they
 * still go where made_files_finish() can reach them.
 */
void made_files_start(struct made_files *files);

/* made_files_ready() - the start has not failed. Works under the lock-in */
void made_files_ready(struct made_files *files);

/* made_files_finish() - for every outcome. Works under the lock-in, but must know of it */
void made_files_finish(struct made_files *files, bool locked_in);

#endif
