/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client has to do with captures: which one is its own, as that ends with it.
 */
#ifndef COMMON_CONTROL_CAPTURE_H
#define COMMON_CONTROL_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/json.h"
#include "common/control/attached_fd.h"
#include "common/control/request.h"
#include "common/engine/engine.h"

struct control_capture {
	uint32_t number; /* of the capture that the client has begun; 0: none */
};

void control_capture_init(struct control_capture *capture);
void control_capture_fini(struct control_capture *capture, struct engine *engine);

/* control_capture() - carry out a request
 * @attached:	the descriptor that is for it is taken, if it begins a capture
 *
 * Return: 0, or -errno with @err set
 */
int control_capture(struct control_capture *capture, struct engine *engine,
		    const struct control_request *request, struct control_attached_fd *attached,
		    struct err *err);

/* control_capture_show() - how the last capture is, whoever has begun it, into the open object */
void control_capture_show(struct engine *engine, struct json *json);

/* control_capture_is_running() - the client's own */
bool control_capture_is_running(const struct control_capture *capture, struct engine *engine);

#endif
