/* SPDX-License-Identifier: Apache-2.0
 *
 * One read(2) or write(2) a frame, whatever the MTU: with the virtio-net header a frame can be a
 * whole TCP super-frame. The receive buffer is small enough to stay in L2; only runs of small UDP
 * frames are held to go out together, and they use its second part.
 */
#include "common/link/tap.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/linux_compat.h"
#include "common/link/pcap.h"

/* Room for held frames besides the one being read */
#define TAP_RX_HOLD_BYTES (64 * 1024)
#define TAP_RX_BYTES (TAP_FRAME_MAX + TAP_RX_HOLD_BYTES)

/* Acknowledgements, requests and short answers */
#define TAP_SMALL_BYTES 256

int tap_init(struct tap *tap, int fd, const struct tap_config *config)
{
	void *buf;
	int rc;

	*tap = (struct tap){ .fd = fd, .config = *config };
	neighbours_init(&tap->neighbours, config->ns_mac);
	if (config->kind == TAP_STREAM) {
		rc = stream_init(&tap->stream);
		stream_connect(&tap->stream, fd);
		return rc;
	}
	if (config->kind == TAP_VHOST) {
		rc = vhost_init(&tap->vhost, vhost_device_features(config->tso, config->uso));
		if (rc)
			return rc;
	}
	buf = mmap(NULL, TAP_RX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		return -ENOMEM;
	tap->rx_buf = buf;
	return 0;
}

void tap_fini(struct tap *tap)
{
	if (tap->rx_buf)
		munmap(tap->rx_buf, TAP_RX_BYTES);
	tap->rx_buf = NULL;
	stream_fini(&tap->stream);
	vhost_fini(&tap->vhost);
}

void tap_connect(struct tap *tap, int fd)
{
	tap->fd = fd;
	if (tap->config.kind == TAP_VHOST)
		vhost_connect(&tap->vhost, fd);
	else
		stream_connect(&tap->stream, fd);
	neighbours_init(&tap->neighbours, tap->config.ns_mac);
}

void tap_watch_rings(struct tap *tap, struct loop *loop, const watch_fn on_kick[VHOST_QUEUES])
{
	tap->vhost.device.loop = loop;
	memcpy(tap->vhost.device.on_kick, on_kick, sizeof(tap->vhost.device.on_kick));
}

int tap_control(struct tap *tap)
{
	return vhost_control(&tap->vhost);
}

const char *tap_reason(const struct tap *tap)
{
	return tap->config.kind == TAP_VHOST ? tap->vhost.device.reason
					     : "a frame of an impossible length";
}

/* Checks the header that came with @ret_frame->len bytes and fills in the rest of the frame */
static bool tap_header_accept(const struct virtio_net_hdr *vh, struct tap_frame *ret_frame)
{
	uint8_t type = vh->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	if (ret_frame->len < ETH_HLEN)
		return false;
	ret_frame->csum_known =
		vh->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
	if ((vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	    (size_t)vh->csum_start + vh->csum_offset + 2 > ret_frame->len)
		return false;
	ret_frame->gso_size = vh->gso_size;
	switch (type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		ret_frame->gso = TAP_GSO_NONE;
		ret_frame->gso_size = 0;
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		ret_frame->gso = TAP_GSO_TCP;
		return vh->gso_size;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		ret_frame->gso = TAP_GSO_UDP;
		return vh->gso_size;
	default:
		return false;
	}
}

static void tap_received(struct tap *tap, const struct tap_frame *frame)
{
	const struct iovec iov = { (void *)(uintptr_t)frame->data, frame->len };

	tap->stats.rx_frames++;
	tap->stats.rx_bytes += frame->len;
	for (struct pcap *pcap = tap->pcap; pcap; pcap = pcap->next)
		pcap_write(pcap, &iov, 1);
	if (tap->trace)
		tap->trace(true, &iov, 1);
}

static int tap_read_stream(struct tap *tap, struct tap_frame *ret_frame)
{
	struct tap_frame frame = { .gso = TAP_GSO_NONE };
	int rc = stream_read(&tap->stream, tap->rx_held, &frame.data, &frame.len);

	if (rc != 1)
		return rc;
	tap_received(tap, &frame);
	*ret_frame = frame;
	return 1;
}

/* With the header before it. Return: as tap_read() */
static int tap_read_kernel(struct tap *tap, uint8_t *at, struct virtio_net_hdr *ret_vh,
			   size_t *ret_len)
{
	ssize_t n = read(tap->fd, at, TAP_FRAME_MAX);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if ((size_t)n < sizeof(*ret_vh))
		return 0;
	memcpy(ret_vh, at, sizeof(*ret_vh));
	*ret_len = (size_t)n - sizeof(*ret_vh);
	return 1;
}

int tap_read(struct tap *tap, struct tap_frame *ret_frame)
{
	uint8_t *at = tap->rx_buf + tap->rx_held;
	struct virtio_net_hdr vh = { .flags = 0 };
	struct tap_frame frame = { .data = at + sizeof(vh) };
	int rc;

	if (tap->config.kind == TAP_STREAM)
		return tap_read_stream(tap, ret_frame);
	rc = tap->config.kind == TAP_VHOST
		     ? vhost_read(&tap->vhost, at + sizeof(vh), &vh, &frame.len)
		     : tap_read_kernel(tap, at, &vh, &frame.len);
	if (rc < 0)
		return rc;
	if (rc)
		tap_received(tap, &frame);
	if (!rc || !tap_header_accept(&vh, &frame)) {
		tap->stats.rx_invalid++;
		return 0;
	}
	*ret_frame = frame;
	return 1;
}

bool tap_hold(struct tap *tap, const struct tap_frame *frame)
{
	if (tap->config.kind == TAP_STREAM) {
		tap->rx_held = 1;
		return stream_has_frame(&tap->stream);
	}
	tap->rx_held = (size_t)(frame->data - tap->rx_buf) + frame->len;
	return tap->rx_held <= TAP_RX_HOLD_BYTES;
}

int tap_flush(struct tap *tap)
{
	switch (tap->config.kind) {
	case TAP_STREAM:
		return stream_flush(&tap->stream);
	case TAP_VHOST:
		return vhost_flush(&tap->vhost);
	case TAP_TUN:
		break;
	}
	return 0;
}

void tap_release(struct tap *tap)
{
	tap->rx_held = 0;
}

/* A small frame goes out from one place: copying it costs less than writev(2) more than write(2) */
static ssize_t tap_write_pieces(int fd, const struct iovec *iov, int count)
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

static struct virtio_net_hdr tap_header(const struct tap_offload *offload)
{
	struct virtio_net_hdr vh = { .hdr_len = offload->hdr_len };

	if (offload->needs_csum) {
		vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		vh.csum_start = offload->csum_start;
		vh.csum_offset = offload->csum_offset;
	}
	if (offload->gso != TAP_GSO_NONE) {
		vh.gso_type = offload->gso == TAP_GSO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
			      : offload->ipv6		  ? VIRTIO_NET_HDR_GSO_TCPV6
							  : VIRTIO_NET_HDR_GSO_TCPV4;
		vh.gso_size = offload->gso_size;
	}
	return vh;
}

/* The kernel puts what is behind the headers at the start of a page, as it is in our callers'
 * buffers. At another offset the copy may take thrice as long: "rep movsb" of some processors (AMD
 * Zen) is slow if the destination is a few bytes ahead of the source, modulo 4096. Return: bytes of
 * the frame, or -errno
 */
static ssize_t tap_write_kernel(struct tap *tap, struct iovec *iov, int iov_count,
				struct virtio_net_hdr *vh)
{
	ssize_t n;

	iov[0] = (struct iovec){ vh, sizeof(*vh) };
	n = tap_write_pieces(tap->fd, iov, iov_count);
	return n < 0 ? -errno : n - (ssize_t)sizeof(*vh);
}

/* Return: bytes of frames, or -errno */
static ssize_t tap_write_frame(struct tap *tap, struct iovec *iov, int iov_count,
			       const struct tap_offload *offload)
{
	struct virtio_net_hdr vh;

	if (tap->config.kind == TAP_STREAM)
		return stream_write(&tap->stream, iov + 1, iov_count - 1, offload);
	vh = tap_header(offload);
	if (tap->config.kind == TAP_VHOST)
		return vhost_write(&tap->vhost, iov + 1, iov_count - 1, &vh, offload);
	return tap_write_kernel(tap, iov, iov_count, &vh);
}

int tap_write(struct tap *tap, struct iovec *iov, int iov_count, const struct tap_offload *offload)
{
	ssize_t n;

	for (struct pcap *pcap = tap->pcap; pcap; pcap = pcap->next)
		pcap_write(pcap, iov + 1, iov_count - 1);
	if (tap->trace)
		tap->trace(false, iov + 1, iov_count - 1);
	n = tap_write_frame(tap, iov, iov_count, offload);
	if (n < 0) {
		tap->stats.tx_failed++;
		return (int)n;
	}
	tap->stats.tx_frames++;
	tap->stats.tx_bytes += (size_t)n;
	return 0;
}
