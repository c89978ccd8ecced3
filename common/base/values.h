/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers of the pieces of a command line: numbers, addresses, names. Each takes a cursor into a
 * string, consumes the longest text that has its form, and leaves the cursor on the first character
 * after it; on failure neither the cursor nor the output is touched. Whether anything may follow is
 * the caller's grammar. Pure; messages are the caller's too.
 */
#ifndef COMMON_BASE_VALUES_H
#define COMMON_BASE_VALUES_H

#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* value_literal() - consume @text itself, if it stands here. Return: whether it did */
bool value_literal(const char **cursor, const char *text);

/* value_blanks() - skip spaces and tabs */
void value_blanks(const char **cursor);

/* value_number() - decimal digits, no sign. Return: 0, -EINVAL, or -ERANGE beyond @max */
int value_number(const char **cursor, uint32_t max, uint32_t *ret_number);

/* value_addr() - IPv4 or IPv6 address. Return: 0 or -EINVAL */
int value_addr(const char **cursor, struct in6_addr *ret_addr);

/* value_addr_prefix() - ADDR or ADDR/LEN
 * @ret_len:	0 if there is none, else 1 to 32 or 128
 *
 * Return: 0, -EINVAL, or -ERANGE for the length
 */
int value_addr_prefix(const char **cursor, struct in6_addr *ret_addr, unsigned int *ret_len);

/* value_netmask() - IPv4 netmask, dotted or as a number of bits
 * @ret_len:	1 to 32
 *
 * Return: 0, -EINVAL, or -ERANGE for the number of bits
 */
int value_netmask(const char **cursor, unsigned int *ret_len);

/* value_mac() - six hexadecimal bytes with colons. Return: 0 or -EINVAL */
int value_mac(const char **cursor, uint8_t ret_mac[ETH_ALEN]);

/* value_ifname() - what the kernel takes as the name of an interface, up to the end or the first
 * character that no name has: a slash, a colon, a percent sign, a space or a control character
 *
 * Return: 0, -EINVAL, or -ENAMETOOLONG
 */
int value_ifname(const char **cursor, char ret_name[IFNAMSIZ]);

/* value_is_any_ifname() - whether @text could be the name of an interface, or one of its
 * alternative names, which may be longer (Linux 5.5)
 */
bool value_is_any_ifname(const char *text);

/* value_word() - a word of letters, digits and hyphens that is one of @words
 * @ret_index:	which one
 *
 * Return: 0 or -EINVAL
 */
int value_word(const char **cursor, const char *const *words, size_t count, size_t *ret_index);

#endif
