/* SPDX-License-Identifier: Apache-2.0
 *
 * The set of listening sockets: which ones the rules open, what becomes of records, and the rest
 * that a listener takes. Real sockets, on the loopback only.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/fwd/listeners.h"
#include "common/fwd/listeners_open.h"
#include "common/fwd/listeners_ports.h"

struct fixture {
	struct socket_source sockets;
	struct fwd_listeners set;
	struct fwd_rules *rules;
	struct loop loop;
	struct timer_wheel timers;
	uint64_t now_ns;
	int ready; /* events told of */
	uint16_t port; /* free when looked for, and the next one too */
};

static void on_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct fwd_listener *listener = fwd_listener_of(watch);
	struct fixture *f = listener->set->handlers[listener->direction].arg;

	(void)events;
	(void)now_ns;
	f->ready++;
}

/* Two neighbouring ports on 127.0.0.1 that nobody has */
static uint16_t free_ports(void)
{
	for (uint32_t port = 20000 + (uint32_t)getpid() % 9973; port < 65000; port += 2) {
		int ok = 0;

		for (uint32_t p = port; p < port + 2; p++) {
			struct sockaddr_in sa = {
				.sin_family = AF_INET,
				.sin_port = htons((uint16_t)p),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
			};
			int tcp = socket(AF_INET, SOCK_STREAM, 0);
			int udp = socket(AF_INET, SOCK_DGRAM, 0);

			ok += !bind(tcp, (struct sockaddr *)&sa, sizeof(sa)) &&
			      !bind(udp, (struct sockaddr *)&sa, sizeof(sa));
			close(tcp);
			close(udp);
		}
		if (ok == 2)
			return (uint16_t)port;
	}
	fail_msg("no free ports");
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->rules = test_calloc(1, sizeof(*f->rules));
	fwd_rules_init(f->rules);
	assert_int_equal(fwd_listeners_init(&f->set, &f->sockets), 0);
	f->now_ns = clock_now_ns();
	f->port = free_ports();
	assert_int_equal(loop_init(&f->loop), 0);
	timer_wheel_init(&f->timers, f->now_ns);
	for (int d = 0; d < FWD_DIRECTIONS; d++)
		f->set.handlers[d] = (struct fwd_listeners_handler){ on_ready, f };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fwd_listeners_fini(&f->set);
	loop_fini(&f->loop);
	test_free(f->rules);
	test_free(f);
	return 0;
}

/* add() - a spec, in which P stands for the free port and Q for the next one */
static void add(struct fixture *f, enum fwd_direction direction, const char *pattern)
{
	char text[256];
	struct fwd_spec spec;
	struct err err;
	size_t len = 0;

	for (; *pattern; pattern++) {
		if (*pattern == 'P' || *pattern == 'Q')
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u",
						f->port + (*pattern == 'Q'));
		else
			text[len++] = *pattern;
	}
	text[len] = '\0';
	assert_int_equal(fwd_spec_parse(text, &spec, &err), 0);
	assert_int_equal(fwd_rules_add(f->rules, direction, &spec, &err), 0);
}

static void finish(struct fixture *f)
{
	struct err err;

	assert_int_equal(fwd_rules_finish(f->rules, (struct fwd_range){ 32768, 60999 }, &err), 0);
}

static int open_rules(struct fixture *f, enum fwd_direction direction, struct err *err)
{
	struct fwd_opening opening = { .rules = f->rules, .sockets_max = UINT32_MAX };
	int rc = fwd_listeners_open_rules(&f->set, direction, &opening, err);

	if (!rc)
		assert_int_equal(opening.left_out, 0);
	return rc;
}

static int connect_to(uint16_t port)
{
	const struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (!connect(fd, (const struct sockaddr *)&sa, sizeof(sa)))
		return fd;
	close(fd);
	return -1;
}

static int pending(struct fixture *f)
{
	struct epoll_event events[LOOP_BATCH];
	int n = loop_wait(&f->loop, events, 0);

	f->ready = 0;
	loop_dispatch(events, n, f->now_ns);
	return f->ready;
}

static void test_fwd_listeners_named_port_is_opened_with_its_target(void **state)
{
	struct fixture *f = *state;
	struct err err;
	int fd;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P:192.0.2.1/80");
	add(f, FWD_UDP_TO_NS, "none");
	finish(f);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_equal(f->set.used, 1);
	assert_int_equal(f->set.records[0].port, f->port);
	assert_int_equal(f->set.records[0].to_port, 80);
	assert_int_equal(f->set.records[0].family, AF_INET);
	assert_false(addr_is_unspecified(&f->set.records[0].to_addr));

	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);
	assert_int_equal(pending(f), 0);
	fd = connect_to(f->port);
	assert_true(fd >= 0);
	assert_int_equal(pending(f), 1);
	close(fd);
}

static void test_fwd_listeners_targets_are_ports_and_where_they_lead(void **state)
{
	struct fixture *f = *state;
	struct fwd_portmap map;
	struct err err;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P:192.0.2.1/80");
	finish(f);
	fwd_listeners_targets(&f->set, FWD_TCP_TO_NS, &map);
	assert_false(fwd_portmap_test(&map, f->port));
	assert_int_equal(f->set.changes, 0);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_not_equal(f->set.changes, 0);
	fwd_listeners_targets(&f->set, FWD_TCP_TO_NS, &map);
	assert_true(fwd_portmap_test(&map, f->port));
	assert_true(fwd_portmap_test(&map, 80));
	assert_false(fwd_portmap_test(&map, 81));
	fwd_listeners_targets(&f->set, FWD_UDP_TO_NS, &map);
	assert_false(fwd_portmap_test(&map, 80));
}

static void test_fwd_listeners_ports_of_flows_are_noted_by_family(void **state)
{
	struct fixture *f = *state;

	fwd_listeners_note_flows(&f->set, AF_INET, 65535, true);
	fwd_listeners_note_flows(&f->set, AF_INET6, 0, true);
	assert_true(fwd_listeners_flows_have(&f->set, AF_INET, 65535));
	assert_false(fwd_listeners_flows_have(&f->set, AF_INET6, 65535));
	assert_true(fwd_listeners_flows_have(&f->set, AF_INET6, 0));
	fwd_listeners_note_flows(&f->set, AF_INET, 65535, false);
	assert_false(fwd_listeners_flows_have(&f->set, AF_INET, 65535));
}

static void test_fwd_listeners_paused_one_rests_for_a_moment(void **state)
{
	struct fixture *f = *state;
	struct err err;
	int fd;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P");
	finish(f);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);
	fd = connect_to(f->port);
	assert_int_equal(pending(f), 1);
	fwd_listener_pause(&f->set.records[0], f->now_ns);
	fwd_listener_pause(&f->set.records[0], f->now_ns);
	assert_int_equal(pending(f), 0);
	timer_run(&f->timers, f->now_ns + 200 * NS_PER_MS);
	assert_int_equal(pending(f), 1);
	close(fd);
}

static void test_fwd_listeners_taken_port_is_an_error_that_names_it(void **state)
{
	struct fixture *f = *state;
	struct fwd_listeners other;
	struct fwd_opening opening = { .rules = f->rules, .sockets_max = UINT32_MAX };
	struct err err;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P-Q");
	add(f, FWD_UDP_TO_NS, "127.0.0.1/P");
	finish(f);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_equal(open_rules(f, FWD_UDP_TO_NS, &err), 0);
	assert_int_equal(fwd_listeners_init(&other, &f->sockets), 0);
	assert_int_equal(fwd_listeners_open_rules(&other, FWD_TCP_TO_NS, &opening, &err),
			 -EADDRINUSE);
	assert_non_null(strstr(err.text, "TCP port"));
	assert_non_null(strstr(err.text, strerror(EADDRINUSE)));
	assert_int_equal(fwd_listeners_open_rules(&other, FWD_UDP_TO_NS, &opening, &err),
			 -EADDRINUSE);
	assert_non_null(strstr(err.text, "UDP port"));
	fwd_listeners_fini(&other);
}

static void test_fwd_listeners_disabled_family_is_an_error_if_named(void **state)
{
	struct fixture *f = *state;
	struct err err;

	add(f, FWD_TCP_TO_NS, "[::1]/P");
	finish(f);
	f->set.ip6 = false;
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), -EAFNOSUPPORT);
	assert_non_null(strstr(err.text, "not enabled"));
}

static void test_fwd_listeners_wide_rules_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct fwd_opening opening = { .rules = f->rules, .sockets_max = 10 };
	struct err err;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/");
	finish(f);
	assert_int_equal(fwd_listeners_open_rules(&f->set, FWD_TCP_TO_NS, &opening, &err), 0);
	assert_int_equal(f->set.used, 10);
	assert_true(opening.left_out > 1000);
}

static int open_auto(struct fixture *f, int family, uint16_t port)
{
	struct err err;
	bool any;
	const struct fwd_place place = { family, in6addr_any };
	int rc =
		fwd_listeners_open_auto(&f->set, f->rules, FWD_TCP_TO_NS, &place, port, &any, &err);

	assert_true(any == !rc);
	return rc;
}

static void close_auto(struct fixture *f, int family, uint16_t port)
{
	const struct fwd_place place = { family, in6addr_any };

	fwd_listeners_close_auto(&f->set, FWD_TCP_TO_NS, &place, port);
}

static void test_fwd_listeners_automatic_ones_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *listener;
	uint32_t serial;
	struct err err;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P-Q:1000-1001,auto");
	finish(f);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_equal(f->set.used, 0);
	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);

	assert_int_equal(open_auto(f, AF_INET6, f->port), -ENOENT);
	assert_int_equal(open_auto(f, AF_INET, (uint16_t)(f->port + 1)), 0);
	assert_int_equal(f->set.used, 1);
	listener = &f->set.records[0];
	serial = listener->serial;
	assert_int_equal(listener->to_port, 1001);
	assert_true(fwd_listener_is(listener, serial));

	close_auto(f, AF_INET6, (uint16_t)(f->port + 1));
	assert_int_equal(f->set.used, 1);
	fwd_listener_pause(listener, f->now_ns);
	close_auto(f, AF_INET, (uint16_t)(f->port + 1));
	assert_int_equal(f->set.used, 0);
	assert_false(fwd_listener_is(listener, serial));
	timer_run(&f->timers, f->now_ns + 200 * NS_PER_MS);
	assert_int_equal(connect_to((uint16_t)(f->port + 1)), -1);
}

static void test_fwd_listeners_record_is_not_reused_in_the_same_batch(void **state)
{
	struct fixture *f = *state;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P-Q,auto");
	finish(f);
	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);
	assert_int_equal(open_auto(f, AF_INET, f->port), 0);
	close_auto(f, AF_INET, f->port);
	assert_int_equal(open_auto(f, AF_INET, f->port), 0);
	assert_int_equal(f->set.touched, 2);
	close_auto(f, AF_INET, f->port);
	fwd_listeners_reap(&f->set);
	assert_int_equal(open_auto(f, AF_INET, f->port), 0);
	assert_int_equal(f->set.touched, 2);
	assert_int_equal(f->set.last_serial, 3);
}

static void test_fwd_listeners_what_was_missing_is_opened_later(void **state)
{
	const struct sockaddr_in taken = { .sin_family = AF_INET,
					   .sin_port = htons(((struct fixture *)*state)->port),
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };
	const struct fwd_place place = { AF_INET, in6addr_any };
	struct fixture *f = *state;
	struct err err;
	bool any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P,auto");
	add(f, FWD_TCP_TO_NS, "127.0.0.2/P,auto");
	finish(f);
	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&taken, sizeof(taken)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(fwd_listeners_open_auto(&f->set, f->rules, FWD_TCP_TO_NS, &place, f->port,
						 &any, &err),
			 -EADDRINUSE);
	assert_true(any);
	assert_non_null(strstr(err.text, "127.0.0.2"));
	assert_int_equal(f->set.used, 1);
	close(fd);
	assert_int_equal(open_auto(f, AF_INET, f->port), 0);
	assert_int_equal(f->set.used, 2);
	close_auto(f, AF_INET, f->port);
	assert_int_equal(f->set.used, 0);
}

static void test_fwd_listeners_closed_ones_leave_their_neighbours(void **state)
{
	struct fixture *f = *state;
	struct err err;
	int fd;

	add(f, FWD_TCP_TO_NS, "127.0.0.2/P");
	add(f, FWD_TCP_TO_NS, "127.0.0.1/P,auto");
	finish(f);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);
	assert_int_equal(open_auto(f, AF_INET, f->port), 0);
	assert_int_equal(f->set.used, 2);
	fd = connect_to(f->port);
	assert_true(fd >= 0);
	close(fd);
	close_auto(f, AF_INET, f->port);
	assert_int_equal(f->set.used, 1);
	assert_int_equal(connect_to(f->port), -1);
	assert_true(f->set.records[0].watch.fd >= 0);
}

#define test(name) cmocka_unit_test_setup_teardown(test_fwd_listeners_##name, set_up, tear_down)

/* A rule for the free port on 127.0.0.1, beside those of the fixture */
static struct fwd_rule other_rule(const struct fixture *f, enum fwd_direction direction)
{
	return (struct fwd_rule){
		.id = 99,
		.direction = direction,
		.listen = { .family = AF_INET, .addr = addr_loopback(AF_INET) },
		.ports = { f->port, f->port },
		.to_first = 99,
	};
}

static void open_both(struct fixture *f)
{
	struct err err;

	add(f, FWD_TCP_TO_NS, "127.0.0.1/P:80");
	add(f, FWD_UDP_TO_NS, "127.0.0.1/P:80");
	finish(f);
	assert_int_equal(open_rules(f, FWD_TCP_TO_NS, &err), 0);
	assert_int_equal(open_rules(f, FWD_UDP_TO_NS, &err), 0);
	assert_int_equal(fwd_listeners_start(&f->set, &f->loop, &f->timers), 0);
}

/* Both are open, and a change has begun that closes them */
static void leave_both(struct fixture *f, struct fwd_listener **ret_tcp,
		       struct fwd_listener **ret_udp)
{
	open_both(f);
	*ret_tcp = fwd_listeners_first(&f->set, FWD_TCP_TO_NS, f->port);
	*ret_udp = fwd_listeners_first(&f->set, FWD_UDP_TO_NS, f->port);
	fwd_listeners_begin(&f->set);
	fwd_listeners_leave(&f->set, *ret_tcp);
	fwd_listeners_leave(&f->set, *ret_udp);
}

static void test_fwd_listeners_change_is_undone(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *tcp, *udp;
	struct fwd_rule rule;

	leave_both(f, &tcp, &udp);
	assert_null(fwd_listeners_first(&f->set, FWD_TCP_TO_NS, f->port));
	rule = other_rule(f, FWD_TCP_TO_NS);
	assert_int_equal(fwd_listeners_add(&f->set, &rule, f->port, &rule.listen), 0);
	assert_ptr_equal(fwd_listeners_first(&f->set, FWD_TCP_TO_NS, f->port), tcp);
	assert_int_equal(tcp->to_port, 99);
	assert_int_equal(fwd_listeners_add(&f->set, &rule, f->port + 1, &rule.listen), 0);
	rule = other_rule(f, FWD_UDP_TO_NS);
	rule.listen.addr = addr_from_be32(INADDR_ANY); /* beside the one that leaves */
	assert_int_equal(fwd_listeners_add(&f->set, &rule, f->port, &rule.listen), 0);
	assert_int_equal(f->set.used, 4);

	fwd_listeners_undo(&f->set);
	assert_int_equal(f->set.used, 2);
	assert_ptr_equal(fwd_listeners_first(&f->set, FWD_TCP_TO_NS, f->port), tcp);
	assert_ptr_equal(fwd_listeners_first(&f->set, FWD_UDP_TO_NS, f->port), udp);
	assert_int_equal(tcp->to_port, 80);
	assert_int_not_equal(tcp->rule_id, 99);
	assert_null(fwd_listeners_first(&f->set, FWD_TCP_TO_NS, f->port + 1));
}

static void test_fwd_listeners_change_retires_what_flows_may_use(void **state)
{
	struct fixture *f = *state;
	struct fwd_listener *tcp, *udp;
	struct fwd_rule rule;

	leave_both(f, &tcp, &udp);
	fwd_listeners_commit(&f->set, f->now_ns);
	assert_int_equal(f->set.used, 1);
	assert_int_equal(f->set.retired, 1);
	assert_true(udp->watch.fd >= 0);
	assert_false(fwd_listener_is_open(udp));

	udp->used = true;
	fwd_listeners_close_unused(&f->set);
	assert_int_equal(f->set.retired, 1);
	rule = other_rule(f, FWD_UDP_TO_NS);
	assert_int_equal(fwd_listeners_add(&f->set, &rule, f->port, &rule.listen), 0);
	assert_true(fwd_listener_is_open(udp)); /* it's that one again */
	assert_int_equal(f->set.retired, 0);

	fwd_listeners_begin(&f->set);
	fwd_listeners_leave(&f->set, udp);
	fwd_listeners_commit(&f->set, f->now_ns);
	fwd_listeners_close_unused(&f->set);
	assert_int_equal(f->set.used, 0);
}

static void test_fwd_listeners_change_retired_ones_give_way(void **state)
{
	struct fixture *f = *state;
	struct fwd_rule rule = other_rule(f, FWD_UDP_TO_NS);

	open_both(f);
	rule.listen.addr = addr_from_be32(INADDR_ANY);
	fwd_listeners_begin(&f->set);
	fwd_listeners_leave(&f->set, fwd_listeners_first(&f->set, FWD_UDP_TO_NS, f->port));
	assert_int_equal(fwd_listeners_add(&f->set, &rule, f->port, &rule.listen), 0);
	fwd_listeners_commit(&f->set, f->now_ns);
	assert_int_equal(f->set.retired, 0);
	assert_int_equal(f->set.used, 2);
	assert_int_equal(fwd_listeners_first(&f->set, FWD_UDP_TO_NS, f->port)->to_port, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(named_port_is_opened_with_its_target),
		test(targets_are_ports_and_where_they_lead),
		test(ports_of_flows_are_noted_by_family),
		test(paused_one_rests_for_a_moment),
		test(taken_port_is_an_error_that_names_it),
		test(disabled_family_is_an_error_if_named),
		test(wide_rules_have_a_limit),
		test(automatic_ones_come_and_go),
		test(record_is_not_reused_in_the_same_batch),
		test(what_was_missing_is_opened_later),
		test(closed_ones_leave_their_neighbours),
		test(change_is_undone),
		test(change_retires_what_flows_may_use),
		test(change_retired_ones_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
