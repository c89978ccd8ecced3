/* SPDX-License-Identifier: Apache-2.0
 *
 * The capture file: every frame of the link, both directions, whole and without its virtio-net
 * header, in the classic pcap format with nanoseconds. It owns the descriptor. The capture never
 * holds the traffic up for long and never ends it: the first failed write (a full disk, a reader
 * that has gone) stops the capture for good, with one warning; frames that a pipe or a socket has
 * no room for are left out, and counted.
 */
#ifndef COMMON_LINK_PCAP_H
#define COMMON_LINK_PCAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/base/log.h"
#include "common/link/frame_filter.h"

/* Pieces of a frame that are captured; a frame in more pieces is shown cut off */
#define PCAP_IOV_MAX 31

/* What a capture is of, and when it's complete; 0: never */
struct pcap_wanted {
	uint64_t frames;
	uint64_t bytes; /* of the file, its header included */
	struct frame_filter filter;
};

struct pcap {
	int fd; /* -1 once the capture has stopped */
	int failure; /* -errno of the write that has stopped it */
	bool is_socket; /* written to without waiting, whatever its flags are */
	bool asked; /* by somebody who is told what becomes of it: nothing is logged */
	bool complete; /* only @rest is still to go */
	struct pcap_wanted wanted;
	struct pcap *next; /* of several that get the same frames */
	uint64_t frames; /* written so far */
	uint64_t bytes; /* of whole records, and of the header */
	uint64_t left_out; /* frames */
	uint8_t *rest; /* of a record that a pipe took the first part of */
	uint32_t rest_at, rest_len; /* what is still to go; 0: nothing */
	struct log_limit left_out_limit;
	pthread_mutex_t lock; /* frames come from all workers */
};

/* pcap_init() - write the file header
 * @fd:	open for writing, a pipe without waiting; owned from here on, also on failure
 *
 * Return: 0, or -errno: the capture has stopped then
 */
int pcap_init(struct pcap *pcap, int fd);
void pcap_fini(struct pcap *pcap);

/* pcap_init_asked() - the same for somebody who asks for it while frames flow, and looks at the
 * struct for what becomes of it
 */
int pcap_init_asked(struct pcap *pcap, int fd, const struct pcap_wanted *wanted);

/* pcap_complete() - no more frames. It stops at once, or when what a socket has taken half of has
 * gone: pcap_flush()
 */
void pcap_complete(struct pcap *pcap);

/* pcap_drop() - stop at once. Never waits, as pcap_fini() may for a moment */
void pcap_drop(struct pcap *pcap);

/* pcap_write() - add a frame, if it is wanted, from its Ethernet header on, at the time of the call
 */
void pcap_write(struct pcap *pcap, const struct iovec *frame, int count);

/* pcap_flush() - a pipe or socket may have room again for what is left of a record */
void pcap_flush(struct pcap *pcap);

#endif
