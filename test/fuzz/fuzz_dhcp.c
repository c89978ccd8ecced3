/* SPDX-License-Identifier: Apache-2.0
 *
 * The DHCPv4 server on any message. The input's first byte chooses what there is to offer; the
 * answers go nowhere, but must have been asked for.
 */
#include "test/fuzz/fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/base/addr.h"
#include "common/service/dhcp.h"
#include "common/wire/dhcp.h"
#include "common/wire/udp.h"

static struct in6_addr addr(uint32_t value)
{
	return addr_from_be32(htonl(value));
}

static struct autoconf_config config_of(uint8_t choice)
{
	struct autoconf_config config = {
		.dhcp = true,
		.ip4 = { .addr = addr(0xc000020f),
			 .prefix_len = choice & 1 ? 32 : 24,
			 .gateway = addr(0xc0000201),
			 .server = addr(0xc0000201) },
		.mtu = choice & 2 ? 65520 : 0,
	};

	if (choice & 4)
		memcpy(config.fqdn, "box.example.org", 16);
	if (choice & 8)
		memcpy(config.hostname, "box", 4);
	return config;
}

static struct autoconf_dns dns_of(uint8_t choice)
{
	struct autoconf_dns dns = { .server_count = choice & 16 ? RESOLV_SERVERS_MAX : 0 };

	for (size_t i = 0; i < dns.server_count; i++)
		dns.servers[i] = addr(0x0a000000 + (uint32_t)i);
	if (!(choice & 32))
		return dns;
	memset(dns.search, 'x', sizeof(dns.search) - 1);
	for (size_t i = choice % 50; i < sizeof(dns.search) - 2; i += 50)
		dns.search[i] = i ? ' ' : 'x';
	return dns;
}

static void input(struct link *link, const struct autoconf_offer *offer, const uint8_t *data,
		  size_t size)
{
	static const uint8_t frame_bytes[ETH_HLEN];
	struct link_frame frame = { .data = frame_bytes, .len = ETH_HLEN, .csum_known = true };
	struct ip_packet ip = { .src = addr(0), .dst = addr(INADDR_BROADCAST), .payload = data,
				.payload_len = size };
	struct reader r = { data + UDP_HEADER_LEN, size - UDP_HEADER_LEN };
	enum autoconf_outcome outcome = dhcp_input(link, offer, &frame, &ip);
	struct dhcp_message m;

	if (outcome != AUTOCONF_ANSWERED && outcome != AUTOCONF_LEASED)
		return;
	REQUIRE(!dhcp_parse(&r, &m) && m.op == DHCP_OP_REQUEST && !r.left);
	REQUIRE(m.type == DHCP_DISCOVER || m.type == DHCP_REQUEST || m.type == DHCP_INFORM);
	REQUIRE(m.max_size >= DHCP_PACKET_MIN);
	REQUIRE(!m.client_id.data || (m.client_id.data >= data && m.client_id.data +
				      m.client_id.left <= data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link link = { .fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
			     .config = { .mtu = 1500 } };
	uint8_t packet[4096];
	size_t len = size ? size - 1 : 0;

	REQUIRE(link.fd >= 0);
	if (size && len <= sizeof(packet) - UDP_HEADER_LEN) {
		struct autoconf_config config = config_of(data[0]);
		struct autoconf_offer offer = { .config = &config, .dns = dns_of(data[0]) };
		struct udp_datagram datagram = { .src_port = 68, .dst_port = 67,
						 .payload_len = (uint32_t)len };
		struct writer w = { packet, sizeof(packet) };

		REQUIRE(!udp_emit(&w, &datagram, be16_make(0)));
		memcpy(w.data, data + 1, len);
		input(&link, &offer, packet, UDP_HEADER_LEN + len);
	}
	REQUIRE(link.stats.tx_frames <= 1);
	close(link.fd);
	return 0;
}
