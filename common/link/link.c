/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the same whatever frames go by, and which backend does the rest. The receive buffer is
 * small enough to stay in L2; only runs of small frames are held to go out together, and they use
 * its second part. What a program writes in two pieces, a header and what it is the header of, is
 * two frames of a tap as well, and would be two system calls and two packets more on the host's
 * side: while frames come one after the other, the one behind a small segment is looked at before
 * that is handed on.
 */
#include "common/link/link.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/iov.h"
#include "common/base/linux_compat.h"
#include "common/link/pcap.h"

/* Room for held frames besides the one being read */
#define LINK_RX_HOLD_BYTES (64 * 1024)
/* and where frames of a tap that are read as one have their header, and the rest if it's gathered
 */
#define LINK_RX_MERGED (LINK_RX_HOLD_BYTES + ROUND_UP(LINK_FRAME_MAX, LINK_RX_PLACE))
#define LINK_RX_BYTES (LINK_RX_MERGED + LINK_FRAME_MAX)

/* A frame that is read ahead starts a page of its own: see tap.c */
#define LINK_RX_PLACE 4096

int link_init(struct link *link, int fd, const struct link_config *config)
{
	void *buf;
	int rc;

	*link = (struct link){ .fd = fd, .from = fd, .config = *config };
	neighbours_init(&link->neighbours, config->ns_mac);
	if (config->kind == LINK_STREAM) {
		rc = stream_init(&link->stream);
		if (rc)
			return rc;
		stream_connect(&link->stream, fd);
	}
	if (config->kind == LINK_VHOST) {
		rc = vhost_init(&link->vhost, vhost_device_features(config->tso, config->uso));
		if (rc)
			return rc;
	}
	buf = mmap(NULL, LINK_RX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		return -ENOMEM;
	link->rx_buf = buf;
	return 0;
}

void link_fini(struct link *link)
{
	if (link->rx_buf)
		munmap(link->rx_buf, LINK_RX_BYTES);
	link->rx_buf = NULL;
	stream_fini(&link->stream);
	vhost_fini(&link->vhost);
}

void link_connect(struct link *link, int fd)
{
	link->fd = fd;
	if (link->config.kind == LINK_VHOST)
		vhost_connect(&link->vhost, fd);
	else
		stream_connect(&link->stream, fd);
	neighbours_init(&link->neighbours, link->config.ns_mac);
}

void link_watch_rings(struct link *link, struct loop *loop, const watch_fn on_kick[VHOST_QUEUES])
{
	link->vhost.device.loop = loop;
	memcpy(link->vhost.device.on_kick, on_kick, sizeof(link->vhost.device.on_kick));
}

int link_control(struct link *link)
{
	return vhost_control(&link->vhost);
}

const char *link_reason(const struct link *link)
{
	return link->config.kind == LINK_VHOST ? link->vhost.device.reason
					       : "a frame of an impossible length";
}

/* Checks the header that came with @ret_frame->len bytes and fills in the rest of the frame */
static bool link_header_accept(const struct virtio_net_hdr *vh, struct link_frame *ret_frame)
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
		ret_frame->gso = LINK_GSO_NONE;
		ret_frame->gso_size = 0;
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		ret_frame->gso = LINK_GSO_TCP;
		return vh->gso_size;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		ret_frame->gso = LINK_GSO_UDP;
		return vh->gso_size;
	default:
		return false;
	}
}

void link_gather(struct link *link, const struct link_frame *frame)
{
	size_t len = 0;
	uint8_t *to;

	if (!frame->piece_count)
		return;
	for (int i = 0; i < frame->piece_count; i++)
		len += frame->pieces[i].iov_len;
	to = link->rx_buf + (frame->data - link->rx_buf) + frame->len - len;
	iov_gather(frame->pieces, frame->piece_count, to, len);
}

static void link_received(struct link *link, const struct link_frame *frame)
{
	const struct iovec iov = { (void *)(uintptr_t)frame->data, frame->len };

	link->stats.rx_frames++;
	link->stats.rx_bytes += frame->len;
	if (!link->pcap && !link->trace)
		return;
	link_gather(link, frame);
	for (struct pcap *pcap = link->pcap; pcap; pcap = pcap->next)
		pcap_write(pcap, &iov, 1);
	if (link->trace)
		link->trace(true, &iov, 1);
}

/* What was read as one, with its header at @at */
static void link_emit_run(struct link *link, uint8_t *at, struct link_frame *frame)
{
	struct tcp_run *run = &link->run;

	if (run->count == 1)
		return;
	tcp_run_emit(run, at);
	frame->data = at;
	frame->len = run->header_len + run->payload_len;
	frame->pieces = run->pieces;
	frame->piece_count = run->count;
}

/* A guest sends many small segments, each of which would be a system call more for its socket: what
 * has come in one go is read as one
 */
static void link_read_run(struct link *link, struct link_frame *frame)
{
	struct tcp_run *run = &link->run;
	struct link_frame next = { .data = NULL };

	while (stream_peek(&link->stream, &next.data, &next.len) &&
	       tcp_run_add(run, next.data, next.len, false)) {
		stream_read(&link->stream, true, &next.data, &next.len);
		link_received(link, &next);
	}
	link_emit_run(link, link->rx_buf, frame);
}

static int link_read_stream(struct link *link, struct link_frame *ret_frame)
{
	struct link_frame frame = { .gso = LINK_GSO_NONE };
	int rc = stream_read(&link->stream, link->rx_held, &frame.data, &frame.len);

	if (rc != 1)
		return rc;
	link_received(link, &frame);
	if (tcp_run_start(&link->run, frame.data, frame.len, false)) {
		frame.csum_known = true;
		link_read_run(link, &frame);
	}
	*ret_frame = frame;
	return 1;
}

/* What has come from the tap or from a ring. Return: as link_read() */
static int link_accept(struct link *link, int rc, const struct virtio_net_hdr *vh,
		       struct link_frame *frame)
{
	if (rc)
		link_received(link, frame);
	if (rc && link_header_accept(vh, frame))
		return 1;
	link->stats.rx_invalid++;
	return 0;
}

static int link_read_vhost(struct link *link, struct link_frame *ret_frame)
{
	uint8_t *at = link->rx_buf + link->rx_held;
	struct virtio_net_hdr vh = { .flags = 0 };
	struct link_frame frame = { .data = at + sizeof(vh) };
	struct vhost_rest rest = { .count = 0 };
	int rc = vhost_read(&link->vhost, at + sizeof(vh), &vh, &frame.len, &rest);

	if (rc < 0)
		return rc;
	frame.pieces = rest.pieces;
	frame.piece_count = rest.count;
	rc = link_accept(link, rc, &vh, &frame);
	if (rc)
		*ret_frame = frame;
	return rc;
}

/* Whether the frame that was read ahead is part of the run, which it is then */
static bool link_take_ahead(struct link *link)
{
	struct link_ahead *ahead = &link->ahead;
	struct link_frame next = { .data = ahead->data, .len = ahead->len };

	if (!link_header_accept(&ahead->header, &next) || next.gso != LINK_GSO_NONE ||
	    !tcp_run_add(&link->run, next.data, next.len, next.csum_known))
		return false;
	ahead->is_there = false;
	link_received(link, &next);
	return true;
}

/* Behind a segment that starts a run */
static void link_read_ahead(struct link *link, struct link_frame *frame)
{
	struct link_ahead *ahead = &link->ahead;
	const uint8_t *end = frame->data + frame->len;
	size_t place;
	int rc;

	do {
		place = ROUND_UP((size_t)(end - link->rx_buf), LINK_RX_PLACE);
		if (place > LINK_RX_HOLD_BYTES)
			break;
		rc = tap_read(link->from, link->rx_buf + place, &ahead->header, &ahead->len);
		ahead->was_last = rc == -EAGAIN;
		link->stats.rx_invalid += !rc;
		if (rc != 1)
			break; /* a tap that is gone says so again */
		ahead->is_there = true;
		ahead->data = link->rx_buf + place + sizeof(ahead->header);
		end = ahead->data + ahead->len;
	} while (link_take_ahead(link));
	link_emit_run(link, link->rx_buf + LINK_RX_MERGED, frame);
}

static int link_read_tap(struct link *link, struct link_frame *ret_frame)
{
	uint8_t *at = link->rx_buf + link->rx_held;
	struct virtio_net_hdr vh = link->ahead.header;
	struct link_frame frame = { .data = link->ahead.data, .len = link->ahead.len };
	int rc = link->ahead.is_there ? 1 : link->ahead.was_last ? -EAGAIN : 0;

	link->ahead.is_there = link->ahead.was_last = false;
	if (!rc) {
		rc = tap_read(link->from, at, &vh, &frame.len);
		frame.data = at + sizeof(vh);
	}
	if (rc >= 0)
		rc = link_accept(link, rc, &vh, &frame);
	if (rc != 1)
		return rc;
	if (link->reads_ahead && frame.gso == LINK_GSO_NONE && frame.len < LINK_RX_PLACE &&
	    tcp_run_start(&link->run, frame.data, frame.len, frame.csum_known)) {
		frame.csum_known = true;
		link_read_ahead(link, &frame);
	}
	*ret_frame = frame;
	return 1;
}

int link_read(struct link *link, struct link_frame *ret_frame)
{
	switch (link->config.kind) {
	case LINK_STREAM:
		return link_read_stream(link, ret_frame);
	case LINK_VHOST:
		return link_read_vhost(link, ret_frame);
	case LINK_TAP:
		break;
	}
	return link_read_tap(link, ret_frame);
}

bool link_hold(struct link *link, const struct link_frame *frame)
{
	if (link->config.kind == LINK_STREAM) {
		link->rx_held = 1;
		return stream_has_frame(&link->stream);
	}
	link->rx_held = (size_t)(frame->data - link->rx_buf) + frame->len;
	return link->rx_held <= LINK_RX_HOLD_BYTES;
}

int link_flush(struct link *link)
{
	switch (link->config.kind) {
	case LINK_STREAM:
		return stream_flush(&link->stream);
	case LINK_VHOST:
		return vhost_flush(&link->vhost);
	case LINK_TAP:
		break;
	}
	return 0;
}

void link_release(struct link *link)
{
	link->rx_held = 0;
	if (link->config.kind == LINK_VHOST)
		vhost_release(&link->vhost);
}

static struct virtio_net_hdr link_header(const struct link_offload *offload)
{
	struct virtio_net_hdr vh = { .hdr_len = offload->hdr_len };

	if (offload->needs_csum) {
		vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		vh.csum_start = offload->csum_start;
		vh.csum_offset = offload->csum_offset;
	}
	if (offload->gso != LINK_GSO_NONE) {
		vh.gso_type = offload->gso == LINK_GSO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
			      : offload->ipv6		   ? VIRTIO_NET_HDR_GSO_TCPV6
							   : VIRTIO_NET_HDR_GSO_TCPV4;
		vh.gso_size = offload->gso_size;
	}
	return vh;
}

int link_find_room(struct link *link, const struct link_room *room, struct iovec *iov, int max)
{
	switch (link->config.kind) {
	case LINK_STREAM:
		return stream_find_room(&link->stream, room, iov, max);
	case LINK_VHOST:
		return vhost_find_room(&link->vhost, room, iov, max);
	case LINK_TAP:
		break;
	}
	return 0;
}

/* Return: bytes of frames, or -errno */
static ssize_t link_write_frame(struct link *link, struct iovec *iov, int iov_count,
				const struct link_offload *offload)
{
	struct virtio_net_hdr vh;

	if (link->config.kind == LINK_STREAM)
		return stream_write(&link->stream, iov + 1, iov_count - 1, offload);
	vh = link_header(offload);
	if (link->config.kind == LINK_VHOST)
		return vhost_write(&link->vhost, iov + 1, iov_count - 1, &vh, offload);
	return tap_write(link->fd, iov, iov_count, &vh);
}

int link_write(struct link *link, struct iovec *iov, int iov_count,
	       const struct link_offload *offload)
{
	ssize_t n;

	for (struct pcap *pcap = link->pcap; pcap; pcap = pcap->next)
		pcap_write(pcap, iov + 1, iov_count - 1);
	if (link->trace)
		link->trace(false, iov + 1, iov_count - 1);
	n = link_write_frame(link, iov, iov_count, offload);
	if (n < 0) {
		link->stats.tx_failed++;
		return (int)n;
	}
	link->stats.tx_frames++;
	link->stats.tx_bytes += (size_t)n;
	return 0;
}
