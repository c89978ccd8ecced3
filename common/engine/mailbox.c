/* SPDX-License-Identifier: Apache-2.0
 *
 * A message that would not fit before the end of the ring starts at its beginning; what is left out
 * there is a message of kind MAILBOX_GAP.
 *
 * To begin anew where all has been read leaves out the rest of the ring likewise, so that no more
 * than what is before it can be used until the reader has come round: it is done if that is enough.
 */
#include "common/engine/mailbox.h"

#include <assert.h>
#include <errno.h>

#include "common/base/map.h"

#define MAILBOX_GAP UINT32_MAX

static_assert((MAILBOX_BYTES & (MAILBOX_BYTES - 1)) == 0, "positions are taken modulo it");
static_assert(sizeof(struct mailbox_message) == MAILBOX_ALIGN, "a header fits wherever one starts");

int mailbox_init(struct mailbox *mailbox)
{
	atomic_init(&mailbox->written, 0);
	atomic_init(&mailbox->read, 0);
	atomic_init(&mailbox->waiting, false);
	mailbox->pending = mailbox->seen = 0;
	mailbox->ring = map_lazily(MAILBOX_BYTES);
	return mailbox->ring ? 0 : -ENOMEM;
}

void mailbox_fini(struct mailbox *mailbox)
{
	map_drop(mailbox->ring, MAILBOX_BYTES);
	mailbox->ring = NULL;
}

static struct mailbox_message *message_at(const struct mailbox *mailbox, uint32_t position)
{
	return (struct mailbox_message *)(void *)(mailbox->ring + (position & (MAILBOX_BYTES - 1)));
}

void *mailbox_reserve(struct mailbox *mailbox, uint32_t kind, size_t size, bool frame)
{
	const uint32_t at = atomic_load_explicit(&mailbox->written, memory_order_relaxed);
	const uint32_t used = at - atomic_load(&mailbox->read);
	const uint32_t to_end = MAILBOX_BYTES - (at & (MAILBOX_BYTES - 1));
	struct mailbox_message *message;
	uint32_t bytes, gap, need;

	if (size > MAILBOX_BYTES / 2)
		return NULL;
	bytes = ((uint32_t)size + (uint32_t)sizeof(*message) + MAILBOX_ALIGN - 1) &
		~(MAILBOX_ALIGN - 1);
	need = bytes + (frame ? MAILBOX_RESERVE : 0);
	gap = bytes > to_end || (!used && MAILBOX_BYTES - to_end >= MAILBOX_REWIND &&
				 need <= MAILBOX_BYTES - to_end)
		      ? to_end
		      : 0;
	if (gap + need > MAILBOX_BYTES - used)
		return NULL;
	if (gap)
		*message_at(mailbox, at) = (struct mailbox_message){ gap, MAILBOX_GAP, 0, 0 };
	message = message_at(mailbox, at + gap);
	*message = (struct mailbox_message){ bytes, kind, (uint32_t)size, 0 };
	mailbox->pending = at + gap + bytes;
	return message->data;
}

void mailbox_commit(struct mailbox *mailbox)
{
	atomic_store_explicit(&mailbox->written, mailbox->pending, memory_order_release);
}

struct mailbox_message *mailbox_next(struct mailbox *mailbox)
{
	while (mailbox->seen != atomic_load_explicit(&mailbox->written, memory_order_acquire)) {
		struct mailbox_message *message = message_at(mailbox, mailbox->seen);

		mailbox->seen += message->bytes;
		if (message->kind != MAILBOX_GAP)
			return message;
	}
	return NULL;
}

/* Either the writer sees @read after it has said that it waits, or we see that it does */
bool mailbox_done(struct mailbox *mailbox)
{
	atomic_store(&mailbox->read, mailbox->seen);
	return atomic_load(&mailbox->waiting) && atomic_exchange(&mailbox->waiting, false);
}

void mailbox_await(struct mailbox *mailbox)
{
	atomic_store(&mailbox->waiting, true);
}
