/* SPDX-License-Identifier: Apache-2.0
 *
 * Published ports: [ADDRESS/]FIRST[-LAST][:TO[-TO]][/tcp|/udp]. Without the protocol that is a
 * specification as pasta's -t and -u take it, though only the kinds that a policy can judge.
 */
#ifndef HOOKS_PUBLISH_H
#define HOOKS_PUBLISH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "hooks/error.h"

#define PUBLISH_SPEC_MAX 96

struct port_range {
	uint16_t first;
	uint16_t last;
};

struct publish {
	bool udp;
	bool any_address; /* none was given: all of the host's */
	struct in6_addr address; /* IPv4 mapped */
	struct port_range ports; /* on the host */
	char spec[PUBLISH_SPEC_MAX]; /* for pasta */
};

/* publish_parse_range() - all of @text must be PORT or FIRST-LAST. Return: 0 or -EINVAL */
int publish_parse_range(const char *text, struct port_range *ret);

/* publish_parse_address() - IPv4 or IPv6, the latter also in brackets. Return: 0 or -EINVAL */
int publish_parse_address(const char *text, struct in6_addr *ret);

/* publish_parse() - Return: 0; or -EINVAL with @err set */
int publish_parse(const char *text, struct publish *ret, struct hook_err *err);

#endif
