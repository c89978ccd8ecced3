/* SPDX-License-Identifier: Apache-2.0
 *
 * Predicates, text and socket forms of the one address type.
 */
#include "common/base/addr.h"

#include <arpa/inet.h>
#include <errno.h>

bool addr_is_unspecified(const struct in6_addr *a)
{
	return IN6_IS_ADDR_UNSPECIFIED(a) || (addr_is_ipv4(a) && !addr_be32(a));
}

bool addr_is_loopback(const struct in6_addr *a)
{
	return addr_is_ipv4(a) ? a->s6_addr[12] == 127 : IN6_IS_ADDR_LOOPBACK(a);
}

bool addr_is_link_local(const struct in6_addr *a)
{
	if (addr_is_ipv4(a))
		return a->s6_addr[12] == 169 && a->s6_addr[13] == 254;
	return IN6_IS_ADDR_LINKLOCAL(a);
}

bool addr_is_multicast(const struct in6_addr *a)
{
	if (addr_is_ipv4(a))
		return (a->s6_addr[12] & 0xf0) == 0xe0 || addr_be32(a) == INADDR_BROADCAST;
	return IN6_IS_ADDR_MULTICAST(a);
}

bool addr_is_unicast(const struct in6_addr *a)
{
	return !addr_is_unspecified(a) && !addr_is_loopback(a) && !addr_is_multicast(a);
}

struct in6_addr addr_loopback(int family)
{
	return family == AF_INET ? addr_from_be32(htonl(INADDR_LOOPBACK))
				 : (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
}

struct in6_addr addr_link_local_from_mac(const uint8_t *mac)
{
	struct in6_addr a = { .s6_addr = { 0xfe, 0x80, [11] = 0xff, [12] = 0xfe } };

	memcpy(a.s6_addr + 8, mac, 3);
	memcpy(a.s6_addr + 13, mac + 3, 3);
	a.s6_addr[8] ^= 2;
	return a;
}

bool addr_bits_agree(const struct in6_addr *a, const struct in6_addr *b, unsigned int bits)
{
	unsigned int bytes = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(a, b, bytes))
		return false;
	return !rest || !((a->s6_addr[bytes] ^ b->s6_addr[bytes]) & mask);
}

bool addr_in_prefix(const struct in6_addr *a, const struct in6_addr *net, unsigned int prefix_len)
{
	unsigned int bits = addr_is_ipv4(net) ? 96 + prefix_len : prefix_len;

	return bits <= 128 && addr_is_ipv4(a) == addr_is_ipv4(net) && addr_bits_agree(a, net, bits);
}

int addr_parse(const char *text, struct in6_addr *ret_addr)
{
	struct in6_addr a6;
	struct in_addr a4;

	if (inet_pton(AF_INET, text, &a4) == 1)
		*ret_addr = addr_from_be32(a4.s_addr);
	else if (inet_pton(AF_INET6, text, &a6) == 1)
		*ret_addr = a6;
	else
		return -EINVAL;
	return 0;
}

const char *addr_format(const struct in6_addr *a, char *buf)
{
	if (addr_is_ipv4(a))
		inet_ntop(AF_INET, &a->s6_addr[12], buf, ADDR_TEXT_MAX);
	else
		inet_ntop(AF_INET6, a, buf, ADDR_TEXT_MAX);
	return buf;
}

socklen_t addr_to_sockaddr(const struct in6_addr *a, uint16_t port, uint32_t scope_id,
			   union sockaddr_inany *ret_sa)
{
	memset(ret_sa, 0, sizeof(*ret_sa));
	if (addr_is_ipv4(a)) {
		ret_sa->in4.sin_family = AF_INET;
		ret_sa->in4.sin_port = htons(port);
		ret_sa->in4.sin_addr.s_addr = addr_be32(a);
		return sizeof(ret_sa->in4);
	}
	ret_sa->in6.sin6_family = AF_INET6;
	ret_sa->in6.sin6_port = htons(port);
	ret_sa->in6.sin6_addr = *a;
	ret_sa->in6.sin6_scope_id = scope_id;
	return sizeof(ret_sa->in6);
}

int addr_from_sockaddr(const union sockaddr_inany *sa, struct in6_addr *ret_addr,
		       uint16_t *ret_port)
{
	switch (sa->sa.sa_family) {
	case AF_INET:
		*ret_addr = addr_from_be32(sa->in4.sin_addr.s_addr);
		*ret_port = ntohs(sa->in4.sin_port);
		return 0;
	case AF_INET6:
		*ret_addr = sa->in6.sin6_addr;
		*ret_port = ntohs(sa->in6.sin6_port);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}
