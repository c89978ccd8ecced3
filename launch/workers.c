/* SPDX-License-Identifier: Apache-2.0
 *
 * Half of the processors are left to those who send and receive: each of our workers keeps somebody
 * busy on either side.
 */
#include "launch/workers.h"

#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/process.h"
#include "netns/lockin/lockin.h"

/* Of the descriptors that are allowed, workers take one in so many */
#define FDS_PART 2

static uint32_t processors(void)
{
	cpu_set_t set;
	long online;

	if (!sched_getaffinity(0, sizeof(set), &set))
		return (uint32_t)CPU_COUNT(&set);
	online = sysconf(_SC_NPROCESSORS_ONLN); /* more than the set has room for */
	return online > 0 ? (uint32_t)online : 1;
}

/* Tables take address space, which nobody who limits it wants to see used for a guess of ours */
static bool space_is_limited(void)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

static uint32_t as_many_as_fit(void)
{
	const uint32_t count = processors();

	if (space_is_limited())
		return 1;
	/* A build whose tests are all to be with several has a number of its own */
	return WORKERS_AUTO ? WORKERS_AUTO : count <= 2 ? 1 : MIN(count / 2, ENGINE_WORKERS_MAX);
}

uint32_t workers_count(const struct settings *settings)
{
	const uint32_t wanted = settings->workers ? settings->workers : as_many_as_fit();
	const uint32_t fds = process_fd_limit_most();
	const uint32_t allowed = MAX(fds / FDS_PART / WORKERS_FDS, 1U);

	if (wanted <= allowed)
		return wanted;
	log_at(workers_log_level(settings),
	       "--workers: %u and not %u, as RLIMIT_NOFILE allows %u descriptors only", allowed,
	       wanted, fds);
	return allowed;
}

void workers_add(struct engine *engine, const int *queues, uint32_t count)
{
	struct err err;

	for (uint32_t i = 0; i < count; i++)
		if (engine_add_worker(engine, queues[i], &err))
			log_warning("--workers: %u and not %u: %s", engine_workers(engine),
				    count + 1, err.text);
}

static int enter(void *arg, struct err *err)
{
	int rc = lockin_drop_all();

	(void)arg;
	return rc ? err_set(err, rc, "cannot give up capabilities: %s", strerror(-rc)) : 0;
}

void workers_start(struct engine *engine)
{
	const uint32_t wanted = engine_workers(engine);
	struct err err;

	if (engine_start(engine, enter, NULL, &err))
		log_warning("--workers: %u and not %u: %s", engine_workers(engine), wanted,
			    err.text);
}
