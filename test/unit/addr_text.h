/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: addresses as text. Include <cmocka.h> and what it needs first.
 */
#ifndef TEST_UNIT_ADDR_TEXT_H
#define TEST_UNIT_ADDR_TEXT_H

#include "common/base/addr.h"

static inline struct in6_addr addr(const char *text)
{
	struct in6_addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline void assert_addr(const struct in6_addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_format(a, buf), text);
}

#endif
