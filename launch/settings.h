/* SPDX-License-Identifier: Apache-2.0
 *
 * What the command line asks for, as plain values. Pointers among them point into argv. Whether
 * the names and addresses exist is found out by whoever uses them.
 */
#ifndef LAUNCH_SETTINGS_H
#define LAUNCH_SETTINGS_H

#include <linux/if_ether.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/log.h"
#include "common/engine/addressing.h"
#include "common/engine/autoconf_rules.h"
#include "common/engine/dns_rules.h"
#include "common/fwd/rules.h"
#include "common/policy/policy.h"
#include "netns/start/join.h"

enum settings_action {
	SETTINGS_RUN,
	SETTINGS_PRINT_HELP,
	SETTINGS_PRINT_VERSION,
	SETTINGS_PRINT_CAPABILITIES, /* passt's */
	SETTINGS_PRINT_POLICY,
};

enum settings_program {
	SETTINGS_PASTA,
	SETTINGS_PASST,
};

/* When the host's network changes */
enum settings_follow {
	SETTINGS_FOLLOW_GROW, /* likewise, and the namespace gets what it lacks */
	SETTINGS_FOLLOW_ALL, /* likewise, and has what the host has then */
	SETTINGS_FOLLOW_HOST, /* translation follows */
	SETTINGS_FOLLOW_OFF,
	SETTINGS_FOLLOW_COUNT,
};

/* settings_follow_text() - as it is written */
static inline const char *settings_follow_text(enum settings_follow follow)
{
	switch (follow) {
	case SETTINGS_FOLLOW_GROW:
		return "grow";
	case SETTINGS_FOLLOW_ALL:
		return "all";
	case SETTINGS_FOLLOW_HOST:
		return "host";
	case SETTINGS_FOLLOW_OFF:
	case SETTINGS_FOLLOW_COUNT:
		break;
	}
	return "off";
}

/* settings_follow_inside() - whether the namespace gets anything of it */
static inline bool settings_follow_inside(enum settings_follow follow)
{
	return follow == SETTINGS_FOLLOW_GROW || follow == SETTINGS_FOLLOW_ALL;
}

/* Kernel features that --debug-disable takes away, a bit each */
enum settings_disable {
	SETTINGS_DISABLE_PEEK_OFF,
	SETTINGS_DISABLE_USO,
	SETTINGS_DISABLE_TSO,
	SETTINGS_DISABLE_LANDLOCK,
	SETTINGS_DISABLE_COUNT,
};

struct settings {
	enum settings_program program;
	enum settings_action action;
	struct addressing_request addressing;
	struct autoconf_request autoconf; /* configured: by config_net, left unset here */
	struct dns_config dns;
	const char *template_name; /* NULL: by the routes. Like the next two, any of its names */
	const char *outbound_name4, *outbound_name6; /* NULL: no interface is named */
	enum settings_follow follow;
	bool config_net;
	bool has_ns_mac;
	uint8_t ns_mac[ETH_ALEN];
	enum log_level log_level;
	bool foreground;
	struct join_request join; /* nothing to join: namespaces of our own, for COMMAND */
	bool no_netns_quit;
	bool no_pidns;
	bool no_resolv_conf;
	bool chroot_fallback;
	const char *runas; /* NULL: nobody */
	const char *pid_path; /* NULL: no such file */
	const char *control_path; /* NULL: the default one */
	bool no_control;
	const char *log_path; /* NULL: no log file */
	uint32_t log_bytes;
	uint32_t stats_seconds; /* 0: never */
	const char *pcap_path; /* NULL: no capture */
	struct fwd_rules *rules; /* not finished; NULL: no port option was given */
	const char
		*ports_text[FWD_DIRECTIONS]; /* what was last given, for messages; NULL: nothing */
	struct policy *policy; /* not finished; NULL: no option was given */
	struct policy *policy_narrow; /* likewise */
	enum policy_sni policy_sni;
	const char *policy_learn_path; /* NULL: nothing is learnt, and no policy is made */
	const char *policy_log_path; /* NULL: no log of its decisions */
	bool policy_check;
	bool no_splice, splice_only, host_lo_to_ns_lo, freebind;
	uint32_t busy_poll_us;
	uint32_t workers; /* 0: as many as the machine has processors for */
	uint32_t disabled; /* 1 << enum settings_disable */
	const char *guest_path; /* of passt's socket; NULL: the first free default one */
	int guest_fd; /* a connected socket in its place; -1: none */
	bool vhost_user; /* the guest's frames go by its memory, not by the socket */
	bool one_off; /* the first guest is the only one */
	char *const *command; /* ends with NULL; NULL alone: the user's shell */
};

#endif
