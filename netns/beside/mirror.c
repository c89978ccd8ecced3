/* SPDX-License-Identifier: Apache-2.0
 *
 * The capability is one over the user namespace that we have made or joined, which owns the
 * namespace, and the socket is the namespace's: nothing of the host's can be reached by it.
 */
#include "netns/beside/mirror.h"

#include <errno.h>
#include <netlink/socket.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "netns/base/memory.h"
#include "netns/beside/mirror_work.h"
#include "netns/host/netlink_socket.h"
#include "netns/lockin/seccomp_list.h"

/* Return: false if pasta is gone, or makes no sense */
static bool take_order(int channel_fd, struct mirror_order *order)
{
	ssize_t n = recv(channel_fd, order, sizeof(*order), 0);

	return n >= (ssize_t)offsetof(struct mirror_order, next.routes.items) &&
	       order->next.routes.count <= ROUTE_VALUES_MAX &&
	       n == (ssize_t)mirror_order_size(order);
}

static void mirror_main(int channel_fd, const void *initial)
{
	const struct mirror *mirror = initial;
	struct mirror_answer answer;
	struct mirror_order order;

	log_set_level(LOG_LEVEL_ERROR); /* there's nothing to write to */
	for (;;) {
		memory_give_back();
		if (!take_order(channel_fd, &order))
			return;
		answer = mirror_work_do(mirror->work, mirror->sk, &order);
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
	int rc = netlink_open(&mirror->sk, err);

	if (rc)
		return rc;
	mirror->work = mirror_work_new(ifindex);
	if (mirror->work)
		return 0;
	nl_socket_free(mirror->sk);
	mirror->sk = NULL;
	return err_set(err, -ENOMEM, "out of memory");
}

void mirror_begin(struct mirror *mirror, const struct mirror_order *start)
{
	mirror_work_begin(mirror->work, mirror->sk, start);
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
	mirror_work_free(mirror->work);
	mirror->work = NULL;
	return rc;
}

int mirror_order(const struct mirror *mirror, const struct mirror_order *order)
{
	ssize_t n = send(mirror->process.fd, order, mirror_order_size(order),
			 MSG_NOSIGNAL | MSG_DONTWAIT);

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
