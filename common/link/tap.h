/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames in and out of the tap, each with a virtio-net header (linux/virtio_net.h), or of a stream
 * socket or a virtual machine's memory in its place. It is opened and configured elsewhere; this
 * module owns one receive buffer and the capture, not the descriptor. Every header field that comes
 * from the namespace is checked here: what tap_read() returns has a consistent gso_size and a known
 * checksum state.
 *
 * Checksums towards the namespace are never computed over payload: tap_write() callers put the
 * pseudo-header sum where the checksum goes and say where that is.
 */
#ifndef COMMON_LINK_TAP_H
#define COMMON_LINK_TAP_H

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/link/neighbours.h"
#include "common/link/offload.h"
#include "common/link/stream.h"
#include "common/link/vhost.h"

/* What frames go by */
enum tap_kind {
	TAP_TUN, /* a tap, whose other side is a kernel */
	TAP_STREAM, /* a guest's stream socket: stream.h */
	TAP_VHOST, /* a guest's memory: vhost.h */
};

/* Largest frame: virtio-net header, Ethernet, a 64 KiB IP packet */
#define TAP_FRAME_MAX (sizeof(struct virtio_net_hdr) + ETH_HLEN + 65536)

struct tap_config {
	uint8_t our_mac[ETH_ALEN];
	uint8_t ns_mac[ETH_ALEN]; /* at start; see neighbours.h */
	struct in6_addr our_ip4, our_ip6; /* what we are to neighbours; unspecified: nothing */
	uint32_t mtu; /* bytes of IP packet */
	bool tso; /* the kernel took TUN_F_TSO4 and TUN_F_TSO6 */
	bool uso; /* the kernel took TUN_F_USO4 and TUN_F_USO6 */
	enum tap_kind kind;
};

/* One frame from the namespace */
struct tap_frame {
	const uint8_t *data; /* Ethernet header first */
	size_t len;
	enum tap_gso gso;
	uint16_t gso_size; /* payload bytes a segment, never 0 unless TAP_GSO_NONE */
	bool csum_known; /* the kernel vouches for it, or will fill it in */
};

struct tap_stats {
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_invalid; /* frames with a broken virtio-net header or length */
	uint64_t tx_failed; /* frames that the kernel refused */
};

/* @iov: a frame, from the Ethernet header on; @to_host: its direction */
typedef void (*tap_trace_fn)(bool to_host, const struct iovec *iov, int count);

struct tap {
	int fd; /* non-blocking; not owned; -1: there is none, or no peer now */
	struct tap_config config;
	struct stream stream; /* of TAP_STREAM */
	uint8_t *rx_buf; /* NULL with a stream */
	size_t rx_held; /* bytes of rx_buf that tap_hold() keeps */
	struct pcap *pcap; /* the first capture; NULL: none */
	tap_trace_fn trace; /* called for every frame; NULL: never */
	struct tap_stats stats;
	struct neighbours neighbours;
	struct vhost vhost; /* of TAP_VHOST */
};

/* tap_is_guest() - whether the inner side is a virtual machine, which comes and goes */
static inline bool tap_is_guest(const struct tap_config *config)
{
	return config->kind != TAP_TUN;
}

/* tap_init() - Return: 0 or -errno */
int tap_init(struct tap *tap, int fd, const struct tap_config *config);
void tap_fini(struct tap *tap);

/* tap_read() - next frame; it stays valid until the next tap_read(), or tap_release() if held
 *
 * Return: 1 with *ret_frame set; 0 if the frame was dropped (counted); -EAGAIN if there is none;
 *	   another -errno if the tap is gone
 */
int tap_read(struct tap *tap, struct tap_frame *ret_frame);

/* tap_hold() - keep the frame last read across later reads
 *
 * Return: true if at least one more frame can be read before tap_release()
 */
bool tap_hold(struct tap *tap, const struct tap_frame *frame);

/* tap_release() - let all held frames go */
void tap_release(struct tap *tap);

/* tap_has_frame() - whether tap_read() has a frame without asking the kernel, which no event tells
 */
static inline bool tap_has_frame(const struct tap *tap)
{
	return tap->config.kind == TAP_STREAM && stream_has_frame(&tap->stream);
}

/* tap_connect() - frames are a new peer's from here on; nothing that is known of the last one is
 * kept. For a guest only
 * @fd:		-1: nobody's
 */
void tap_connect(struct tap *tap, int fd);

/* tap_has_peer() - whether there is an inner side now */
static inline bool tap_has_peer(const struct tap *tap)
{
	return tap->fd >= 0;
}

/* tap_watch_rings() - for TAP_VHOST, before the first peer
 * @on_kick:	called by @loop when there are frames, or room for some
 */
void tap_watch_rings(struct tap *tap, struct loop *loop, const watch_fn on_kick[VHOST_QUEUES]);

/* tap_control() - for TAP_VHOST: the descriptor is readable. Return: 0, or -errno: the peer is gone
 */
int tap_control(struct tap *tap);

/* tap_reason() - why reading or writing said -EPROTO */
const char *tap_reason(const struct tap *tap);

/* tap_flush() - at the end of a batch: send what waits. Return: 0, or -EAGAIN if something is left,
 * for when the descriptor is writable or there is a kick; another -errno if the peer is gone
 */
int tap_flush(struct tap *tap);

/* tap_is_full() - whether who can wait with sending should: tap_flush() is going to tell */
static inline bool tap_is_full(const struct tap *tap)
{
	switch (tap->config.kind) {
	case TAP_STREAM:
		return stream_is_full(&tap->stream);
	case TAP_VHOST:
		return vhost_is_full(&tap->vhost);
	case TAP_TUN:
		break;
	}
	return false;
}

/* tap_write() - one frame towards the namespace
 * @iov:	iov[0] is for the virtio-net header and is filled in here; the frame, from the
 *		Ethernet header on, is in iov[1] and following
 *
 * Return: 0 or -errno (counted)
 */
int tap_write(struct tap *tap, struct iovec *iov, int iov_count, const struct tap_offload *offload);

#endif
