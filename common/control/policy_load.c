/* SPDX-License-Identifier: Apache-2.0 */
#include "common/control/policy_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/policy/text.h"

/* What must not happen to the text any more */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* All of it, with a terminator. Return: to be freed; NULL with @err set */
static char *read_text(int fd, size_t *ret_len, struct err *err)
{
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	struct stat st;
	char *text;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st)) {
		err_set(err, -EBADF,
			"policy load: no descriptor of a sealed memory file came with it");
		return NULL;
	}
	if (st.st_size > CONTROL_POLICY_MAX) {
		err_set(err, -EFBIG, "policy load: longer than %d bytes", CONTROL_POLICY_MAX);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	if (!text || lseek(fd, 0, SEEK_SET) || read(fd, text, (size_t)st.st_size) != st.st_size) {
		free(text);
		err_set(err, -EIO,
			"policy load: the text can't be read, or there is no memory for it");
		return NULL;
	}
	*ret_len = (size_t)st.st_size;
	text[*ret_len] = '\0';
	return text;
}

static int read_lines(struct policy *policy, char *text, size_t len, const char *name,
		      struct err *err)
{
	struct policy_place place = { policy_keep(policy, name), 0 };
	int rc = 0;

	if (!place.source)
		return err_set(err, -ENOMEM, "policy load: no memory");
	for (char *line = text, *end = text + len; line < end && !rc;) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *next = newline ? newline + 1 : end;
		const char *include;

		place.line++;
		if (newline)
			*newline = '\0';
		if (memchr(line, '\0', (size_t)((newline ? newline : end) - line)))
			return err_set(err, -EINVAL, "%.200s:%u: this is no text", name,
				       place.line);
		rc = policy_text_line(policy, line, &place, &include, err);
		if (!rc && include)
			rc = policy_text_mistake(&place, include,
						 "a running pasta can open no other files", err);
		line = next;
	}
	return rc;
}

static int replace(struct engine *engine, struct policy *policy, struct control_policy_loaded *ret,
		   struct err *err)
{
	const struct config *config = engine_config(engine);
	const struct policy *before = engine_fwd(engine)->policy;
	uint32_t ended = 0;

	policy->sni = config->policy_sni;
	policy->learning = before && before->learning;
	if (policy_finish(policy, config->lans, config->lan_count) ||
	    engine_policy_replace(engine, policy, &ended))
		return err_set(err, -ENOMEM, "policy load: no memory for %u rules", policy->count);
	*ret = (struct control_policy_loaded){ policy->count, ended };
	return 0;
}

int control_policy_load(struct engine *engine, int fd, const char *name,
			struct control_policy_loaded *ret, struct err *err)
{
	struct policy *policy;
	size_t len = 0;
	char *text = read_text(fd, &len, err);
	int rc;

	if (fd >= 0)
		close(fd);
	if (!text)
		return -EINVAL;
	policy = policy_new();
	if (!policy) {
		free(text);
		err_set(err, -ENOMEM, "policy load: no memory");
		return -ENOMEM;
	}
	rc = read_lines(policy, text, len, name, err);
	if (!rc)
		rc = replace(engine, policy, ret, err);
	if (rc)
		policy_free(policy);
	free(text);
	return rc;
}
