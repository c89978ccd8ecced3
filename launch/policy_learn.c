/* SPDX-License-Identifier: Apache-2.0
 *
 * The file is emptied at the start, so that what is in it later is of this run.
 */
#include "launch/policy_learn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/fds.h"
#include "common/base/log.h"
#include "netns/base/remedy.h"

void policy_learn_init(struct policy_learn *learn)
{
	*learn = (struct policy_learn){ .fd = -1 };
}

int policy_learn_open(struct policy_learn *learn, const struct settings *settings,
		      struct config *config, struct made_files *made, struct err *err)
{
	const char *path = settings->policy_learn_path;
	struct siphash_key secret;
	int rc;

	if (!path)
		return 0;
	rc = made_files_open(made, path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			     0600, true);
	if (rc < 0) {
		err_set(err, rc, "--policy-learn '%.200s': %s", path, strerror(-rc));
		return err_remedy(err, rc, remedy_file(rc));
	}
	learn->fd = rc;
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return err_set(err, -EIO, "no random numbers");
	rc = policy_lessons_init(&learn->lessons, &secret);
	if (rc)
		return err_no_memory(err, "what --policy-learn learns");
	config->fwd.lessons = &learn->lessons;
	return 0;
}

static int write_lines(struct policy_learn *learn)
{
	char line[POLICY_LESSONS_LINE_MAX + 1];
	uint32_t at = 0;

	policy_lessons_sort(&learn->lessons);
	while (policy_lessons_line(&learn->lessons, &at, line)) {
		size_t len = strlen(line);

		line[len++] = '\n';
		if (write(learn->fd, line, len) != (ssize_t)len)
			return -errno;
	}
	return 0;
}

void policy_learn_finish(struct policy_learn *learn)
{
	int rc = learn->lessons.lessons ? write_lines(learn) : 0;

	if (rc)
		log_warning("the policy that was learnt could not be written: %s", strerror(-rc));
	policy_lessons_fini(&learn->lessons);
	fds_close(&learn->fd);
}
