/* SPDX-License-Identifier: Apache-2.0
 *
 * pastactl: running instances of pasta for people. A command becomes one request to one instance,
 * chosen by -i, and its answer a table; with --json it is printed as it came. A failure is one line
 * on stderr and status 1.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "clients/client.h"
#include "clients/instances.h"
#include "clients/openmetrics.h"
#include "clients/options.h"
#include "clients/pastactl/capture.h"
#include "clients/pastactl/list.h"
#include "clients/pastactl/policy.h"
#include "clients/pastactl/show.h"
#include "clients/pastactl/watch.h"
#include "common/base/fds.h"
#include "common/base/util.h"

#define REQUEST_MAX 8192

struct request {
	const char *instance; /* NULL: the only one */
	bool json, prometheus, watch;
	const char *packets, *bytes; /* of a capture; NULL: any number */
	char *const *words; /* the command and what follows it; ends with NULL */
	char option[sizeof("-t")]; /* of a port forwarding rule, "" if there is none, */
	const char *spec; /* and its ports */
};

struct command {
	const char *word;
	const char *request; /* what stands for it in the protocol; NULL: a capture */
	int (*show)(const json_t *answer, FILE *out);
};

static const struct command commands[] = {
	{ "status", "status", show_status },
	{ "flows", "flows", show_flows },
	{ "stats", "counters", show_counters },
	{ "forward", "forward", show_forwards },
	{ "policy", "policy", show_policy },
	{ "dns", "dns", show_resolvers },
	{ "log", "log", show_log },
	{ "quit", "quit", show_nothing },
	{ "capture", NULL, NULL },
};

enum {
	OPTION_WATCH = CLIENT_OPTION_OWN,
	OPTION_PROMETHEUS,
	OPTION_PACKETS,
	OPTION_BYTES,
};

static const struct client_option options[] = {
	{ 'i', "instance", "WHICH",
	  "Its PID, name of its command, or path of its socket;\ndefault: the only one" },
	{ 'j', "json", NULL, "Print answers as they come, for programs" },
	CLIENT_OPTIONS_PORTS,
	{ OPTION_WATCH, "watch", NULL, "With flows, show them again and again, with rates" },
	{ OPTION_PROMETHEUS, "prometheus", NULL, "With stats, as metrics, in OpenMetrics' format" },
	{ OPTION_PACKETS, "packets", "N", "With capture, this many at most" },
	{ OPTION_BYTES, "bytes", "N", "With capture, a file of this size at most" },
	CLIENT_OPTIONS_COMMON,
	{ 0 },
};

/* Completions are made of this: words in lower case are what may follow a command */
static void usage(FILE *out)
{
	fputs("Usage: pastactl [OPTION]... COMMAND\n"
	      "\n"
	      "See and change running instances of pasta.\n"
	      "\n"
	      "Commands:\n"
	      "  ls                          your instances, and what goes through them now\n"
	      "  status                      what one is, and was set up as\n"
	      "  flows [--watch] [tcp|udp|ping] [tap|local] [addr ADDR] [port PORT] [limit N]\n"
	      "                              its connections\n"
	      "  forward ls                  its forwarded ports\n"
	      "  forward add|rm|replace -t|-u|-T|-U SPEC\n"
	      "                              add or remove some, or replace all of that option's\n"
	      "  forward rm ID               remove one of those that ls has\n"
	      "  policy show                 what it may reach, and how often each rule decided\n"
	      "  policy load FILE            have other rules hold; - is standard input\n"
	      "  policy test tcp|udp/ADDR|NAME:PORT\n"
	      "                              which rule decides that, or icmp/ADDR\n"
	      "  policy learnt               the rules that --policy-learn has come to\n"
	      "  dns [reread]                the host's resolvers, as far as they answer\n"
	      "  stats [--prometheus]        what it has counted\n"
	      "  capture FILE [FILTER] [--packets N] [--bytes N]\n"
	      "                              its packets, into a file, or - for standard output;\n"
	      "                              FILTER: tests as tcp, host ADDR, net ADDR/LEN, port "
	      "N,\n"
	      "                              with and, or, not between them\n"
	      "  log [error|warning|info|debug|trace]\n"
	      "                              its log level\n"
	      "  quit [now]                  end it\n"
	      "\n"
	      "Options:\n",
	      out);
	client_options_print(options, out);
}

/* The words of the command line, joined again; "ls" is what people say for the protocol's "list" */
static int make_request(const struct command *command, const struct request *request, char *text,
			struct err *err)
{
	size_t len = (size_t)snprintf(text, REQUEST_MAX, "%s", command->request);
	char *const *words = request->words + 1;

	for (; *words && len < REQUEST_MAX; words++) {
		const char *word = strcmp(*words, "ls") ? *words : "list";

		if (!word[0] || strpbrk(word, " \t\n"))
			return err_set(err, -EINVAL, "'%.200s': a word has no blanks", word);
		len += (size_t)snprintf(text + len, REQUEST_MAX - len, " %s", word);
	}
	if (request->option[0] && strchr(request->spec, '\n'))
		return err_set(err, -EINVAL, "%s: ports are one line", request->option);
	if (request->option[0] && len < REQUEST_MAX)
		len += (size_t)snprintf(text + len, REQUEST_MAX - len, " %s %s", request->option,
					request->spec);
	return len < REQUEST_MAX - 1 ? 0 : err_set(err, -E2BIG, "too many words");
}

static bool is_policy(const struct request *request, const char *what)
{
	char *const *words = request->words;

	return !strcmp(words[0], "policy") && words[1] && !strcmp(words[1], what) && words[2];
}

/* The name that is tested as DNS has it */
static int convert_test(char *text, struct err *err)
{
	const size_t len = strlen("policy test ");
	char *ascii = NULL;
	int rc = policy_destination(text + len, &ascii, err);

	if (ascii &&
	    (size_t)snprintf(text + len, REQUEST_MAX - len, "%s", ascii) >= REQUEST_MAX - len)
		rc = err_set(err, -E2BIG, "too many words");
	free(ascii);
	return rc;
}

static int ask(const struct request *request, const struct command *command, const char *path,
	       struct err *err)
{
	char text[REQUEST_MAX];
	struct client client;
	json_t *answer;
	int rc = make_request(command, request, text, err), pass_fd = -1;

	if (!rc && is_policy(request, "test"))
		rc = convert_test(text, err);
	if (!rc && is_policy(request, "load"))
		rc = pass_fd = policy_open(request->words[2], err);
	if (rc < 0)
		return rc;
	rc = client_open(&client, path, err);
	if (!rc) {
		rc = client_ask_passing(&client, text, pass_fd, &answer, err);
		client_close(&client);
	}
	fds_close(&pass_fd);
	if (rc)
		return rc;
	rc = request->json ? show_json(answer, stdout) : command->show(answer, stdout);
	json_decref(answer);
	return rc ? err_set(err, rc, "no memory") : 0;
}

/* What it has counted, for Prometheus */
static int print_metrics(const char *path, struct err *err)
{
	json_t *status = NULL, *counters = NULL;
	struct client client;
	int rc = client_open(&client, path, err);

	if (rc)
		return rc;
	rc = client_ask(&client, "status", &status, err);
	if (!rc)
		rc = client_ask(&client, "counters", &counters, err);
	client_close(&client);
	if (!rc)
		openmetrics_print(status, counters, stdout);
	json_decref(status);
	json_decref(counters);
	return rc;
}

static int run_capture(const struct request *request, const char *path, struct err *err)
{
	const struct capture_request capture = {
		.path = request->words[1],
		.filter = request->words[1] ? request->words + 2 : NULL,
		.packets = request->packets,
		.bytes = request->bytes,
		.json = request->json,
	};

	if (!capture.path)
		return err_set(err, -EINVAL, "capture: a word is missing: the file's name, or -");
	return capture_run(&capture, path, err);
}

/* Return: 0, or -EINVAL: an option has no meaning here */
static int check_options(const struct request *request, struct err *err)
{
	const char *word = request->words[0], *next = word ? request->words[1] : NULL;

	if ((request->packets || request->bytes) && (!word || strcmp(word, "capture") != 0))
		return err_set(err, -EINVAL, "--packets and --bytes are for capture alone");
	if (request->watch && (!word || strcmp(word, "flows") != 0))
		return err_set(err, -EINVAL, "--watch is for flows alone");
	if (request->watch && request->json)
		return err_set(err, -EINVAL, "--watch and --json contradict each other");
	if (!request->prometheus)
		return 0;
	if (!word || strcmp(word, "stats") != 0)
		return err_set(err, -EINVAL, "--prometheus is for stats alone");
	if (request->json)
		return err_set(err, -EINVAL, "--prometheus and --json contradict each other");
	return next ? err_set(err, -EINVAL, "stats: '%.100s': nothing may follow", next) : 0;
}

/* The protocol knows more words, which are not for here */
static int check_forward(const char *next, struct err *err)
{
	static const char *const words[] = { "ls", "list", "add", "rm", "replace" };
	static const char wanted[] = "must be ls, add, rm or replace";

	for (size_t i = 0; next && i < ARRAY_SIZE(words); i++)
		if (!strcmp(next, words[i]))
			return 0;
	if (next)
		return err_set(err, -EINVAL, "forward: '%.100s': %s", next, wanted);
	return err_set(err, -EINVAL, "forward: a word is missing: %s", wanted);
}

/* What the instance can't tell as well, or isn't asked. Return: 0 or -EINVAL */
static int check_words(const struct request *request, struct err *err)
{
	const char *word = request->words[0], *next = word ? request->words[1] : NULL;

	if (!word)
		return err_set(err, -EINVAL, "a command is missing (see pastactl --help)");
	if (!strcmp(word, "ls") && next)
		return err_set(err, -EINVAL, "ls: '%.100s': nothing may follow", next);
	return strcmp(word, "forward") ? 0 : check_forward(next, err);
}

static int run_watch(const struct request *request, const struct command *command, const char *path,
		     struct err *err)
{
	char text[REQUEST_MAX];
	int rc = make_request(command, request, text, err);

	return rc ? rc : watch_flows(text, path, err);
}

static int carry_out(const struct request *request, const struct command *command, const char *path,
		     struct err *err)
{
	if (request->prometheus)
		return print_metrics(path, err);
	if (request->watch)
		return run_watch(request, command, path, err);
	return command->request ? ask(request, command, path, err)
				: run_capture(request, path, err);
}

static int run(const struct request *request, struct err *err)
{
	const char *word = request->words[0];
	char *path;
	int rc = check_options(request, err);

	if (!rc)
		rc = check_words(request, err);
	if (rc)
		return rc;
	if (!strcmp(word, "ls"))
		return list_instances(request->json, stdout, err);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].word) != 0)
			continue;
		rc = instances_choose(request->instance, &path, err);
		if (rc)
			return rc;
		rc = carry_out(request, &commands[i], path, err);
		free(path);
		return rc;
	}
	return err_set(err, -EINVAL, "'%.100s': no such command (see pastactl --help)", word);
}

/* Return: 0, or -EINVAL: there is one already */
static int take_ports(struct request *request, int option, const char *spec)
{
	if (request->option[0]) {
		fprintf(stderr, "pastactl: ports are added or removed by one option at a time\n");
		return -EINVAL;
	}
	snprintf(request->option, sizeof(request->option), "-%c", option);
	request->spec = spec[0] ? spec : "all";
	return 0;
}

/* One that says something of the request. Return: 0, or -EINVAL: what is wrong was said */
static int take_option(struct request *request, int option)
{
	switch (option) {
	case 'i':
		request->instance = optarg;
		return 0;
	case 'j':
		request->json = true;
		return 0;
	case 't':
	case 'u':
	case 'T':
	case 'U':
		return take_ports(request, option, optarg);
	case OPTION_WATCH:
		request->watch = true;
		return 0;
	case OPTION_PROMETHEUS:
		request->prometheus = true;
		return 0;
	case OPTION_PACKETS:
		request->packets = optarg;
		return 0;
	case OPTION_BYTES:
		request->bytes = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Return: whether there is something to be done; else *ret_status is the end's */
static bool parse(int argc, char **argv, struct request *request, int *ret_status)
{
	int option;

	*ret_status = EXIT_SUCCESS;
	while ((option = client_options_next(options, argc, argv)) != -1) {
		if (option == 'h') {
			usage(stdout);
			return false;
		}
		if (option == CLIENT_OPTION_VERSION) {
			printf("pastactl %s\n", PASTA_VERSION);
			return false;
		}
		if (take_option(request, option)) {
			*ret_status = EXIT_FAILURE;
			return false;
		}
	}
	request->words = argv + optind;
	return true;
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	struct err err;
	int status;

	if (!parse(argc, argv, &request, &status))
		return status;
	if (run(&request, &err)) {
		fprintf(stderr, "pastactl: %s\n", err.text);
		return EXIT_FAILURE;
	}
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "pastactl: cannot write: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
