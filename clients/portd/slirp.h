/* SPDX-License-Identifier: Apache-2.0
 *
 * A request in slirp4netns' dialect, one JSON object:
 *
 *	{"execute": "add_hostfwd", "arguments": {"proto": "tcp", "host_addr": "0.0.0.0",
 *	 "host_port": 8080, "guest_addr": "10.0.2.100", "guest_port": 80}}
 *	{"execute": "list_hostfwd"}
 *	{"execute": "remove_hostfwd", "arguments": {"id": 1}}
 *
 * as a value, and what is replied. How they come and go is for slirp_server.h. Pure, but for
 * slirp_answer().
 */
#ifndef CLIENTS_PORTD_SLIRP_H
#define CLIENTS_PORTD_SLIRP_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/portd/port_spec.h"
#include "clients/portd/ports.h"
#include "common/base/err.h"

/* A request is shorter than this */
#define SLIRP_REQUEST_MAX 4096

enum slirp_command {
	SLIRP_ADD,
	SLIRP_LIST,
	SLIRP_REMOVE,
};

struct slirp_request {
	enum slirp_command command;
	struct port_spec spec; /* SLIRP_ADD: a good one */
	uint32_t id; /* SLIRP_REMOVE */
};

/* slirp_request_parse() - the whole of @text, any bytes
 *
 * Return: 0, or -EINVAL with @err set
 */
int slirp_request_parse(const char *text, size_t len, struct slirp_request *ret_request,
			struct err *err);

/* slirp_answer() - carry a request out
 *
 * Return: the answer, of *ret_len bytes, for free(); NULL if there is no memory
 */
char *slirp_answer(struct ports *ports, const char *text, size_t len, size_t *ret_len);

#endif
