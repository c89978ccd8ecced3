/* SPDX-License-Identifier: Apache-2.0
 *
 * The capability is one over the user namespace that we have made or joined, which owns the
 * namespace, and the socket is the namespace's: nothing of the host's can be reached by it.
 */
#include "netns/beside/mirror.h"

#include <errno.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/base/memory.h"
#include "netns/host/host_routes.h"
#include "netns/host/netlink_socket.h"
#include "netns/lockin/seccomp_list.h"
#include "netns/tap/given_default.h"
#include "netns/tap/setup_addrs.h"
#include "netns/tap/setup_routes.h"

static bool is_family(const struct in6_addr *addr, bool ipv4)
{
	return addr_is_unspecified(addr) || addr_is_ipv4(addr) == ipv4;
}

bool mirror_order_is_sound(const struct mirror_order *order)
{
	if (order->addr_count > MIRROR_ADDRS_MAX || order->added > order->addr_count ||
	    !is_family(&order->gateway, order->ipv4) ||
	    !is_family(&order->had_gateway, order->ipv4) ||
	    !route_values_are_sound(&order->routes, order->ipv4))
		return false;
	for (uint32_t i = 0; i < order->addr_count; i++) {
		const struct setup_addr *a = &order->addrs[i];

		if (!addr_is_unicast(&a->addr) || addr_is_ipv4(&a->addr) != order->ipv4 ||
		    a->prefix_len > (order->ipv4 ? 32 : 128))
			return false;
	}
	return true;
}

/* Those that are to be set. Return: NULL if memory ran out */
static struct host_routes *routes_to_set(const struct mirror *mirror,
					 const struct mirror_order *order, bool defaults)
{
	struct host_routes *routes = host_routes_new(mirror->ifindex);
	int rc = routes ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < order->routes.count && !rc; i++)
		if (order->routes.items[i].dst_len || defaults)
			rc = route_values_append(&order->routes, i, order->ipv4, routes);
	if (!rc)
		return routes;
	host_routes_free(routes);
	return NULL;
}

static int add(const struct mirror *mirror, const struct mirror_order *order, bool defaults,
	       uint32_t *ret_failed)
{
	struct setup_family family = {
		.enabled = true,
		.addrs = order->addrs,
		.addr_count = order->addr_count,
		.gateway = order->gateway,
		.default_on_link = order->default_on_link,
	};
	struct host_routes *routes = NULL;
	struct err err;
	int rc;

	if (order->copies_routes) {
		routes = routes_to_set(mirror, order, defaults);
		if (!routes)
			return -ENOMEM;
	}
	family.routes = routes;
	rc = setup_addresses(mirror->sk, mirror->ifindex, &family, order->added, &err);
	if (rc == SETUP_DONE && (routes || defaults))
		*ret_failed = (uint32_t)setup_routes(mirror->sk, mirror->ifindex, &family);
	host_routes_free(routes);
	return MIN(rc, 0);
}

static struct mirror_answer carry_out(const struct mirror *mirror, const struct mirror_order *order)
{
	const struct given_default given = {
		.family = order->ipv4 ? AF_INET : AF_INET6,
		.ifindex = mirror->ifindex,
		.gateway = order->had_gateway,
	};
	struct mirror_answer answer = { .rc = -EINVAL };

	if (!mirror_order_is_sound(order))
		return answer;
	answer.default_refused =
		order->default_route && !given_default_is_alone(mirror->sk, &given);
	answer.rc = add(mirror, order, order->default_route && !answer.default_refused,
			&answer.routes_failed);
	return answer;
}

static void mirror_main(int channel_fd, const void *initial)
{
	const struct mirror *mirror = initial;
	struct mirror_answer answer;
	struct mirror_order order;

	log_set_level(LOG_LEVEL_ERROR); /* there's nothing to write to */
	for (;;) {
		memory_give_back();
		if (recv(channel_fd, &order, sizeof(order), 0) != (ssize_t)sizeof(order))
			return;
		answer = carry_out(mirror, &order);
		if (send(channel_fd, &answer, sizeof(answer), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(answer))
			return;
	}
}

void mirror_init(struct mirror *mirror)
{
	*mirror = (struct mirror){ .sk = NULL };
	side_process_init(&mirror->process);
}

int mirror_open(struct mirror *mirror, unsigned int ifindex, struct err *err)
{
	mirror->ifindex = ifindex;
	return netlink_open(&mirror->sk, err);
}

int mirror_start(struct mirror *mirror, struct err *err)
{
	const struct side_process_job job = {
		.name = "pasta-mirror",
		.main = mirror_main,
		.calls = seccomp_list_mirror,
		.call_count = seccomp_list_mirror_count,
		.idle_ms = SIDE_PROCESS_IDLE_MS,
		.configures_net = true,
		.kept_fd = nl_socket_get_fd(mirror->sk),
	};
	int rc = side_process_start(&job, mirror, &mirror->process, err);

	nl_socket_free(mirror->sk);
	mirror->sk = NULL;
	return rc;
}

int mirror_order(const struct mirror *mirror, const struct mirror_order *order)
{
	ssize_t n = send(mirror->process.fd, order, sizeof(*order), MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 ? -errno : 0;
}

int mirror_read(const struct mirror *mirror, struct mirror_answer *ret_answer)
{
	struct mirror_answer answer;
	ssize_t n = side_process_read(&mirror->process, &answer, sizeof(answer));

	if (n < 0)
		return (int)n;
	if (n != (ssize_t)sizeof(answer))
		return -EPIPE;
	*ret_answer = answer;
	return 0;
}
