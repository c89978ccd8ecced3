/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages from one thread to another, in order: a ring of bytes that one thread writes and one
 * reads, without a lock. Each message is in one piece, in which the reader may look at it, and
 * change it, until mailbox_done(). A mailbox that is full takes no more: the writer never sleeps
 * for it, as both may be writing to each other.
 *
 * Frames leave some room for what is not a frame, so that a flood of them doesn't keep out what is
 * rare and matters more.
 */
#ifndef COMMON_ENGINE_MAILBOX_H
#define COMMON_ENGINE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAILBOX_BYTES (4096U * 1024)
/* Of these, what frames leave free */
#define MAILBOX_RESERVE (128U * 1024)
/* Once all has been read, it begins anew from here on, so that rare mail doesn't touch all of it */
#define MAILBOX_REWIND (1024U * 1024)
/* Messages start at multiples of it */
#define MAILBOX_ALIGN 16U

struct mailbox_message {
	uint32_t bytes; /* of the whole place, this header included */
	uint32_t kind;
	uint32_t size; /* of @data */
	uint32_t pad;
	uint8_t data[]; /* aligned to MAILBOX_ALIGN */
};

struct mailbox {
	uint8_t *ring; /* MAILBOX_BYTES; untouched parts cost no memory */
	/* The writer's; positions count on and on */
	_Alignas(64) _Atomic uint32_t written;
	uint32_t pending; /* where mailbox_commit() is going to move it */
	_Atomic bool waiting; /* for room; the reader takes it back */
	/* The reader's */
	_Alignas(64) _Atomic uint32_t read;
	uint32_t seen; /* of what mailbox_next() has returned, the end */
};

/* mailbox_init() - Return: 0 or -ENOMEM */
int mailbox_init(struct mailbox *mailbox);
void mailbox_fini(struct mailbox *mailbox);

/* mailbox_reserve() - the writer: a place for a message
 * @frame:	it leaves MAILBOX_RESERVE free
 *
 * Return: @size bytes to be filled in before mailbox_commit(); NULL: there's no room
 */
void *mailbox_reserve(struct mailbox *mailbox, uint32_t kind, size_t size, bool frame);

/* mailbox_commit() - the writer: what was reserved last is complete */
void mailbox_commit(struct mailbox *mailbox);

/* mailbox_await() - the writer found no room, and is to be told when there is some: by
 * mailbox_done(), if mailbox_reserve() still finds none after this
 */
void mailbox_await(struct mailbox *mailbox);

/* mailbox_next() - the reader: the next message, its until mailbox_done(). Return: NULL: that's all
 */
struct mailbox_message *mailbox_next(struct mailbox *mailbox);

/* mailbox_done() - the reader: all messages that were returned may be overwritten
 *
 * Return: whether the writer waits for that, and is to be told
 */
bool mailbox_done(struct mailbox *mailbox);

#endif
