/* SPDX-License-Identifier: Apache-2.0
 *
 * A ping socket takes and gives whole ICMP messages: the kernel puts in the identifier (its port)
 * and the checksum, and hands over replies to that identifier only. Towards the namespace the
 * checksum is complete, because programs with raw sockets look at it.
 */
#include "common/icmp/icmp.h"

#include <assert.h>
#include <errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/base/addr.h"
#include "common/base/sockets.h"
#include "common/base/util.h"
#include "common/dgram/dgram.h"
#include "common/dgram/dgram_error.h"
#include "common/link/fragment.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

/* The largest message that IP carries fits */
#define ICMP_RX_BYTES (64 * 1024)
/* Messages of one event; what is left waits for the next one, after other sockets' */
#define ICMP_RX_MESSAGES 16

static_assert(sizeof(struct dgram_flow) <= FLOW_RECORD_BYTES, "a flow fits into its record");

/* Reads one message and passes it on if it is an echo reply. Return: whether there was one */
static bool reply_receive(struct icmp *icmp, struct dgram_flow *f, uint64_t now_ns)
{
	const struct flow_key *key = &f->flow.key;
	bool ipv4 = key->protocol == IPPROTO_ICMP;
	union {
		struct cmsghdr align;
		uint8_t bytes[DGRAM_CONTROL_BYTES];
	} control;
	struct iovec iov = { icmp->rx_buf, ICMP_RX_BYTES };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(f->flow.watch.fd, &msg, MSG_DONTWAIT);
	struct reader r = { icmp->rx_buf, n > 0 ? (size_t)n : 0 };
	uint8_t header[ICMP_HEADER_LEN];
	struct writer w = { header, sizeof(header) };
	struct icmp_message message;
	struct dgram_meta meta;
	struct ip_packet ip;
	uint64_t pseudo = 0;

	if (n < 0) {
		if (!socket_error_passes(errno))
			dgram_flow_close(f); /* it would be reported for ever */
		return false;
	}
	if (icmp_parse(&r, &message) ||
	    message.type != (ipv4 ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY)) {
		dgram_drop(&icmp->env, DGRAM_DROP_ANSWER, 1);
		return true;
	}
	message.rest = (uint32_t)key->ns_port << 16 | (message.rest & 0xffff);
	dgram_meta_parse(&msg, &meta);
	ip = dgram_packet(f, &meta, (size_t)n);
	if (!ipv4)
		pseudo = checksum_pseudo(&ip.src, &ip.dst, ip.protocol, (uint32_t)n);
	if (icmp_emit(&w, &message, icmp_checksum(&message, pseudo)))
		return true;
	dgram_arrived(f, now_ns);
	flow_count_add(&f->to_ns, (size_t)n, (size_t)n);
	if (fragment_send(icmp->env.link, icmp->env.fragment_ids, &ip,
			  (struct iovec[]){ { header, sizeof(header) },
					    { (void *)message.payload, message.payload_len } },
			  2))
		dgram_drop(&icmp->env, DGRAM_DROP_LINK, 1);
	return true;
}

static void icmp_ready(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	struct dgram_flow *f = dgram_flow_from_watch(watch);
	struct icmp *icmp = container_of(f->env, struct icmp, env);

	if (events & EPOLLERR)
		dgram_errors(f, now_ns);
	if (!(events & EPOLLIN))
		return;
	for (int i = 0; i < ICMP_RX_MESSAGES && reply_receive(icmp, f, now_ns); i++)
		;
}

int icmp_init(struct icmp *icmp, const struct dgram_env *env)
{
	void *buf = mmap(NULL, ICMP_RX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (buf == MAP_FAILED)
		return -ENOMEM;
	*icmp = (struct icmp){ .env = *env, .rx_buf = buf };
	icmp->env.ready = icmp_ready;
	icmp->env.ping_refused = &icmp->ping_refused;
	icmp->env.idle_stream_ms = FLOW_IDLE_MS; /* who still pings would have by then */
	return 0;
}

void icmp_close_all(struct icmp *icmp)
{
	dgram_fini(&icmp->env, IPPROTO_ICMP);
	dgram_fini(&icmp->env, IPPROTO_ICMPV6);
}

void icmp_fini(struct icmp *icmp)
{
	icmp_close_all(icmp);
	if (icmp->rx_buf)
		munmap(icmp->rx_buf, ICMP_RX_BYTES);
	icmp->rx_buf = NULL;
}

static bool input_drop(struct icmp *icmp, enum dgram_drop reason)
{
	dgram_drop(&icmp->env, reason, 1);
	return false;
}

bool icmp_input(struct icmp *icmp, const struct link_frame *frame, const struct ip_packet *ip,
		uint64_t now_ns)
{
	struct reader r = { ip->payload, ip->payload_len };
	struct flow_key key = { .ns = ip->src, .remote = ip->dst, .protocol = ip->protocol };
	bool ipv4 = addr_is_ipv4(&ip->src);
	struct icmp_message message;
	struct dgram_flow *f;

	if (icmp_parse(&r, &message) || ipv4 != (ip->protocol == IPPROTO_ICMP))
		return input_drop(icmp, DGRAM_DROP_MALFORMED);
	if (!frame->csum_known && !icmp_is_intact(ip))
		return input_drop(icmp, DGRAM_DROP_CHECKSUM);
	if (message.type != (ipv4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST) || message.code)
		return input_drop(icmp, DGRAM_DROP_TYPE);
	if (!ip->ttl)
		return input_drop(icmp, DGRAM_DROP_TTL);
	key.ns_port = (uint16_t)(message.rest >> 16);
	f = (void *)flow_lookup(icmp->env.flows, &key);
	if (!f)
		f = dgram_flow_begin(&icmp->env, &key, frame, ip, now_ns);
	if (!f)
		return false; /* counted, or another worker's */
	if (dgram_flow_is_left(f))
		dgram_flow_follow(f, now_ns);
	dgram_departs(f, ip->payload_len, ip->payload_len, now_ns);
	if (dgram_header_differs(f, ip, ip->payload_len, now_ns))
		dgram_header_apply(f, ip, ip->payload_len, now_ns);
	dgram_send(f, ip->payload, ip->payload_len, now_ns);
	return false;
}
