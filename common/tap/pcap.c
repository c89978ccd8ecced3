/* SPDX-License-Identifier: Apache-2.0
 *
 * File format: draft-ietf-opsawg-pcap, in the writer's byte order, which the magic tells. A record
 * goes out in one writev(2). Where a write fails in the middle of a record the file ends in half a
 * record; readers of captures show what precedes it.
 */
#include "common/tap/pcap.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"

#define PCAP_MAGIC_NS 0xa1b23c4d
#define PCAP_VERSION_MAJOR 2
#define PCAP_VERSION_MINOR 4
#define PCAP_LINKTYPE_ETHERNET 1
/* Above the largest frame: nothing is ever cut off by length */
#define PCAP_SNAPLEN 262144

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

/* Writes all of @iov, which it changes. Return: 0 or -errno */
static int write_all(int fd, struct iovec *iov, int count)
{
	while (count) {
		ssize_t n = writev(fd, iov, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
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

static void stop(struct pcap *pcap, int rc)
{
	log_warning("capture stopped after %llu frames: %s", (unsigned long long)pcap->frames,
		    strerror(-rc));
	/* Readers complain of half a record; a pipe can't be cut */
	if (ftruncate(pcap->fd, (off_t)pcap->bytes))
		log_debug("the capture may end with half a frame: %s", strerror(errno));
	pcap_fini(pcap);
}

int pcap_init(struct pcap *pcap, int fd)
{
	struct pcap_file_header header = {
		.magic = PCAP_MAGIC_NS,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = PCAP_SNAPLEN,
		.linktype = PCAP_LINKTYPE_ETHERNET,
	};
	int rc;

	*pcap = (struct pcap){ .fd = fd };
	rc = write_all(fd, &(struct iovec){ &header, sizeof(header) }, 1);
	if (rc)
		stop(pcap, rc);
	else
		pcap->bytes = sizeof(header);
	return rc;
}

void pcap_fini(struct pcap *pcap)
{
	if (pcap->fd >= 0)
		close(pcap->fd);
	pcap->fd = -1;
}

void pcap_write(struct pcap *pcap, const struct iovec *frame, int count)
{
	struct iovec iov[1 + PCAP_IOV_MAX];
	struct pcap_record_header header;
	struct timespec now;
	size_t captured = 0, total = 0;
	int used = 1, rc;

	if (pcap->fd < 0)
		return;
	for (int i = 0; i < count; i++) {
		total += frame[i].iov_len;
		if (used <= PCAP_IOV_MAX) {
			iov[used++] = frame[i];
			captured = total;
		}
	}
	clock_gettime(CLOCK_REALTIME, &now);
	header.seconds = (uint32_t)now.tv_sec;
	header.nanoseconds = (uint32_t)now.tv_nsec;
	header.captured_len = (uint32_t)captured;
	header.frame_len = (uint32_t)total;
	iov[0] = (struct iovec){ &header, sizeof(header) };
	rc = write_all(pcap->fd, iov, used);
	if (rc) {
		stop(pcap, rc);
		return;
	}
	pcap->frames++;
	pcap->bytes += sizeof(header) + captured;
}
