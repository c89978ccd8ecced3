/* SPDX-License-Identifier: Apache-2.0
 *
 * A socket is not watched for room: whoever passed it still has it, so that the kernel would go on
 * watching it when we have closed ours. What it has taken half of goes on with the next frame, or
 * when somebody asks how the capture is.
 */
#include "common/engine/live_capture.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void live_capture_init(struct live_capture *capture, struct link *link)
{
	*capture = (struct live_capture){ .link = link,
					  .pcap.fd = -1,
					  .pcap.lock = PTHREAD_MUTEX_INITIALIZER };
}

void live_capture_fini(struct live_capture *capture)
{
	live_capture_drop(capture);
}

static bool is_stream(int fd)
{
	socklen_t len = sizeof(int);
	int type;

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_STREAM;
}

/* Pipes could make us wait: their flags are those of whoever passed them. Return: 0 or -errno */
static int check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode))
		return ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
	return S_ISSOCK(st.st_mode) && is_stream(fd) ? 0 : -ENOTSUP;
}

static int check(struct live_capture *capture, int fd, struct err *err)
{
	int rc;

	if (capture->link->fd < 0 && !link_is_guest(&capture->link->config))
		return err_set(err, -ENODEV, "there is no tap, and so there are no frames");
	if (live_capture_is_running(capture))
		return err_set(err, -EBUSY, "another one is running");
	rc = check_kind(fd);
	if (rc == -ENOTSUP)
		return err_set(err, rc, "the descriptor must be of a file or a stream socket");
	return rc ? err_set(err, rc, "cannot empty the file: %s", strerror(-rc)) : 0;
}

static void unlink_capture(struct live_capture *capture)
{
	struct pcap **at = &capture->link->pcap;

	while (*at && *at != &capture->pcap)
		at = &(*at)->next;
	if (*at)
		*at = capture->pcap.next;
	capture->pcap.next = NULL;
}

int live_capture_start(struct live_capture *capture, int fd, const struct pcap_wanted *wanted,
		       struct err *err)
{
	int rc = check(capture, fd, err);

	if (rc) {
		close(fd);
		return rc;
	}
	rc = pcap_init_asked(&capture->pcap, fd, wanted);
	if (rc)
		return err_set(err, rc, "cannot write to the descriptor: %s", strerror(-rc));
	capture->pcap.next = capture->link->pcap;
	capture->link->pcap = &capture->pcap;
	capture->number++;
	return 0;
}

void live_capture_stop(struct live_capture *capture)
{
	pcap_complete(&capture->pcap);
	live_capture_is_running(capture);
}

void live_capture_drop(struct live_capture *capture)
{
	unlink_capture(capture);
	pcap_drop(&capture->pcap);
}

bool live_capture_is_running(struct live_capture *capture)
{
	pcap_flush(&capture->pcap);
	if (capture->pcap.fd < 0)
		unlink_capture(capture);
	return capture->pcap.fd >= 0;
}
