/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames in and out of the inner side, namespace or guest: by a tap, by a stream socket or by a
 * virtual machine's memory. It is opened and configured elsewhere; this module owns one receive
 * buffer and the capture, not the descriptor. Every field of a virtio-net header
 * (linux/virtio_net.h) that comes from the inner side is checked here: what link_read() returns has
 * a consistent gso_size and a known checksum state.
 *
 * Checksums towards the namespace are never computed over payload: link_write() callers put the
 * pseudo-header sum where the checksum goes and say where that is.
 */
#ifndef COMMON_LINK_LINK_H
#define COMMON_LINK_LINK_H

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/link/neighbours.h"
#include "common/link/offload.h"
#include "common/link/stream.h"
#include "common/link/tap.h"
#include "common/link/tcp_run.h"
#include "common/link/vhost.h"

/* What frames go by */
enum link_kind {
	LINK_TAP, /* whose other side is a kernel: tap.h */
	LINK_STREAM, /* a guest's stream socket: stream.h */
	LINK_VHOST, /* a guest's memory: vhost.h */
};

/* Largest frame of any backend, its virtio-net header before it */
#define LINK_FRAME_MAX TAP_FRAME_MAX

struct link_config {
	uint8_t our_mac[ETH_ALEN];
	uint8_t ns_mac[ETH_ALEN]; /* at start, all zeroes for a guest; see neighbours.h */
	struct in6_addr our_ip4, our_ip6; /* what we are to neighbours; unspecified: nothing */
	uint32_t mtu; /* bytes of IP packet */
	bool tso; /* the kernel took TUN_F_TSO4 and TUN_F_TSO6 */
	bool uso; /* the kernel took TUN_F_USO4 and TUN_F_USO6 */
	enum link_kind kind;
};

/* One frame from the namespace */
struct link_frame {
	const uint8_t *data; /* Ethernet header first */
	size_t len;
	enum link_gso gso;
	uint16_t gso_size; /* payload bytes a segment, never 0 unless LINK_GSO_NONE */
	bool csum_known; /* the kernel vouches for it, or will fill it in */
	/* Of TCP, the payload can be somewhere else: link_gather(). Then only the headers are in
	 * @data; the pieces may be changed
	 */
	struct iovec *pieces;
	int piece_count; /* 0: all of the frame is in @data */
};

struct link_stats {
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_invalid; /* frames with a broken virtio-net header or length */
	uint64_t tx_failed; /* frames that the kernel refused */
};

/* @iov: a frame, from the Ethernet header on; @to_host: its direction */
typedef void (*link_trace_fn)(bool to_host, const struct iovec *iov, int count);

/* A frame that was read before its turn, as it came */
struct link_ahead {
	bool is_there;
	bool was_last; /* and there was none behind the last one that was read */
	struct virtio_net_hdr header;
	const uint8_t *data;
	size_t len;
};

struct link {
	int fd; /* non-blocking; not owned; -1: there is none, or no peer now */
	int from; /* of a tap: where frames are read, @fd or another queue of it */
	struct link_config config;
	struct stream stream; /* of LINK_STREAM */
	struct tcp_run run; /* the frames that were read as one */
	struct link_ahead ahead; /* of a tap */
	bool reads_ahead; /* small segments of a tap that follow one another are read as one */
	uint8_t *rx_buf;
	size_t rx_held; /* bytes of rx_buf that link_hold() keeps */
	struct pcap *pcap; /* the first capture; NULL: none */
	link_trace_fn trace; /* called for every frame; NULL: never */
	struct link_stats stats;
	struct neighbours neighbours;
	struct vhost vhost; /* of LINK_VHOST */
};

/* link_is_guest() - whether the inner side is a virtual machine, which comes and goes */
static inline bool link_is_guest(const struct link_config *config)
{
	return config->kind != LINK_TAP;
}

/* link_init() - Return: 0 or -errno */
int link_init(struct link *link, int fd, const struct link_config *config);
void link_fini(struct link *link);

/* link_read() - next frame; it stays valid until the next link_read(), or link_release() if held
 *
 * Return: 1 with *ret_frame set; 0 if the frame was dropped (counted); -EAGAIN if there is none,
 *	   or was none a moment ago; another -errno if the link is gone
 */
int link_read(struct link *link, struct link_frame *ret_frame);

/* link_gather() - have all of a frame in its @data, before its pieces were changed */
void link_gather(struct link *link, const struct link_frame *frame);

/* link_hold() - keep the frame last read across later reads
 *
 * Return: true if at least one more frame can be read before link_release()
 */
bool link_hold(struct link *link, const struct link_frame *frame);

/* link_release() - let all held frames go */
void link_release(struct link *link);

/* link_has_frame() - whether link_read() has a frame without asking the kernel, which no event
 * tells
 */
static inline bool link_has_frame(const struct link *link)
{
	return link->ahead.is_there ||
	       (link->config.kind == LINK_STREAM && stream_has_frame(&link->stream));
}

/* link_connect() - frames are a new peer's from here on; nothing that is known of the last one is
 * kept. For a guest only
 * @fd:		-1: nobody's
 */
void link_connect(struct link *link, int fd);

/* link_has_peer() - whether there is an inner side now */
static inline bool link_has_peer(const struct link *link)
{
	return link->fd >= 0;
}

/* link_watch_rings() - for LINK_VHOST, before the first peer
 * @on_kick:	called by @loop when there are frames, or room for some
 */
void link_watch_rings(struct link *link, struct loop *loop, const watch_fn on_kick[VHOST_QUEUES]);

/* link_control() - for LINK_VHOST: the descriptor is readable. Return: 0, or -errno: the peer is
 * gone
 */
int link_control(struct link *link);

/* link_reason() - why reading or writing said -EPROTO */
const char *link_reason(const struct link *link);

/* link_flush() - at the end of a batch: send what waits. Return: 0, or -EAGAIN if something is
 * left, for when the descriptor is writable or there is a kick; another -errno if the peer is gone
 */
int link_flush(struct link *link);

/* link_is_full() - whether who can wait with sending should: link_flush() is going to tell */
static inline bool link_is_full(const struct link *link)
{
	switch (link->config.kind) {
	case LINK_STREAM:
		return stream_is_full(&link->stream);
	case LINK_VHOST:
		return vhost_is_full(&link->vhost);
	case LINK_TAP:
		break;
	}
	return false;
}

/* link_find_room() - where a segment's payload may be put so that link_write() need not copy it
 * @iov:	pieces, @max at most
 *
 * Until the next link_write(), which is given pieces of the same bytes from the first on, or has
 * nothing to do with them.
 *
 * Return: how many pieces; 0: there's no such place, now or ever
 */
int link_find_room(struct link *link, const struct link_room *room, struct iovec *iov, int max);

/* link_write() - one frame towards the namespace
 * @iov:	iov[0] is for the virtio-net header and is filled in here; the frame, from the
 *		Ethernet header on, is in iov[1] and following
 *
 * Return: 0 or -errno (counted)
 */
int link_write(struct link *link, struct iovec *iov, int iov_count,
	       const struct link_offload *offload);

#endif
