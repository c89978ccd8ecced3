/* SPDX-License-Identifier: Apache-2.0
 *
 * The timer of the engine's wheel, so that nothing is asked of the kernel while nothing waits.
 */
#include "launch/policy_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fds.h"
#include "common/base/log_file.h"
#include "common/base/util.h"
#include "netns/base/remedy.h"

#define WAIT_MS 1000

static void write_line(void *arg, const char *line, size_t len)
{
	const struct policy_log *log = arg;

	log_file_write(log->fd, line, len, log->bytes);
}

static void wait_a_second(void *arg)
{
	struct policy_log *log = arg;

	timer_set(log->timers, &log->timer, clock_now_ns(), WAIT_MS);
}

static void on_timer(struct timer *timer, uint64_t now_ns)
{
	struct policy_log *log = container_of(timer, struct policy_log, timer);

	(void)now_ns;
	policy_audit_flush(&log->audit);
}

void policy_log_init(struct policy_log *log)
{
	*log = (struct policy_log){ .fd = -1, .timer.fn = on_timer };
}

static int open_file(struct policy_log *log, const struct settings *settings,
		     struct made_files *made, struct err *err)
{
	const char *path = settings->policy_log_path;
	int fd =
		made_files_open(made, path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600, true);

	if (fd < 0) {
		err_set(err, fd, "--policy-log '%.200s': %s", path, strerror(-fd));
		return err_remedy(err, fd, remedy_file(fd));
	}
	log->fd = fd;
	log->bytes = settings->log_bytes;
	if (lseek(fd, 0, SEEK_CUR) < 0)
		return err_set(err, -errno, "--policy-log '%.200s': not a file: %s", path,
			       strerror(errno));
	tzset(); /* which reads files, the first time, for UTC, too */
	return 0;
}

int policy_log_open(struct policy_log *log, const struct settings *settings, struct config *config,
		    struct made_files *made, struct err *err)
{
	const struct policy_pair policies = fwd_policies(&config->fwd);
	int rc;

	if (!fwd_has_policy(&config->fwd))
		return 0;
	rc = policy_audit_init(&log->audit, &policies);
	if (!rc && settings->policy_log_path) {
		rc = open_file(log, settings, made, err);
		if (rc)
			return rc;
		rc = policy_audit_log(&log->audit, write_line, wait_a_second, log);
	}
	if (rc)
		return err_no_memory(err, "the policy's log");
	config->fwd.audit = &log->audit;
	return 0;
}

void policy_log_start(struct policy_log *log, struct engine *engine)
{
	log->timers = engine_timers(engine);
}

void policy_log_finish(struct policy_log *log)
{
	policy_audit_flush(&log->audit);
	policy_audit_fini(&log->audit);
	fds_close(&log->fd);
}
