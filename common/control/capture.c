/* SPDX-License-Identifier: Apache-2.0 */
#include "common/control/capture.h"

#include <errno.h>
#include <string.h>

#include "common/engine/live_capture.h"

void control_capture_init(struct control_capture *capture)
{
	*capture = (struct control_capture){ 0 };
}

void control_capture_fini(struct control_capture *capture, struct engine *engine)
{
	if (control_capture_is_running(capture, engine)) {
		engine_pause(engine);
		live_capture_drop(engine_live_capture(engine));
		engine_resume(engine);
	}
	capture->number = 0;
}

static int start(struct control_capture *capture, struct engine *engine,
		 const struct control_request *request, int fd, struct err *err)
{
	struct live_capture *live = engine_live_capture(engine);
	struct err why;
	int rc;

	if (fd < 0)
		return err_set(err, -EBADF,
			       "capture start: no descriptor came with it, or several");
	engine_pause(engine);
	rc = live_capture_start(live, fd, &request->wanted, &why);
	engine_resume(engine);
	if (rc)
		return err_set(err, rc, "capture start: %s", why.text);
	capture->number = live->number;
	return 0;
}

int control_capture(struct control_capture *capture, struct engine *engine,
		    const struct control_request *request, struct control_attached_fd *attached,
		    struct err *err)
{
	switch (request->capture) {
	case CONTROL_CAPTURE_START:
		return start(capture, engine, request, control_attached_fd_take(attached), err);
	case CONTROL_CAPTURE_STOP:
		engine_pause(engine);
		live_capture_stop(engine_live_capture(engine));
		engine_resume(engine);
		return 0;
	case CONTROL_CAPTURE_SHOW:
		break;
	}
	return 0;
}

void control_capture_show(struct engine *engine, struct json *json)
{
	struct live_capture *live = engine_live_capture(engine);
	const struct pcap *pcap = &live->pcap;
	bool running;

	engine_pause(engine);
	running = live_capture_is_running(live);
	json_put_bool(json, "running", running);
	json_put_uint(json, "packets", pcap->frames);
	json_put_uint(json, "bytes", pcap->bytes);
	json_put_uint(json, "left_out", pcap->left_out);
	json_put_string(json, "failure", pcap->failure ? strerror(-pcap->failure) : NULL);
	engine_resume(engine);
}

bool control_capture_is_running(const struct control_capture *capture, struct engine *engine)
{
	struct live_capture *live = engine_live_capture(engine);
	bool running;

	if (!capture->number || capture->number != live->number)
		return false;
	engine_pause(engine);
	running = live_capture_is_running(live);
	engine_resume(engine);
	return running;
}
