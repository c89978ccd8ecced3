/* SPDX-License-Identifier: Apache-2.0
 *
 * getopt_long(3) splits the line and words the errors of its form, since callers match that
 * wording; everything about values is said by the table's functions and by the checks here.
 */
#include "launch/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/usage.h"
#include "common/base/values.h"
#include "launch/option_table.h"
#include "launch/policy.h"
#include "launch/ports.h"

/* The table in the form that getopt_long(3) wants */
struct getopt_form {
	struct option longs[OPTION_TABLE_MAX + 1];
	char shorts[2 * OPTION_TABLE_MAX + 2];
};

static bool is_known(const struct option_spec *spec, enum settings_program program)
{
	return program == SETTINGS_PASST || option_of(spec) != OPTION_OF_PASST;
}

/* A letter returns itself, a long option its row beyond all letters */
static void getopt_form_make(struct getopt_form *form, enum settings_program program)
{
	const struct option_spec *spec;
	char *s = form->shorts;

	memset(form, 0, sizeof(*form));
	*s++ = '+';
	for (size_t i = 0, known = 0; (spec = option_table_row(i)); i++) {
		if (!is_known(spec, program))
			continue;
		form->longs[known++] = (struct option){
			.name = spec->name,
			.has_arg = spec->arg ? required_argument : no_argument,
			.val = UINT8_MAX + 1 + (int)i,
		};
		if (!spec->letter)
			continue;
		*s++ = spec->letter;
		if (spec->arg)
			*s++ = ':';
	}
}

static const struct option_spec *spec_of(int getopt_val)
{
	const struct option_spec *spec;

	if (getopt_val > UINT8_MAX)
		return option_table_row((size_t)getopt_val - UINT8_MAX - 1);
	for (size_t i = 0; (spec = option_table_row(i)); i++)
		if (spec->letter == getopt_val)
			return spec;
	return NULL; /* '?' */
}

/* check_enabled() - an address that only a disabled family could use was meant to be used
 * @ip4, @ip6:	what the option @name was given
 */
static int check_enabled(const struct settings *settings, const char *name,
			 const struct in6_addr *ip4, const struct in6_addr *ip6, struct err *err)
{
	const struct addressing_request *a = &settings->addressing;
	bool has_ip4 = !addr_is_unspecified(ip4), has_ip6 = !addr_is_unspecified(ip6);
	char text[ADDR_TEXT_MAX];

	if (a->ip6.disabled && has_ip6 && !has_ip4)
		return err_set(err, -EINVAL, "--%s '%s' contradicts --ipv4-only", name,
			       addr_format(ip6, text));
	if (a->ip4.disabled && has_ip4 && !has_ip6)
		return err_set(err, -EINVAL, "--%s '%s' contradicts --ipv6-only", name,
			       addr_format(ip4, text));
	return 0;
}

/* check_dns() - what --dns was given must be of use to some family */
static int check_dns(const struct settings *settings, struct err *err)
{
	const struct dns_config *dns = &settings->dns;
	struct in6_addr ip4 = in6addr_any, ip6 = in6addr_any;

	for (size_t i = 0; i < dns->announce_count; i++)
		*(addr_is_ipv4(&dns->announce[i]) ? &ip4 : &ip6) = dns->announce[i];
	return check_enabled(settings, "dns", &ip4, &ip6, err);
}

static int check_join(const struct settings *settings, struct err *err)
{
	const struct join_request *join = &settings->join;

	if (join->netns && join->pid)
		return err_set(err, -EINVAL, "--netns '%.200s' contradicts the process '%ld'",
			       join->netns, (long)join->pid);
	if (join->netns && settings->command[0])
		return err_set(err, -EINVAL,
			       "--netns '%.100s' contradicts the command '%.100s': nothing is run "
			       "in a namespace that is joined",
			       join->netns, settings->command[0]);
	if (join->userns && join->netns_only)
		return err_set(err, -EINVAL, "--userns '%.200s' contradicts --netns-only",
			       join->userns);
	if (!join_wanted(join) && join->userns)
		return err_set(err, -EINVAL, "--userns '%.200s' needs --netns or a process to join",
			       join->userns);
	return 0;
}

static int check_interface(const char *option, bool disabled, const char *name, const char *only,
			   struct err *err)
{
	if (!disabled || !name)
		return 0;
	return err_set(err, -EINVAL, "--%s '%s' contradicts --%s", option, name, only);
}

/* Not of --map-guest-addr and --dns-forward: Podman passes IPv4 ones whatever its user asks for;
 * network_summary() says that they have no effect
 */
static int check_families(const struct settings *settings, struct err *err)
{
	const struct addressing_request_family *ip4 = &settings->addressing.ip4;
	const struct addressing_request_family *ip6 = &settings->addressing.ip6;
	int rc;

	if (ip4->disabled && ip6->disabled)
		return err_set(err, -EINVAL, "--ipv4-only and --ipv6-only contradict each other");
	rc = check_enabled(settings, "address", &ip4->addr, &ip6->addr, err);
	if (!rc)
		rc = check_enabled(settings, "gateway", &ip4->gateway, &ip6->gateway, err);
	if (!rc)
		rc = check_enabled(settings, "outbound", &ip4->outbound_addr, &ip6->outbound_addr,
				   err);
	if (!rc)
		rc = check_enabled(settings, "map-host-loopback", &ip4->map_host_loopback,
				   &ip6->map_host_loopback, err);
	if (!rc)
		rc = check_interface("outbound-if4", ip4->disabled, settings->outbound_name4,
				     "ipv6-only", err);
	if (!rc)
		rc = check_interface("outbound-if6", ip6->disabled, settings->outbound_name6,
				     "ipv4-only", err);
	return rc ? rc : check_dns(settings, err);
}

static int check_macs(const struct settings *settings, struct err *err)
{
	const uint8_t *mac = settings->ns_mac;

	if (!settings->has_ns_mac || memcmp(mac, settings->addressing.our_mac, ETH_ALEN) != 0)
		return 0;
	return err_set(err, -EINVAL,
		       "--ns-mac-addr '%02x:%02x:%02x:%02x:%02x:%02x': the other end of the tap "
		       "has that address, see --mac-addr",
		       mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* check_direction() - ports that only a protocol which is off could use were meant to be used
 * @option, @off:	what names the ports, and what switches the protocol off
 */
static int check_direction(const struct settings *settings, enum fwd_direction direction,
			   const char *option, const char *off, struct err *err)
{
	const struct fwd_rules *rules = settings->rules;

	if (!rules || !rules->direction[direction].given || rules->direction[direction].none)
		return 0;
	return err_set(err, -EINVAL, "--%s '%.200s' contradicts --%s", option,
		       settings->ports_text[direction], off);
}

static int check_ports(const struct settings *settings, struct err *err)
{
	const struct addressing_request *a = &settings->addressing;
	int rc = 0;

	if (settings->no_splice && settings->host_lo_to_ns_lo)
		return err_set(err, -EINVAL, "--no-splice contradicts --host-lo-to-ns-lo");
	if (settings->no_splice && settings->splice_only)
		return err_set(err, -EINVAL, "--no-splice contradicts --splice-only");
	if (a->no_tcp)
		rc = check_direction(settings, FWD_TCP_TO_NS, "tcp-ports", "no-tcp", err);
	if (!rc && a->no_tcp)
		rc = check_direction(settings, FWD_TCP_TO_HOST, "tcp-ns", "no-tcp", err);
	if (!rc && a->no_udp)
		rc = check_direction(settings, FWD_UDP_TO_NS, "udp-ports", "no-udp", err);
	if (!rc && a->no_udp)
		rc = check_direction(settings, FWD_UDP_TO_HOST, "udp-ns", "no-udp", err);
	return rc;
}

/* Everything that depends on more than one option */
static int check_options(const struct settings *settings, struct err *err)
{
	const struct addressing_request *a = &settings->addressing;
	char text[ADDR_TEXT_MAX];
	int rc;

	if (a->netmask_len && a->ip4.prefix_len)
		return err_set(err, -EINVAL, "--netmask '%u' contradicts --address '%s/%u'",
			       a->netmask_len, addr_format(&a->ip4.addr, text), a->ip4.prefix_len);
	if (a->netmask_len && a->ip4.disabled)
		return err_set(err, -EINVAL, "--netmask '%u' contradicts --ipv6-only",
			       a->netmask_len);
	if (a->mtu && a->mtu < ADDRESSING_MTU_MIN_IP6 && !a->ip6.disabled)
		return err_set(err, -EINVAL,
			       "--mtu '%u': must be at least %d with IPv6 (use --ipv4-only)",
			       a->mtu, ADDRESSING_MTU_MIN_IP6);
	rc = check_ports(settings, err);
	if (!rc)
		rc = check_families(settings, err);
	if (!rc)
		rc = check_macs(settings, err);
	return rc ? rc : check_join(settings, err);
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

static int parse_operands(int count, char **operands, struct settings *settings, struct err *err)
{
	const char *text = operands[0];
	uint32_t pid;

	settings->command = operands;
	if (count != 1 || !is_number(text))
		return 0;
	if (value_number(&text, INT32_MAX, &pid) || !pid)
		return err_set(err, -EINVAL, "'%.200s' is not the number of a process",
			       operands[0]);
	settings->join.pid = (pid_t)pid;
	return 0;
}

/* What a guest can't have: nobody looks into it, and it has its own memory of what it was started
 * for
 */
static int check_guest(struct settings *settings, char **operands, struct err *err)
{
	if (operands[0])
		return err_set(err, -EINVAL, "'%.200s': passt runs no command", operands[0]);
	if (settings->guest_path && settings->guest_fd >= 0)
		return err_set(err, -EINVAL, "--fd '%d' contradicts --socket '%.200s'",
			       settings->guest_fd, settings->guest_path);
	return ports_for_guest(settings, err);
}

static void settings_init(struct settings *settings, enum settings_program program)
{
	*settings = (struct settings){
		.program = program,
		.log_level = LOG_LEVEL_INFO,
		.guest_fd = -1,
	};
	addressing_request_init(&settings->addressing);
	option_table_defaults(settings);
	if (program == SETTINGS_PASTA)
		return;
	/* A guest has no other way to learn of resolvers, and no loopback that we could reach */
	settings->autoconf.announce_dns = settings->autoconf.announce_search = true;
	settings->no_splice = true;
}

int options_parse(enum settings_program program, int argc, char **argv,
		  struct settings *ret_settings, struct err *err)
{
	struct getopt_form form;
	int rc, val;

	settings_init(ret_settings, program);
	ret_settings->command = argv;
	if (argc < 1)
		return 0; /* not even a name: nothing to read */

	getopt_form_make(&form, program);
	optind = 0; /* start over, whoever used getopt before */
	while ((val = getopt_long(argc, argv, form.shorts, form.longs, NULL)) != -1) {
		const struct option_spec *spec = spec_of(val);

		if (!spec)
			return err_set(err, -EINVAL, "%s", ""); /* getopt has said it */
		if (program == SETTINGS_PASST && option_of(spec) == OPTION_OF_PASTA)
			return err_set(err, -EINVAL, "--%s is for namespaces: passt has none",
				       spec->name);
		rc = spec->set(spec, optarg, ret_settings, err);
		if (rc || ret_settings->action != SETTINGS_RUN)
			return rc;
	}
	if (program == SETTINGS_PASST)
		rc = check_guest(ret_settings, argv + optind, err);
	else
		rc = parse_operands(argc - optind, argv + optind, ret_settings, err);
	if (!rc)
		rc = check_options(ret_settings, err);
	if (!rc && ret_settings->policy_learn_path)
		rc = policy_option_learn(&ret_settings->policy, err);
	if (!rc && ret_settings->policy_log_path)
		rc = policy_option_none(&ret_settings->policy, err);
	if (!rc && ret_settings->policy_check)
		ret_settings->action = SETTINGS_PRINT_POLICY;
	return rc;
}

/* What a number is by default goes behind the last line */
static void usage_option(FILE *out, enum settings_program program, const struct option_spec *spec)
{
	bool own = program == SETTINGS_PASST && spec->passt_help;
	char tail[sizeof("; default: 4294967295")] = "";
	const struct usage_option option = {
		.letter = spec->letter,
		.name = spec->name,
		.arg = spec->arg,
		.help = own ? spec->passt_help : spec->help,
		.tail = tail,
	};

	if (spec->number.fallback)
		snprintf(tail, sizeof(tail), "; default: %u", spec->number.fallback);
	usage_print_option(out, &option);
}

void options_usage(enum settings_program program, FILE *out)
{
	static const char *const heads[] = {
		[SETTINGS_PASTA] = "Usage: pasta [OPTION]... [COMMAND [ARG]...]\n"
				   "       pasta [OPTION]... PID\n"
				   "       pasta [OPTION]... --netns PATH|NAME\n"
				   "\n"
				   "Run COMMAND, or $SHELL, in a network namespace of its own that "
				   "is connected to\n"
				   "the host's network, without privileges.\n",
		[SETTINGS_PASST] = "Usage: passt [OPTION]...\n"
				   "\n"
				   "Connect a virtual machine to the host's network, without "
				   "privileges. What is\n"
				   "said here of a namespace is the guest's.\n",
	};
	const enum option_of other = program == SETTINGS_PASTA ? OPTION_OF_PASST : OPTION_OF_PASTA;
	const struct option_spec *spec;

	fprintf(out, "%s\nOptions:\n", heads[program]);
	for (size_t i = 0; (spec = option_table_row(i)); i++)
		if (spec->help && option_of(spec) != other)
			usage_option(out, program, spec);
	fprintf(out,
		"\nThe manual is %s(1): what each option does, examples, what messages mean.\n",
		program == SETTINGS_PASTA ? "pasta" : "passt");
}
