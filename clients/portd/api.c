/* SPDX-License-Identifier: Apache-2.0
 *
 * A failure that a client can do something about is 400, as with rootlesskit; 500 is pasta's, or
 * ours.
 */
#include "clients/portd/api.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/openmetrics.h"
#include "clients/portd/info.h"
#include "common/base/util.h"
#include "common/base/values.h"

enum {
	HTTP_OK = 200,
	HTTP_CREATED = 201,
	HTTP_BAD_REQUEST = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD_NOT_ALLOWED = 405,
	HTTP_INTERNAL_ERROR = 500,
};

static void get_info(const struct api *api, const struct api_request *request, struct reply *reply)
{
	json_t *status;
	struct err err;

	(void)request;
	if (pasta_link_ask(api->link, "status", &status, &err)) {
		reply_error(reply, HTTP_INTERNAL_ERROR, &err);
		return;
	}
	reply_json(reply, HTTP_OK, info_to_json(status, api->state_dir));
	json_decref(status);
}

static json_t *port_to_json(uint32_t id, const struct port_spec *spec)
{
	return json_pack("{s:I, s:o}", "id", (json_int_t)id, "spec", port_spec_to_json(spec));
}

static int put_port(void *arg, const struct port *port)
{
	return json_array_append_new(arg, port_to_json(port->id, &port->spec)) ? -ENOMEM : 0;
}

static void get_ports(const struct api *api, const struct api_request *request, struct reply *reply)
{
	json_t *list = json_array();
	struct err err = { "no memory" };

	(void)request;
	if (!list || ports_each(api->ports, put_port, list, &err)) {
		json_decref(list);
		reply_error(reply, HTTP_INTERNAL_ERROR, &err);
		return;
	}
	reply_json(reply, HTTP_OK, list);
}

static void post_port(const struct api *api, const struct api_request *request, struct reply *reply)
{
	struct port_spec spec;
	struct err err;
	uint32_t id;
	int rc = port_spec_from_json(request->body, request->len, &spec, &err);

	if (!rc)
		rc = ports_add(api->ports, &spec, &id, &err);
	if (!rc)
		reply_json(reply, HTTP_CREATED, port_to_json(id, &spec));
	else if (rc == -EINVAL || rc == -EBADMSG || rc == -EEXIST)
		reply_error(reply, HTTP_BAD_REQUEST, &err);
	else
		reply_error(reply, HTTP_INTERNAL_ERROR, &err);
}

static void delete_port(const struct api *api, const struct api_request *request,
			struct reply *reply)
{
	const char *text = strrchr(request->path, '/') + 1, *end = text;
	struct err err;
	uint32_t id = 0;
	int rc = value_number(&end, UINT32_MAX, &id);

	if (rc || *end)
		rc = err_set(&err, -ENOENT, "there is no port '%.50s'", text);
	else
		rc = ports_remove(api->ports, id, &err);
	if (rc)
		reply_error(reply, rc == -ENOENT ? HTTP_BAD_REQUEST : HTTP_INTERNAL_ERROR, &err);
	else
		*reply = (struct reply){ .status = HTTP_OK };
}

/* Return: 0, or -errno with @err set */
static int print_metrics(const struct api *api, struct reply *reply, struct err *err)
{
	json_t *status, *counters;
	FILE *out;
	int rc = pasta_link_ask(api->link, "status", &status, err);

	if (rc)
		return rc;
	rc = pasta_link_ask(api->link, "counters", &counters, err);
	out = rc ? NULL : open_memstream(&reply->body, &reply->len);
	if (out) {
		openmetrics_print(status, counters, out);
		fclose(out);
	}
	json_decref(status);
	if (rc)
		return rc;
	json_decref(counters);
	return out && reply->body ? 0 : err_set(err, -ENOMEM, "no memory");
}

static void get_metrics(const struct api *api, const struct api_request *request,
			struct reply *reply)
{
	struct err err;

	(void)request;
	*reply = (struct reply){ .status = HTTP_OK, .type = OPENMETRICS_TYPE };
	if (print_metrics(api, reply, &err))
		reply_error(reply, HTTP_INTERNAL_ERROR, &err);
}

/* The first one whose path fits says what methods there are, if none is the request's */
static const struct {
	const char *path, *method, *allow;
	bool has_more; /* of the path, after that */
	void (*answer)(const struct api *api, const struct api_request *request,
		       struct reply *reply);
} places[] = {
	{ "/v1/info", "GET", "GET, HEAD", false, get_info },
	{ "/v1/ports", "GET", "GET, HEAD, POST", false, get_ports },
	{ "/v1/ports", "POST", NULL, false, post_port },
	{ "/v1/ports/", "DELETE", "DELETE", true, delete_port },
	{ "/metrics", "GET", "GET, HEAD", false, get_metrics },
};

static bool path_fits(size_t place, const char *path)
{
	size_t len = strlen(places[place].path);

	return !strncmp(path, places[place].path, len) && (places[place].has_more || !path[len]);
}

static bool method_fits(size_t place, const char *method)
{
	return !strcmp(method, places[place].method) ||
	       (!strcmp(method, "HEAD") && !strcmp(places[place].method, "GET"));
}

void api_answer(const struct api *api, const struct api_request *request, struct reply *ret_reply)
{
	const char *allow = NULL;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!path_fits(i, request->path))
			continue;
		if (method_fits(i, request->method)) {
			places[i].answer(api, request, ret_reply);
			return;
		}
		allow = allow ? allow : places[i].allow;
	}
	if (allow)
		err_set(&err, -EINVAL, "%.50s: must be one of %s here", request->method, allow);
	else
		err_set(&err, -ENOENT, "there is nothing at '%.200s'", request->path);
	reply_error(ret_reply, allow ? HTTP_METHOD_NOT_ALLOWED : HTTP_NOT_FOUND, &err);
	ret_reply->allow = allow;
}
