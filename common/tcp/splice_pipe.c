/* SPDX-License-Identifier: Apache-2.0
 *
 * A free list of slots; a slot's pipe is made when it is lent without one.
 */
#include "common/tcp/splice_pipe.h"

#include <fcntl.h>
#include <unistd.h>

void splice_pipes_init(struct splice_pipes *pipes)
{
	for (uint16_t i = 0; i < SPLICE_PIPES_MAX; i++)
		pipes->pipe[i] = (struct splice_pipe){
			.read_fd = -1,
			.write_fd = -1,
			.next_free = i + 1 < SPLICE_PIPES_MAX ? (uint16_t)(i + 2) : 0,
		};
	pipes->first_free = 1;
}

static void pipe_close(struct splice_pipe *pipe)
{
	if (pipe->read_fd >= 0) {
		close(pipe->read_fd);
		close(pipe->write_fd);
	}
	pipe->read_fd = pipe->write_fd = -1;
}

void splice_pipes_fini(struct splice_pipes *pipes)
{
	for (int i = 0; i < SPLICE_PIPES_MAX; i++)
		pipe_close(&pipes->pipe[i]);
}

/* As large as we may, down to the smallest. Return: bytes, less than that if none could be had */
static uint32_t pipe_enlarge(int fd)
{
	for (int bytes = SPLICE_PIPE_BYTES; bytes > SPLICE_PIPE_BYTES_MIN; bytes /= 2) {
		int got = fcntl(fd, F_SETPIPE_SZ, bytes);

		if (got > 0)
			return (uint32_t)got;
	}
	return (uint32_t)fcntl(fd, F_GETPIPE_SZ);
}

static void pipe_make(struct splice_pipe *pipe)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	pipe->bytes = pipe_enlarge(fds[0]);
	if (pipe->bytes < SPLICE_PIPE_BYTES_MIN)
		pipe_close(pipe);
}

uint16_t splice_pipe_get(struct splice_pipes *pipes)
{
	uint16_t number = pipes->first_free;
	struct splice_pipe *pipe;

	if (!number)
		return 0;
	pipe = &pipes->pipe[number - 1];
	if (pipe->read_fd < 0)
		pipe_make(pipe);
	if (pipe->read_fd < 0)
		return 0;
	pipes->first_free = pipe->next_free;
	return number;
}

void splice_pipe_put(struct splice_pipes *pipes, uint16_t number, uint32_t held)
{
	struct splice_pipe *pipe = &pipes->pipe[number - 1];

	if (held)
		pipe_close(pipe);
	pipe->next_free = pipes->first_free;
	pipes->first_free = number;
}
