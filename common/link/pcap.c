/* SPDX-License-Identifier: Apache-2.0
 *
 * File format: draft-ietf-opsawg-pcap, in the writer's byte order, which the magic tells. A record
 * goes out in one writev(2) or sendmsg(2). Where a write fails in the middle of a record the file
 * ends in half a record; readers of captures show what precedes it.
 */
#include "common/link/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/iov.h"
#include "common/base/log.h"

#define PCAP_MAGIC_NS 0xa1b23c4d
#define PCAP_VERSION_MAJOR 2
#define PCAP_VERSION_MINOR 4
#define PCAP_LINKTYPE_ETHERNET 1
/* Above the largest frame: nothing is ever cut off by length */
#define PCAP_SNAPLEN 262144
/* A record of the largest frame */
#define PCAP_RECORD_MAX (128 * 1024)
/* More than the largest frame */
#define PCAP_FRAME_MAX (65536 + 64)
/* How long a pipe's reader may take for each piece of the last record */
#define PCAP_LAST_MS 200

struct pcap_file_header {
	uint32_t magic;
	uint16_t version_major;
	uint16_t version_minor;
	uint32_t reserved[2];
	uint32_t snaplen;
	uint32_t linktype;
};

struct pcap_record_header {
	uint32_t seconds;
	uint32_t nanoseconds;
	uint32_t captured_len;
	uint32_t frame_len;
};

/* Keeps what a pipe has not taken of a record. Return: 0, or -ENOBUFS: it ends in half a record */
static int keep_rest(struct pcap *pcap, const struct iovec *iov, int count)
{
	pcap->rest_at = pcap->rest_len = 0;
	for (int i = 0; i < count; i++) {
		if (!pcap->rest || iov[i].iov_len > PCAP_RECORD_MAX - pcap->rest_len)
			return -ENOBUFS;
		memcpy(pcap->rest + pcap->rest_len, iov[i].iov_base, iov[i].iov_len);
		pcap->rest_len += (uint32_t)iov[i].iov_len;
	}
	return 0;
}

/* Whoever has passed a socket has its flags in hand, so they don't count */
static ssize_t write_some(const struct pcap *pcap, struct iovec *iov, int count)
{
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };

	if (pcap->is_socket)
		return sendmsg(pcap->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	return writev(pcap->fd, iov, count);
}

/* Writes all of @iov, which it changes, or keeps the rest. Return: 0; -EAGAIN if a pipe took
 * nothing of it; or another -errno
 */
static int write_all(struct pcap *pcap, struct iovec *iov, int count)
{
	bool begun = false;

	while (count) {
		ssize_t n = write_some(pcap, iov, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && begun)
			return keep_rest(pcap, iov, count);
		if (n < 0)
			return -errno;
		begun |= n > 0;
		while (count && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (count) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static void release(struct pcap *pcap)
{
	fds_close(&pcap->fd);
	free(pcap->rest);
	pcap->rest = NULL;
	pcap->rest_len = 0;
}

static void stop(struct pcap *pcap, int rc)
{
	pcap->failure = rc;
	if (!pcap->asked)
		log_warning("capture stopped after %llu frames: %s",
			    (unsigned long long)pcap->frames, strerror(-rc));
	/* Readers complain of half a record; a pipe can't be cut */
	if (ftruncate(pcap->fd, (off_t)pcap->bytes))
		log_debug("the capture may end with half a frame: %s", strerror(errno));
	release(pcap);
}

static bool is_socket(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISSOCK(st.st_mode);
}

static int start(struct pcap *pcap)
{
	struct pcap_file_header header = {
		.magic = PCAP_MAGIC_NS,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = PCAP_SNAPLEN,
		.linktype = PCAP_LINKTYPE_ETHERNET,
	};
	int rc;

	pcap->is_socket = is_socket(pcap->fd);
	if (pcap->is_socket || fcntl(pcap->fd, F_GETFL) & O_NONBLOCK)
		pcap->rest = malloc(PCAP_RECORD_MAX);
	rc = write_all(pcap, &(struct iovec){ &header, sizeof(header) }, 1);
	if (rc)
		stop(pcap, rc);
	else
		pcap->bytes = sizeof(header);
	return rc;
}

int pcap_init(struct pcap *pcap, int fd)
{
	*pcap = (struct pcap){ .fd = fd, .lock = PTHREAD_MUTEX_INITIALIZER };
	return start(pcap);
}

int pcap_init_asked(struct pcap *pcap, int fd, const struct pcap_wanted *wanted)
{
	*pcap = (struct pcap){
		.fd = fd,
		.wanted = *wanted,
		.asked = true,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	return start(pcap);
}

static void flush(struct pcap *pcap)
{
	while (pcap->rest_len) {
		struct iovec rest = { pcap->rest + pcap->rest_at, pcap->rest_len };
		ssize_t n = write_some(pcap, &rest, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			stop(pcap, -errno);
		if (n < 0)
			return;
		pcap->rest_at += (uint32_t)n;
		pcap->rest_len -= (uint32_t)n;
	}
	if (pcap->complete)
		release(pcap);
}

void pcap_flush(struct pcap *pcap)
{
	pthread_mutex_lock(&pcap->lock);
	flush(pcap);
	pthread_mutex_unlock(&pcap->lock);
}

static void complete(struct pcap *pcap)
{
	pcap->complete = true;
	flush(pcap);
}

void pcap_complete(struct pcap *pcap)
{
	pthread_mutex_lock(&pcap->lock);
	complete(pcap);
	pthread_mutex_unlock(&pcap->lock);
}

void pcap_drop(struct pcap *pcap)
{
	release(pcap);
}

/* Half a record at the end would be an error to readers: one that is there gets a moment for it */
static void finish_rest(struct pcap *pcap)
{
	struct pollfd p = { .fd = pcap->fd, .events = POLLOUT };

	while (pcap->rest_len && poll(&p, 1, PCAP_LAST_MS) > 0)
		pcap_flush(pcap);
}

void pcap_fini(struct pcap *pcap)
{
	finish_rest(pcap);
	release(pcap);
}

static void leave_out(struct pcap *pcap)
{
	uint64_t more;

	pcap->left_out++;
	if (!pcap->asked && log_limit_pass(&pcap->left_out_limit, clock_now_ns(), &more))
		log_warning("a frame is missing in the capture: nobody reads it fast enough%s",
			    log_limit_more(more).text);
}

/* Parsers take a frame in one piece */
static bool is_wanted(const struct frame_filter *filter, const struct iovec *frame, int count)
{
	uint8_t whole[PCAP_FRAME_MAX];

	if (!filter->count)
		return true;
	if (count == 1)
		return frame_filter_match(filter, frame->iov_base, frame->iov_len);
	return frame_filter_match(filter, whole, iov_gather(frame, count, whole, sizeof(whole)));
}

static void add(struct pcap *pcap, const struct iovec *frame, int count)
{
	struct iovec iov[1 + PCAP_IOV_MAX];
	struct pcap_record_header header;
	struct timespec now;
	size_t captured = 0, total = 0;
	int used = 1, rc;

	if (pcap->rest_len)
		flush(pcap);
	if (pcap->fd < 0 || pcap->complete || !is_wanted(&pcap->wanted.filter, frame, count))
		return;
	if (pcap->rest_len) {
		leave_out(pcap);
		return;
	}
	for (int i = 0; i < count; i++) {
		total += frame[i].iov_len;
		if (used <= PCAP_IOV_MAX) {
			iov[used++] = frame[i];
			captured = total;
		}
	}
	if (pcap->wanted.bytes && pcap->bytes + sizeof(header) + captured > pcap->wanted.bytes) {
		complete(pcap);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	header.seconds = (uint32_t)now.tv_sec;
	header.nanoseconds = (uint32_t)now.tv_nsec;
	header.captured_len = (uint32_t)captured;
	header.frame_len = (uint32_t)total;
	iov[0] = (struct iovec){ &header, sizeof(header) };
	rc = write_all(pcap, iov, used);
	if (rc == -EAGAIN) {
		leave_out(pcap);
		return;
	}
	if (rc) {
		stop(pcap, rc);
		return;
	}
	pcap->frames++;
	pcap->bytes += sizeof(header) + captured;
	if (pcap->wanted.frames && pcap->frames >= pcap->wanted.frames)
		complete(pcap);
}

void pcap_write(struct pcap *pcap, const struct iovec *frame, int count)
{
	pthread_mutex_lock(&pcap->lock);
	add(pcap, frame, count);
	pthread_mutex_unlock(&pcap->lock);
}
