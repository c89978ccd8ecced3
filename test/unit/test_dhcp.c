/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCPv4 server: which request gets which answer, with which options, sent where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "common/service/dhcp.h"
#include "test/unit/autoconf_fixture.h"

#define BROADCAST_MAC "\xff\xff\xff\xff\xff\xff"

/* A client's message without its options: 02:00:00:00:00:07, ciaddr 0.0.0.0 */
struct client {
	uint8_t bytes[1200];
	size_t len;
};

static struct client client(const char *options, size_t len)
{
	struct client c = { .bytes = { 1, 1, 6, 0, 1, 2, 3, 4 }, .len = DHCP_HEADER_LEN + len };

	memcpy(c.bytes + 28, FIXTURE_MAC, 6);
	memcpy(c.bytes + DHCP_HEADER_LEN - 4, "\x63\x82\x53\x63", 4);
	memcpy(c.bytes + DHCP_HEADER_LEN, options, len);
	return c;
}

#define CLIENT(options) client(options, sizeof(options) - 1)
#define CIADDR 12
#define GIADDR 24

static enum autoconf_outcome input(struct autoconf_fixture *f, const struct client *c)
{
	struct ip_packet ip;
	struct link_frame frame;

	if (!addr_is_ipv4(&f->src))
		f->src = fixture_addr("0.0.0.0");
	if (!addr_is_ipv4(&f->dst))
		f->dst = fixture_addr("255.255.255.255");
	frame = fixture_udp(f, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, c->bytes, c->len, &ip);
	return dhcp_input(&f->pair.link, &f->offer, &frame, &ip);
}

static void ask_for(struct autoconf_fixture *f, struct client c, enum autoconf_outcome outcome)
{
	assert_int_equal(input(f, &c), outcome);
	assert_true(fixture_receive(f));
	assert_int_equal(f->udp.src_port, DHCP_SERVER_PORT);
	assert_int_equal(f->udp.dst_port, DHCP_CLIENT_PORT);
	assert_true(f->udp.payload_len >= DHCP_MESSAGE_MIN);
	assert_memory_equal(f->udp.payload, "\2\1\6\0\1\2\3\4", 8);
	assert_memory_equal(f->udp.payload + 28, FIXTURE_MAC "\0\0", 8);
}

static void ask(struct autoconf_fixture *f, struct client c)
{
	ask_for(f, c, AUTOCONF_ANSWERED);
}

static void ask_to_have(struct autoconf_fixture *f, struct client c)
{
	ask_for(f, c, AUTOCONF_LEASED);
}

static void ask_in_vain(struct autoconf_fixture *f, struct client c, enum autoconf_outcome outcome)
{
	assert_int_equal(input(f, &c), outcome);
	assert_false(fixture_receive(f));
}

/* First piece of an option of the answer. Return: its value, NULL if it's not there */
static const uint8_t *option(const struct autoconf_fixture *f, uint8_t code, size_t *ret_len)
{
	size_t at = DHCP_HEADER_LEN, end = f->udp.payload_len;
	const uint8_t *p = f->udp.payload;

	while (at + 1 < end && p[at] != DHCP_OPTION_END) {
		if (p[at] == code) {
			*ret_len = p[at + 1];
			return p + at + 2;
		}
		at += 2U + p[at + 1];
	}
	assert_true(at < end);
	return NULL;
}

static void assert_option(const struct autoconf_fixture *f, uint8_t code, const void *value,
			  size_t len)
{
	size_t is_len = 0;
	const uint8_t *is = option(f, code, &is_len);

	assert_non_null(is);
	assert_int_equal(is_len, len);
	if (len)
		assert_memory_equal(is, value, len);
}

#define ASSERT_OPTION(f, code, text) assert_option(f, code, text, sizeof(text) - 1)

static void assert_no_option(const struct autoconf_fixture *f, uint8_t code)
{
	size_t len;

	assert_null(option(f, code, &len));
}

static void assert_your_addr(const struct autoconf_fixture *f, const char *bytes)
{
	assert_memory_equal(f->udp.payload + 16, bytes, 4);
}

static void test_dhcp_discover_is_offered_the_address(void **state)
{
	struct autoconf_fixture *f = *state;

	f->config.mtu = 65520;
	ask(f, CLIENT("\x35\1\1\xff"));
	fixture_assert_path(f, "192.0.2.1", "192.0.2.15", FIXTURE_MAC);
	assert_your_addr(f, "\xc0\0\2\x0f");
	ASSERT_OPTION(f, 53, "\2");
	ASSERT_OPTION(f, 54, "\xc0\0\2\1");
	ASSERT_OPTION(f, 51, "\xff\xff\xff\xff");
	ASSERT_OPTION(f, 1, "\xff\xff\xff\0");
	ASSERT_OPTION(f, 3, "\xc0\0\2\1");
	ASSERT_OPTION(f, 26, "\xff\xf0");
	assert_no_option(f, 6);
	assert_no_option(f, 12);
	assert_no_option(f, 61);
	assert_no_option(f, 80);
	assert_no_option(f, 81);
	assert_no_option(f, 121);
}

static void test_dhcp_broadcast_flag_is_obeyed(void **state)
{
	struct autoconf_fixture *f = *state;
	struct client c = CLIENT("\x35\1\1\xff");

	c.bytes[10] = 0x80;
	ask(f, c);
	fixture_assert_path(f, "192.0.2.1", "255.255.255.255", BROADCAST_MAC);
}

static void test_dhcp_rapid_commit_is_acknowledged_at_once(void **state)
{
	struct autoconf_fixture *f = *state;

	ask_to_have(f, CLIENT("\x35\1\1\x50\0\xff"));
	ASSERT_OPTION(f, 53, "\5");
	ASSERT_OPTION(f, 80, "");
	ASSERT_OPTION(f, 51, "\xff\xff\xff\xff");
}

static void test_dhcp_request_after_offer_is_acknowledged(void **state)
{
	struct autoconf_fixture *f = *state;

	ask_to_have(f, CLIENT("\x35\1\3\x32\4\xc0\0\2\x0f\x36\4\xc0\0\2\1\x50\0\xff"));
	ASSERT_OPTION(f, 53, "\5");
	assert_no_option(f, 80);
	assert_your_addr(f, "\xc0\0\2\x0f");
}

static void test_dhcp_request_to_another_server_is_not_ours(void **state)
{
	ask_in_vain(*state, CLIENT("\x35\1\3\x32\4\xc0\0\2\x0f\x36\4\xc0\0\2\2\xff"),
		    AUTOCONF_IGNORED);
}

static void test_dhcp_reboot_with_the_address_is_acknowledged(void **state)
{
	struct autoconf_fixture *f = *state;

	ask_to_have(f, CLIENT("\x35\1\3\x32\4\xc0\0\2\x0f\xff"));
	ASSERT_OPTION(f, 53, "\5");
}

static void test_dhcp_reboot_with_another_address_is_refused(void **state)
{
	struct autoconf_fixture *f = *state;

	ask(f, CLIENT("\x35\1\3\x32\4\x0a\0\0\5\x3d\2\1\2\xff"));
	fixture_assert_path(f, "192.0.2.1", "255.255.255.255", BROADCAST_MAC);
	ASSERT_OPTION(f, 53, "\6");
	ASSERT_OPTION(f, 54, "\xc0\0\2\1");
	ASSERT_OPTION(f, 61, "\1\2");
	assert_your_addr(f, "\0\0\0\0");
	assert_no_option(f, 51);
	assert_no_option(f, 1);
}

static void test_dhcp_renewal_is_answered_to_the_client_itself(void **state)
{
	struct autoconf_fixture *f = *state;
	struct client c = CLIENT("\x35\1\3\xff");

	memcpy(c.bytes + CIADDR, "\xc0\0\2\x0f", 4);
	f->src = fixture_addr("192.0.2.15");
	ask_to_have(f, c);
	fixture_assert_path(f, "192.0.2.1", "192.0.2.15", FIXTURE_MAC);
	ASSERT_OPTION(f, 53, "\5");
	memcpy(c.bytes + CIADDR, "\x0a\0\0\5", 4);
	ask(f, c);
	fixture_assert_path(f, "192.0.2.1", "255.255.255.255", BROADCAST_MAC);
	ASSERT_OPTION(f, 53, "\6");
	assert_memory_equal(f->udp.payload + CIADDR, "\0\0\0\0", 4);
	assert_false(fixture_receive(f));
}

/* A client that renews may listen by its address alone */
static void test_dhcp_renewal_is_refused_to_the_client_itself_as_well(void **state)
{
	struct autoconf_fixture *f = *state;
	struct client c = CLIENT("\x35\1\3\xff");

	memcpy(c.bytes + CIADDR, "\x0a\0\0\5", 4);
	f->src = fixture_addr("10.0.0.5");
	f->dst = fixture_addr("192.0.2.1");
	ask(f, c);
	fixture_assert_path(f, "192.0.2.1", "10.0.0.5", FIXTURE_MAC);
	ASSERT_OPTION(f, 53, "\6");
	assert_true(fixture_receive(f));
	fixture_assert_path(f, "192.0.2.1", "255.255.255.255", BROADCAST_MAC);
	ASSERT_OPTION(f, 53, "\6");
}

static void test_dhcp_inform_gets_parameters_without_lease(void **state)
{
	struct autoconf_fixture *f = *state;
	struct client c = CLIENT("\x35\1\x08\xff");

	ask_in_vain(f, c, AUTOCONF_IGNORED);
	memcpy(c.bytes + CIADDR, "\xc0\0\2\x63", 4);
	ask(f, c);
	fixture_assert_path(f, "192.0.2.1", "192.0.2.99", FIXTURE_MAC);
	ASSERT_OPTION(f, 53, "\5");
	ASSERT_OPTION(f, 3, "\xc0\0\2\1");
	assert_your_addr(f, "\0\0\0\0");
	assert_no_option(f, 51);
}

static void test_dhcp_gateway_off_link_has_a_route(void **state)
{
	struct autoconf_fixture *f = *state;

	f->config.ip4.prefix_len = 32;
	ask(f, CLIENT("\x35\1\1\xff"));
	ASSERT_OPTION(f, 1, "\xff\xff\xff\xff");
	ASSERT_OPTION(f, 3, "\xc0\0\2\1");
	ASSERT_OPTION(f, 121, "\x20\xc0\0\2\1\0\0\0\0\0\xc0\0\2\1");
}

static void test_dhcp_without_gateway_there_is_no_router(void **state)
{
	struct autoconf_fixture *f = *state;

	f->config.ip4.gateway = in6addr_any;
	ask(f, CLIENT("\x35\1\1\xff"));
	assert_no_option(f, 3);
	assert_no_option(f, 121);
}

static void test_dhcp_default_route_without_gateway_is_on_the_link(void **state)
{
	struct autoconf_fixture *f = *state;

	f->config.ip4.gateway = in6addr_any;
	f->config.ip4.default_on_link = true;
	ask(f, CLIENT("\x35\1\1\xff"));
	assert_no_option(f, 3);
	ASSERT_OPTION(f, 121, "\0\0\0\0\0");
}

static void test_dhcp_resolvers_and_search_list(void **state)
{
	struct autoconf_fixture *f = *state;

	f->offer.dns = (struct autoconf_dns){
		.server_count = 3,
		.servers = { fixture_addr("192.0.2.53"), fixture_addr("2001:db8::53"),
			     fixture_addr("198.51.100.53") },
		.search = "example.org a.b",
	};
	ask(f, CLIENT("\x35\1\1\xff"));
	ASSERT_OPTION(f, 6, "\xc0\0\2\x35\xc6\x33\x64\x35");
	ASSERT_OPTION(f, 15, "example.org");
	ASSERT_OPTION(f, 119, "\7example\3org\0\1a\1b\0");
}

/* RFC 2132, 9.10: what is too much for 576 bytes comes when the client has room for it */
static void test_dhcp_long_search_list_is_cut_to_the_clients_size(void **state)
{
	struct autoconf_fixture *f = *state;
	size_t small, len;

	for (int i = 0; i < 60; i++)
		snprintf(f->offer.dns.search + 16 * i, 17, "domain%03d.local ", i);
	f->offer.dns.search[16 * 60 - 1] = '\0';
	ask(f, CLIENT("\x35\1\1\xff"));
	small = f->udp.payload_len;
	assert_true(small <= 548 && small > 500);
	assert_non_null(option(f, 119, &len));
	assert_int_equal(len % 17, 0);
	ask(f, CLIENT("\x35\1\1\x39\2\5\xdc\xff"));
	assert_true(f->udp.payload_len <= 1472 && f->udp.payload_len > small);
	assert_non_null(option(f, 119, &len));
	assert_int_equal(len, 255);
}

static void test_dhcp_names(void **state)
{
	struct autoconf_fixture *f = *state;

	strcpy(f->config.hostname, "box");
	strcpy(f->config.fqdn, "box.example.org");
	ask(f, CLIENT("\x35\1\1\xff"));
	ASSERT_OPTION(f, 12, "box");
	assert_no_option(f, 81);
	ask(f, CLIENT("\x35\1\1\x37\1\x51\xff"));
	ASSERT_OPTION(f, 81, "\x0c\xff\xff\3box\7example\3org\0");
	ask(f, CLIENT("\x35\1\1\x51\4\5\0\0\0\xff"));
	ASSERT_OPTION(f, 81, "\x0e\xff\xff\3box\7example\3org\0");
	ask(f, CLIENT("\x35\1\1\x51\3\0\0\0\xff"));
	ASSERT_OPTION(f, 81, "\x08\xff\xff" "box.example.org");
}

static void test_dhcp_client_identifier_is_returned(void **state)
{
	struct autoconf_fixture *f = *state;

	ask(f, CLIENT("\x35\1\1\x3d\x07\1\2\0\0\0\0\7\xff"));
	ASSERT_OPTION(f, 61, "\1\2\0\0\0\0\7");
}

static void test_dhcp_nothing_to_answer(void **state)
{
	struct client relayed = CLIENT("\x35\1\1\xff");

	ask_in_vain(*state, CLIENT("\xff"), AUTOCONF_IGNORED);
	ask_in_vain(*state, CLIENT("\x35\1\2\xff"), AUTOCONF_IGNORED);
	ask_in_vain(*state, CLIENT("\x35\1\3\xff"), AUTOCONF_IGNORED);
	ask_in_vain(*state, CLIENT("\x35\1\4\xff"), AUTOCONF_IGNORED);
	ask_in_vain(*state, CLIENT("\x35\1\5\xff"), AUTOCONF_IGNORED);
	ask_in_vain(*state, CLIENT("\x35\1\7\xff"), AUTOCONF_IGNORED);
	memcpy(relayed.bytes + GIADDR, "\xc0\0\2\x63", 4);
	ask_in_vain(*state, relayed, AUTOCONF_IGNORED);
}

static void test_dhcp_invalid_messages(void **state)
{
	struct autoconf_fixture *f = *state;
	struct client c = CLIENT("\x35\1\1\xff");

	c.bytes[0] = 2;
	ask_in_vain(f, c, AUTOCONF_INVALID);
	c.bytes[0] = 1;
	c.bytes[28] = 3;
	ask_in_vain(f, c, AUTOCONF_INVALID);
	c.bytes[28] = 2;
	memcpy(c.bytes + CIADDR, "\xe0\0\0\1", 4);
	ask_in_vain(f, c, AUTOCONF_INVALID);
	memset(c.bytes + CIADDR, 0, 4);
	f->bad_checksum = true;
	ask_in_vain(f, c, AUTOCONF_INVALID);
	f->bad_checksum = false;
	c.len = DHCP_HEADER_LEN - 1;
	ask_in_vain(f, c, AUTOCONF_INVALID);
}

static void test_dhcp_largest_identifier_leaves_room_for_all(void **state)
{
	char options[3 + 2 + 255 + 1] = "\x35\1\1\x3d\xff";
	struct autoconf_fixture *f = *state;

	memset(options + 5, 0x42, 255);
	options[260] = (char)0xff;
	f->config.mtu = 1500;
	f->config.ip4.prefix_len = 32;
	ask(f, client(options, sizeof(options)));
	assert_true(f->udp.payload_len <= 548);
	ASSERT_OPTION(f, 3, "\xc0\0\2\1");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_dhcp_discover_is_offered_the_address),
		TEST(test_dhcp_broadcast_flag_is_obeyed),
		TEST(test_dhcp_rapid_commit_is_acknowledged_at_once),
		TEST(test_dhcp_request_after_offer_is_acknowledged),
		TEST(test_dhcp_request_to_another_server_is_not_ours),
		TEST(test_dhcp_reboot_with_the_address_is_acknowledged),
		TEST(test_dhcp_reboot_with_another_address_is_refused),
		TEST(test_dhcp_renewal_is_answered_to_the_client_itself),
		TEST(test_dhcp_renewal_is_refused_to_the_client_itself_as_well),
		TEST(test_dhcp_inform_gets_parameters_without_lease),
		TEST(test_dhcp_gateway_off_link_has_a_route),
		TEST(test_dhcp_without_gateway_there_is_no_router),
		TEST(test_dhcp_default_route_without_gateway_is_on_the_link),
		TEST(test_dhcp_resolvers_and_search_list),
		TEST(test_dhcp_long_search_list_is_cut_to_the_clients_size),
		TEST(test_dhcp_names),
		TEST(test_dhcp_client_identifier_is_returned),
		TEST(test_dhcp_nothing_to_answer),
		TEST(test_dhcp_invalid_messages),
		TEST(test_dhcp_largest_identifier_leaves_room_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
