/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client has to do with captures: the descriptor that it passes for one, and which one is
 * its own, as that ends with it. A descriptor is for a request that it comes with; if none of these
 * takes it, it is closed. It is owned until the capture has it.
 */
#ifndef COMMON_CONTROL_CAPTURE_H
#define COMMON_CONTROL_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/json.h"
#include "common/control/request.h"
#include "common/engine/engine.h"

struct control_capture {
	int fd; /* that has come with bytes which are not all answered; -1: none */
	size_t from, to; /* these bytes, in the session's input */
	size_t line_len; /* of the request in front of it, which is being answered */
	uint32_t number; /* of the capture that the client has begun; 0: none */
};

void control_capture_init(struct control_capture *capture);
void control_capture_fini(struct control_capture *capture, struct engine *engine);

/* control_capture_offer() - a descriptor has come with some of the input's bytes @from to @to;
 * owned from here on. One waits at a time: another one is closed
 */
void control_capture_offer(struct control_capture *capture, int fd, size_t from, size_t to);

/* control_capture_line() - the first @len bytes of the input are a request, to be answered now */
void control_capture_line(struct control_capture *capture, size_t len);

/* control_capture_line_end() - it has been, and goes: a descriptor that nothing takes is closed */
void control_capture_line_end(struct control_capture *capture);

/* control_capture_take() - the descriptor that came with the line. Return: the caller's, or -1 */
int control_capture_take(struct control_capture *capture);

/* control_capture() - carry out a request. Return: 0, or -errno with @err set */
int control_capture(struct control_capture *capture, struct engine *engine,
		    const struct control_request *request, struct err *err);

/* control_capture_show() - how the last capture is, whoever has begun it, into the open object */
void control_capture_show(struct engine *engine, struct json *json);

/* control_capture_is_running() - the client's own */
bool control_capture_is_running(const struct control_capture *capture, struct engine *engine);

#endif
