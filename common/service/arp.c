/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer goes to the hardware address that asked, which need not be the link's own: there may
 * be a bridge in the namespace.
 */
#include "common/service/arp.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/util.h"
#include "common/wire/ip.h"

/* RFC 826; RFC 5494 */
#define ARP_HARDWARE_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

struct arp_wire {
	struct be16 hardware_type;
	struct be16 protocol_type;
	uint8_t hardware_len;
	uint8_t protocol_len;
	struct be16 operation;
	uint8_t sender_mac[ETH_ALEN];
	uint8_t sender_addr[4];
	uint8_t target_mac[ETH_ALEN];
	uint8_t target_addr[4];
};
_Static_assert(sizeof(struct arp_wire) == 28, "ARP message has holes");

static bool arp_is_valid(const struct arp_wire *m)
{
	return be16_get(m->hardware_type) == ARP_HARDWARE_ETHERNET &&
	       be16_get(m->protocol_type) == ETH_P_IP && m->hardware_len == ETH_ALEN &&
	       m->protocol_len == sizeof(m->sender_addr) && !(m->sender_mac[0] & 1);
}

/* Whether the message asks for an address that is on our side */
static bool arp_asks_us(const struct arp_wire *m, const struct in6_addr *ns_addr)
{
	struct in6_addr sender = ip4_addr_get(m->sender_addr);
	struct in6_addr target = ip4_addr_get(m->target_addr);

	return be16_get(m->operation) == ARP_REQUEST && !addr_is_unspecified(&sender) &&
	       !addr_equal(&sender, &target) && !addr_equal(&target, ns_addr) &&
	       !addr_is_unspecified(&target) && !addr_is_multicast(&target) &&
	       !addr_is_loopback(&target);
}

/* To @mac, from us */
static int arp_send(struct link *link, const uint8_t *mac, const struct arp_wire *message)
{
	struct eth_header eth = { .type = ETH_P_ARP };
	uint8_t headers[ETH_HLEN];
	struct writer w = { headers, sizeof(headers) };
	struct iovec iov[] = {
		{ 0 },
		{ headers, sizeof(headers) },
		{ (void *)message, sizeof(*message) },
	};
	int rc;

	memcpy(eth.dst, mac, sizeof(eth.dst));
	memcpy(eth.src, link->config.our_mac, sizeof(eth.src));
	rc = eth_emit(&w, &eth);
	if (rc)
		return rc;
	return link_write(link, iov, ARRAY_SIZE(iov),
			  &(struct link_offload){ .gso = LINK_GSO_NONE });
}

int arp_ask(struct link *link, const struct in6_addr *addr)
{
	static const uint8_t broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct arp_wire request = {
		.hardware_type = be16_make(ARP_HARDWARE_ETHERNET),
		.protocol_type = be16_make(ETH_P_IP),
		.hardware_len = ETH_ALEN,
		.protocol_len = sizeof(request.sender_addr),
		.operation = be16_make(ARP_REQUEST),
	};
	uint32_t sender_be = addr_be32(&link->config.our_ip4), target_be = addr_be32(addr);

	memcpy(request.sender_mac, link->config.our_mac, sizeof(request.sender_mac));
	memcpy(request.sender_addr, &sender_be, sizeof(request.sender_addr));
	memcpy(request.target_addr, &target_be, sizeof(request.target_addr));
	return arp_send(link, broadcast, &request);
}

enum arp_outcome arp_input(struct link *link, const struct in6_addr *ns_addr, struct reader *r,
			   uint64_t now_ns)
{
	const struct arp_wire *m = reader_take(r, sizeof(*m));
	struct in6_addr sender;
	struct arp_wire reply;

	if (!m || !arp_is_valid(m))
		return ARP_INVALID;
	sender = ip4_addr_get(m->sender_addr);
	neighbours_learn(&link->neighbours, &sender, m->sender_mac, now_ns);
	if (!arp_asks_us(m, ns_addr))
		return ARP_IGNORED;
	reply = *m;
	reply.operation = be16_make(ARP_REPLY);
	memcpy(reply.sender_mac, link->config.our_mac, sizeof(reply.sender_mac));
	memcpy(reply.sender_addr, m->target_addr, sizeof(reply.sender_addr));
	memcpy(reply.target_mac, m->sender_mac, sizeof(reply.target_mac));
	memcpy(reply.target_addr, m->sender_addr, sizeof(reply.target_addr));
	return arp_send(link, m->sender_mac, &reply) ? ARP_FAILED : ARP_ANSWERED;
}

bool arp_claim(struct reader *r, struct in6_addr *ret_addr)
{
	const struct arp_wire *m = reader_take(r, sizeof(*m));

	if (!m || !arp_is_valid(m))
		return false;
	*ret_addr = ip4_addr_get(m->sender_addr);
	return addr_is_unicast(ret_addr);
}
