/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is read while the sink is full: what waits does so in the source's own buffer, where it
 * closes the sender's window. So a pipe holds only what one read brought and the sink left over.
 */
#include "common/tcp/splice_dir.h"

#include <sys/epoll.h>

void splice_dir_init(struct splice_dir *dir)
{
	/* The sink may still be connecting: then the first write says so */
	*dir = (struct splice_dir){ .writable = true };
}

void splice_dir_source(struct splice_dir *dir, uint32_t events)
{
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		dir->ending = true;
	if (events & EPOLLPRI)
		dir->urgent = true;
	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		dir->readable = true;
}

void splice_dir_sink(struct splice_dir *dir, uint32_t events)
{
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
		dir->writable = true;
		dir->connecting = false;
	}
}

enum splice_step splice_dir_next(const struct splice_dir *dir)
{
	if (dir->held)
		return dir->writable ? SPLICE_WRITE : SPLICE_WAIT;
	/* shutdown() would make a socket that is connecting give up */
	if (dir->ended)
		return dir->finished || dir->connecting ? SPLICE_WAIT : SPLICE_FINISH;
	return dir->readable && dir->writable ? SPLICE_READ : SPLICE_WAIT;
}

void splice_dir_was_read(struct splice_dir *dir, uint32_t n, uint32_t left, uint32_t wanted,
			 bool exact)
{
	dir->ended = !n;
	dir->held = left;
	if (n < wanted && exact && !dir->ending && !dir->urgent)
		dir->readable = false;
	/* A pipe stops at urgent data, and would for good. And what is short because of it must be
	 * followed by what stops there, too, until an event has told: that is a pipe
	 */
	dir->small = n < SPLICE_BULK_BYTES;
	if (exact || !dir->small || dir->urgent)
		dir->bulk = !dir->small && !dir->urgent;
}

void splice_dir_is_empty(struct splice_dir *dir)
{
	dir->readable = false;
	dir->urgent = false; /* what comes next is told with an event of its own */
	dir->bulk = dir->bulk && !dir->small;
}

void splice_dir_written(struct splice_dir *dir, uint32_t n)
{
	dir->held -= n;
}
