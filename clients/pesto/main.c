/* SPDX-License-Identifier: Apache-2.0
 *
 * pesto: changes the forwarded ports of a running instance, for programs that know its socket.
 * Options are commands, in their order; what they come to is one transaction, so that it is done as
 * a whole or not at all. A failure is one line on stderr and status 1.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients/client.h"
#include "clients/options.h"
#include "common/base/util.h"

/* The tables of rules, by the side that connections come from, and the options that each one has */
enum pif {
	PIF_HOST,
	PIF_SPLICE,
};
#define PIFS 2

static const struct {
	const char *name, *options[2], *clear;
} pifs[PIFS] = {
	[PIF_HOST] = { "HOST", { "-t", "-u" }, "forward clear -t -u" },
	[PIF_SPLICE] = { "SPLICE", { "-T", "-U" }, "forward clear -T -U" },
};

/* What becomes of the ports that are named next */
enum mode {
	MODE_REPLACE, /* they are all that their table will have */
	MODE_ADD,
	MODE_DELETE,
};

struct pesto {
	const char *path; /* of the control socket */
	enum mode mode;
	bool replaced[PIFS]; /* cleared by MODE_REPLACE */
	bool show, debug;
	char **requests;
	size_t count;
};

static const struct client_option options[] = {
	{ 'A', "add", NULL, "Add the ports that follow" },
	{ 'D', "delete", NULL, "Remove the ports that follow" },
	{ 'C', "clear", "TABLE", "Remove all ports of a table: HOST (-t, -u) or\nSPLICE (-T, -U)" },
	CLIENT_OPTIONS_PORTS,
	{ 's', "show", NULL, "Print all ports before and after" },
	{ 'd', "debug", NULL, "Say on stderr what pasta is asked" },
	CLIENT_OPTIONS_COMMON,
	{ 0 },
};

static void usage(FILE *out)
{
	fputs("Usage: pesto [OPTION]... PATH\n"
	      "\n"
	      "Change the forwarded ports of the running pasta whose control socket is PATH, as a\n"
	      "whole or not at all; without options, print them. Options are commands, in order:\n"
	      "\n",
	      out);
	client_options_print(options, out);
	fputs("\n"
	      "Without -A, -D or -C before them, ports replace all others of their table.\n",
	      out);
}

static int add_request(struct pesto *p, const char *verb, const char *option, const char *spec,
		       struct err *err)
{
	char **requests = realloc(p->requests, (p->count + 1) * sizeof(*requests));
	size_t size = strlen(verb) + strlen(option) + strlen(spec) + sizeof("  ");
	char *text = malloc(size);

	if (requests)
		p->requests = requests;
	if (!requests || !text) {
		free(text);
		return err_set(err, -ENOMEM, "no memory");
	}
	snprintf(text, size, "%s%s%s%s%s", verb, option[0] ? " " : "", option, spec[0] ? " " : "",
		 spec);
	p->requests[p->count++] = text;
	return 0;
}

static int add_ports(struct pesto *p, enum pif pif, int udp, const char *spec, struct err *err)
{
	bool first = p->mode == MODE_REPLACE && !p->replaced[pif];
	const char *verb = p->mode == MODE_DELETE ? "forward rm" : "forward add";
	int rc = 0;

	if (strchr(spec, '\n'))
		return err_set(err, -EINVAL, "%s: ports are one line", pifs[pif].options[udp]);
	if (first)
		rc = add_request(p, pifs[pif].clear, "", "", err);
	p->replaced[pif] |= first;
	if (rc || (p->mode == MODE_REPLACE && !strcmp(spec, "none")))
		return rc;
	return add_request(p, verb, pifs[pif].options[udp], spec[0] ? spec : "all", err);
}

/* What is named after that is added to what is left */
static int clear_table(struct pesto *p, const char *name, struct err *err)
{
	p->mode = MODE_ADD;
	for (size_t i = 0; i < PIFS; i++)
		if (!strcasecmp(name, pifs[i].name))
			return add_request(p, pifs[i].clear, "", "", err);
	return err_set(err, -EINVAL, "--clear '%.100s': must be HOST or SPLICE", name);
}

/* Options that are commands. Return: 0 or -errno with @err set */
static int take_option(struct pesto *p, int option, struct err *err)
{
	switch (option) {
	case 'A':
		p->mode = MODE_ADD;
		return 0;
	case 'D':
		p->mode = MODE_DELETE;
		return 0;
	case 'C':
		return clear_table(p, optarg, err);
	case 't':
	case 'u':
		return add_ports(p, PIF_HOST, option == 'u', optarg, err);
	case 'T':
	case 'U':
		return add_ports(p, PIF_SPLICE, option == 'U', optarg, err);
	case 's':
		p->show = true;
		return 0;
	case 'd':
		p->debug = true;
		return 0;
	default: /* getopt() has said what is wrong */
		err->text[0] = '\0';
		return -EINVAL;
	}
}

/* Return: 0; 1: all is done already; or -errno with @err set */
static int parse(struct pesto *p, int argc, char **argv, struct err *err)
{
	int option, rc = 0;

	while (!rc && (option = client_options_next(options, argc, argv)) != -1) {
		if (option == 'h') {
			usage(stdout);
			return 1;
		}
		if (option == CLIENT_OPTION_VERSION) {
			printf("pesto %s\n", PASTA_VERSION);
			return 1;
		}
		rc = take_option(p, option, err);
	}
	if (rc)
		return rc;
	if (optind == argc)
		return err_set(err, -EINVAL,
			       "the path of pasta's control socket is missing (see pesto --help)");
	if (optind + 1 < argc)
		return err_set(err, -EINVAL, "'%.100s': nothing may follow the socket's path",
			       argv[optind + 1]);
	p->path = argv[optind];
	return 0;
}

static int ask(const struct pesto *p, struct client *client, const char *request,
	       json_t **ret_answer, struct err *err)
{
	int rc;

	if (p->debug)
		fprintf(stderr, "pesto: asks: %s\n", request);
	rc = client_ask(client, request, ret_answer, err);
	if (!rc && p->debug) {
		fprintf(stderr, "pesto: answer: ");
		json_dumpf(*ret_answer, stderr, JSON_COMPACT);
		fputc('\n', stderr);
	}
	return rc;
}

static int ask_only(const struct pesto *p, struct client *client, const char *request,
		    struct err *err)
{
	json_t *answer;
	int rc = ask(p, client, request, &answer, err);

	if (!rc)
		json_decref(answer);
	return rc;
}

static void print_option(const json_t *forwards, const char *pif, const char *option)
{
	const json_t *rule;
	bool any = false;
	size_t i;

	json_array_foreach (forwards, i, rule) {
		const char *at = json_string_value(json_object_get(rule, "option"));
		const char *spec = json_string_value(json_object_get(rule, "spec"));

		if (!at || !spec || strcmp(at, option) != 0)
			continue;
		printf("%s %s %s\n", pif, option, spec);
		any = true;
	}
	if (!any)
		printf("%s %s none\n", pif, option);
}

/* @when: NULL: there is only one time */
static int print_ports(const struct pesto *p, struct client *client, const char *when,
		       struct err *err)
{
	json_t *answer;
	int rc = ask(p, client, "forward list", &answer, err);

	if (rc)
		return rc;
	if (when)
		printf("%s:\n", when);
	for (size_t i = 0; i < PIFS; i++)
		for (size_t o = 0; o < ARRAY_SIZE(pifs[i].options); o++)
			print_option(json_object_get(answer, "forwards"), pifs[i].name,
				     pifs[i].options[o]);
	json_decref(answer);
	return 0;
}

static int carry_out(const struct pesto *p, struct client *client, struct err *err)
{
	int rc = 0;

	if (!p->count)
		return print_ports(p, client, NULL, err);
	if (p->show)
		rc = print_ports(p, client, "before", err);
	if (!rc)
		rc = ask_only(p, client, "begin", err);
	for (size_t i = 0; i < p->count && !rc; i++)
		rc = ask_only(p, client, p->requests[i], err);
	if (!rc)
		rc = ask_only(p, client, "commit", err);
	if (!rc && p->show)
		rc = print_ports(p, client, "after", err);
	return rc;
}

static int run(struct pesto *p, struct err *err)
{
	struct client client;
	int rc = client_open(&client, p->path, err);

	if (rc)
		return rc;
	rc = carry_out(p, &client, err);
	client_close(&client);
	return rc;
}

int main(int argc, char **argv)
{
	char name[] = "pesto";
	struct pesto pesto = { .mode = MODE_REPLACE };
	struct err err;
	int rc;

	if (argc > 0)
		argv[0] = name; /* in getopt's messages too */
	rc = parse(&pesto, argc, argv, &err);
	if (!rc)
		rc = run(&pesto, &err);
	if (rc >= 0 && (fflush(stdout) || ferror(stdout)))
		rc = err_set(&err, -EIO, "cannot write: %s", strerror(errno));
	if (rc < 0 && err.text[0])
		fprintf(stderr, "pesto: %s\n", err.text);
	while (pesto.count)
		free(pesto.requests[--pesto.count]);
	free(pesto.requests);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
