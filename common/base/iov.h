/* SPDX-License-Identifier: Apache-2.0
 *
 * Going through bytes that are in several pieces. Callers know how many there are: cursors don't
 * count.
 */
#ifndef COMMON_BASE_IOV_H
#define COMMON_BASE_IOV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "common/base/util.h"

struct iov_cursor {
	const struct iovec *iov; /* the piece that the next byte is in */
	size_t at; /* bytes of it that are done */
};

/* iov_run() - the next bytes that are in one piece, @len at most, and go on behind them */
static inline uint8_t *iov_run(struct iov_cursor *cursor, size_t len, size_t *ret_len)
{
	uint8_t *data;

	while (cursor->at == cursor->iov->iov_len) {
		cursor->iov++;
		cursor->at = 0;
	}
	data = (uint8_t *)cursor->iov->iov_base + cursor->at;
	*ret_len = MIN(len, cursor->iov->iov_len - cursor->at);
	cursor->at += *ret_len;
	return data;
}

/* iov_take() - the next @len bytes, to @out */
static inline void iov_take(struct iov_cursor *cursor, void *out, size_t len)
{
	uint8_t *to = out;
	size_t n;

	for (; len; len -= n, to += n) {
		const uint8_t *from = iov_run(cursor, len, &n);

		memcpy(to, from, n);
	}
}

/* iov_put() - @len bytes of @in, in place of the next ones */
static inline void iov_put(struct iov_cursor *cursor, const void *in, size_t len)
{
	const uint8_t *from = in;
	size_t n;

	for (; len; len -= n, from += n) {
		uint8_t *to = iov_run(cursor, len, &n);

		memcpy(to, from, n);
	}
}

/* iov_narrow() - leave only @len bytes behind the first @skip, as far as there are so many */
static inline void iov_narrow(struct iovec **iov, int *count, size_t skip, size_t len)
{
	int n = 0;

	for (; *count > 0 && skip >= (*iov)->iov_len; (*count)--)
		skip -= (*iov)++->iov_len;
	if (*count > 0 && skip) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + skip;
		(*iov)->iov_len -= skip;
	}
	for (; n < *count && len; len -= (*iov)[n++].iov_len)
		(*iov)[n].iov_len = MIN((*iov)[n].iov_len, len);
	*count = n;
}

/* iov_gather() - all of @count pieces, as far as there is room. Return: bytes */
static inline size_t iov_gather(const struct iovec *iov, int count, void *out, size_t size)
{
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		size_t n = MIN(iov[i].iov_len, size - len);

		memcpy((uint8_t *)out + len, iov[i].iov_base, n);
		len += n;
	}
	return len;
}

#endif
