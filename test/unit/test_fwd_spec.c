/* SPDX-License-Identifier: Apache-2.0
 *
 * The text that names ports to forward: every form, and what is wrong with every other.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/fwd/spec.h"

static struct fwd_spec parse(const char *text)
{
	struct fwd_spec spec;
	struct err err = { "" };

	memset(&spec, 0xa5, sizeof(spec));
	if (fwd_spec_parse(text, &spec, &err))
		fail_msg("'%s' is refused: %s", text, err.text);
	return spec;
}

/* The error must quote @piece and contain @why */
static void refuse(const char *text, const char *piece, const char *why)
{
	struct fwd_spec spec, before;
	struct err err = { "" };
	char quoted[128];

	memset(&spec, 0xa5, sizeof(spec));
	memset(&before, 0xa5, sizeof(before));
	if (fwd_spec_parse(text, &spec, &err) != -EINVAL)
		fail_msg("'%s' is not refused: %s", text, err.text);
	assert_memory_equal(&spec, &before, sizeof(spec));
	snprintf(quoted, sizeof(quoted), "'%s'", piece);
	if (!strstr(err.text, quoted) || !strstr(err.text, why))
		fail_msg("'%s': %s", text, err.text);
}

/* An item as text: "KIND FIRST-LAST TOFIRST TOADDR" */
static void assert_item(const struct fwd_spec *spec, uint32_t i, const char *expected)
{
	static const char *const kinds[] = {
		[FWD_ITEM_RANGE] = "range",
		[FWD_ITEM_EXCLUDE] = "exclude",
		[FWD_ITEM_ALL] = "all",
	};
	const struct fwd_item *item = &spec->items[i];
	char addr[ADDR_TEXT_MAX], text[128];

	assert_true(i < spec->count);
	snprintf(text, sizeof(text), "%s %u-%u %u %s", kinds[item->kind], item->ports.first,
		 item->ports.last, item->to_first, addr_format(&item->to_addr, addr));
	assert_string_equal(text, expected);
}

static void assert_listen(const struct fwd_spec *spec, int family, const char *addr,
			  const char *ifname)
{
	char buf[ADDR_TEXT_MAX];

	assert_int_equal(spec->listen.family, family);
	assert_string_equal(addr_format(&spec->listen.addr, buf), addr);
	assert_string_equal(spec->listen.ifname, ifname);
}

static void test_fwd_spec_none(void **state)
{
	struct fwd_spec spec = parse("none");

	(void)state;
	assert_int_equal(spec.mode, FWD_SPEC_NONE);
	assert_int_equal(spec.count, 0);
	assert_false(spec.automatic);
	assert_listen(&spec, AF_UNSPEC, "::", "");
}

static void test_fwd_spec_auto(void **state)
{
	struct fwd_spec spec = parse("auto");

	(void)state;
	assert_int_equal(spec.mode, FWD_SPEC_AUTO);
	assert_int_equal(spec.count, 0);
	assert_true(spec.automatic);
	spec = parse("127.0.0.1/auto");
	assert_int_equal(spec.mode, FWD_SPEC_AUTO);
	assert_listen(&spec, AF_INET, "127.0.0.1", "");
}

static void test_fwd_spec_all_in_each_form(void **state)
{
	static const char *const forms[] = {
		"", "all", "/", "/all", "%lo/", "127.0.0.1/", "::1/all",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct fwd_spec spec = parse(forms[i]);

		assert_int_equal(spec.mode, FWD_SPEC_ALL);
		assert_int_equal(spec.count, 1);
		assert_false(spec.automatic);
		assert_item(&spec, 0, "all 1-65535 1 ::");
	}
}

static void test_fwd_spec_all_with_target_address(void **state)
{
	struct fwd_spec spec = parse("all:192.0.2.1");

	(void)state;
	assert_int_equal(spec.mode, FWD_SPEC_LIST);
	assert_item(&spec, 0, "all 1-65535 1 192.0.2.1");
	spec = parse("127.0.0.1%lo/all:192.0.2.1");
	assert_item(&spec, 0, "all 1-65535 1 192.0.2.1");
	spec = parse("all:2001:db8::1");
	assert_item(&spec, 0, "all 1-65535 1 2001:db8::1");
	spec = parse("all:[2001:db8::1]");
	assert_item(&spec, 0, "all 1-65535 1 2001:db8::1");
}

static void test_fwd_spec_blanks_around_items(void **state)
{
	struct fwd_spec spec = parse(" 127.0.0.1/80 ,\t443:8443, ~22 ");

	(void)state;
	assert_int_equal(spec.count, 3);
	assert_item(&spec, 0, "range 80-80 80 ::");
	assert_item(&spec, 1, "range 443-443 8443 ::");
	assert_int_equal(parse(" none ").mode, FWD_SPEC_NONE);
	assert_int_equal(parse(" auto ").mode, FWD_SPEC_AUTO);
}

static void test_fwd_spec_single_port_bounds(void **state)
{
	struct fwd_spec spec = parse("1");

	(void)state;
	assert_int_equal(spec.mode, FWD_SPEC_LIST);
	assert_int_equal(spec.count, 1);
	assert_item(&spec, 0, "range 1-1 1 ::");
	assert_listen(&spec, AF_UNSPEC, "::", "");
	spec = parse("65535");
	assert_item(&spec, 0, "range 65535-65535 65535 ::");
	spec = parse("0000000000000080");
	assert_item(&spec, 0, "range 80-80 80 ::");
}

static void test_fwd_spec_target_ports(void **state)
{
	struct fwd_spec spec = parse("8080:80");

	(void)state;
	assert_item(&spec, 0, "range 8080-8080 80 ::");
	spec = parse("8080-8080:80-80");
	assert_item(&spec, 0, "range 8080-8080 80 ::");
	spec = parse("8000-8010:9000-9010");
	assert_item(&spec, 0, "range 8000-8010 9000 ::");
	spec = parse("1-65535:1-65535");
	assert_item(&spec, 0, "range 1-65535 1 ::");
}

static void test_fwd_spec_target_address_keeps_ports(void **state)
{
	struct fwd_spec spec = parse("8000-8010:192.0.2.1");

	(void)state;
	assert_item(&spec, 0, "range 8000-8010 8000 192.0.2.1");
	spec = parse("80:2001:db8::1");
	assert_item(&spec, 0, "range 80-80 80 2001:db8::1");
	spec = parse("80:[2001:db8::1]");
	assert_item(&spec, 0, "range 80-80 80 2001:db8::1");
	spec = parse("80:::1");
	assert_item(&spec, 0, "range 80-80 80 ::1");
}

/* Longer than any address, yet right: the first group is the port */
static void test_fwd_spec_port_and_full_address_without_brackets(void **state)
{
	struct fwd_spec spec = parse("1111:2001:db8:1:2:3:4:5:6/80");

	(void)state;
	assert_listen(&spec, AF_UNSPEC, "::", "");
	assert_item(&spec, 0, "range 1111-1111 80 2001:db8:1:2:3:4:5:6");
}

static void test_fwd_spec_target_address_and_ports(void **state)
{
	struct fwd_spec spec = parse("8080:192.0.2.1/80");

	(void)state;
	assert_listen(&spec, AF_UNSPEC, "::", "");
	assert_item(&spec, 0, "range 8080-8080 80 192.0.2.1");
	spec = parse("8000-8010:192.0.2.1/9000-9010");
	assert_item(&spec, 0, "range 8000-8010 9000 192.0.2.1");
	spec = parse("2001:[db8::1]/80");
	assert_listen(&spec, AF_UNSPEC, "::", "");
	assert_item(&spec, 0, "range 2001-2001 80 db8::1");
	spec = parse("::1/80:fd00::1/8080");
	assert_listen(&spec, AF_INET6, "::1", "");
	assert_item(&spec, 0, "range 80-80 8080 fd00::1");
}

static void test_fwd_spec_listen_ipv4(void **state)
{
	struct fwd_spec spec = parse("192.0.2.1/8080-8080:80-80");

	(void)state;
	assert_listen(&spec, AF_INET, "192.0.2.1", "");
	assert_item(&spec, 0, "range 8080-8080 80 ::");
	spec = parse("0.0.0.0/80");
	assert_listen(&spec, AF_INET, "0.0.0.0", "");
	spec = parse("127.0.0.1/80:192.0.2.1/8080");
	assert_listen(&spec, AF_INET, "127.0.0.1", "");
	assert_item(&spec, 0, "range 80-80 8080 192.0.2.1");
}

static void test_fwd_spec_listen_ipv6_with_and_without_brackets(void **state)
{
	struct fwd_spec spec = parse("::1/80");

	(void)state;
	assert_listen(&spec, AF_INET6, "::1", "");
	spec = parse("[::1]/80");
	assert_listen(&spec, AF_INET6, "::1", "");
	spec = parse("::/80");
	assert_listen(&spec, AF_INET6, "::", "");
	spec = parse("[::]/80");
	assert_listen(&spec, AF_INET6, "::", "");
	spec = parse("2001:db8::1/8080:80");
	assert_listen(&spec, AF_INET6, "2001:db8::1", "");
	assert_item(&spec, 0, "range 8080-8080 80 ::");
}

static void test_fwd_spec_listen_mapped_address_is_ipv4(void **state)
{
	struct fwd_spec spec = parse("::ffff:192.0.2.1/80");

	(void)state;
	assert_listen(&spec, AF_INET, "192.0.2.1", "");
	spec = parse("[::ffff:192.0.2.1]/80");
	assert_listen(&spec, AF_INET, "192.0.2.1", "");
}

static void test_fwd_spec_listen_interface(void **state)
{
	struct fwd_spec spec = parse("%eth0/80");

	(void)state;
	assert_listen(&spec, AF_UNSPEC, "::", "eth0");
	spec = parse("192.0.2.1%eth0/80");
	assert_listen(&spec, AF_INET, "192.0.2.1", "eth0");
	spec = parse("fe80::1%eth0/80");
	assert_listen(&spec, AF_INET6, "fe80::1", "eth0");
	spec = parse("[fe80::1]%eth0/80");
	assert_listen(&spec, AF_INET6, "fe80::1", "eth0");
	spec = parse("%fifteen-letters/80");
	assert_listen(&spec, AF_UNSPEC, "::", "fifteen-letters");
	spec = parse("%.../80");
	assert_listen(&spec, AF_UNSPEC, "::", "...");
}

static void test_fwd_spec_exclusions(void **state)
{
	struct fwd_spec spec = parse("8000-8010,~8005,~8007-8008");

	(void)state;
	assert_int_equal(spec.mode, FWD_SPEC_LIST);
	assert_int_equal(spec.count, 3);
	assert_item(&spec, 0, "range 8000-8010 8000 ::");
	assert_item(&spec, 1, "exclude 8005-8005 8005 ::");
	assert_item(&spec, 2, "exclude 8007-8008 8007 ::");
	spec = parse("127.0.0.1/~22");
	assert_listen(&spec, AF_INET, "127.0.0.1", "");
	assert_item(&spec, 0, "exclude 22-22 22 ::");
}

static void test_fwd_spec_auto_in_lists(void **state)
{
	struct fwd_spec spec = parse("8000-8010,auto");

	(void)state;
	assert_int_equal(spec.mode, FWD_SPEC_LIST);
	assert_true(spec.automatic);
	assert_int_equal(spec.count, 1);
	spec = parse("auto,80,81");
	assert_true(spec.automatic);
	assert_int_equal(spec.count, 2);
	spec = parse("all,auto");
	assert_int_equal(spec.mode, FWD_SPEC_LIST);
	assert_true(spec.automatic);
	spec = parse("~22,auto");
	assert_int_equal(spec.mode, FWD_SPEC_LIST);
	assert_true(spec.automatic);
}

static void test_fwd_spec_lists_keep_their_order(void **state)
{
	struct fwd_spec spec = parse("[::1]%lo/22,80:8080,443:[fd00::1]/8443,all,~25");

	(void)state;
	assert_listen(&spec, AF_INET6, "::1", "lo");
	assert_int_equal(spec.count, 5);
	assert_item(&spec, 0, "range 22-22 22 ::");
	assert_item(&spec, 1, "range 80-80 8080 ::");
	assert_item(&spec, 2, "range 443-443 8443 fd00::1");
	assert_item(&spec, 3, "all 1-65535 1 ::");
	assert_item(&spec, 4, "exclude 25-25 25 ::");
	spec = parse("22,80:192.0.2.1/8080");
	assert_listen(&spec, AF_UNSPEC, "::", "");
	assert_item(&spec, 1, "range 80-80 8080 192.0.2.1");
}

static void test_fwd_spec_items_max(void **state)
{
	char text[6 * (FWD_SPEC_ITEMS_MAX + 1)];
	struct fwd_spec spec;
	struct err err;
	size_t at = 0;

	(void)state;
	for (int i = 1; i <= FWD_SPEC_ITEMS_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d", i > 1 ? "," : "", i);
	spec = parse(text);
	assert_int_equal(spec.count, FWD_SPEC_ITEMS_MAX);
	snprintf(text + at, sizeof(text) - at, ",9999");
	assert_int_equal(fwd_spec_parse(text, &spec, &err), -E2BIG);
	assert_non_null(strstr(err.text, "'9999'"));
	assert_non_null(strstr(err.text, "256"));
}

static void test_fwd_spec_port_numbers_rejected(void **state)
{
	(void)state;
	refuse("0", "0", "lowest port is 1");
	refuse("80,0", "0", "lowest port is 1");
	refuse("80:0", "80:0", "lowest port is 1");
	refuse("65536", "65536", "highest port is 65535");
	refuse("80:65536", "80:65536", "highest port is 65535");
	refuse("~65536", "~65536", "highest port is 65535");
	refuse("99999999999999999999", "99999999999999999999", "highest port is 65535");
	refuse("4294967376", "4294967376", "highest port is 65535");
	refuse("http", "http", "not a port number");
	refuse("-80", "-80", "not a port number");
	refuse("+80", "+80", "not a port number");
	refuse("+80", "+80", "not a port number");
	refuse("80-", "80-", "not a port number");
	refuse("80:", "80:", "not a port number");
	refuse("~", "~", "not a port number");
	refuse("~all", "~all", "not a port number");
	refuse("allx", "allx", "not a port number");
	refuse("autos", "autos", "not a port number");
	refuse("AUTO", "AUTO", "not a port number");
}

static void test_fwd_spec_ranges_rejected(void **state)
{
	(void)state;
	refuse("90-80", "90-80", "ends before it starts");
	refuse("80,~90-80", "~90-80", "ends before it starts");
	refuse("80-81:90-80", "80-81:90-80", "ends before it starts");
	refuse("80-90:8080-8089", "80-90:8080-8089", "differ in length");
	refuse("80-90:8080", "80-90:8080", "differ in length");
	refuse("80:8080-8081", "80:8080-8081", "differ in length");
	refuse("80:192.0.2.1/8080-8081", "80:192.0.2.1/8080-8081", "differ in length");
}

static void test_fwd_spec_trailing_text_rejected(void **state)
{
	(void)state;
	refuse("80x", "80x", "unexpected text");
	refuse("8 0", "8 0", "unexpected text");
	refuse("80-90-100", "80-90-100", "unexpected text");
	refuse("80:81:82", "80:81:82", "not an address");
	refuse("80:81/82", "80:81/82", "unexpected text");
	refuse("80:8080x,81", "80:8080x", "unexpected text");
	refuse("~80:81", "~80:81", "unexpected text");
	refuse("auto:192.0.2.1", "auto:192.0.2.1", "unexpected text");
	refuse("all:192.0.2.1/80", "all:192.0.2.1/80", "unexpected text");
	refuse("all-80", "all-80", "unexpected text");
	refuse("80:192.0.2.1%eth0", "80:192.0.2.1%eth0", "unexpected text");
	refuse("127.0.0.1/80/81", "80/81", "unexpected text");
}

static void test_fwd_spec_empty_items_rejected(void **state)
{
	(void)state;
	refuse(",", ",", "empty");
	refuse("80,", "80,", "empty");
	refuse(",80", ",80", "empty");
	refuse("80,,81", "80,,81", "empty");
	refuse("127.0.0.1/80,", "80,", "empty");
	refuse("80:192.0.2.1/", "80:192.0.2.1/", "not a port number");
}

static void test_fwd_spec_words_stand_alone(void **state)
{
	(void)state;
	refuse("none,80", "none", "stands alone");
	refuse("80,none", "none", "stands alone");
	refuse("127.0.0.1/none", "none", "stands alone");
}

static void test_fwd_spec_listen_address_rejected(void **state)
{
	(void)state;
	refuse("300.0.0.1/80", "300.0.0.1", "not an address");
	refuse("127.0.0/80", "127.0.0", "not an address");
	refuse("127.0.0.1x/80", "127.0.0.1x", "not an address");
	refuse("localhost/80", "localhost", "not an address");
	refuse("8080/tcp", "8080", "not an address");
	refuse("::1::/80", "::1::", "not an address");
	refuse("[127.0.0.1]/80", "[127.0.0.1]", "only IPv6");
	refuse("[::1/80", "[::1", "closing bracket");
	refuse("[]/80", "[]", "not an address");
	refuse("[::1]x/80", "[::1]x", "not an address");
	refuse("aaaa:2222:3333:4444:5555:6666:7777:8888:9999/80",
	       "aaaa:2222:3333:4444:5555:6666:7777:8888:9999", "not an address");
	refuse("fe80::1/80", "fe80::1", "link-local");
	refuse("224.0.0.0/80", "224.0.0.0", "one host");
	refuse("239.0.0.1%eth0/auto", "239.0.0.1%eth0", "one host");
	refuse("255.255.255.255/80", "255.255.255.255", "one host");
	refuse("[ff02::1]%eth0/80", "[ff02::1]%eth0", "one host");
	refuse("ff0e::1/", "ff0e::1", "one host");
}

static void test_fwd_spec_listen_interface_rejected(void **state)
{
	(void)state;
	refuse("%/80", "%", "no interface name");
	refuse("127.0.0.1%/80", "127.0.0.1%", "no interface name");
	refuse("%sixteen--letters/80", "%sixteen--letters", "15 characters");
	refuse("::1%sixteen--letters/80", "::1%sixteen--letters", "15 characters");
	refuse("%../80", "%..", "not the name");
	refuse("%./80", "%.", "not the name");
	refuse("%et h0/80", "%et h0", "not the name");
	refuse("%eth0:1/80", "%eth0:1", "not the name");
	refuse("%eth%0/80", "%eth%0", "not the name");
}

static void test_fwd_spec_address_without_ports_rejected(void **state)
{
	(void)state;
	refuse("127.0.0.1", "127.0.0.1", "slash and ports");
	refuse("::1", "::1", "slash and ports");
	refuse("[::1]", "[::1]", "slash and ports");
	refuse("[::1]%lo", "[::1]%lo", "slash and ports");
	refuse("%eth0", "%eth0", "slash and ports");
	refuse("127.0.0.1%eth0", "127.0.0.1%eth0", "slash and ports");
	refuse("80,127.0.0.1", "127.0.0.1", "slash and ports");
}

static void test_fwd_spec_target_address_rejected(void **state)
{
	(void)state;
	refuse("80:300.0.0.1", "80:300.0.0.1", "not an address");
	refuse("80:300.0.0.1/80", "80:300.0.0.1/80", "not an address");
	refuse("80:[::1", "80:[::1", "closing bracket");
	refuse("80:[192.0.2.1]", "80:[192.0.2.1]", "only IPv6");
	refuse("80:[::1]8080", "80:[::1]8080", "unexpected text");
	refuse("80:0.0.0.0", "80:0.0.0.0", "one host");
	refuse("80:[::]/80", "80:[::]/80", "one host");
	refuse("all:224.0.0.1", "all:224.0.0.1", "one host");
	refuse("80:ff02::1", "80:ff02::1", "one host");
	refuse("all:", "all:", "not an address");
	refuse("all:80", "all:80", "not an address");
}

static void test_fwd_spec_target_of_another_family_rejected(void **state)
{
	(void)state;
	refuse("127.0.0.1/80:[fd00::1]/80", "80:[fd00::1]/80", "one family");
	refuse("::1/80:192.0.2.1", "80:192.0.2.1", "one family");
	refuse("::1/all:192.0.2.1", "all:192.0.2.1", "one family");
}

static void test_fwd_spec_message_is_one_bounded_line(void **state)
{
	char text[4096];
	struct fwd_spec spec;
	struct err err;

	(void)state;
	refuse("80\n\x1b[1m\xff", "80??[1m?", "unexpected text");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(fwd_spec_parse(text, &spec, &err), -EINVAL);
	assert_non_null(strstr(err.text, "xxx...'"));
	assert_true(strlen(err.text) < 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fwd_spec_none),
		cmocka_unit_test(test_fwd_spec_blanks_around_items),
		cmocka_unit_test(test_fwd_spec_auto),
		cmocka_unit_test(test_fwd_spec_all_in_each_form),
		cmocka_unit_test(test_fwd_spec_all_with_target_address),
		cmocka_unit_test(test_fwd_spec_single_port_bounds),
		cmocka_unit_test(test_fwd_spec_target_ports),
		cmocka_unit_test(test_fwd_spec_target_address_keeps_ports),
		cmocka_unit_test(test_fwd_spec_port_and_full_address_without_brackets),
		cmocka_unit_test(test_fwd_spec_target_address_and_ports),
		cmocka_unit_test(test_fwd_spec_listen_ipv4),
		cmocka_unit_test(test_fwd_spec_listen_ipv6_with_and_without_brackets),
		cmocka_unit_test(test_fwd_spec_listen_mapped_address_is_ipv4),
		cmocka_unit_test(test_fwd_spec_listen_interface),
		cmocka_unit_test(test_fwd_spec_exclusions),
		cmocka_unit_test(test_fwd_spec_auto_in_lists),
		cmocka_unit_test(test_fwd_spec_lists_keep_their_order),
		cmocka_unit_test(test_fwd_spec_items_max),
		cmocka_unit_test(test_fwd_spec_port_numbers_rejected),
		cmocka_unit_test(test_fwd_spec_ranges_rejected),
		cmocka_unit_test(test_fwd_spec_trailing_text_rejected),
		cmocka_unit_test(test_fwd_spec_empty_items_rejected),
		cmocka_unit_test(test_fwd_spec_words_stand_alone),
		cmocka_unit_test(test_fwd_spec_listen_address_rejected),
		cmocka_unit_test(test_fwd_spec_listen_interface_rejected),
		cmocka_unit_test(test_fwd_spec_address_without_ports_rejected),
		cmocka_unit_test(test_fwd_spec_target_address_rejected),
		cmocka_unit_test(test_fwd_spec_target_of_another_family_rejected),
		cmocka_unit_test(test_fwd_spec_message_is_one_bounded_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
