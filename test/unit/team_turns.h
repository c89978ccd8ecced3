/* SPDX-License-Identifier: Apache-2.0
 *
 * For unit tests: three workers that take turns on one thread, so that it is known who does what
 * when. Include <cmocka.h> first.
 */
#ifndef TEST_UNIT_TEAM_TURNS_H
#define TEST_UNIT_TEAM_TURNS_H

#include "common/base/map.h"
#include "common/engine/dgram_team.h"
#include "common/engine/duty.h"
#include "common/engine/hand_over.h"
#include "common/engine/team.h"
#include "common/engine/worker_batch.h"
#include "common/engine/worker_setup.h"
#include "common/wire/udp.h"
#include "test/unit/team_fixture.h"

/* Who puts fragments together, one of the others, and whose the flow is */
#define FIRST 0
#define OTHER 1
#define OWNER 2
#define COUNT 3

/* @r has the configuration */
struct turns {
	struct running r;
	struct worker *w[COUNT];
	int ns[COUNT], link[COUNT];
	struct in6_addr addr, gateway;
	uint32_t sent;
};

static inline void join(struct worker *w)
{
	hand_over_init(w);
	dgram_team_join(w);
}

static inline void add(struct turns *t, uint32_t number)
{
	struct worker *w = t->w[number];

	assert_int_equal(worker_init_other(w, t->w[FIRST], number, t->link[number]), 0);
	assert_int_equal(team_add(t->w[FIRST]->team, w), 0);
	join(w);
	hand_over_table(t->w[FIRST], w);
	assert_int_equal(duty_join(w), 0);
}

static inline void turns_configure(struct turns *t)
{
	assert_int_equal(addr_parse("192.0.2.15", &t->addr), 0);
	assert_int_equal(addr_parse("192.0.2.1", &t->gateway), 0);
	configure(&t->r, &t->addr, &t->gateway);
	t->sent = 0;
}

/* As it's configured */
static inline void turns_init(struct turns *t)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		t->w[i] = map_lazily(sizeof(*t->w[i]));
		assert_non_null(t->w[i]);
		make_queue(&t->ns[i], &t->link[i]);
	}
	assert_int_equal(worker_init(t->w[FIRST], &t->r.config, t->link[FIRST]), 0);
	assert_non_null(team_new(t->w[FIRST]));
	join(t->w[FIRST]);
	add(t, OTHER);
	add(t, OWNER);
}

static inline void turns_fini(struct turns *t)
{
	struct team *team = t->w[FIRST]->team;

	for (uint32_t i = COUNT; i-- > 0;) {
		worker_fini(t->w[i]);
		if (i)
			team_remove_last(team);
		close(t->ns[i]);
		close(t->link[i]);
	}
	team_free(team);
	for (uint32_t i = 0; i < COUNT; i++)
		map_drop(t->w[i], sizeof(*t->w[i]));
}

static inline void turn(struct turns *t, uint32_t number)
{
	while (worker_batch(t->w[number], 0) > 0)
		;
}

static inline void send_packet(const struct turns *t, uint32_t queue, const struct ip_packet *ip)
{
	static uint8_t frame[sizeof(struct virtio_net_hdr) + UINT16_MAX];
	struct writer w = { frame + sizeof(struct virtio_net_hdr), UINT16_MAX };
	const struct eth_header eth = { .type = ETH_P_IP };

	assert_int_equal(eth_emit(&w, &eth), 0);
	assert_int_equal(ip_emit(&w, ip), 0);
	memcpy(w.data, ip->payload, ip->payload_len);
	assert_true(send(t->ns[queue], frame, (size_t)(w.data - frame) + ip->payload_len, 0) > 0);
}

#endif
