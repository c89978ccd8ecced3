/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory is read again each time; names that don't look like sockets of ours are passed
 * over.
 */
#include "clients/instances.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/util.h"

#define SUFFIX ".sock"

static bool is_number(const char *text, size_t len)
{
	return len && strspn(text, "0123456789") >= len;
}

static bool is_socket_name(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);

	return len > suffix && !strcmp(name + len - suffix, SUFFIX) &&
	       is_number(name, len - suffix);
}

/* Return: for free(); NULL with @err set */
static char *path_of(const char *name, struct err *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char *path;

	if (!dir || dir[0] != '/')
		err_set(err, -ENOENT,
			"XDG_RUNTIME_DIR, which says where instances are, is not set (name one by "
			"its socket: -i PATH)");
	else if (asprintf(&path, "%s/pasta/%s", dir, name) >= 0)
		return path;
	else
		err_set(err, -ENOMEM, "no memory");
	return NULL;
}

/* Return: -ENOENT if there is nobody to ask */
static int ask_status(const char *path, json_t **ret_status, struct err *err)
{
	struct client client;
	int rc = client_open(&client, path, err);

	if (rc)
		return rc;
	rc = client_ask(&client, "status", ret_status, err);
	client_close(&client);
	return rc;
}

static int visit(const char *name, int (*fn)(void *arg, const char *path, json_t *status),
		 void *arg, struct err *err)
{
	char *path = path_of(name, err);
	json_t *status;
	struct err why;
	int rc = 0;

	if (!path)
		return -ENOMEM;
	if (!ask_status(path, &status, &why)) {
		rc = fn(arg, path, status);
		json_decref(status);
	}
	free(path);
	return rc;
}

int instances_each(int (*fn)(void *arg, const char *path, json_t *status), void *arg,
		   struct err *err)
{
	char *path = path_of("", err);
	struct dirent **names;
	int count, rc = 0;

	if (!path)
		return -ENOENT;
	count = scandir(path, &names, NULL, versionsort);
	free(path);
	for (int i = 0; i < count; i++) {
		if (!rc && is_socket_name(names[i]->d_name))
			rc = visit(names[i]->d_name, fn, arg, err);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return rc;
}

struct search {
	const char *command; /* NULL: any */
	char *path; /* the first one's */
	unsigned int found;
};

/* "/usr/bin/nginx -g x" has the name "nginx" */
static bool has_name(const char *command, const char *name)
{
	size_t len = command ? strcspn(command, " ") : 0;

	while (len && memchr(command, '/', len)) {
		size_t skip = (size_t)((const char *)memchr(command, '/', len) - command) + 1;

		command += skip;
		len -= skip;
	}
	return len && len == strlen(name) && !strncmp(command, name, len);
}

static int search_one(void *arg, const char *path, json_t *status)
{
	struct search *search = arg;
	const char *command = json_string_value(json_object_get(status, "command"));

	if (search->command && !has_name(command, search->command))
		return 0;
	if (!search->found++)
		search->path = strdup(path);
	return search->found == 1 && !search->path ? -ENOMEM : 0;
}

static int search_error(const struct search *search, struct err *err)
{
	if (search->found)
		return err_set(err, -EEXIST,
			       "there are %u instances%s%.100s (say which one: -i PID, see "
			       "pastactl ls)",
			       search->found, search->command ? " of " : "",
			       search->command ? search->command : "");
	if (search->command)
		return err_set(err, -ENOENT, "no instance of yours runs '%.200s' (see pastactl ls)",
			       search->command);
	return err_set(err, -ENOENT,
		       "no instance of yours is running, or none has a socket in "
		       "$XDG_RUNTIME_DIR/pasta (name one: -i PATH)");
}

/* @path is freed if it isn't there */
static int must_exist(char *path, const char *pid, struct err *err)
{
	if (!access(path, F_OK))
		return 0;
	free(path);
	return err_set(err, -ENOENT, "no instance of yours has the PID %.50s (see pastactl ls)",
		       pid);
}

int instances_choose(const char *which, char **ret_path, struct err *err)
{
	struct search search = { .command = which };
	char name[64];
	int rc;

	if (which && strchr(which, '/')) {
		*ret_path = strdup(which);
		return *ret_path ? 0 : err_set(err, -ENOMEM, "no memory");
	}
	if (which && is_number(which, MIN(strlen(which), sizeof(name)))) {
		snprintf(name, sizeof(name), "%.50s%s", which, SUFFIX);
		*ret_path = path_of(name, err);
		return *ret_path ? must_exist(*ret_path, which, err) : -ENOENT;
	}
	rc = instances_each(search_one, &search, err);
	if (!rc && search.found != 1)
		rc = search_error(&search, err);
	if (rc)
		free(search.path);
	else
		*ret_path = search.path;
	return rc;
}
