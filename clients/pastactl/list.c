/* SPDX-License-Identifier: Apache-2.0
 *
 * All instances share the one moment. Who is gone after it is not listed.
 */
#include "clients/pastactl/list.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients/client.h"
#include "clients/instances.h"
#include "clients/pastactl/rate.h"
#include "clients/pastactl/show.h"
#include "common/base/clock.h"
#include "common/base/util.h"

#define MOMENT_MS 500

/* What an instance counts, and what its growth is called */
static const struct {
	const char *counter, *rate;
} counts[] = {
	{ "from_namespace_bytes", "out_rate" },
	{ "to_namespace_bytes", "in_rate" },
	{ "local_bytes", "local_rate" },
};

struct instance {
	char *path;
	json_t *status, *counters;
	uint64_t counted_ns;
};

struct list {
	struct instance *instances;
	size_t count;
};

static int count(const char *path, json_t **ret_counters, uint64_t *ret_now_ns)
{
	struct client client;
	struct err unused;
	int rc = client_open(&client, path, &unused);

	if (rc)
		return rc;
	rc = client_ask(&client, "counters", ret_counters, &unused);
	*ret_now_ns = clock_now_ns();
	client_close(&client);
	return rc;
}

/* A first look. Who has ended since it was found is passed over */
static int add(void *arg, const char *path, json_t *status)
{
	struct list *list = arg;
	struct instance *instances, new = { .status = status };

	if (count(path, &new.counters, &new.counted_ns))
		return 0;
	new.path = strdup(path);
	instances = reallocarray(list->instances, list->count + 1, sizeof(*instances));
	if (instances)
		list->instances = instances;
	if (!instances || !new.path) {
		free(new.path);
		json_decref(new.counters);
		return -ENOMEM;
	}
	json_incref(status);
	list->instances[list->count++] = new;
	return 0;
}

static void list_fini(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->instances[i].path);
		json_decref(list->instances[i].status);
		json_decref(list->instances[i].counters);
	}
	free(list->instances);
}

/* The second look. Return: 0, or -errno: it's gone */
static int add_rates(struct instance *instance)
{
	json_t *now;
	uint64_t now_ns;
	int rc = count(instance->path, &now, &now_ns);

	for (size_t i = 0; i < ARRAY_SIZE(counts) && !rc; i++) {
		const json_t *before = json_object_get(instance->counters, counts[i].counter);
		const json_t *after = json_object_get(now, counts[i].counter);

		if (before && after)
			rate_add(instance->status, counts[i].rate, json_integer_value(before),
				 json_integer_value(after), now_ns - instance->counted_ns);
	}
	if (!rc)
		json_decref(now);
	return rc;
}

static void pass_moment(void)
{
	struct timespec left = { .tv_nsec = MOMENT_MS * (long)NS_PER_MS };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

int list_instances(bool json, FILE *out, struct err *err)
{
	json_t *statuses = json_array();
	struct list list = { 0 };
	int rc = statuses ? instances_each(add, &list, err) : -ENOMEM;

	if (!rc && list.count)
		pass_moment();
	for (size_t i = 0; i < list.count && !rc; i++)
		if (!add_rates(&list.instances[i]) &&
		    json_array_append(statuses, list.instances[i].status))
			rc = -ENOMEM;
	list_fini(&list);
	if (!rc)
		rc = json ? show_json(statuses, out) : show_instances(statuses, out);
	json_decref(statuses);
	return rc == -ENOMEM ? err_set(err, rc, "no memory") : rc;
}
