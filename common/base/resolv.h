/* SPDX-License-Identifier: Apache-2.0
 *
 * What resolv.conf(5) says, as a value: the host's resolvers in their order and its search list.
 * Lines that make no sense are skipped, as the C library does it. Pure: no file is opened and no
 * interface looked up here. A struct resolv has no pointers: it can be sent through a pipe.
 */
#ifndef COMMON_BASE_RESOLV_H
#define COMMON_BASE_RESOLV_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"

/* Resolvers kept; the C library asks the first three of them */
#define RESOLV_SERVERS_MAX 8
/* Text of the search list: domains with one space between them */
#define RESOLV_SEARCH_MAX 1024
/* A domain name, without a terminator: RFC 1035, 3.1, less length byte and root */
#define RESOLV_DOMAIN_MAX 253
/* Bytes of a file that are looked at */
#define RESOLV_FILE_MAX (16 * 1024)
/* Text of resolv_server_format(), terminator included */
#define RESOLV_SERVER_TEXT_MAX (ADDR_TEXT_MAX + IFNAMSIZ)

struct resolv_server {
	struct in6_addr addr; /* never multicast; unspecified: no resolver at all */
	/* Scope of a link-local IPv6 address, as it was written; neither: none was */
	char ifname[IFNAMSIZ];
	uint32_t scope_id;
};

struct resolv {
	uint32_t server_count;
	struct resolv_server servers[RESOLV_SERVERS_MAX]; /* none twice */
	char search[RESOLV_SEARCH_MAX]; /* "": none */
};

/* resolv_parse() - read the text of a file
 * @text:	@len bytes, no terminator needed; with more than RESOLV_FILE_MAX, whole lines of
 *		those are looked at
 *
 * *ret_resolv is set completely, padding included: equal files give equal bytes.
 */
void resolv_parse(const char *text, size_t len, struct resolv *ret_resolv);

/* resolv_rewrite() - the same text with other resolvers
 * @text:	@len bytes, no terminator needed
 * @buf:	gets a text with a terminator: one line an address of @addrs, then all lines of the
 *		file that name no resolver, as they are
 *
 * Return: 0, or -ENOSPC if @size is too small
 */
int resolv_rewrite(const char *text, size_t len, const struct in6_addr *addrs, uint32_t count,
		   char *buf, size_t size);

/* resolv_server_parse() - an address, link-local IPv6 with %SCOPE if wanted; 0.0.0.0 and ::, which
 * mean this host, become its loopback address
 *
 * Return: 0, or -EINVAL with *ret_server untouched
 */
int resolv_server_parse(const char *text, struct resolv_server *ret_server);

/* resolv_server_format() - the text that it is parsed from. Return: @buf */
const char *resolv_server_format(const struct resolv_server *server, char *buf);

/* resolv_server_equal() - whether both are the same resolver */
bool resolv_server_equal(const struct resolv_server *a, const struct resolv_server *b);

/* resolv_search_add() - append one domain to a search list
 * @domain:	@len bytes
 *
 * Return: 0; -EINVAL if it is no domain name; -ENOSPC if there is no room
 */
int resolv_search_add(char search[RESOLV_SEARCH_MAX], const char *domain, size_t len);

#endif
