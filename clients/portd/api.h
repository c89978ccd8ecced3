/* SPDX-License-Identifier: Apache-2.0
 *
 * What is replied to requests of rootlesskit's API, version 1.1.1, and to GET /metrics. How they
 * come and go is for http.h.
 */
#ifndef CLIENTS_PORTD_API_H
#define CLIENTS_PORTD_API_H

#include "clients/portd/pasta_link.h"
#include "clients/portd/ports.h"
#include "clients/portd/reply.h"

/* The body of a request */
#define API_BODY_MAX 8192

struct api {
	struct pasta_link *link;
	struct ports *ports;
	const char *state_dir;
};

struct api_request {
	const char *method, *path;
	const char *body;
	size_t len;
};

/* api_answer() - @ret_reply's body is the caller's */
void api_answer(const struct api *api, const struct api_request *request, struct reply *ret_reply);

#endif
