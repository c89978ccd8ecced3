/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever frames a namespace sends that may reach nothing: no flow comes to be, and no socket.
 * Frames are well-formed ones to all kinds of destinations, with a byte or two of them changed, or
 * any bytes at all.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/util.h"
#include "common/engine/worker_batch.h"
#include "common/engine/worker_setup.h"
#include "common/policy/rule.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"
#include "test/unit/link_pair.h"

#define MTU 1500
#define FRAMES_MAX 64

/* How one frame is made */
struct recipe {
	uint8_t kind, to, port, flags, len, at, change, more;
};

enum kind { KIND_TCP, KIND_UDP, KIND_ECHO, KIND_FRAGMENT, KIND_BYTES, KINDS };

/* The gateway, which is the host; its guest address; who is asked for names; outside; loopback,
 * forms of others, multicast, and nothing
 */
static const char *const destinations[] = {
	"192.0.2.1",	     "192.0.2.2",     "192.0.2.53", "203.0.113.9", "127.0.0.1",
	"224.0.0.1",	     "0.0.0.0",	      "10.0.0.1",   "2001:db8::1", "2001:db8::2",
	"2001:db8::53",	     "2001:db8:9::9", "::1",	    "::",	   "64:ff9b::cb00:7109",
	"2002:cb00:7109::1", "ff02::1",	      "fe80::1",
};

static const uint16_t ports[] = { 53, 853, 80, 443, 69, 0, 22, 65535 };

static struct world {
	struct link_pair pair;
	struct config config;
	struct worker worker;
	struct resolv_server resolver;
} * world;

static struct in6_addr addr(const char *text)
{
	struct in6_addr a;

	REQUIRE(!addr_parse(text, &a));
	return a;
}

static const struct policy *deny_all(void)
{
	struct policy *policy = policy_new();
	struct policy_rule rule;
	struct err err;

	REQUIRE(policy && !policy_rule_parse("any", POLICY_DENY, &rule, &err));
	REQUIRE(!policy_add(policy, &rule) && !policy_finish(policy, NULL, 0));
	return policy;
}

static void set_up_family(struct fwd_family *family, const char *ns, const char *gateway,
			  const char *guest, const char *forward)
{
	family->enabled = true;
	family->ns_addr = addr(ns);
	family->ns_addrs[0] = family->ns_addr;
	family->ns_addr_count = 1;
	family->gateway = family->map_host_loopback = addr(gateway);
	family->map_guest_addr = addr(guest);
	family->dns_forward = addr(forward);
}

static void set_up(void)
{
	world = calloc(1, sizeof(*world));
	REQUIRE(world && !link_pair_init(&world->pair, MTU));
	world->config.link = world->pair.link.config;
	world->config.max_flows = 64;
	world->config.max_fds = 64;
	world->config.fwd.tcp = world->config.fwd.udp = world->config.fwd.icmp = true;
	world->config.fwd.policy = deny_all();
	set_up_family(&world->config.fwd.ip4, "192.0.2.15", "192.0.2.1", "192.0.2.2", "192.0.2.53");
	set_up_family(&world->config.fwd.ip6, "2001:db8::15", "2001:db8::1", "2001:db8::2",
		      "2001:db8::53");
	world->config.dns.host4.addr = addr("127.0.0.1");
	world->config.dns.forward4 = addr("192.0.2.53");
	world->config.dns.forward6 = addr("2001:db8::53");
	REQUIRE(!worker_init(&world->worker, &world->config, world->pair.link.fd));
}

/* The payload of an IP packet of this kind. Return: its length */
static size_t make_payload(const struct recipe *r, struct writer *w, uint8_t *ret_protocol,
			   bool ip4)
{
	const uint16_t port = ports[r->port % ARRAY_SIZE(ports)];
	const uint8_t *begin = w->data;
	uint8_t *data;

	if (r->kind % KINDS == KIND_TCP) {
		const struct tcp_segment segment = { .src_port = 40000,
						     .dst_port = port,
						     .flags = r->flags ? r->flags : TCP_SYN,
						     .window = 1000,
						     .wscale = TCP_WSCALE_NONE };

		*ret_protocol = IPPROTO_TCP;
		REQUIRE(!tcp_segment_emit(w, &segment, be16_make(0)));
	} else if (r->kind % KINDS == KIND_ECHO) {
		*ret_protocol = ip4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		data = writer_take(w, 8);
		REQUIRE(data);
		memcpy(data, (uint8_t[]){ ip4 ? 8 : 128, 0, 0, 0, 1, 2, 0, 1 }, 8);
	} else {
		const struct udp_datagram datagram = { .src_port = 40000,
						       .dst_port = port,
						       .payload_len = r->len };

		*ret_protocol = IPPROTO_UDP;
		REQUIRE(!udp_emit(w, &datagram, be16_make(0)));
	}
	data = writer_take(w, r->len);
	REQUIRE(data);
	memset(data, r->change, r->len);
	return (size_t)(w->data - begin);
}

/* Return: bytes in @frame, behind the virtio-net header, which says that checksums are good */
static size_t make_frame(const struct recipe *r, uint8_t *frame, size_t room)
{
	const struct in6_addr dst = addr(destinations[r->to % ARRAY_SIZE(destinations)]);
	const bool ip4 = addr_is_ipv4(&dst);
	const struct eth_header eth = { .type = ip4 ? ETH_P_IP : ETH_P_IPV6 };
	struct ip_packet ip = { .src = addr(ip4 ? "192.0.2.15" : "2001:db8::15"),
				.dst = dst,
				.ttl = 64 };
	struct writer w = { frame, room };
	uint8_t payload[512];
	struct writer p = { payload, sizeof(payload) };
	uint8_t *to;

	ip.payload_len = make_payload(r, &p, &ip.protocol, ip4);
	REQUIRE(!eth_emit(&w, &eth) && !ip_emit(&w, &ip));
	to = writer_take(&w, ip.payload_len);
	REQUIRE(to);
	memcpy(to, payload, ip.payload_len);
	if (r->kind % KINDS == KIND_FRAGMENT && ip4)
		frame[14 + 6] = (uint8_t)(0x20 | (r->more & 3)); /* more follow; offset */
	if (r->at)
		frame[r->at % (size_t)(w.data - frame)] ^= r->change;
	return (size_t)(w.data - frame);
}

static void send_frame(const uint8_t *data, size_t size)
{
	uint8_t raw[sizeof(struct virtio_net_hdr) + MTU] = { VIRTIO_NET_HDR_F_DATA_VALID };
	struct recipe recipe = { 0 };
	size_t len;

	memcpy(&recipe, data, MIN(size, sizeof(recipe)));
	if (recipe.kind % KINDS == KIND_BYTES) {
		len = MIN(size, (size_t)MTU);
		memcpy(raw + sizeof(struct virtio_net_hdr), data, len);
	} else {
		len = make_frame(&recipe, raw + sizeof(struct virtio_net_hdr), MTU);
	}
	REQUIRE(send(world->pair.peer, raw, sizeof(struct virtio_net_hdr) + len, 0) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct worker *w;
	const uint8_t *frame;

	if (!world)
		set_up();
	w = &world->worker;
	for (int i = 0; i < FRAMES_MAX && size; i++) {
		size_t n = MIN(size, sizeof(struct recipe));

		send_frame(data, size);
		REQUIRE(worker_batch(&world->worker, 0) >= 0);
		while (link_pair_receive(&world->pair, &frame))
			;
		data += n;
		size -= n;
	}
	REQUIRE(!w->flows.used && !w->splice.used);
	REQUIRE(!w->tcp.stats.opened && !w->udp.env.opened && !w->icmp.env.opened);
	return 0;
}
