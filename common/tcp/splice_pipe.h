/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded stock of pipes, made when they are first needed and lent to one direction of a
 * connection at a time. The one returned last is the next to be lent: its pages are warm.
 */
#ifndef COMMON_TCP_SPLICE_PIPE_H
#define COMMON_TCP_SPLICE_PIPE_H

#include <stdint.h>

#define SPLICE_PIPES_MAX 48
#define SPLICE_PIPE_BYTES (1024 * 1024)
/* Users share a limit of pages (fs.pipe-user-pages-soft): smaller ones do no good */
#define SPLICE_PIPE_BYTES_MIN (64 * 1024)

struct splice_pipe {
	int read_fd, write_fd; /* -1: not made */
	uint32_t bytes; /* it has room for */
	uint16_t next_free; /* number + 1 */
};

struct splice_pipes {
	struct splice_pipe pipe[SPLICE_PIPES_MAX];
	uint16_t first_free; /* number + 1, 0: none */
};

void splice_pipes_init(struct splice_pipes *pipes);
void splice_pipes_fini(struct splice_pipes *pipes);

/* splice_pipe_get() - an empty pipe. Return: number + 1, 0 if there is none to have */
uint16_t splice_pipe_get(struct splice_pipes *pipes);

/* splice_pipe_put() - give it back, by number + 1
 * @held:	bytes that are still in it: the pipe is closed then
 */
void splice_pipe_put(struct splice_pipes *pipes, uint16_t number, uint32_t held);

#endif
