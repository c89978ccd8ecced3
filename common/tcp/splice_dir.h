/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a spliced connection: what is known about its two sockets and its pipe, and so
 * what to do next. Pure: what a step came to is told back by whoever did it.
 *
 * Events come by edges, so each fact here is kept until a call has shown the contrary: a source is
 * readable until it had nothing to read, a sink writable until it took nothing.
 */
#ifndef COMMON_TCP_SPLICE_DIR_H
#define COMMON_TCP_SPLICE_DIR_H

#include <stdbool.h>
#include <stdint.h>

struct splice_dir {
	uint32_t held; /* bytes in the pipe */
	uint16_t pipe; /* number + 1 of the pipe, 0: none */
	bool readable; /* the source may have something */
	bool writable; /* the sink may take something */
	bool connecting; /* the sink still is, as far as we know */
	bool ending; /* the source's last byte, or an error, is already there */
	bool urgent; /* the source may have urgent data: short reads don't mean that it is empty */
	bool bulk; /* the last reads were large: the next one goes through the pipe */
	bool small; /* the last read was not, though it did */
	bool ended; /* the source's last byte was read */
	bool finished; /* and the sink was told */
};

enum splice_step {
	SPLICE_WAIT, /* for an event */
	SPLICE_READ, /* from the source */
	SPLICE_WRITE, /* from the pipe to the sink */
	SPLICE_FINISH, /* tell the sink that no more is coming */
};

/* Reads of this size and more go through a pipe from then on */
#define SPLICE_BULK_BYTES (16 * 1024)

void splice_dir_init(struct splice_dir *dir);

/* splice_dir_source(), splice_dir_sink() - an event of epoll on one of the sockets */
void splice_dir_source(struct splice_dir *dir, uint32_t events);
void splice_dir_sink(struct splice_dir *dir, uint32_t events);

/* splice_dir_next() - what to do now */
enum splice_step splice_dir_next(const struct splice_dir *dir);

/* splice_dir_was_read() - a read came to @n bytes of @wanted, 0: the end
 * @left:	of them, those that are now in the pipe
 * @exact:	fewer than wanted means that the source is empty
 */
void splice_dir_was_read(struct splice_dir *dir, uint32_t n, uint32_t left, uint32_t wanted,
			 bool exact);

/* splice_dir_is_empty() - a read found that the source has nothing */
void splice_dir_is_empty(struct splice_dir *dir);

/* splice_dir_written() - @n bytes have left the pipe */
void splice_dir_written(struct splice_dir *dir, uint32_t n);

/* splice_dir_has_data() - whether something was received, as far as we know, that has not left */
static inline bool splice_dir_has_data(const struct splice_dir *dir)
{
	return dir->held || (dir->readable && !dir->ended);
}

#endif
