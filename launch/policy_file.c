/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are being read are a stack: each but the first is included by the one below it. So a
 * file that includes itself, by whatever ways, is found among them.
 */
#include "launch/policy_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/quote.h"
#include "common/policy/rule.h"

#define BLANKS " \t\r"
/* Files that are open at a time, and in all */
#define DEPTH_MAX 16
#define FILES_MAX 1000

struct open_file {
	FILE *stream;
	const char *path; /* as it is said in messages; the policy's */
	uint32_t line;
	dev_t device;
	ino_t inode;
};

struct reader {
	struct policy *policy;
	struct open_file files[DEPTH_MAX];
	uint32_t depth; /* of them in use */
	uint32_t count; /* of files, ever */
};

int policy_file_rule(struct policy *policy, enum policy_verdict verdict, const char *text,
		     const char *source, uint32_t line, struct err *err)
{
	const char *kept = policy_keep(policy, text);
	struct policy_rule rule;
	struct err why;
	int rc;

	if (!kept)
		return err_no_memory(err, "the policy");
	rc = policy_rule_parse(kept, verdict, &rule, &why);
	if (rc && line)
		return err_set(err, rc, "%.200s:%u: %s", source, line, why.text);
	if (rc)
		return err_set(err, rc, "%s '%s': %s", source, quote_make(text, strlen(text)).text,
			       why.text);
	rule.source = source;
	rule.line = line;
	rc = policy_add(policy, &rule);
	if (rc == -E2BIG)
		return err_set(err, rc, "there are more than %d rules", POLICY_RULES_MAX);
	return rc ? err_no_memory(err, "the policy") : 0;
}

/* What is wrong with a word of the file on top; without one, with --policy's value */
static int mistake(const struct reader *reader, const char *word, const char *why, struct err *err)
{
	const struct open_file *file = reader->depth ? &reader->files[reader->depth - 1] : NULL;
	const struct quote quote = quote_make(word, strlen(word));

	if (!file)
		return err_set(err, -EINVAL, "--policy '%s': %s", quote.text, why);
	return err_set(err, -EINVAL, "%.200s:%u: '%s': %s", file->path, file->line, quote.text,
		       why);
}

/* What can't be begun to be read, if anything */
static const char *why_not(const struct reader *reader, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return strerror(EISDIR);
	for (uint32_t i = 0; i < reader->depth; i++)
		if (reader->files[i].device == st->st_dev && reader->files[i].inode == st->st_ino)
			return "it includes itself";
	if (reader->depth == DEPTH_MAX)
		return "files include others too deeply";
	return reader->count == FILES_MAX ? "too many files are included" : NULL;
}

static int push(struct reader *reader, const char *path, struct err *err)
{
	const char *kept = policy_keep(reader->policy, path), *why;
	FILE *stream = fopen(path, "re");
	struct stat st;

	if (!stream || fstat(fileno(stream), &st))
		why = strerror(errno);
	else
		why = why_not(reader, &st);
	if (why || !kept) {
		if (stream)
			fclose(stream);
		return why ? mistake(reader, path, why, err) : err_no_memory(err, "the policy");
	}
	reader->count++;
	reader->files[reader->depth++] = (struct open_file){
		.stream = stream,
		.path = kept,
		.device = st.st_dev,
		.inode = st.st_ino,
	};
	return 0;
}

static void pop(struct reader *reader)
{
	fclose(reader->files[--reader->depth].stream);
}

static int include(struct reader *reader, const char *name, struct err *err)
{
	const char *from = reader->files[reader->depth - 1].path, *slash = strrchr(from, '/');
	char *path;
	int rc;

	if (*name == '/' || !slash)
		return push(reader, name, err);
	if (asprintf(&path, "%.*s/%s", (int)(slash - from), from, name) < 0)
		return err_no_memory(err, "the policy");
	rc = push(reader, path, err);
	free(path);
	return rc;
}

static int set_default(struct reader *reader, const char *word, struct err *err)
{
	bool allow = !strcmp(word, "allow");

	if (!allow && strcmp(word, "deny") != 0)
		return mistake(reader, word, "the default is 'allow' or 'deny'", err);
	if (policy_default(reader->policy, allow ? POLICY_ALLOW : POLICY_DENY))
		return mistake(reader, word, "there is a default already", err);
	return 0;
}

/* Cut off a comment, and blanks at both ends. Return: what is left */
static char *trim(char *line)
{
	char *text = line + strspn(line, BLANKS), *comment = text, *end;

	while ((comment = strchr(comment, '#')) && comment > text && !strchr(BLANKS, comment[-1]))
		comment++;
	if (comment)
		*comment = '\0';
	for (end = text + strlen(text); end > text && strchr(BLANKS, end[-1]);)
		*--end = '\0';
	return text;
}

/* Two words, or nothing */
static int read_line(struct reader *reader, char *line, struct err *err)
{
	const struct open_file *file = &reader->files[reader->depth - 1];
	char *word = trim(line), *value = word + strcspn(word, BLANKS);

	if (!*word)
		return 0;
	if (!*value)
		return mistake(reader, word, "something must follow", err);
	*value++ = '\0';
	value += strspn(value, BLANKS);
	if (!strcmp(word, "include"))
		return include(reader, value, err);
	if (!strcmp(word, "default"))
		return set_default(reader, value, err);
	for (int verdict = POLICY_ALLOW; verdict <= POLICY_DROP; verdict++)
		if (!strcmp(word, policy_verdict_text((enum policy_verdict)verdict)))
			return policy_file_rule(reader->policy, (enum policy_verdict)verdict, value,
						file->path, file->line, err);
	return mistake(reader, word, "lines begin with allow, deny, drop, default or include", err);
}

/* The next line of the file on top, which goes when there is none */
static int read_next(struct reader *reader, char **line, size_t *room, struct err *err)
{
	struct open_file *file = &reader->files[reader->depth - 1];
	ssize_t len = getline(line, room, file->stream);

	if (len < 0 && ferror(file->stream))
		return err_set(err, -EIO, "%.200s: %s", file->path, strerror(errno));
	if (len < 0) {
		pop(reader);
		return 0;
	}
	file->line++;
	if (memchr(*line, '\0', (size_t)len))
		return err_set(err, -EINVAL, "%.200s:%u: this is no text", file->path, file->line);
	(*line)[strcspn(*line, "\n")] = '\0';
	return read_line(reader, *line, err);
}

int policy_file_read(struct policy *policy, const char *path, struct err *err)
{
	struct reader reader = { .policy = policy };
	char *line = NULL;
	size_t room = 0;
	int rc = push(&reader, path, err);

	while (!rc && reader.depth)
		rc = read_next(&reader, &line, &room, err);
	while (reader.depth)
		pop(&reader);
	free(line);
	return rc;
}
