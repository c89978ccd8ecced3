/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel puts what is behind the headers at the start of a page, as it is in our callers'
 * buffers. At another offset the copy may take thrice as long: "rep movsb" of some processors (AMD
 * Zen) is slow if the destination is a few bytes ahead of the source, modulo 4096.
 */
#include "common/link/tap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Acknowledgements, requests and short answers */
#define TAP_SMALL_BYTES 256

int tap_read(int fd, uint8_t *at, struct virtio_net_hdr *ret_header, size_t *ret_len)
{
	ssize_t n = read(fd, at, TAP_FRAME_MAX);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if ((size_t)n < sizeof(*ret_header))
		return 0;
	memcpy(ret_header, at, sizeof(*ret_header));
	*ret_len = (size_t)n - sizeof(*ret_header);
	return 1;
}

/* A small frame goes out from one place: copying it costs less than writev(2) more than write(2) */
static ssize_t write_pieces(int fd, const struct iovec *iov, int count)
{
	uint8_t small[TAP_SMALL_BYTES];
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > sizeof(small) - len)
			return writev(fd, iov, count);
		memcpy(small + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	return write(fd, small, len);
}

ssize_t tap_write(int fd, struct iovec *iov, int count, struct virtio_net_hdr *header)
{
	ssize_t n;

	iov[0] = (struct iovec){ header, sizeof(*header) };
	n = write_pieces(fd, iov, count);
	return n < 0 ? -errno : n - (ssize_t)sizeof(*header);
}
