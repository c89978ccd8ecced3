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

#include "common/policy/text.h"
#include "launch/idna.h"

/* Files that are open at a time, and in all */
#define DEPTH_MAX 16
#define FILES_MAX 1000

struct open_file {
	FILE *stream;
	struct policy_place place; /* of the last line; the name is the policy's */
	dev_t device;
	ino_t inode;
};

struct policy_reader {
	struct policy *policy;
	struct open_file files[DEPTH_MAX];
	uint32_t depth; /* of them in use */
	uint32_t count; /* of files, ever */
};

/* What is wrong with a word of the file on top; without one, with --policy's value */
static int mistake(const struct policy_reader *reader, const char *word, const char *why,
		   struct err *err)
{
	const struct policy_place none = { "--policy", 0 };

	return policy_text_mistake(reader->depth ? &reader->files[reader->depth - 1].place : &none,
				   word, why, err);
}

/* What can't be begun to be read, if anything */
static const char *why_not(const struct policy_reader *reader, const struct stat *st)
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

static int push(struct policy_reader *reader, const char *path, struct err *err)
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
		.place.source = kept,
		.device = st.st_dev,
		.inode = st.st_ino,
	};
	return 0;
}

static void pop(struct policy_reader *reader)
{
	fclose(reader->files[--reader->depth].stream);
}

static int include(struct policy_reader *reader, const char *name, struct err *err)
{
	const char *from = reader->files[reader->depth - 1].place.source,
		   *slash = strrchr(from, '/');
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

/* The next line of the file on top, which goes when there is none */
static int read_next(struct policy_reader *reader, char **line, size_t *room, struct err *err)
{
	struct open_file *file = &reader->files[reader->depth - 1];
	ssize_t len = getline(line, room, file->stream);
	const char *name = NULL;
	char *ascii = NULL;
	int rc;

	if (len < 0 && ferror(file->stream))
		return err_set(err, -EIO, "%.200s: %s", file->place.source, strerror(errno));
	if (len < 0) {
		pop(reader);
		return 0;
	}
	file->place.line++;
	if (memchr(*line, '\0', (size_t)len))
		return err_set(err, -EINVAL, "%.200s:%u: this is no text", file->place.source,
			       file->place.line);
	(*line)[strcspn(*line, "\n")] = '\0';
	rc = idna_line(*line, file->place.source, file->place.line, &ascii, err);
	if (!rc)
		rc = policy_text_line(reader->policy, ascii ? ascii : *line, &file->place, &name,
				      err);
	if (!rc && name)
		rc = include(reader, name, err);
	free(ascii);
	return rc;
}

int policy_file_read(struct policy *policy, const char *path, struct err *err)
{
	struct policy_reader reader = { .policy = policy };
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
