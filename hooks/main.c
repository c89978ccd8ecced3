/* SPDX-License-Identifier: Apache-2.0
 *
 * The OCI hook. main() reads top to bottom as its story: read the container's state; at
 * createRuntime read policy and configuration, see what this container is to have, find its
 * namespaces, run pasta, remember it; at poststop end the pasta that was remembered. Only here does
 * anything exit. A failure is one line, status 1, and no container: the runtime gives up on it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "hooks/arguments.h"
#include "hooks/bundle.h"
#include "hooks/config.h"
#include "hooks/container.h"
#include "hooks/launch.h"
#include "hooks/record.h"
#include "hooks/request.h"
#include "hooks/state.h"
#include "hooks/trusted.h"

struct hook {
	struct arguments arguments;
	struct state state;
	struct policy policy;
	struct config config;
	struct request request;
	struct record record;
	struct container container;
};

static void close_listed(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > STDERR_FILENO && atoi(entry->d_name) != dirfd(dir))
			close(atoi(entry->d_name));
	if (dir)
		closedir(dir);
}

/* Runtimes leak descriptors, and may leave out the first three */
static int tidy_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0))
		close_listed(); /* an older container engine's filter refuses the call */
	return 0;
}

static int read_state(struct hook *hook, struct hook_err *err)
{
	json_t *root;
	int rc = document_read(STDIN_FILENO, STATE_MAX_BYTES, STATE_WHAT, &root, err);

	return rc ? rc : state_take(root, &hook->state, err);
}

static int read_policy(struct hook *hook, struct hook_err *err)
{
	json_t *root;
	int rc = trusted_read(hook->arguments.policy, POLICY_WHAT, &root, err);

	return rc ? rc : policy_take(root, &hook->policy, err);
}

static int read_config(struct hook *hook, struct hook_err *err)
{
	const char *path = hook->arguments.config;
	json_t *root;
	int rc = trusted_read(path ? path : ARGUMENTS_CONFIG_DEFAULT, CONFIG_WHAT, &root, err);

	if (rc == -ENOENT && !path)
		return 0;
	return rc ? rc : config_take(root, &hook->config, err);
}

/* The administrator's options: without any of the configuration, the network is set up */
static int add_options(struct hook *hook, struct hook_err *err)
{
	const json_t *list = hook->config.options;
	const struct words *words = &hook->arguments.options;
	struct request *request = &hook->request;
	int rc = list ? 0 : request_add_option(request, "--config-net", err);

	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		rc = request_add_option(request, json_string_value(json_array_get(list, i)), err);
	for (size_t i = 0; !rc && i < words->count; i++)
		rc = request_add_option(request, words->word[i], err);
	return rc;
}

static int add_published(struct hook *hook, struct hook_err *err)
{
	const struct words *words = &hook->arguments.publish;
	const json_t *list = hook->config.publish;
	int rc = 0;

	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		rc = request_add_publish(&hook->request, json_string_value(json_array_get(list, i)),
					 NULL, err);
	for (size_t i = 0; !rc && i < words->count; i++)
		rc = request_add_publish(&hook->request, words->word[i], NULL, err);
	return rc;
}

static int make_request(struct hook *hook, struct hook_err *err)
{
	int rc = add_options(hook, err);

	if (!rc)
		rc = add_published(hook, err);
	return rc ? rc
		  : request_add_annotations(&hook->request, hook->state.annotations, hook->state.id,
					    &hook->policy, err);
}

static int find_namespaces(struct hook *hook, struct hook_err *err)
{
	struct bundle bundle = { false };
	int rc = bundle_read(hook->state.bundle, &bundle, err);

	return rc ? rc : container_open(hook->state.pid, &bundle, &hook->container, err);
}

static int make_command(const struct hook *hook, struct words *ret)
{
	const char *pasta = hook->arguments.pasta ? hook->arguments.pasta : hook->config.pasta;
	const char *userns = hook->container.userns;
	char sibling[PATH_MAX];

	if (!pasta) {
		launch_find_pasta(sibling, sizeof(sibling));
		pasta = sibling;
	}
	return request_command(&hook->request, pasta, hook->container.netns,
			       *userns ? userns : NULL, hook->record.pid_path, ret);
}

/* From here on there is a pasta, which has to go again if anything fails */
static int remember(const struct hook *hook, const struct process *process, int pid_fd,
		    struct hook_err *err)
{
	int rc = container_check_alive(&hook->container, err);

	if (!rc)
		rc = record_write(&hook->record, process, err);
	if (rc) {
		process_end(pid_fd);
		record_remove(&hook->record);
	}
	return rc;
}

/* What pasta says of an annotation's policy names the option that it has become */
static void name_annotation(const struct request *request, struct hook_err *err)
{
	struct hook_err said = *err;

	if (request->narrow && strstr(said.text, REQUEST_NARROW))
		hook_err_set(err, 0, "annotation '" REQUEST_NARROW_ANNOTATION "': %s", said.text);
}

static int run_pasta(const struct hook *hook, struct hook_err *err)
{
	struct words command;
	struct process process;
	int rc, pid_fd;

	words_init(&command);
	rc = make_command(hook, &command);
	if (!rc) {
		pid_fd = launch_pasta(&command, hook->record.pid_path, &process, err);
		if (pid_fd < 0)
			name_annotation(&hook->request, err);
		rc = pid_fd < 0 ? pid_fd : remember(hook, &process, pid_fd, err);
		if (pid_fd >= 0)
			close(pid_fd);
	}
	words_fini(&command);
	return rc;
}

static int connect_container(struct hook *hook, struct hook_err *err)
{
	int rc = read_policy(hook, err);

	if (!rc)
		rc = read_config(hook, err);
	if (!rc)
		rc = make_request(hook, err);
	if (rc || hook->request.disabled)
		return rc;
	rc = find_namespaces(hook, err);
	if (rc)
		return rc;
	rc = record_locate(hook->arguments.runtime_dir, &hook->state, &hook->record, err);
	if (!rc) {
		record_sweep(&hook->record);
		rc = run_pasta(hook, err);
	}
	container_close(&hook->container);
	return rc;
}

/* pasta ends by itself with the container's process; poststop makes sure that it's over, and the
 * ports are free for the next container, when the runtime says so
 */
static int disconnect_container(struct hook *hook, struct hook_err *err)
{
	struct process process;
	int rc = record_locate(hook->arguments.runtime_dir, &hook->state, &hook->record, err);
	int pid_fd;

	if (!rc)
		rc = record_read(&hook->record, &process, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	pid_fd = process_open(&process);
	if (pid_fd >= 0) {
		rc = process_end(pid_fd);
		close(pid_fd);
	}
	if (rc || (pid_fd < 0 && pid_fd != -ESRCH))
		return hook_err_set(err, rc ? rc : pid_fd, "cannot end pasta's process %ld: %s",
				    (long)process.pid, strerror(rc ? -rc : -pid_fd));
	record_remove(&hook->record);
	return 0;
}

static int run(struct hook *hook, struct hook_err *err)
{
	int rc = read_state(hook, err);

	if (rc)
		return rc;
	if (hook->arguments.action == ARGUMENTS_POSTSTOP ||
	    (hook->arguments.action == ARGUMENTS_BY_STATE && hook->state.stopped))
		return disconnect_container(hook, err);
	if (hook->state.stopped)
		return hook_err_set(err, -EINVAL, "it has stopped, there is nothing to connect");
	return connect_container(hook, err);
}

/* To the system log too: some runtimes throw away what hooks print */
static void explain(const struct hook *hook, int rc, struct hook_err *err)
{
	char where[128] = "";

	if (!err->text[0] && rc == -E2BIG)
		hook_err_set(err, rc,
			     "too many ports and options: there is room for %d words in "
			     "pasta's command line",
			     WORDS_MAX);
	if (!err->text[0])
		hook_err_set(err, rc, "%s", strerror(-rc));
	if (hook->state.id)
		snprintf(where, sizeof(where), "container '%.64s': ", hook->state.id);
	hook_err_one_line(err);
	dprintf(STDERR_FILENO, "pasta-oci-hook: %s%s\n", where, err->text);
	openlog("pasta-oci-hook", LOG_PID, LOG_DAEMON);
	syslog(LOG_ERR, "%s%s", where, err->text);
}

static void hook_fini(struct hook *hook)
{
	arguments_fini(&hook->arguments);
	request_fini(&hook->request);
	config_fini(&hook->config);
	policy_fini(&hook->policy);
	state_fini(&hook->state);
}

/* A runtime gives a container's state. Whoever types the command wants to know what it is */
static int by_hand(struct hook_err *err)
{
	arguments_usage(stderr);
	return hook_err_set(err, -EINVAL, "standard input is a terminal, not a container's state");
}

int main(int argc, char **argv)
{
	struct hook hook = { 0 };
	struct hook_err err = { 0 };
	int rc = tidy_descriptors();

	/* Where the caller ignores it the kernel reaps our processes before we can ask for their
	 * ends */
	signal(SIGCHLD, SIG_DFL);
	if (!rc)
		rc = arguments_parse(argc, argv, &hook.arguments, &err);
	if (!rc && hook.arguments.action == ARGUMENTS_PRINT_HELP)
		arguments_usage(stdout);
	else if (!rc && hook.arguments.action == ARGUMENTS_PRINT_VERSION)
		printf("pasta-oci-hook %s\n", PASTA_VERSION);
	else if (!rc && isatty(STDIN_FILENO))
		rc = by_hand(&err);
	else if (!rc)
		rc = run(&hook, &err);
	if (rc)
		explain(&hook, rc, &err);
	hook_fini(&hook);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
