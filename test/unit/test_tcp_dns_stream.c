/* SPDX-License-Identifier: Apache-2.0
 *
 * DNS over TCP: whatever pieces a resolver's messages come in, they go on as they are, and answers
 * of our own come between them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/util.h"
#include "common/tcp/dns_stream.h"

#define MESSAGES 40
#define OWN_FIRST_BYTE 0xee

struct fixture {
	struct tcp tcp;
	struct tcp_flow flow;
	struct fwd_table fwd;
	struct fwd_questions questions;
};

static void setup(struct fixture *f)
{
	const struct siphash_key secret = { { 1, 2 } };

	memset(f, 0, sizeof(*f));
	assert_int_equal(chunk_pool_init(&f->tcp.chunks, 64), 0);
	assert_int_equal(fwd_questions_init(&f->questions, &secret), 0);
	f->tcp.fwd = &f->fwd;
	f->tcp.questions = &f->questions;
	f->flow.tcp = &f->tcp;
	assert_int_equal(tcp_dns_stream_init(&f->flow), 0);
}

static void teardown(struct fixture *f)
{
	tcp_dns_stream_fini(&f->flow);
	chunk_consume(&f->tcp.chunks, &f->flow.copied, f->flow.copied.length);
	assert_int_equal(f->tcp.chunks.used, 0);
	chunk_pool_fini(&f->tcp.chunks);
	fwd_questions_fini(&f->questions);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Messages whose bytes are all their number; some are empty, some longer than what is kept */
static uint32_t make_messages(uint32_t *seed, uint8_t *to)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < MESSAGES; i++) {
		uint32_t len = next_random(seed) % (i % 8 ? 600 : 20000);

		if (i % 5 == 4)
			len = 0;
		to[at++] = (uint8_t)(len >> 8);
		to[at++] = (uint8_t)len;
		memset(to + at, (int)i, len);
		at += len;
	}
	return at;
}

/* What has come out: the resolver's messages in order, ours among them. Return: how many are ours
 */
static unsigned int check(const struct fixture *f)
{
	static uint8_t out[1 << 18];
	struct iovec iov[32];
	int pieces = chunk_peek(&f->tcp.chunks, &f->flow.copied, 0, f->flow.copied.length, iov, 32);
	unsigned int own = 0, next = 0;
	uint32_t len = 0, size;

	for (int i = 0; i < pieces; i++) {
		memcpy(out + len, iov[i].iov_base, iov[i].iov_len);
		len += (uint32_t)iov[i].iov_len;
	}
	assert_int_equal(len, f->flow.copied.length);
	for (uint32_t at = 0; at < len; at += 2 + size) {
		bool is_own;

		assert_true(len - at >= 2);
		size = (uint32_t)out[at] << 8 | out[at + 1];
		assert_true(size <= len - at - 2);
		is_own = size && out[at + 2] == OWN_FIRST_BYTE;
		for (uint32_t i = 0; i < size; i++)
			assert_int_equal(out[at + 2 + i], is_own ? OWN_FIRST_BYTE : next);
		own += is_own;
		next += !is_own;
	}
	assert_int_equal(next, MESSAGES);
	return own;
}

static void test_own_answers_come_between_messages(void **state)
{
	static uint8_t in[1 << 18];
	uint32_t seed = 11;
	struct fixture f;

	(void)state;
	for (int round = 0; round < 200; round++) {
		uint8_t answer[40];
		unsigned int answers = 0;
		uint32_t len = make_messages(&seed, in), n;

		setup(&f);
		memset(answer, OWN_FIRST_BYTE, sizeof(answer));
		for (uint32_t at = 0; at < len; at += n) {
			n = 1 + next_random(&seed) % (round % 2 ? 3000 : 9);
			n = MIN(n, len - at);
			assert_int_equal(tcp_dns_stream_take(&f.flow, in + at, n, 1), 0);
			if (next_random(&seed) % 64 || answers == 30)
				continue;
			answers++;
			assert_int_equal(tcp_dns_stream_answer(&f.flow, answer, sizeof(answer)), 0);
		}
		assert_int_equal(check(&f), answers);
		teardown(&f);
	}
}

static void test_too_many_own_answers_are_refused(void **state)
{
	const uint8_t begun[] = { 0, 9, 'x' }, answer[200] = { 0 };
	struct fixture f;
	int rc = 0;

	(void)state;
	setup(&f);
	assert_int_equal(tcp_dns_stream_take(&f.flow, begun, sizeof(begun), 1), 0);
	for (int i = 0; i < 1000 && !rc; i++)
		rc = tcp_dns_stream_answer(&f.flow, answer, sizeof(answer));
	assert_int_not_equal(rc, 0);
	assert_int_equal(f.flow.copied.length, sizeof(begun));
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_answers_come_between_messages),
		cmocka_unit_test(test_too_many_own_answers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
