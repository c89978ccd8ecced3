/* SPDX-License-Identifier: Apache-2.0
 *
 * guest_bulk: as guest, for measuring what is on the other side. It does for its kernel what a fast
 * network card does for a machine: cuts what it sends, joins what it gets, checks and makes sums,
 * and takes and gives many frames at once.
 *
 *	guest_bulk [-r] SOCKET|FD IFNAME
 */
#include <arpa/inet.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/link/soft_offload.h"
#include "common/link/tcp_run.h"
#include "common/wire/checksum.h"
#include "common/wire/ip.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"
#include "test/tools/guest.h"

#define FRAME_MAX (14 + 65536)
#define LENGTH_BYTES sizeof(struct be32)
#define CUT_MAX (2 * FRAME_MAX) /* a super-frame, in pieces that are larger than their headers */
#define OUT_FULL (256 * 1024)

static struct bulk {
	int tap, fd;
	size_t have, out_at, out_end;
	uint8_t in[512 * 1024], out[OUT_FULL + CUT_MAX], frame[FRAME_MAX];
	struct tcp_run run;
} bulk; /* too large for a stack */

static struct link_offload offload_of(const struct virtio_net_hdr *vh, const uint8_t *frame)
{
	struct link_offload offload = { .gso = LINK_GSO_NONE };
	bool tcp = vh->csum_offset == TCP_CSUM_OFFSET;

	if (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return offload;
	offload.needs_csum = true;
	offload.csum_start = vh->csum_start;
	offload.csum_offset = vh->csum_offset;
	offload.hdr_len = (uint16_t)(vh->csum_start + (tcp ? (frame[vh->csum_start + 12] >> 4) * 4
							   : UDP_HEADER_LEN));
	if (vh->gso_type != VIRTIO_NET_HDR_GSO_NONE) {
		offload.gso = LINK_GSO_TCP;
		offload.gso_size = vh->gso_size;
	}
	return offload;
}

/* Frames of the tap, until there are none or it is enough for once */
static void from_tap(void)
{
	while (bulk.out_end < OUT_FULL) {
		struct virtio_net_hdr vh;
		struct iovec iov[] = { { &vh, sizeof(vh) }, { bulk.frame, FRAME_MAX } };
		ssize_t n = readv(bulk.tap, iov, 2);
		struct link_offload offload;
		struct soft_offload cut;
		size_t len;

		if (n < (ssize_t)sizeof(vh))
			return;
		iov[1].iov_len = (size_t)n - sizeof(vh);
		offload = offload_of(&vh, bulk.frame);
		soft_offload_init(&cut, iov + 1, 1, &offload);
		while ((len = soft_offload_next(&cut, bulk.out + bulk.out_end + LENGTH_BYTES))) {
			struct be32 length = be32_make((uint32_t)len);

			memcpy(bulk.out + bulk.out_end, &length, LENGTH_BYTES);
			bulk.out_end += LENGTH_BYTES + len;
		}
	}
}

/* Return: whether passt is still there */
static bool to_passt(void)
{
	while (bulk.out_at < bulk.out_end) {
		ssize_t n = send(bulk.fd, bulk.out + bulk.out_at, bulk.out_end - bulk.out_at,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN;
		bulk.out_at += (size_t)n;
	}
	bulk.out_at = bulk.out_end = 0;
	return true;
}

static void write_tap(const struct virtio_net_hdr *vh, const uint8_t *frame, size_t len,
		      const struct iovec *pieces, int count)
{
	struct iovec iov[TCP_RUN_PIECES + 2] = { { (void *)(uintptr_t)vh, sizeof(*vh) },
						 { (void *)(uintptr_t)frame, len } };

	memcpy(iov + 2, pieces, (size_t)count * sizeof(*pieces));
	/* While the interface is down nobody takes it */
	if (writev(bulk.tap, iov, 2 + count) < 0 && errno != EIO)
		tool_fail("write");
}

/* A run of segments, whose sums are right, as one that needs none */
static void write_run(const struct tcp_run *run)
{
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				     .hdr_len = (uint16_t)run->header_len,
				     .gso_size = (uint16_t)run->pieces[0].iov_len,
				     .csum_offset = TCP_CSUM_OFFSET };
	uint8_t header[TCP_RUN_HEADER_MAX];
	struct reader r = { header, run->header_len + run->payload_len };
	struct eth_header eth;
	struct ip_packet ip;
	struct be16 sum;

	tcp_run_emit(run, header);
	eth_parse(&r, &eth);
	if (ip_parse(&r, eth.type, false, &ip))
		tool_fail("a run");
	sum = checksum_fold(
		checksum_pseudo(&ip.src, &ip.dst, IPPROTO_TCP, (uint32_t)ip.payload_len));
	vh.csum_start = (uint16_t)(ip.payload - header);
	memcpy(header + vh.csum_start + TCP_CSUM_OFFSET, &sum, sizeof(sum));
	if (run->count > 1)
		vh.gso_type =
			eth.type == ETH_P_IP ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	write_tap(&vh, header, run->header_len, run->pieces, run->count);
}

/* Return: bytes of the whole frame at @at, its length's included, or 0 */
static size_t frame_at(size_t at, const uint8_t **ret_frame)
{
	struct be32 length;

	if (bulk.have - at < LENGTH_BYTES)
		return 0;
	memcpy(&length, bulk.in + at, LENGTH_BYTES);
	if (be32_get(length) > FRAME_MAX) {
		fprintf(stderr, "a frame of %u bytes\n", be32_get(length));
		exit(1);
	}
	*ret_frame = bulk.in + at + LENGTH_BYTES;
	return bulk.have - at - LENGTH_BYTES < be32_get(length) ? 0
								: LENGTH_BYTES + be32_get(length);
}

static void to_tap(void)
{
	const struct virtio_net_hdr plain = { .flags = 0 };
	const uint8_t *frame;
	size_t at = 0, n;

	while ((n = frame_at(at, &frame))) {
		at += n;
		if (!tcp_run_start(&bulk.run, frame, n - LENGTH_BYTES, false)) {
			write_tap(&plain, frame, n - LENGTH_BYTES, NULL, 0);
			continue;
		}
		while ((n = frame_at(at, &frame)) &&
		       tcp_run_add(&bulk.run, frame, n - LENGTH_BYTES, false))
			at += n;
		write_run(&bulk.run);
	}
	bulk.have -= at;
	memmove(bulk.in, bulk.in + at, bulk.have);
}

/* Return: whether passt is still there */
static bool from_passt(void)
{
	ssize_t n = recv(bulk.fd, bulk.in + bulk.have, sizeof(bulk.in) - bulk.have, MSG_DONTWAIT);

	if (n <= 0)
		return n && errno == EAGAIN;
	bulk.have += (size_t)n;
	to_tap();
	return true;
}

static void carry(int tap, int fd)
{
	bulk.tap = tap;
	bulk.fd = fd;
	bulk.have = bulk.out_at = bulk.out_end = 0;
	do {
		struct pollfd fds[] = {
			{ .fd = bulk.out_end ? -1 : tap, .events = POLLIN },
			{ .fd = fd, .events = (short)(bulk.out_end ? POLLIN | POLLOUT : POLLIN) },
		};

		if (poll(fds, 2, -1) < 0)
			tool_fail("poll");
		if (fds[1].revents & (POLLIN | POLLHUP) && !from_passt())
			break;
		if (!bulk.out_end)
			from_tap();
	} while (to_passt());
	close(fd);
}

int main(int argc, char **argv)
{
	bool again = argc > 1 && !strcmp(argv[1], "-r");
	int tap;

	if (argc != 3 + again) {
		fputs("usage: guest_bulk [-r] SOCKET|FD IFNAME\n", stderr);
		return 2;
	}
	tap = guest_tap(argv[2 + again], IFF_VNET_HDR);
	if (fcntl(tap, F_SETFL, O_NONBLOCK) ||
	    ioctl(tap, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6))
		tool_fail("offloads");
	guest_run(argv[1 + again], again, tap, carry);
	return 0;
}
