/* SPDX-License-Identifier: Apache-2.0
 *
 * The one address type above wire/: struct in6_addr, IPv4 as IPv4-mapped (RFC 4291, 2.5.5.2).
 * IPv4 and IPv6 differ only in wire/ and in socket creation; everything else sees 16 bytes.
 * Ports are uint16_t in host byte order. Values only: nothing here allocates or can be owned.
 */
#ifndef COMMON_BASE_ADDR_H
#define COMMON_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Longest text of addr_format(), terminator included */
#define ADDR_TEXT_MAX INET6_ADDRSTRLEN

/* Any socket address of the two families */
union sockaddr_inany {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/* addr_from_be32() - IPv4-mapped address from four bytes in network order */
static inline struct in6_addr addr_from_be32(uint32_t ipv4_be)
{
	struct in6_addr a;

	a.s6_addr32[0] = 0;
	a.s6_addr32[1] = 0;
	a.s6_addr32[2] = htonl(0xffff);
	a.s6_addr32[3] = ipv4_be;
	return a;
}

/* addr_is_ipv4() - whether the address is IPv4-mapped */
static inline bool addr_is_ipv4(const struct in6_addr *a)
{
	return !a->s6_addr32[0] && !a->s6_addr32[1] && a->s6_addr32[2] == htonl(0xffff);
}

/* addr_be32() - the IPv4 address in network order; only for addr_is_ipv4() addresses */
static inline uint32_t addr_be32(const struct in6_addr *a)
{
	return a->s6_addr32[3];
}

static inline bool addr_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Each holds for both families; addr_is_unspecified() for :: and 0.0.0.0 alike */
bool addr_is_unspecified(const struct in6_addr *a);
bool addr_is_loopback(const struct in6_addr *a);
bool addr_is_link_local(const struct in6_addr *a);
/* Link-local of IPv6: it means something only together with an interface (RFC 4007) */
static inline bool addr_is_scoped(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LINKLOCAL(a);
}
/* Multicast, and for IPv4 the limited broadcast address too */
bool addr_is_multicast(const struct in6_addr *a);
bool addr_is_unicast(const struct in6_addr *a); /* none of these but link-local */

/* addr_loopback() - 127.0.0.1 or ::1
 * @family: AF_INET or AF_INET6
 */
struct in6_addr addr_loopback(int family);

/* addr_link_local_from_mac() - the IPv6 address that an interface of this hardware address gives
 * itself: modified EUI-64, RFC 4291, 2.5.1
 */
struct in6_addr addr_link_local_from_mac(const uint8_t *mac);

/* addr_family() - AF_INET or AF_INET6 */
static inline int addr_family(const struct in6_addr *a)
{
	return addr_is_ipv4(a) ? AF_INET : AF_INET6;
}

/* addr_bits_agree() - whether the first @bits do, of 128: IPv4 addresses begin with 96 that are the
 * same for all
 */
bool addr_bits_agree(const struct in6_addr *a, const struct in6_addr *b, unsigned int bits);

/* addr_in_prefix() - whether the first @prefix_len bits (of the address's own family) agree */
bool addr_in_prefix(const struct in6_addr *a, const struct in6_addr *net, unsigned int prefix_len);

/* addr_parse() - address from text, either family, no scope, no brackets
 *
 * Return: 0, or -EINVAL with *ret_addr untouched
 */
int addr_parse(const char *text, struct in6_addr *ret_addr);

/* addr_format() - text of an address; IPv4 as a dotted quad
 * @buf:	at least ADDR_TEXT_MAX bytes
 *
 * Return: @buf
 */
const char *addr_format(const struct in6_addr *a, char *buf);

/* addr_to_sockaddr() - socket address of the address's own family
 * @port:	host order
 * @scope_id:	interface index for link-local IPv6, else 0
 *
 * Return: length for bind() and connect()
 */
socklen_t addr_to_sockaddr(const struct in6_addr *a, uint16_t port, uint32_t scope_id,
			   union sockaddr_inany *ret_sa);

/* addr_from_sockaddr() - address and port (host order) of an AF_INET or AF_INET6 socket address
 *
 * Return: 0, or -EAFNOSUPPORT with the outputs untouched
 */
int addr_from_sockaddr(const union sockaddr_inany *sa, struct in6_addr *ret_addr,
		       uint16_t *ret_port);

#endif
