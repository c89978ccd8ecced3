/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCPv6 server on any message, and its answers read again. The input's first byte chooses
 * what there is to offer and whether the message was sent to us alone.
 */
#include "test/fuzz/fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/service/dhcpv6.h"
#include "common/wire/dhcpv6.h"
#include "common/wire/udp.h"

#define HEADERS_LEN (sizeof(struct virtio_net_hdr) + ETH_HLEN + IP6_HEADER_LEN + UDP_HEADER_LEN)

static const struct in6_addr server = { .s6_addr = { 0xfe, 0x80, [15] = 1 } };

static struct autoconf_offer offer_of(uint8_t choice, struct autoconf_config *config)
{
	struct autoconf_offer offer = { .config = config };

	*config = (struct autoconf_config){ .dhcpv6 = true, .ip6.server = server };
	if (choice & 1)
		config->ip6.addr = (struct in6_addr){ .s6_addr = { 0x20, 1, [15] = 0x15 } };
	if (choice & 4)
		memcpy(config->fqdn, "box.example.org", 16);
	if (choice & 16) {
		offer.dns.server_count = RESOLV_SERVERS_MAX;
		for (size_t i = 0; i < RESOLV_SERVERS_MAX; i++)
			offer.dns.servers[i] = (struct in6_addr){ .s6_addr = { 0x20, 1 } };
	}
	if (!(choice & 32))
		return offer;
	memset(offer.dns.search, 'x', sizeof(offer.dns.search) - 1);
	for (size_t i = 1 + choice % 50; i < sizeof(offer.dns.search) - 2; i += 50)
		offer.dns.search[i] = ' ';
	return offer;
}

/* An answer is a sound message itself, and one that its client waits for */
static void check_answer(int fd, const struct dhcpv6_message *question)
{
	uint8_t bytes[2048];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct dhcpv6_message m;
	struct reader r;

	REQUIRE(n > (ssize_t)HEADERS_LEN);
	r = (struct reader){ bytes + HEADERS_LEN, (size_t)n - HEADERS_LEN };
	REQUIRE(!dhcpv6_parse(&r, &m));
	REQUIRE(m.type == DHCPV6_REPLY || m.type == DHCPV6_ADVERTISE);
	REQUIRE(m.transaction == question->transaction);
	REQUIRE(m.server_id.left == 10);
	REQUIRE(m.client_id.left == question->client_id.left);
	REQUIRE(!m.client_id.left ||
		!memcmp(m.client_id.data, question->client_id.data, m.client_id.left));
}

static void input(struct link *link, int peer, const uint8_t *packet, size_t size, uint8_t choice)
{
	static const uint8_t frame_bytes[ETH_HLEN];
	const struct in6_addr client = { .s6_addr = { 0xfe, 0x80, [15] = 7 } };
	const struct in6_addr servers = { .s6_addr = { 0xff, 2, [13] = 1, [15] = 2 } };
	struct link_frame frame = { .data = frame_bytes, .len = ETH_HLEN, .csum_known = true };
	struct ip_packet ip = { .src = client, .dst = choice & 2 ? server : servers,
				.payload = packet, .payload_len = size };
	struct reader r = { packet + UDP_HEADER_LEN, size - UDP_HEADER_LEN };
	struct autoconf_config config;
	struct autoconf_offer offer = offer_of(choice, &config);
	enum autoconf_outcome outcome = dhcpv6_input(link, &offer, &frame, &ip);
	struct dhcpv6_message m;

	if (outcome != AUTOCONF_ANSWERED && outcome != AUTOCONF_LEASED)
		return;
	REQUIRE(!dhcpv6_parse(&r, &m));
	check_answer(peer, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link link = { .config = { .mtu = 1500 } };
	size_t len = size ? size - 1 : 0;
	uint8_t packet[4096];
	int fds[2];

	REQUIRE(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds));
	link.fd = fds[0];
	if (size && len <= sizeof(packet) - UDP_HEADER_LEN) {
		struct udp_datagram datagram = { .src_port = 546, .dst_port = 547,
						 .payload_len = (uint32_t)len };
		struct writer w = { packet, sizeof(packet) };

		REQUIRE(!udp_emit(&w, &datagram, be16_make(0)));
		memcpy(w.data, data + 1, len);
		input(&link, fds[1], packet, UDP_HEADER_LEN + len, data[0]);
	}
	REQUIRE(link.stats.tx_frames <= 1);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
