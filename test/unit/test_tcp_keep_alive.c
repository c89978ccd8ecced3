/* SPDX-License-Identifier: Apache-2.0
 *
 * What sockets are told, when peers are asked and when they have been.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/tcp/keep_alive.h"
#include "common/tcp/record.h"

static int option(const struct tcp_flow *f, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(f->flow.watch.fd, level, name, &value, &len), 0);
	return value;
}

static void start(struct tcp_flow *f)
{
	memset(f, 0, sizeof(*f));
	f->flow.watch.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->flow.watch.fd >= 0);
}

static void test_tcp_keep_alive_asks_and_stops(void **state)
{
	struct tcp_flow f;
	int count;

	(void)state;
	start(&f);
	count = option(&f, IPPROTO_TCP, TCP_KEEPCNT);
	tcp_keep_alive_ask(&f);
	assert_int_equal(option(&f, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(&f, IPPROTO_TCP, TCP_KEEPIDLE), 5);
	assert_int_equal(option(&f, IPPROTO_TCP, TCP_KEEPINTVL), 3);
	tcp_keep_alive_asked(&f);
	assert_int_equal(option(&f, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option(&f, IPPROTO_TCP, TCP_KEEPCNT), count);
	close(f.flow.watch.fd);
}

static void test_tcp_keep_alive_of_the_namespace_comes_back(void **state)
{
	struct tcp_flow f;

	(void)state;
	start(&f);
	tcp_keep_alive(&f, 600);
	tcp_keep_alive_ask(&f);
	assert_int_equal(option(&f, IPPROTO_TCP, TCP_KEEPIDLE), 5);
	tcp_keep_alive_asked(&f);
	assert_int_equal(option(&f, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(&f, IPPROTO_TCP, TCP_KEEPIDLE), 600);
	assert_int_equal(option(&f, IPPROTO_TCP, TCP_KEEPINTVL), 75);
	close(f.flow.watch.fd);
}

static void test_tcp_keep_alive_of_no_socket_is_nothing(void **state)
{
	struct tcp_flow f = { .flow.watch.fd = -1 };

	(void)state;
	tcp_keep_alive_ask(&f);
	tcp_keep_alive_asked(&f);
	assert_int_equal(f.keep_alive_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_keep_alive_asks_and_stops),
		cmocka_unit_test(test_tcp_keep_alive_of_the_namespace_comes_back),
		cmocka_unit_test(test_tcp_keep_alive_of_no_socket_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
