/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with CAP_NET_ADMIN over the namespace, in it; open(2) and ioctl(2) of /dev/net/tun.
 *
 * The tap device: made in the calling thread's network namespace, so call it through space_run().
 * Frames carry the 10-byte virtio-net header; the offloads are whatever the kernel takes of what
 * was wished for. The device starts down. The caller owns the descriptors: one a queue, of which
 * there are fewer than wished for if the device or the limit on descriptors has no more.
 */
#ifndef NETNS_START_TAPDEV_H
#define NETNS_START_TAPDEV_H

#include <linux/if_ether.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/log.h"

#define TAPDEV_QUEUES_MAX 8

struct tapdev_request {
	const char *ifname;
	bool named; /* by --ns-ifname */
	const uint8_t *mac; /* the namespace's; NULL: the kernel's choice */
	uint32_t mtu; /* 0: leave it alone */
	uint32_t tx_queue_len; /* frames; 0: leave it alone */
	uint32_t queues; /* wished for, TAPDEV_QUEUES_MAX at most; 0: one */
	enum log_level fewer_level; /* of the line that there are fewer */
	bool tso, uso; /* offloads wished for */
	bool persist; /* the namespace dies with us: leave the device's removal to it (fast) */
};

struct tapdev {
	int fd; /* non-blocking, close-on-exec */
	uint32_t more_count; /* queues beside the first one */
	int more[TAPDEV_QUEUES_MAX - 1]; /* their descriptors, likewise */
	unsigned int ifindex;
	char ifname[IFNAMSIZ];
	uint8_t mac[ETH_ALEN];
	bool csum; /* TUN_F_CSUM was taken */
	bool tso; /* TUN_F_TSO4, TUN_F_TSO6 and TUN_F_TSO_ECN were */
	bool uso; /* TUN_F_USO4 and TUN_F_USO6 were (Linux 6.2) */
};

/* tapdev_open() - Return: 0 with *ret_tapdev set, or -errno with @err set, remedy included */
int tapdev_open(const struct tapdev_request *request, struct tapdev *ret_tapdev, struct err *err);

#endif
