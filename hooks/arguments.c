/* SPDX-License-Identifier: Apache-2.0
 *
 * getopt's own messages are off: a runtime shows one line, and ours says where it comes from.
 */
#include "hooks/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

enum option_value {
	OPTION_POLICY = 1,
	OPTION_CONFIG,
	OPTION_PASTA,
	OPTION_RUNTIME_DIR,
	OPTION_OPTION,
	OPTION_PUBLISH,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option options[] = {
	{ "policy", required_argument, NULL, OPTION_POLICY },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "pasta", required_argument, NULL, OPTION_PASTA },
	{ "runtime-dir", required_argument, NULL, OPTION_RUNTIME_DIR },
	{ "option", required_argument, NULL, OPTION_OPTION },
	{ "publish", required_argument, NULL, OPTION_PUBLISH },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static int set_path(const char *name, const char *value, const char **ret, struct hook_err *err)
{
	if (value[0] != '/')
		return hook_err_set(err, -EINVAL, "--%s '%s' is not an absolute path", name, value);
	*ret = value;
	return 0;
}

static int take(int value, const char *name, struct arguments *args, struct hook_err *err)
{
	switch ((enum option_value)value) {
	case OPTION_POLICY:
		return set_path(name, optarg, &args->policy, err);
	case OPTION_CONFIG:
		return set_path(name, optarg, &args->config, err);
	case OPTION_PASTA:
		return set_path(name, optarg, &args->pasta, err);
	case OPTION_RUNTIME_DIR:
		return set_path(name, optarg, &args->runtime_dir, err);
	case OPTION_OPTION:
		return words_add(&args->options, optarg);
	case OPTION_PUBLISH:
		return words_add(&args->publish, optarg);
	case OPTION_HELP:
		args->action = ARGUMENTS_PRINT_HELP;
		return 0;
	case OPTION_VERSION:
		args->action = ARGUMENTS_PRINT_VERSION;
		return 0;
	}
	return -EINVAL;
}

static int take_stage(const char *stage, struct arguments *args, struct hook_err *err)
{
	if (!strcmp(stage, "createRuntime"))
		args->action = ARGUMENTS_CREATE_RUNTIME;
	else if (!strcmp(stage, "poststop"))
		args->action = ARGUMENTS_POSTSTOP;
	else
		return hook_err_set(err, -EINVAL,
				    "argument '%s' is neither createRuntime nor "
				    "poststop",
				    stage);
	return 0;
}

int arguments_parse(int argc, char **argv, struct arguments *ret, struct hook_err *err)
{
	int value, index = 0, rc = 0;

	*ret = (struct arguments){ .policy = ARGUMENTS_POLICY_DEFAULT };
	opterr = 0;
	while (!rc && (value = getopt_long(argc, argv, "+:", options, &index)) != -1) {
		if (value == '?')
			return hook_err_set(err, -EINVAL, "unknown option '%s'", argv[optind - 1]);
		if (value == ':')
			return hook_err_set(err, -EINVAL, "option '%s' needs a value",
					    argv[optind - 1]);
		rc = take(value, options[index].name, ret, err);
	}
	if (rc || ret->action != ARGUMENTS_BY_STATE || optind >= argc)
		return rc;
	if (argc - optind > 1)
		return hook_err_set(err, -EINVAL, "argument '%s' is one too many",
				    argv[optind + 1]);
	return take_stage(argv[optind], ret, err);
}

void arguments_fini(struct arguments *arguments)
{
	words_fini(&arguments->options);
	words_fini(&arguments->publish);
}

void arguments_usage(FILE *out)
{
	fputs("Usage: pasta-oci-hook [OPTION]... [createRuntime|poststop] < STATE\n"
	      "\n"
	      "For container runtimes, which give it a container's state on standard input:\n"
	      "at createRuntime it connects the container's network namespace by pasta, at\n"
	      "poststop it ends what is left of that. Without an argument the state says which.\n"
	      "\n"
	      "  --policy PATH       what annotations may ask for; default:\n"
	      "                      " ARGUMENTS_POLICY_DEFAULT "\n"
	      "  --config PATH       what every container gets; default:\n"
	      "                      " ARGUMENTS_CONFIG_DEFAULT ", if it is there\n"
	      "  --pasta PATH        the pasta to run\n"
	      "  --runtime-dir PATH  where to remember which pasta is whose\n"
	      "  --option OPTION     an option for pasta; may be given many times\n"
	      "  --publish PORTS     [ADDRESS/]PORT[-PORT][:PORT[-PORT]][/tcp|/udp]; likewise\n"
	      "  --help, --version\n"
	      "\nThe manual is pasta-oci-hook(1).\n",
	      out);
}
