/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that store values, then the table. Of several occurrences of an option the last one
 * wins, 'none' included, each family by itself; only resolvers and ports add up. Everything that
 * depends on a second option is checked elsewhere, after the last one was read.
 */
#include "launch/option_table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/base/values.h"
#include "common/engine/engine.h"
#include "launch/policy.h"
#include "launch/ports.h"

static const char *const disable_words[SETTINGS_DISABLE_COUNT] = {
	[SETTINGS_DISABLE_PEEK_OFF] = "peek-off",
	[SETTINGS_DISABLE_USO] = "uso",
	[SETTINGS_DISABLE_TSO] = "tso",
	[SETTINGS_DISABLE_LANDLOCK] = "landlock",
};

/* The reason must fit behind the value, however long that is */
static int value_error(const struct option_spec *spec, const char *value, const char *why,
		       struct err *err)
{
	return err_set(err, -EINVAL, "--%s '%.200s': %s", spec->name, value, why);
}

static void *target(struct settings *settings, const struct option_spec *spec)
{
	return (char *)settings + spec->target;
}

static int set_bool(const struct option_spec *spec, const char *value, struct settings *settings,
		    struct err *err)
{
	(void)value;
	(void)err;
	*(bool *)target(settings, spec) = spec->value;
	return 0;
}

static int set_log_level(const struct option_spec *spec, const char *value,
			 struct settings *settings, struct err *err)
{
	(void)value;
	(void)err;
	settings->log_level = (enum log_level)spec->value;
	return 0;
}

static int set_action(const struct option_spec *spec, const char *value, struct settings *settings,
		      struct err *err)
{
	(void)value;
	(void)err;
	settings->action = (enum settings_action)spec->value;
	return 0;
}

/* What the option asks for is always so: there is nothing to store */
static int set_nothing(const struct option_spec *spec, const char *value, struct settings *settings,
		       struct err *err)
{
	(void)spec;
	(void)value;
	(void)settings;
	(void)err;
	return 0;
}

static int set_text(const struct option_spec *spec, const char *value, struct settings *settings,
		    struct err *err)
{
	if (!*value)
		return value_error(spec, value, "must not be empty", err);
	*(const char **)target(settings, spec) = value;
	return 0;
}

/* Of this and --no-control the last one wins */
static int set_control_path(const struct option_spec *spec, const char *value,
			    struct settings *settings, struct err *err)
{
	if (!*value)
		return value_error(spec, value, "must not be empty", err);
	settings->control_path = value;
	settings->no_control = false;
	return 0;
}

static int set_ifname(const struct option_spec *spec, const char *value, struct settings *settings,
		      struct err *err)
{
	const char *cursor = value;
	int rc = value_ifname(&cursor, target(settings, spec));

	if (rc == -ENAMETOOLONG)
		return value_error(spec, value, "interface names have at most 15 characters", err);
	if (rc || *cursor)
		return value_error(spec, value, "not the name of an interface", err);
	return 0;
}

/* Of the host's interfaces any name will do, the long alternative ones, too */
static int set_host_ifname(const struct option_spec *spec, const char *value,
			   struct settings *settings, struct err *err)
{
	if (!value_is_any_ifname(value))
		return value_error(spec, value, "not the name of an interface", err);
	*(const char **)target(settings, spec) = value;
	return 0;
}

static int read_mac(const struct option_spec *spec, const char *value, uint8_t mac[ETH_ALEN],
		    struct err *err)
{
	static const uint8_t zero[ETH_ALEN];
	const char *cursor = value;

	if (value_mac(&cursor, mac) || *cursor)
		return value_error(spec, value, "not a MAC address (xx:xx:xx:xx:xx:xx)", err);
	if ((mac[0] & 1) || !memcmp(mac, zero, ETH_ALEN))
		return value_error(spec, value, "not the MAC address of one interface", err);
	return 0;
}

static int set_mac(const struct option_spec *spec, const char *value, struct settings *settings,
		   struct err *err)
{
	return read_mac(spec, value, target(settings, spec), err);
}

static int set_ns_mac(const struct option_spec *spec, const char *value, struct settings *settings,
		      struct err *err)
{
	settings->has_ns_mac = true;
	return read_mac(spec, value, settings->ns_mac, err);
}

static int set_number(const struct option_spec *spec, const char *value, struct settings *settings,
		      struct err *err)
{
	const struct option_number *n = &spec->number;
	const char *cursor = value, *unit = n->unit ? n->unit : "";
	uint32_t number;

	if (!value_number(&cursor, n->max, &number) && !*cursor &&
	    (number >= n->min || (n->or_zero && !number))) {
		*(uint32_t *)target(settings, spec) = number;
		return 0;
	}
	return err_set(err, -EINVAL, "--%s '%.200s': must be between %u and %u%s%s%s", spec->name,
		       value, n->min, n->max, *unit ? " " : "", unit, n->or_zero ? " (or 0)" : "");
}

static int set_netmask(const struct option_spec *spec, const char *value, struct settings *settings,
		       struct err *err)
{
	const char *cursor = value;

	if (value_netmask(&cursor, &settings->addressing.netmask_len) || *cursor)
		return value_error(spec, value,
				   "not an IPv4 netmask (255.255.255.0, or 1 to 32 bits)", err);
	return 0;
}

static int set_guest_fd(const struct option_spec *spec, const char *value,
			struct settings *settings, struct err *err)
{
	const char *cursor = value;
	uint32_t fd;

	if (value_number(&cursor, INT32_MAX, &fd) || *cursor || fd <= STDERR_FILENO)
		return value_error(spec, value, "not the number of a descriptor above 2", err);
	settings->guest_fd = (int)fd;
	settings->one_off = true;
	return 0;
}

static int set_disable(const struct option_spec *spec, const char *value, struct settings *settings,
		       struct err *err)
{
	const char *cursor = value;
	size_t i;

	do {
		value_blanks(&cursor);
		if (value_word(&cursor, disable_words, ARRAY_SIZE(disable_words), &i))
			return value_error(spec, value,
					   "must be a list of peek-off, uso, tso, landlock", err);
		value_blanks(&cursor);
		settings->disabled |= 1U << i;
	} while (value_literal(&cursor, ","));
	return *cursor ? value_error(spec, value, "items are separated by commas", err) : 0;
}

static struct addressing_request_family *family_of(struct settings *settings,
						   const struct in6_addr *addr)
{
	return addr_is_ipv4(addr) ? &settings->addressing.ip4 : &settings->addressing.ip6;
}

static int check_addr(const struct option_spec *spec, const char *value,
		      const struct in6_addr *addr, struct err *err)
{
	if (addr_is_unspecified(addr) || addr_is_loopback(addr) || addr_is_multicast(addr))
		return value_error(spec, value, "must not be unspecified, loopback or multicast",
				   err);
	return 0;
}

/* store_addr() - into the field of the address's family */
static int store_addr(const struct option_spec *spec, const char *value,
		      const struct in6_addr *addr, struct settings *settings, struct err *err)
{
	char *family = (void *)family_of(settings, addr);
	int rc = check_addr(spec, value, addr, err);

	if (!rc)
		*(struct in6_addr *)(void *)(family + spec->target) = *addr;
	return rc;
}

static int set_addr(const struct option_spec *spec, const char *value, struct settings *settings,
		    struct err *err)
{
	const char *cursor = value;
	struct in6_addr addr;

	if (value_addr(&cursor, &addr) || *cursor)
		return value_error(spec, value, "not an IPv4 or IPv6 address", err);
	return store_addr(spec, value, &addr, settings, err);
}

static int set_ns_addr(const struct option_spec *spec, const char *value, struct settings *settings,
		       struct err *err)
{
	const char *cursor = value;
	struct in6_addr addr;
	unsigned int len;
	int rc = value_addr_prefix(&cursor, &addr, &len);

	if (rc == -ERANGE)
		return value_error(spec, value, "prefix length out of range", err);
	if (rc || *cursor)
		return value_error(spec, value, "not an address (ADDR or ADDR/LEN)", err);
	rc = store_addr(spec, value, &addr, settings, err);
	if (!rc)
		family_of(settings, &addr)->prefix_len = len;
	return rc;
}

static int set_map_host_loopback(const struct option_spec *spec, const char *value,
				 struct settings *settings, struct err *err)
{
	struct addressing_request *a = &settings->addressing;
	const char *cursor = value;
	struct in6_addr addr;
	int rc;

	if (!strcmp(value, "none")) {
		a->ip4.map_host_loopback_none = a->ip6.map_host_loopback_none = true;
		return 0;
	}
	rc = set_addr(spec, value, settings, err);
	if (!rc && !value_addr(&cursor, &addr))
		family_of(settings, &addr)->map_host_loopback_none = false;
	return rc;
}

static int set_map_guest_addr(const struct option_spec *spec, const char *value,
			      struct settings *settings, struct err *err)
{
	struct addressing_request *a = &settings->addressing;

	if (strcmp(value, "none"))
		return set_addr(spec, value, settings, err);
	a->ip4.map_guest_addr = a->ip6.map_guest_addr = in6addr_any;
	return 0;
}

static int set_ports(const struct option_spec *spec, const char *value, struct settings *settings,
		     struct err *err)
{
	settings->ports_text[spec->value] = value;
	return ports_add(&settings->rules, (enum fwd_direction)spec->value, value, err);
}

static int set_policy_rule(const struct option_spec *spec, const char *value,
			   struct settings *settings, struct err *err)
{
	return policy_option_rule(&settings->policy, (enum policy_verdict)spec->value, value, err);
}

static int set_policy_sni(const struct option_spec *spec, const char *value,
			  struct settings *settings, struct err *err)
{
	static const char *const words[] = {
		[POLICY_SNI_ON] = "on",
		[POLICY_SNI_STRICT] = "strict",
		[POLICY_SNI_OFF] = "off",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(value, words[i])) {
			settings->policy_sni = (enum policy_sni)i;
			return 0;
		}
	return value_error(spec, value, "must be on, strict or off", err);
}

static int set_follow(const struct option_spec *spec, const char *value, struct settings *settings,
		      struct err *err)
{
	for (int i = 0; i < SETTINGS_FOLLOW_COUNT; i++)
		if (!strcmp(value, settings_follow_text((enum settings_follow)i))) {
			settings->follow = (enum settings_follow)i;
			return 0;
		}
	return value_error(spec, value, "must be all, grow, host or off", err);
}

static int set_workers(const struct option_spec *spec, const char *value,
		       struct settings *settings, struct err *err)
{
	const char *cursor = value;
	uint32_t count;

	settings->workers = 0;
	if (!strcmp(value, "auto"))
		return 0;
	if (value_number(&cursor, ENGINE_WORKERS_MAX, &count) || *cursor || !count)
		return value_error(spec, value, "must be auto, or between 1 and 8", err);
	settings->workers = count;
	return 0;
}

static int set_policy_file(const struct option_spec *spec, const char *value,
			   struct settings *settings, struct err *err)
{
	(void)spec;
	return policy_option_file(&settings->policy, value, err);
}

static int set_policy_narrow(const struct option_spec *spec, const char *value,
			     struct settings *settings, struct err *err)
{
	(void)spec;
	return policy_option_narrow(&settings->policy_narrow, value, err);
}

static int set_dns(const struct option_spec *spec, const char *value, struct settings *settings,
		   struct err *err)
{
	struct dns_config *dns = &settings->dns;
	const char *cursor = value;
	struct in6_addr addr;

	if (!strcmp(value, "none")) {
		dns->announce_none = true;
		dns->announce_count = 0;
		return 0;
	}
	if (value_addr(&cursor, &addr) || *cursor)
		return value_error(spec, value, "not an IPv4 or IPv6 address, nor 'none'", err);
	if (addr_is_unspecified(&addr) || addr_is_multicast(&addr))
		return value_error(spec, value, "must not be unspecified or multicast", err);
	if (dns->announce_count == RESOLV_SERVERS_MAX)
		return value_error(spec, value, "there are too many already", err);
	dns->announce_none = false;
	dns->announce[dns->announce_count++] = addr;
	return 0;
}

static int set_dns_forward(const struct option_spec *spec, const char *value,
			   struct settings *settings, struct err *err)
{
	const char *cursor = value;
	struct in6_addr addr;
	int rc;

	if (value_addr(&cursor, &addr) || *cursor)
		return value_error(spec, value, "not an IPv4 or IPv6 address", err);
	rc = check_addr(spec, value, &addr, err);
	if (!rc)
		*(addr_is_ipv4(&addr) ? &settings->dns.forward4 : &settings->dns.forward6) = addr;
	return rc;
}

static int set_dns_host(const struct option_spec *spec, const char *value,
			struct settings *settings, struct err *err)
{
	struct resolv_server server;

	if (resolv_server_parse(value, &server))
		return value_error(spec, value, "not the address of a resolver", err);
	*(addr_is_ipv4(&server.addr) ? &settings->dns.host4 : &settings->dns.host6) = server;
	return 0;
}

/* Domains with spaces or commas between them */
static int set_search(const struct option_spec *spec, const char *value, struct settings *settings,
		      struct err *err)
{
	struct dns_config *dns = &settings->dns;
	const char *domain = value;

	dns->search_given = true;
	memset(dns->search, 0, sizeof(dns->search));
	if (!strcmp(value, "none"))
		return 0;
	while (*(domain += strspn(domain, " \t,"))) {
		size_t len = strcspn(domain, " \t,");
		int rc = resolv_search_add(dns->search, domain, len);

		if (rc == -ENOSPC)
			return value_error(spec, value, "the list is too long", err);
		if (rc)
			return value_error(spec, value, "not a list of domains, nor 'none'", err);
		domain += len;
	}
	return dns->search[0] ? 0 : value_error(spec, value, "must not be empty", err);
}

static int set_host_name(const struct option_spec *spec, const char *value,
			 struct settings *settings, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	char unused[RESOLV_SEARCH_MAX] = "";

	if (value[strspn(value, allowed)] || resolv_search_add(unused, value, strlen(value)))
		return value_error(spec, value, "not the name of a host", err);
	*(const char **)target(settings, spec) = value;
	return 0;
}

#define AT(member) offsetof(struct settings, member)
#define FAMILY_AT(member) offsetof(struct addressing_request_family, member)

/* clang-format off */
static const struct option_spec specs[] = {
	/* General */
	{ "debug", 'd', NULL, set_log_level, 0, LOG_LEVEL_DEBUG, .help = "Say what is done and why" },
	{ "trace", 0, NULL, set_log_level, 0, LOG_LEVEL_TRACE, .help = "The same, and every packet" },
	{ "debug-disable", 0, "LIST", set_disable, 0, 0,
	  .help = "Do without kernel features, of:\npeek-off, uso, tso, landlock" },
	{ "stats", 0, "SECONDS", set_number, AT(stats_seconds), 0,
	  .help = "Print counters at most so often, and only\nif anything moved",
	  .number = { .min = 1, .max = 86400, .unit = "seconds" } },
	{ "quiet", 'q', NULL, set_log_level, 0, LOG_LEVEL_WARNING,
	  .help = "Print warnings and errors only" },
	{ "foreground", 'f', NULL, set_bool, AT(foreground), true, .help = "Stay in the foreground" },
	{ "stderr", 'e', NULL, set_nothing, 0, 0, .help = "No effect, for compatibility" },
	{ "log-file", 'l', "PATH", set_text, AT(log_path), 0,
	  .help = "Log to a file instead of the system log" },
	{ "log-size", 0, "BYTES", set_number, AT(log_bytes), 0,
	  .help = "Size of the log file, beyond which the oldest\nlines go",
	  .number = { .min = 4096, .max = INT32_MAX, .fallback = 1048576, .unit = "bytes" } },
	{ "runas", 0, "UID[:GID]", set_text, AT(runas), 0,
	  .help = "User, or LOGIN[:GROUP], to be instead of root;\ndefault: nobody" },
	{ "pcap", 'p', "FILE", set_text, AT(pcap_path), 0, .help = "Write all packets to a capture file" },
	{ "pid", 'P', "FILE", set_text, AT(pid_path), 0,
	  .help = "Write the process id to a file when\nall is ready" },
	{ "busy-poll", 0, "USEC", set_number, AT(busy_poll_us), 0,
	  .help = "Poll at most this long before sleeping,\n0: never",
	  .number = { .max = 1000000, .fallback = 50, .unit = "microseconds" } },
	{ "help", 'h', NULL, set_action, 0, SETTINGS_PRINT_HELP, .help = "Print this text" },
	{ "version", 0, NULL, set_action, 0, SETTINGS_PRINT_VERSION, .help = "Print the version" },
	{ "ipv4-only", '4', NULL, set_bool, AT(addressing.ip6.disabled), true, .help = "No IPv6" },
	{ "ipv6-only", '6', NULL, set_bool, AT(addressing.ip4.disabled), true, .help = "No IPv4" },

	/* Addresses, routes, names */
	{ "interface", 'i', "NAME", set_host_ifname, AT(template_name), 0,
	  .help = "Interface to copy addresses and routes from;\ndefault: that of the default route" },
	{ "address", 'a', "ADDR[/LEN]", set_ns_addr, FAMILY_AT(addr), 0,
	  .help = "Address of the namespace, one a family" },
	{ "netmask", 'n', "MASK", set_netmask, 0, 0, .help = "IPv4 netmask, also as number of bits" },
	{ "gateway", 'g', "ADDR", set_addr, FAMILY_AT(gateway), 0,
	  .help = "Default gateway, one a family" },
	{ "mac-addr", 'M', "MAC", set_mac, AT(addressing.our_mac), 0,
	  .help = "MAC address of the gateway;\ndefault: 9a:55:9a:55:9a:55" },
	{ "mtu", 'm', "N", set_number, AT(addressing.mtu), 0,
	  .help = "MTU of the namespace's interface, 0: leave the\nkernel's",
	  .number = { .min = ADDRESSING_MTU_MIN_IP4, .max = ADDRESSING_MTU_MAX,
		      .fallback = ADDRESSING_MTU_DEFAULT, .or_zero = true } },
	{ "outbound", 'o', "ADDR", set_addr, FAMILY_AT(outbound_addr), 0,
	  .help = "Source address of outbound sockets,\none a family" },
	{ "outbound-if4", 0, "NAME", set_host_ifname, AT(outbound_name4), 0,
	  .help = "Bind IPv4 sockets to this interface" },
	{ "outbound-if6", 0, "NAME", set_host_ifname, AT(outbound_name6), 0,
	  .help = "Bind IPv6 sockets to this interface" },
	{ "map-host-loopback", 0, "ADDR", set_map_host_loopback, FAMILY_AT(map_host_loopback), 0,
	  .help = "ADDR leads to the host's loopback, one a\nfamily, or 'none'; default: the gateway" },
	{ "no-map-gw", 0, NULL, set_bool, AT(addressing.no_map_gw), true,
	  .help = "The gateway doesn't lead to the host" },
	{ "map-guest-addr", 0, "ADDR", set_map_guest_addr, FAMILY_AT(map_guest_addr), 0,
	  .help = "ADDR leads to the namespace's own address, as\nthe host has it, one a family, or 'none'" },
	{ "dns", 'D', "ADDR", set_dns, 0, 0,
	  .help = "Resolver to announce, any number of times,\nor 'none'; default: the host's" },
	{ "dns-forward", 0, "ADDR", set_dns_forward, 0, 0,
	  .help = "DNS queries to ADDR go to the host's\nresolver, one a family" },
	{ "dns-host", 0, "ADDR", set_dns_host, 0, 0,
	  .help = "The resolver for that, one a family;\ndefault: those of /etc/resolv.conf" },
	{ "search", 'S', "LIST", set_search, 0, 0,
	  .help = "Search domains to announce, or 'none';\ndefault: those of /etc/resolv.conf" },
	{ "dhcp-dns", 0, NULL, set_bool, AT(autoconf.announce_dns), true,
	  .help = "Announce resolvers by DHCP, DHCPv6 and\nrouter advertisements",
	  .passt_help = "Announce resolvers by DHCP, DHCPv6 and\nrouter advertisements (the default)" },
	{ "no-dhcp-dns", 0, NULL, set_bool, AT(autoconf.announce_dns), false,
	  .help = "Don't announce resolvers (the default)",
	  .passt_help = "Don't announce resolvers" },
	{ "dhcp-search", 0, NULL, set_bool, AT(autoconf.announce_search), true,
	  .help = "Announce search domains, likewise",
	  .passt_help = "Announce search domains, likewise (the default)" },
	{ "no-dhcp-search", 0, NULL, set_bool, AT(autoconf.announce_search), false,
	  .help = "Don't announce search domains (the default)",
	  .passt_help = "Don't announce search domains" },
	{ "hostname", 'H', "NAME", set_host_name, AT(autoconf.hostname), 0,
	  .help = "Host name to announce by DHCP" },
	{ "fqdn", 0, "NAME", set_host_name, AT(autoconf.fqdn), 0,
	  .help = "Full name to announce by DHCP and DHCPv6" },
	{ "no-tcp", 0, NULL, set_bool, AT(addressing.no_tcp), true, .help = "Drop all TCP" },
	{ "no-udp", 0, NULL, set_bool, AT(addressing.no_udp), true, .help = "Drop all UDP" },
	{ "no-icmp", 0, NULL, set_bool, AT(addressing.no_icmp), true,
	  .help = "Drop all ICMP and ICMPv6" },
	{ "no-ndp", 0, NULL, set_bool, AT(addressing.no_ndp), true,
	  .help = "Answer no neighbour solicitations" },
	{ "no-dhcp", 0, NULL, set_bool, AT(autoconf.no_dhcp), true, .help = "No DHCP server" },
	{ "no-dhcpv6", 0, NULL, set_bool, AT(autoconf.no_dhcpv6), true, .help = "No DHCPv6 server" },
	{ "no-ra", 0, NULL, set_bool, AT(autoconf.no_ra), true, .help = "No router advertisements" },

	/* Ports */
	{ "tcp-ports", 't', "SPEC", set_ports, 0, FWD_TCP_TO_NS,
	  .help = "Forward TCP ports of the host to the\nnamespace: 'none', 'auto' (the default), 'all',\n"
	  "or [ADDR][%IFACE]/PORTS, with PORTS a list of\nFIRST[-LAST][:[TOADDR/]TOFIRST[-TOLAST]],\n"
	  "~FIRST[-LAST], all, auto",
	  .passt_help = "Forward TCP ports of the host to the guest:\n'none' (the default), 'all', or\n"
	  "[ADDR][%IFACE]/PORTS, with PORTS a list of\nFIRST[-LAST][:[TOADDR/]TOFIRST[-TOLAST]],\n"
	  "~FIRST[-LAST], all" },
	{ "udp-ports", 'u', "SPEC", set_ports, 0, FWD_UDP_TO_NS,
	  .help = "UDP ports, likewise; default: as for TCP" },
	{ "freebind", 0, NULL, set_bool, AT(freebind), true,
	  .help = "Listen on addresses that the host lacks, too" },

	/* What may leave */
	{ "policy", 0, "FILE", set_policy_file, 0, 0,
	  .help = "Read what the namespace may reach from a file" },
	{ "allow", 0, "RULE", set_policy_rule, 0, POLICY_ALLOW,
	  .help = "Let the namespace reach what the rule says, and\nnothing else: [tcp/|udp/|icmp/]DEST[:PORTS]" },
	{ "deny", 0, "RULE", set_policy_rule, 0, POLICY_DENY,
	  .help = "Keep it from that; the first rule that fits\ndecides" },
	{ "policy-narrow", 0, "RULES", set_policy_narrow, 0, 0,
	  .help = "Let it reach no more of that than these rules\nallow: lines of a policy, with ';' between" },
	{ "policy-sni", 0, "MODE", set_policy_sni, 0, 0,
	  .help = "Of connections allowed by a name, compare the\none they say (on), refuse those without\n(strict), or don't look (off); default: on" },
	{ "policy-learn", 0, "FILE", set_text, AT(policy_learn_path), 0,
	  .help = "Let everything out, and write the policy that\nwould have allowed it to a file" },
	{ "policy-log", 0, "FILE", set_text, AT(policy_log_path), 0,
	  .help = "Write what was allowed and denied to a file,\nas JSON lines" },
	{ "policy-check", 0, NULL, set_bool, AT(policy_check), true,
	  .help = "Say what each rule means, and exit" },

	/* The rest */
	{ "follow", 0, "WHAT", set_follow, 0, 0,
	  .help = "When the host's network changes, translate by\nwhat it is then (host), and have the namespace get\nwhat it lacks (grow), or have what the host has\nthen (all), or don't look (off); default: grow" },
	{ "conf-path", 'c', "PATH", set_control_path, 0, 0,
	  .help = "Socket to see and change this instance by;\ndefault: $XDG_RUNTIME_DIR/pasta/PID.sock" },
	{ "no-control", 0, NULL, set_bool, AT(no_control), true, .help = "No such socket" },
	{ "chroot-fallback", 0, NULL, set_bool, AT(chroot_fallback), true,
	  .help = "Use chroot where pivot_root is refused" },
};

/* Of pasta alone */
static const struct option_spec pasta_specs[] = {
	{ "ns-mac-addr", 0, "MAC", set_ns_mac, 0, 0,
	  .help = "MAC address of the namespace's interface" },
	{ "ns-ifname", 'I', "NAME", set_ifname, AT(addressing.ns_ifname), 0,
	  .help = "Name of the namespace's interface" },
	{ "config-net", 0, NULL, set_bool, AT(config_net), true,
	  .help = "Configure the namespace's interface" },
	{ "no-copy-routes", 0, NULL, set_bool, AT(addressing.no_copy_routes), true,
	  .help = "Set a default route only" },
	{ "no-copy-addrs", 0, NULL, set_bool, AT(addressing.no_copy_addrs), true,
	  .help = "Set one address a family only" },
	{ "tcp-ns", 'T', "SPEC", set_ports, 0, FWD_TCP_TO_HOST,
	  .help = "Forward TCP ports of the namespace's loopback\nto the host's" },
	{ "udp-ns", 'U', "SPEC", set_ports, 0, FWD_UDP_TO_HOST,
	  .help = "UDP ports, likewise; default: as for TCP" },
	{ "host-lo-to-ns-lo", 0, NULL, set_bool, AT(host_lo_to_ns_lo), true,
	  .help = "Connections to the host's loopback go to the\nnamespace's, not to its address" },
	{ "no-splice", 0, NULL, set_bool, AT(no_splice), true,
	  .help = "Forward local connections by the interface, too" },
	{ "splice-only", 0, NULL, set_bool, AT(splice_only), true,
	  .help = "Forward local connections only: no interface" },
	{ "workers", 0, "N", set_workers, 0, 0,
	  .help = "Translate by so many threads; default: auto, by\nthe number of processors" },
	{ "userns", 0, "PATH", set_text, AT(join.userns), 0,
	  .help = "User namespace to join; default: that of\nPID, or none with --netns" },
	{ "netns", 0, "PATH", set_text, AT(join.netns), 0,
	  .help = "Network namespace to join, by path or by\nname in /run/netns" },
	{ "netns-only", 0, NULL, set_bool, AT(join.netns_only), true,
	  .help = "Join no user namespace, make none for COMMAND" },
	{ "no-netns-quit", 0, NULL, set_bool, AT(no_netns_quit), true,
	  .help = "Stay when the joined namespace is gone" },
	{ "no-pidns", 0, NULL, set_bool, AT(no_pidns), true,
	  .help = "COMMAND stays in the caller's PID namespace" },
	{ "no-resolv-conf", 0, NULL, set_bool, AT(no_resolv_conf), true,
	  .help = "COMMAND keeps the host's resolv.conf" },
};

/* Of passt alone */
static const struct option_spec passt_specs[] = {
	{ "socket", 's', "PATH", set_text, AT(guest_path), 0,
	  .help = "Socket for the guest; default: the first free\none of /tmp/passt_1.socket and so on" },
	{ "socket-path", 0, "PATH", set_text, AT(guest_path), 0, .help = "The same" },
	{ "fd", 'F', "FD", set_guest_fd, 0, 0,
	  .help = "A connected socket in its place; implies\n--one-off" },
	{ "one-off", '1', NULL, set_bool, AT(one_off), true, .help = "End when the guest goes" },
	{ "vhost-user", 0, NULL, set_bool, AT(vhost_user), true,
	  .help = "The guest's frames go by its memory\n(the vhost-user protocol)" },
	{ "print-capabilities", 0, NULL, set_action, 0, SETTINGS_PRINT_CAPABILITIES,
	  .help = "Print what --vhost-user can do, as JSON" },
	{ "repair-path", 0, "PATH", set_nothing, 0, 0, .help = "No effect, for compatibility" },
	{ "migrate-exit", 0, NULL, set_nothing, 0, 0, .help = "No effect, likewise" },
	{ "migrate-no-linger", 0, NULL, set_nothing, 0, 0, .help = "No effect, likewise" },
};
/* clang-format on */

#define SHARED ARRAY_SIZE(specs)
#define OF_PASTA ARRAY_SIZE(pasta_specs)
#define OF_PASST ARRAY_SIZE(passt_specs)

_Static_assert(SHARED + OF_PASTA + OF_PASST <= OPTION_TABLE_MAX,
	       "callers' arrays have room for every row");

const struct option_spec *option_table_row(size_t i)
{
	if (i < SHARED)
		return &specs[i];
	if (i < SHARED + OF_PASTA)
		return &pasta_specs[i - SHARED];
	return i < SHARED + OF_PASTA + OF_PASST ? &passt_specs[i - SHARED - OF_PASTA] : NULL;
}

enum option_of option_of(const struct option_spec *spec)
{
	if (spec >= pasta_specs && spec < pasta_specs + OF_PASTA)
		return OPTION_OF_PASTA;
	return spec >= passt_specs && spec < passt_specs + OF_PASST ? OPTION_OF_PASST
								    : OPTION_OF_BOTH;
}

void option_table_defaults(struct settings *settings)
{
	const struct option_spec *spec;

	for (size_t i = 0; (spec = option_table_row(i)); i++)
		if (spec->set == set_number)
			*(uint32_t *)target(settings, spec) = spec->number.fallback;
}
