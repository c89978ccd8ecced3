/* SPDX-License-Identifier: Apache-2.0
 *
 * resolv.conf: any bytes give a sound value, of servers that read back from their own text and
 * domains that could be added one by one, and the same value every time.
 */
#include "test/fuzz/fuzz.h"

#include <string.h>

#include "common/base/resolv.h"

static void check_servers(const struct resolv *resolv)
{
	REQUIRE(resolv->server_count <= RESOLV_SERVERS_MAX);
	for (uint32_t i = 0; i < resolv->server_count; i++) {
		const struct resolv_server *server = &resolv->servers[i];
		char text[RESOLV_SERVER_TEXT_MAX];
		struct resolv_server again;

		REQUIRE(!addr_is_unspecified(&server->addr) && !addr_is_multicast(&server->addr));
		REQUIRE(memchr(server->ifname, '\0', IFNAMSIZ));
		REQUIRE(!resolv_server_parse(resolv_server_format(server, text), &again));
		REQUIRE(resolv_server_equal(server, &again));
		for (uint32_t k = 0; k < i; k++)
			REQUIRE(!resolv_server_equal(server, &resolv->servers[k]));
	}
}

static void check_search(const struct resolv *resolv)
{
	char again[RESOLV_SEARCH_MAX] = "";
	const char *domain = resolv->search;

	REQUIRE(memchr(resolv->search, '\0', sizeof(resolv->search)));
	while (*domain) {
		size_t len = strcspn(domain, " ");

		REQUIRE(!resolv_search_add(again, domain, len));
		domain += len + (domain[len] == ' ');
	}
	REQUIRE(!strcmp(again, resolv->search));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolv resolv, again;

	memset(&resolv, 0xa5, sizeof(resolv));
	memset(&again, 0x5a, sizeof(again));
	resolv_parse((const char *)data, size, &resolv);
	resolv_parse((const char *)data, size, &again);
	REQUIRE(!memcmp(&resolv, &again, sizeof(resolv)));
	check_servers(&resolv);
	check_search(&resolv);
	return 0;
}
