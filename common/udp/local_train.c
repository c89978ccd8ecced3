/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the kernel doesn't take a train, for the size of its segments or the lack of an offload,
 * its datagrams go one by one. Errors of earlier datagrams are taken off the socket by the call
 * that meets them, so each datagram gets a second try.
 */
#include "common/udp/local_train.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "common/base/util.h"
#include "common/dgram/dgram.h"
#include "common/udp/udp_batch.h"

union control {
	struct cmsghdr align;
	uint8_t bytes[DGRAM_CONTROL_BYTES];
};

static bool message_parse(struct udp_batch *batch, int i, struct local_message *message)
{
	const union sockaddr_inany *peer = &batch->peers[i];
	const struct dgram_meta meta = udp_batch_meta(batch, i);
	uint32_t len = batch->msgs[i].msg_len;

	*message = (struct local_message){
		.data = { batch->iov[i].iov_base, len },
		.size = dgram_meta_size(&meta, len),
		.local = meta.local,
	};
	if (peer->sa.sa_family == AF_INET6)
		message->scope_id = peer->in6.sin6_scope_id;
	return !addr_from_sockaddr(peer, &message->peer, &message->peer_port);
}

int local_receive(int fd, uint8_t *buf, struct local_message *messages)
{
	struct udp_batch batch;
	int n = udp_batch_receive(&batch, fd, buf, LOCAL_RX_MESSAGES, true), count = 0;

	for (int i = 0; i < n; i++)
		if (message_parse(&batch, i, &messages[count]))
			count++;
	return n < 0 ? n : count;
}

static void route_apply(const struct local_route *route, struct msghdr *msg,
			union sockaddr_inany *sa)
{
	const struct in6_pktinfo info6 = { .ipi6_addr = route->from };
	struct in_pktinfo info4 = { 0 };

	msg->msg_name = sa;
	if (route->ip6_socket) {
		sa->in6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_addr = route->peer,
			.sin6_port = htons(route->peer_port),
			.sin6_scope_id = route->scope_id,
		};
		msg->msg_namelen = sizeof(sa->in6);
	} else {
		msg->msg_namelen = addr_to_sockaddr(&route->peer, route->peer_port, 0, sa);
	}
	if (addr_is_unspecified(&route->from) || addr_is_multicast(&route->from))
		return;
	if (route->ip6_socket) {
		dgram_control_add(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
	} else {
		info4.ipi_spec_dst.s_addr = addr_be32(&route->from);
		dgram_control_add(msg, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
	}
}

/* @segment: size of each datagram, 0: it's one. Return: 0 or -errno */
static int route_send(const struct local_route *route, struct iovec *iov, uint32_t pieces,
		      uint32_t segment)
{
	union control control = { 0 };
	union sockaddr_inany sa;
	const uint16_t size = (uint16_t)segment;
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = pieces,
		.msg_control = &control,
	};

	if (route->addressed)
		route_apply(route, &msg, &sa);
	if (segment)
		dgram_control_add(&msg, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));
	if (!msg.msg_controllen)
		msg.msg_control = NULL;
	return sendmsg(route->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool is_full(int code)
{
	return code == -EAGAIN || code == -ENOBUFS || code == -ENOMEM;
}

static uint32_t send_one_by_one(const struct local_train *train)
{
	struct train_place place = { 0 };
	struct iovec one;
	uint32_t lost = 0;

	while (train_next(&train->train, &place, &one)) {
		int rc = route_send(&train->route, &one, 1, 0);

		if (rc && !is_full(rc))
			rc = route_send(&train->route, &one, 1, 0);
		lost += !!rc;
	}
	return lost;
}

void local_train_init(struct local_train *train)
{
	train->route = (struct local_route){ .fd = -1 };
	train_init(&train->train, UINT32_MAX);
}

uint32_t local_train_send(struct local_train *train)
{
	struct train *t = &train->train;
	uint32_t lost = 0;
	int rc = -EINVAL;

	if (!t->count)
		return 0;
	if (t->count > 1)
		rc = route_send(&train->route, train_pieces(t), t->pieces, t->size);
	if (is_full(rc))
		lost = t->count;
	else if (rc)
		lost = send_one_by_one(train);
	t->count = 0;
	return lost;
}

uint32_t local_train_add(struct local_train *train, const struct local_message *message)
{
	struct datagrams datagrams = { message->data.iov_base, (uint32_t)message->data.iov_len,
				       message->size };
	uint32_t lost = 0;

	while (!train_take(&train->train, &datagrams))
		lost += local_train_send(train);
	return lost;
}
