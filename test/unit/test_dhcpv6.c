/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCPv6 server: which message gets which answer, and which gets none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/service/dhcpv6.h"
#include "test/unit/autoconf_fixture.h"

#define ADDR "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x15"
#define OTHER "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x16"
#define SERVER_DUID "\0\3\0\1\x9a\x55\x9a\x55\x9a\x55"
#define FOREVER "\xff\xff\xff\xff\xff\xff\xff\xff"
#define ZERO "\0\0\0\0\0\0\0\0"

/* Options of a client */
#define CLIENT_ID "\0\1\0\4\0\3\0\1"
#define SERVER_ID "\0\2\0\x0a" SERVER_DUID
#define IA_NA(id) "\0\3\0\x0c\0\0\0" id ZERO
#define IA_NA_WITH(id, addr) "\0\3\0\x28\0\0\0" id ZERO "\0\5\0\x18" addr ZERO
#define IA_TA(id) "\0\4\0\4\0\0\0" id
#define IA_PD(id) "\0\x19\0\x0c\0\0\0" id ZERO
#define RAPID "\0\x0e\0\0"

/* Of an answer */
#define LEASED(id) "\0\3\0\x28\0\0\0" id FOREVER "\0\5\0\x18" ADDR FOREVER

static enum autoconf_outcome input(struct autoconf_fixture *f, const char *bytes, size_t len)
{
	struct ip_packet ip;
	struct link_frame frame;

	if (addr_is_unspecified(&f->src))
		f->src = fixture_addr("fe80::7");
	if (addr_is_unspecified(&f->dst))
		f->dst = fixture_addr("ff02::1:2");
	frame = fixture_udp(f, DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT, bytes, len, &ip);
	return dhcpv6_input(&f->pair.link, &f->offer, &frame, &ip);
}

/* The answer is @type and the same transaction, both names, and then @rest */
static void exchange(struct autoconf_fixture *f, const char *bytes, size_t len, uint8_t type,
		     const char *rest, size_t rest_len, enum autoconf_outcome outcome)
{
	static const uint8_t names[] = CLIENT_ID SERVER_ID;
	const uint8_t head[] = { type, 1, 2, 3 };
	const uint8_t *p;

	assert_int_equal(input(f, bytes, len), outcome);
	assert_true(fixture_receive(f));
	fixture_assert_path(f, "fe80::1", "fe80::7", FIXTURE_MAC);
	assert_int_equal(f->udp.src_port, DHCPV6_SERVER_PORT);
	assert_int_equal(f->udp.dst_port, DHCPV6_CLIENT_PORT);
	p = f->udp.payload;
	assert_memory_equal(p, head, sizeof(head));
	assert_memory_equal(p + 4, names, sizeof(names) - 1);
	p += 4 + sizeof(names) - 1;
	assert_int_equal(f->udp.payload_len - (p - f->udp.payload), rest_len);
	assert_memory_equal(p, rest, rest_len);
}

#define EXCHANGE(f, bytes, type, rest)                                                             \
	exchange(f, bytes, sizeof(bytes) - 1, type, rest, sizeof(rest) - 1, AUTOCONF_ANSWERED)

#define EXCHANGE_LEASE(f, bytes, type, rest)                                                       \
	exchange(f, bytes, sizeof(bytes) - 1, type, rest, sizeof(rest) - 1, AUTOCONF_LEASED)

#define IN_VAIN(f, bytes, outcome)                                                                 \
	do {                                                                                       \
		assert_int_equal(input(f, bytes, sizeof(bytes) - 1), outcome);                     \
		assert_false(fixture_receive(f));                                                  \
	} while (0)

#define STATUS(len, code, text) "\0\x0d\0" len "\0" code text
#define NO_ADDRS STATUS("\x15", "\2", "no address for this")
#define NO_BINDING STATUS("\x17", "\3", "nothing known of this")
#define NO_PREFIX STATUS("\x17", "\6", "no prefix to delegate")
#define SUCCESS STATUS("\6", "\0", "done")
#define NOT_ON_LINK STATUS("\x1d", "\4", "not an address of this link")
#define USE_MULTICAST STATUS("\x1b", "\5", "ask the multicast address")

static void test_dhcpv6_solicit_is_advertised_the_address(void **state)
{
	EXCHANGE(*state, "\1\1\2\3" CLIENT_ID IA_NA("\7"), 2, "\0\7\0\1\xff" LEASED("\7"));
}

static void test_dhcpv6_rapid_commit_is_replied_to_at_once(void **state)
{
	EXCHANGE_LEASE(*state, "\1\1\2\3" CLIENT_ID RAPID IA_NA("\7"), 7, RAPID LEASED("\7"));
}

static void test_dhcpv6_request_is_replied_to(void **state)
{
	EXCHANGE_LEASE(*state, "\3\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", ADDR), 7,
		       LEASED("\7"));
	EXCHANGE_LEASE(*state, "\3\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", OTHER), 7,
		       LEASED("\7"));
}

static void test_dhcpv6_one_association_gets_the_address(void **state)
{
	EXCHANGE_LEASE(*state, "\3\1\2\3" CLIENT_ID SERVER_ID IA_NA("\7") IA_NA("\x08"), 7,
		       LEASED("\7") "\0\3\0\x25\0\0\0\x08" FOREVER NO_ADDRS);
}

static void test_dhcpv6_temporary_addresses_and_prefixes_are_refused(void **state)
{
	EXCHANGE(*state, "\3\1\2\3" CLIENT_ID SERVER_ID IA_TA("\7") IA_PD("\x08"), 7,
		 "\0\4\0\x1d\0\0\0\7" NO_ADDRS "\0\x19\0\x27\0\0\0\x08" FOREVER NO_PREFIX);
}

static void test_dhcpv6_renewal_and_rebinding(void **state)
{
	EXCHANGE_LEASE(*state, "\5\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", ADDR), 7,
		       LEASED("\7"));
	EXCHANGE_LEASE(*state, "\6\1\2\3" CLIENT_ID IA_NA_WITH("\7", ADDR), 7, LEASED("\7"));
}

static void test_dhcpv6_foreign_address_is_ended_by_renewal(void **state)
{
	EXCHANGE_LEASE(*state, "\6\1\2\3" CLIENT_ID IA_NA_WITH("\7", OTHER), 7,
		       "\0\3\0\x44\0\0\0\7" FOREVER "\0\5\0\x18" ADDR FOREVER
		       "\0\5\0\x18" OTHER ZERO);
}

static void test_dhcpv6_confirm(void **state)
{
	EXCHANGE(*state, "\4\1\2\3" CLIENT_ID IA_NA_WITH("\7", ADDR), 7, SUCCESS);
	EXCHANGE(*state, "\4\1\2\3" CLIENT_ID IA_NA_WITH("\7", OTHER), 7, NOT_ON_LINK);
	IN_VAIN(*state, "\4\1\2\3" CLIENT_ID IA_NA("\7"), AUTOCONF_IGNORED);
}

static void test_dhcpv6_lease_of_what_may_soon_be_another(void **state)
{
	struct autoconf_fixture *f = *state;

	f->config.ip6.lease_s = 60;
	EXCHANGE_LEASE(f, "\3\1\2\3" CLIENT_ID SERVER_ID IA_NA("\7"), 7,
		       "\0\3\0\x28\0\0\0\7\0\0\0\x1e\0\0\0\x30\0\5\0\x18" ADDR
		       "\0\0\0\x3c\0\0\0\x3c");
}

static void test_dhcpv6_release_and_decline(void **state)
{
	EXCHANGE(*state, "\x08\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", ADDR), 7, SUCCESS);
	EXCHANGE(*state, "\x09\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", ADDR) IA_TA("\x08"), 7,
		 SUCCESS "\0\4\0\x1f\0\0\0\x08" NO_BINDING);
}

static void test_dhcpv6_information_request(void **state)
{
	struct autoconf_fixture *f = *state;

	f->offer.dns = (struct autoconf_dns){
		.server_count = 2,
		.servers = { fixture_addr("192.0.2.53"), fixture_addr("2001:db8::16") },
		.search = "example.org a.b",
	};
	EXCHANGE(f, "\x0b\1\2\3" CLIENT_ID, 7,
		 "\0\x17\0\x10" OTHER "\0\x18\0\x12\7example\3org\0\1a\1b\0");
	EXCHANGE(f, "\x0b\1\2\3" CLIENT_ID SERVER_ID, 7,
		 "\0\x17\0\x10" OTHER "\0\x18\0\x12\7example\3org\0\1a\1b\0");
}

static void test_dhcpv6_information_request_of_nobody(void **state)
{
	struct autoconf_fixture *f = *state;

	assert_int_equal(input(f, "\x0b\1\2\3", 4), AUTOCONF_ANSWERED);
	assert_true(fixture_receive(f));
	assert_int_equal(f->udp.payload_len, 4 + 14);
	assert_memory_equal(f->udp.payload, "\7\1\2\3" SERVER_ID, 4 + 14);
}

static void test_dhcpv6_full_name(void **state)
{
	struct autoconf_fixture *f = *state;

	strcpy(f->config.fqdn, "box.a");
	EXCHANGE(f, "\x0b\1\2\3" CLIENT_ID, 7, "");
	EXCHANGE(f, "\x0b\1\2\3" CLIENT_ID "\0\6\0\2\0\x27", 7, "\0\x27\0\x08\4\3box\1a\0");
	EXCHANGE(f, "\x0b\1\2\3" CLIENT_ID "\0\x27\0\3\1\1x", 7, "\0\x27\0\x08\6\3box\1a\0");
}

static void test_dhcpv6_without_address_says_so(void **state)
{
	struct autoconf_fixture *f = *state;

	f->config.ip6.addr = in6addr_any;
	EXCHANGE(f, "\1\1\2\3" CLIENT_ID IA_NA("\7"), 2,
		 "\0\7\0\1\xff\0\3\0\x25\0\0\0\7" FOREVER NO_ADDRS);
	EXCHANGE(f, "\5\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", OTHER), 7,
		 "\0\3\0\x27\0\0\0\7" FOREVER NO_BINDING);
	EXCHANGE(f, "\4\1\2\3" CLIENT_ID IA_NA_WITH("\7", OTHER), 7, NOT_ON_LINK);
}

static void test_dhcpv6_unicast_is_sent_to_multicast(void **state)
{
	struct autoconf_fixture *f = *state;

	f->dst = fixture_addr("fe80::1");
	EXCHANGE(f, "\5\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", ADDR), 7, USE_MULTICAST);
	IN_VAIN(f, "\1\1\2\3" CLIENT_ID IA_NA("\7"), AUTOCONF_INVALID);
	IN_VAIN(f, "\x0b\1\2\3" CLIENT_ID, AUTOCONF_INVALID);
}

static void test_dhcpv6_names_of_ends_must_fit_the_type(void **state)
{
	IN_VAIN(*state, "\1\1\2\3" IA_NA("\7"), AUTOCONF_INVALID);
	IN_VAIN(*state, "\1\1\2\3" CLIENT_ID SERVER_ID IA_NA("\7"), AUTOCONF_INVALID);
	IN_VAIN(*state, "\3\1\2\3" CLIENT_ID IA_NA("\7"), AUTOCONF_INVALID);
	IN_VAIN(*state, "\3\1\2\3" SERVER_ID IA_NA("\7"), AUTOCONF_INVALID);
	IN_VAIN(*state, "\3\1\2\3" CLIENT_ID "\0\2\0\x0a\0\3\0\1\1\2\3\4\5\6" IA_NA("\7"),
		AUTOCONF_INVALID);
	IN_VAIN(*state, "\4\1\2\3" CLIENT_ID SERVER_ID IA_NA_WITH("\7", ADDR), AUTOCONF_INVALID);
	IN_VAIN(*state, "\x0b\1\2\3" CLIENT_ID IA_NA("\7"), AUTOCONF_INVALID);
	IN_VAIN(*state, "\2\1\2\3" CLIENT_ID SERVER_ID, AUTOCONF_INVALID);
	IN_VAIN(*state, "\7\1\2\3" CLIENT_ID SERVER_ID, AUTOCONF_INVALID);
	IN_VAIN(*state, "\x0a\1\2\3" CLIENT_ID SERVER_ID, AUTOCONF_INVALID);
}

static void test_dhcpv6_odd_packets(void **state)
{
	struct autoconf_fixture *f = *state;

	f->bad_checksum = true;
	IN_VAIN(f, "\1\1\2\3" CLIENT_ID IA_NA("\7"), AUTOCONF_INVALID);
	f->bad_checksum = false;
	f->src = fixture_addr("ff02::1");
	IN_VAIN(f, "\1\1\2\3" CLIENT_ID IA_NA("\7"), AUTOCONF_INVALID);
}

static void test_dhcpv6_too_many_associations_are_not_answered(void **state)
{
	static const char head[] = "\1\1\2\3" CLIENT_ID;
	static const char one[] = IA_TA("\7");
	struct autoconf_fixture *f = *state;
	char bytes[sizeof(head) - 1 + 50 * 8];

	memcpy(bytes, head, sizeof(head) - 1);
	for (size_t i = 0; i < 50; i++)
		memcpy(bytes + sizeof(head) - 1 + 8 * i, one, 8);
	assert_int_equal(input(f, bytes, sizeof(bytes)), AUTOCONF_FAILED);
	assert_false(fixture_receive(f));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_dhcpv6_solicit_is_advertised_the_address),
		TEST(test_dhcpv6_rapid_commit_is_replied_to_at_once),
		TEST(test_dhcpv6_request_is_replied_to),
		TEST(test_dhcpv6_one_association_gets_the_address),
		TEST(test_dhcpv6_temporary_addresses_and_prefixes_are_refused),
		TEST(test_dhcpv6_renewal_and_rebinding),
		TEST(test_dhcpv6_foreign_address_is_ended_by_renewal),
		TEST(test_dhcpv6_confirm),
		TEST(test_dhcpv6_lease_of_what_may_soon_be_another),
		TEST(test_dhcpv6_release_and_decline),
		TEST(test_dhcpv6_information_request),
		TEST(test_dhcpv6_information_request_of_nobody),
		TEST(test_dhcpv6_full_name),
		TEST(test_dhcpv6_without_address_says_so),
		TEST(test_dhcpv6_unicast_is_sent_to_multicast),
		TEST(test_dhcpv6_names_of_ends_must_fit_the_type),
		TEST(test_dhcpv6_odd_packets),
		TEST(test_dhcpv6_too_many_associations_are_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
