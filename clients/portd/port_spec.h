/* SPDX-License-Identifier: Apache-2.0
 *
 * A forwarded port as clients of rootlesskit's API speak of it, and what that is in the words of
 * pasta's command line. The parent is the host, the child the namespace. Addresses are kept as they
 * were written: that is how a client wants to see them again. Pure.
 */
#ifndef CLIENTS_PORTD_PORT_SPEC_H
#define CLIENTS_PORTD_PORT_SPEC_H

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "common/base/err.h"

enum port_proto {
	PORT_TCP, /* both families */
	PORT_TCP4,
	PORT_TCP6,
	PORT_UDP,
	PORT_UDP4,
	PORT_UDP6,
};
#define PORT_PROTOS 6

struct port_spec {
	enum port_proto proto;
	uint16_t parent_port, child_port;
	char parent_ip[ADDR_TEXT_MAX]; /* "": all addresses */
	char child_ip[ADDR_TEXT_MAX]; /* "": the namespace's own */
};

/* The namespace's own addresses, where connections go if nothing else is said; "": none */
struct port_home {
	char ip4[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX];
};

/* A rule for pasta, terminator included */
#define PORT_RULE_MAX 128

/* port_proto_name() - as clients write it */
const char *port_proto_name(enum port_proto proto);

/* port_proto_option() - the option of pasta's that its rules are given by */
const char *port_proto_option(enum port_proto proto);

/* port_proto_parse() - Return: 0, or -EINVAL with @err set */
int port_proto_parse(const char *text, enum port_proto *ret_proto, struct err *err);

/* port_spec_check() - whether addresses are some, of the protocol's family, and ports are not 0
 *
 * Return: 0, or -EINVAL with @err set
 */
int port_spec_check(const struct port_spec *spec, struct err *err);

/* port_spec_from_json() - a whole and good one, of any bytes
 *
 * Return: 0, or -EINVAL with @err set
 */
int port_spec_from_json(const char *text, size_t len, struct port_spec *ret_spec, struct err *err);

/* port_spec_to_json() - Return: for json_decref(); NULL if there is no memory */
json_t *port_spec_to_json(const struct port_spec *spec);

/* port_spec_to_rule() - what pasta is to forward
 * @spec:	a good one
 * @ret_rule:	of PORT_RULE_MAX bytes
 */
void port_spec_to_rule(const struct port_spec *spec, const struct port_home *home, char *ret_rule);

/* port_spec_from_rule() - a rule of pasta's as a spec
 * @option:	by which the rule was given
 *
 * Return: whether it can be one: a single port of the host, on any interface
 */
bool port_spec_from_rule(const char *option, const char *rule, struct port_spec *ret_spec);

/* port_json_number() - a member that is a port or an id, from 1 to @max. Return: 0 or -EINVAL */
int port_json_number(const json_t *object, const char *name, json_int_t max, uint32_t *ret_number,
		     struct err *err);

/* port_json_addr() - a member that is an address; without it, ""
 * @ret_text:	of ADDR_TEXT_MAX bytes
 *
 * Return: 0, or -EINVAL with @err set
 */
int port_json_addr(const json_t *object, const char *name, char *ret_text, struct err *err);

#endif
