/* SPDX-License-Identifier: Apache-2.0
 *
 * A read ends behind the message that had a descriptor, but may have begun before it: so what came
 * in one read with it is all that can be known of where it belongs.
 */
#include "common/control/capture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/util.h"
#include "common/engine/live_capture.h"

void control_capture_init(struct control_capture *capture)
{
	*capture = (struct control_capture){ .fd = -1 };
}

void control_capture_fini(struct control_capture *capture, struct engine *engine)
{
	fds_close(&capture->fd);
	if (control_capture_is_running(capture, engine))
		live_capture_drop(engine_live_capture(engine));
	capture->number = 0;
}

void control_capture_offer(struct control_capture *capture, int fd, size_t from, size_t to)
{
	if (capture->fd >= 0) {
		close(fd);
		return;
	}
	capture->fd = fd;
	capture->from = from;
	capture->to = to;
}

void control_capture_line(struct control_capture *capture, size_t len)
{
	capture->line_len = len;
}

void control_capture_line_end(struct control_capture *capture)
{
	size_t len = capture->line_len;

	if (capture->fd < 0)
		return;
	if (capture->to <= len)
		fds_close(&capture->fd);
	capture->from -= MIN(len, capture->from);
	capture->to -= MIN(len, capture->to);
}

int control_capture_take(struct control_capture *capture)
{
	int fd = capture->fd;

	if (fd < 0 || capture->from >= capture->line_len)
		return -1;
	capture->fd = -1;
	return fd;
}

static int start(struct control_capture *capture, struct live_capture *live,
		 const struct pcap_wanted *wanted, struct err *err)
{
	int fd = control_capture_take(capture), rc;
	struct err why;

	if (fd < 0)
		return err_set(err, -EBADF,
			       "capture start: no descriptor came with it, or several");
	rc = live_capture_start(live, fd, wanted, &why);
	if (rc)
		return err_set(err, rc, "capture start: %s", why.text);
	capture->number = live->number;
	return 0;
}

int control_capture(struct control_capture *capture, struct engine *engine,
		    const struct control_request *request, struct err *err)
{
	struct live_capture *live = engine_live_capture(engine);

	switch (request->capture) {
	case CONTROL_CAPTURE_START:
		return start(capture, live, &request->wanted, err);
	case CONTROL_CAPTURE_STOP:
		live_capture_stop(live);
		return 0;
	case CONTROL_CAPTURE_SHOW:
		break;
	}
	return 0;
}

void control_capture_show(struct engine *engine, struct json *json)
{
	struct live_capture *live = engine_live_capture(engine);
	bool running = live_capture_is_running(live);
	const struct pcap *pcap = &live->pcap;

	json_put_bool(json, "running", running);
	json_put_uint(json, "packets", pcap->frames);
	json_put_uint(json, "bytes", pcap->bytes);
	json_put_uint(json, "left_out", pcap->left_out);
	json_put_string(json, "failure", pcap->failure ? strerror(-pcap->failure) : NULL);
}

bool control_capture_is_running(const struct control_capture *capture, struct engine *engine)
{
	struct live_capture *live = engine_live_capture(engine);

	return capture->number && capture->number == live->number && live_capture_is_running(live);
}
