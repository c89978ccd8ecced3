/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/engine/mailbox.h"

static int setup(void **state)
{
	struct mailbox *mailbox = aligned_alloc(64, sizeof(*mailbox));

	*state = mailbox;
	return mailbox && !mailbox_init(mailbox) ? 0 : -1;
}

static int teardown(void **state)
{
	mailbox_fini(*state);
	free(*state);
	return 0;
}

static bool put(struct mailbox *mailbox, uint32_t kind, size_t size, bool frame)
{
	uint8_t *place = mailbox_reserve(mailbox, kind, size, frame);

	if (!place)
		return false;
	memset(place, (uint8_t)kind, size);
	mailbox_commit(mailbox);
	return true;
}

static void expect(struct mailbox *mailbox, uint32_t kind, size_t size)
{
	const struct mailbox_message *message = mailbox_next(mailbox);

	assert_non_null(message);
	assert_int_equal(message->kind, kind);
	assert_int_equal(message->size, size);
	assert_int_equal((uintptr_t)message->data % MAILBOX_ALIGN, 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(message->data[i], (uint8_t)kind);
}

static void test_mailbox_messages_come_in_order(void **state)
{
	struct mailbox *mailbox = *state;

	assert_null(mailbox_next(mailbox));
	assert_true(put(mailbox, 1, 1, false));
	assert_true(put(mailbox, 2, 0, true));
	assert_true(put(mailbox, 3, 70000, true));
	expect(mailbox, 1, 1);
	expect(mailbox, 2, 0);
	expect(mailbox, 3, 70000);
	assert_null(mailbox_next(mailbox));
}

static void test_mailbox_message_that_is_not_complete_is_not_seen(void **state)
{
	struct mailbox *mailbox = *state;

	assert_non_null(mailbox_reserve(mailbox, 1, 100, false));
	assert_null(mailbox_next(mailbox));
	assert_true(put(mailbox, 2, 10, false)); /* in its place */
	expect(mailbox, 2, 10);
	assert_null(mailbox_next(mailbox));
}

static void test_mailbox_has_room_again_when_what_was_read_is_done(void **state)
{
	struct mailbox *mailbox = *state;
	uint32_t count = 0;

	while (put(mailbox, count, 60000, false))
		count++;
	assert_int_equal(count, MAILBOX_BYTES / (60000 + sizeof(struct mailbox_message)));
	for (uint32_t i = 0; i < count; i++)
		expect(mailbox, i, 60000);
	assert_false(put(mailbox, 1, 60000, false));
	mailbox_done(mailbox);
	assert_true(put(mailbox, 7, 60000, false));
	expect(mailbox, 7, 60000);
}

static void test_mailbox_frames_leave_room(void **state)
{
	struct mailbox *mailbox = *state;
	size_t left = 0;

	while (put(mailbox, 1, 5000, true))
		;
	while (put(mailbox, 2, 1000, false))
		left += 1000 + sizeof(struct mailbox_message);
	assert_in_range(left, MAILBOX_RESERVE - 1100, MAILBOX_RESERVE + 5100);
}

static void test_mailbox_goes_round_without_a_message_in_two_pieces(void **state)
{
	struct mailbox *mailbox = *state;

	for (uint32_t i = 0; i < 1000; i++) {
		size_t size = (i * 7919) % 65000;

		assert_true(put(mailbox, i, size, true));
		expect(mailbox, i, size);
		mailbox_done(mailbox);
	}
}

static void test_mailbox_larger_than_half_of_it_is_refused(void **state)
{
	assert_null(mailbox_reserve(*state, 1, MAILBOX_BYTES / 2 + 1, false));
	assert_null(mailbox_reserve(*state, 1, SIZE_MAX, false));
}

/* What comes once in a while, and is read at once, is always near the beginning */
static void test_mailbox_that_was_emptied_begins_anew(void **state)
{
	struct mailbox *mailbox = *state;

	for (uint32_t i = 0; i < 10000; i++) {
		const uint32_t at = atomic_load(&mailbox->written) & (MAILBOX_BYTES - 1);

		assert_in_range(at, 0, MAILBOX_REWIND + 2000);
		assert_true(put(mailbox, i, 1000, i % 2));
		expect(mailbox, i, 1000);
		mailbox_done(mailbox);
	}
}

#define MESSAGES 20000

static void *write_all(void *arg)
{
	for (uint32_t i = 0; i < MESSAGES; i++)
		while (!put(arg, i, i % 3000, i % 2))
			sched_yield();
	return NULL;
}

static void test_mailbox_between_two_threads(void **state)
{
	struct mailbox *mailbox = *state;
	const struct mailbox_message *message;
	pthread_t writer;

	assert_int_equal(pthread_create(&writer, NULL, write_all, mailbox), 0);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		while (!(message = mailbox_next(mailbox))) {
			mailbox_done(mailbox);
			sched_yield();
		}
		assert_int_equal(message->kind, i);
		assert_int_equal(message->size, i % 3000);
		if (message->size) {
			assert_int_equal(message->data[0], (uint8_t)i);
			assert_int_equal(message->data[message->size - 1], (uint8_t)i);
		}
	}
	pthread_join(writer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mailbox_messages_come_in_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_mailbox_message_that_is_not_complete_is_not_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_mailbox_has_room_again_when_what_was_read_is_done, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mailbox_frames_leave_room, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_mailbox_goes_round_without_a_message_in_two_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mailbox_larger_than_half_of_it_is_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_mailbox_that_was_emptied_begins_anew, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_mailbox_between_two_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
