/* SPDX-License-Identifier: Apache-2.0
 *
 * vhost-user messages: each kind of payload, whole and of other sizes, and answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/link/vhost_message.h"

static uint8_t payload[VHOST_PAYLOAD_MAX];
static struct vhost_message message;

static int parse(uint32_t request, uint32_t size)
{
	const struct vhost_header header = { .request = request, .size = size };

	memset(&message, 0xa5, sizeof(message));
	return vhost_message_parse(&header, payload, &message);
}

static void put64(size_t at, uint64_t value)
{
	memcpy(payload + at, &value, sizeof(value));
}

static int header_parse(uint32_t request, uint32_t flags, uint32_t size, struct vhost_header *ret)
{
	const uint32_t words[] = { request, flags, size };

	return vhost_header_parse((const uint8_t *)words, ret);
}

static void test_vhost_header(void **state)
{
	struct vhost_header header;

	(void)state;
	assert_int_equal(header_parse(5, 1, 512, &header), 0);
	assert_int_equal(header.request, 5);
	assert_int_equal(header.size, 512);
	assert_false(header.need_reply);
	assert_int_equal(header_parse(5, 9, 0, &header), 0);
	assert_true(header.need_reply);
	assert_int_equal(header_parse(5, 0, 0, &header), -EPROTO); /* no version */
	assert_int_equal(header_parse(5, 2, 0, &header), -EPROTO);
	assert_int_equal(header_parse(5, 5, 0, &header), -EPROTO); /* an answer */
	assert_int_equal(header_parse(5, 1, 513, &header), -EPROTO);
}

static void test_vhost_message_number(void **state)
{
	(void)state;
	put64(0, 0x0123456789abcdefU);
	assert_int_equal(parse(VHOST_SET_FEATURES, 8), 0);
	assert_true(message.number == 0x0123456789abcdefU);
	assert_int_equal(parse(VHOST_SET_FEATURES, 7), -EPROTO);
	assert_int_equal(parse(VHOST_SET_FEATURES, 9), -EPROTO);
	assert_int_equal(parse(VHOST_GET_FEATURES, 0), 0);
	assert_int_equal(parse(VHOST_GET_FEATURES, 8), -EPROTO);
}

static void test_vhost_message_rings(void **state)
{
	(void)state;
	put64(0, 7ULL << 32 | 1);
	for (int i = 1; i < 5; i++)
		put64(8 * (size_t)i, 0x1000U * (unsigned int)i);
	assert_int_equal(parse(VHOST_SET_VRING_NUM, 8), 0);
	assert_int_equal(message.state.index, 1);
	assert_int_equal(message.state.value, 7);
	assert_int_equal(parse(VHOST_SET_VRING_ADDR, 40), 0);
	assert_int_equal(message.addr.index, 1);
	assert_int_equal(message.addr.desc, 0x1000);
	assert_int_equal(message.addr.used, 0x2000);
	assert_int_equal(message.addr.avail, 0x3000);
	assert_int_equal(parse(VHOST_SET_VRING_ADDR, 39), -EPROTO);
}

static void test_vhost_message_memory(void **state)
{
	(void)state;
	put64(0, 8);
	put64(8 + 7 * 32, 0x40000000);
	assert_int_equal(parse(VHOST_SET_MEM_TABLE, 8 + 8 * 32), 0);
	assert_int_equal(message.table.count, 8);
	assert_int_equal(message.table.places[7].guest_addr, 0x40000000);
	assert_int_equal(parse(VHOST_SET_MEM_TABLE, 8 + 8 * 32 - 1), -EPROTO);
	assert_int_equal(parse(VHOST_SET_MEM_TABLE, 7), -EPROTO);
	put64(0, 9);
	assert_int_equal(parse(VHOST_SET_MEM_TABLE, 8 + 9 * 32), -EPROTO);
	put64(0, UINT32_MAX);
	assert_int_equal(parse(VHOST_SET_MEM_TABLE, 8 + 31), -EPROTO);
	put64(8, 0x50000000);
	assert_int_equal(parse(VHOST_ADD_MEM_REG, 40), 0);
	assert_int_equal(message.place.guest_addr, 0x50000000);
	assert_int_equal(parse(VHOST_REM_MEM_REG, 32), -EPROTO);
}

static void test_vhost_message_unknown(void **state)
{
	static const uint32_t unknown[] = { 0, 6, 19, 28, 41, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(parse(unknown[i], 0), -EOPNOTSUPP);
}

static void test_vhost_reply(void **state)
{
	const uint32_t header[] = { VHOST_GET_FEATURES, 5, 8 };
	const uint64_t number = 0x1122334455667788;
	uint8_t out[VHOST_HEADER_BYTES + 8];

	(void)state;
	memset(out, 0xa5, sizeof(out));
	assert_int_equal(vhost_reply_emit(VHOST_GET_FEATURES, &number, 8, out), sizeof(out));
	assert_memory_equal(out, header, sizeof(header));
	assert_memory_equal(out + sizeof(header), &number, sizeof(number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vhost_header),
		cmocka_unit_test(test_vhost_message_number),
		cmocka_unit_test(test_vhost_message_rings),
		cmocka_unit_test(test_vhost_message_memory),
		cmocka_unit_test(test_vhost_message_unknown),
		cmocka_unit_test(test_vhost_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
