/* SPDX-License-Identifier: Apache-2.0
 *
 * TUNSETIFF looks at the namespace in which the descriptor was opened, not at the caller's, so
 * the device file is opened on the thread that is in there. Offloads are asked for together and
 * given up from the newest on: the kernel refuses a mask as a whole.
 *
 * Closing the last descriptor of a device that is not persistent makes the closer wait while the
 * kernel unregisters it, some tens of milliseconds; a persistent one goes with its namespace, which
 * the kernel clears away in the background.
 *
 * A queueing discipline in front of the device's ring would only add its lock to each packet, as
 * the driver never stops its queue. It would also hide that the ring was full: without one the
 * sender hears of it at once. TCP keeps the segment and tries again, a UDP socket gets ENOBUFS
 * (with IP_RECVERR) or counts it.
 */
#include "netns/start/tapdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/tc.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/linux_compat.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "netns/host/netlink_socket.h"

#define TUN_PATH "/dev/net/tun"

#define OFFLOAD_TSO (TUN_F_TSO4 | TUN_F_TSO6)
#define OFFLOAD_USO (TUN_F_USO4 | TUN_F_USO6)

static int open_tun(int *ret_fd, struct err *err)
{
	const char *remedy = NULL;
	int fd, rc;

	fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	rc = -errno;
	switch (-rc) {
	case ENOENT:
		remedy = "modprobe tun; in a container, let it have the device";
		break;
	case ENODEV:
	case ENXIO:
		remedy = "the kernel has no tun driver: modprobe tun";
		break;
	case EACCES:
		remedy = "its mode should be 0666; SELinux or AppArmor may forbid it too";
		break;
	case EPERM:
		remedy = "the control group's device rules forbid it";
		break;
	}
	err_set(err, rc, "cannot open '%s': %s", TUN_PATH, strerror(-rc));
	return err_remedy(err, rc, remedy);
}

static int check_name(const char *ifname, struct err *err)
{
	if (!*ifname)
		return err_set(err, -EINVAL, "interface name is empty");
	if (strlen(ifname) >= IFNAMSIZ)
		return err_set(err, -EINVAL, "interface name '%s' is too long (at most %d bytes)",
			       ifname, IFNAMSIZ - 1);
	/* The kernel would fill in a number */
	if (strpbrk(ifname, "%/: \t\n") || !strcmp(ifname, ".") || !strcmp(ifname, ".."))
		return err_set(err, -EINVAL, "interface name '%s' is not allowed", ifname);
	return 0;
}

static const char *attach_remedy(int code)
{
	switch (-code) {
	case EPERM:
		return "no CAP_NET_ADMIN over the network namespace";
	case EBUSY:
	case EEXIST:
	case EINVAL:
		return "an interface of that name is there already: choose another name";
	case EBADFD:
		return "the descriptor is in use already";
	default:
		return NULL;
	}
}

/* The header's size outlives descriptors: a device that was there may have another */
static int set_header_size(int fd, const struct tapdev_request *request, struct err *err)
{
	int size = sizeof(struct virtio_net_hdr);

	if (!ioctl(fd, TUNSETVNETHDRSZ, &size))
		return 0;
	return err_set(err, -errno, "cannot set the header size of interface '%s': %s",
		       request->ifname, strerror(errno));
}

static int attach(int fd, const struct tapdev_request *request, bool multi_queue, struct err *err)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int rc;

	if (multi_queue)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	memcpy(ifr.ifr_name, request->ifname, strlen(request->ifname) + 1);
	/* A persistent tap of that name that nobody holds was made for us: rootlesskit does so */
	if (!ioctl(fd, TUNSETIFF, &ifr))
		return set_header_size(fd, request, err);
	rc = -errno;
	if (rc == -EINVAL && if_nametoindex(request->ifname))
		rc = -EEXIST;
	err_set(err, rc,
		request->named ? "--ns-ifname '%s': cannot create it: %s"
			       : "cannot create interface '%s': %s",
		request->ifname, strerror(-rc));
	return err_remedy(err, rc, attach_remedy(rc));
}

/* One that was made for us, with one queue, can have no more. Return: 0 or -errno, with @err set */
static int attach_first(int fd, const struct tapdev_request *request, bool *ret_multi_queue,
			struct err *err)
{
	int rc;

	*ret_multi_queue = request->queues > 1;
	rc = attach(fd, request, *ret_multi_queue, err);
	if (rc != -EEXIST || !*ret_multi_queue)
		return rc;
	*ret_multi_queue = false;
	rc = attach(fd, request, false, err);
	if (!rc)
		log_at(request->fewer_level,
		       "interface '%s' has one queue, and so there is one worker", request->ifname);
	return rc;
}

static void attach_more(const struct tapdev_request *request, struct tapdev *tapdev)
{
	struct err err;
	int rc = 0, fd = -1;

	while (!rc && tapdev->more_count + 1 < request->queues) {
		rc = open_tun(&fd, &err);
		if (rc)
			break;
		rc = attach(fd, request, true, &err);
		if (rc)
			close(fd);
		else
			tapdev->more[tapdev->more_count++] = fd;
	}
	if (rc)
		log_at(request->fewer_level, "interface '%s' has %u queues, not %u: %s",
		       request->ifname, tapdev->more_count + 1, request->queues, err.text);
}

/* The masks to try, best first; each is asked for only if it's part of the wish */
static void take_offloads(int fd, const struct tapdev_request *request, struct tapdev *tapdev)
{
	static const unsigned int masks[] = {
		TUN_F_CSUM | OFFLOAD_TSO | TUN_F_TSO_ECN | OFFLOAD_USO,
		TUN_F_CSUM | OFFLOAD_TSO | TUN_F_TSO_ECN,
		TUN_F_CSUM | OFFLOAD_USO,
		TUN_F_CSUM,
	};
	unsigned int wish = TUN_F_CSUM;
	size_t i;

	if (request->tso)
		wish |= OFFLOAD_TSO | TUN_F_TSO_ECN;
	if (request->uso)
		wish |= OFFLOAD_USO;

	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		if (masks[i] & ~wish)
			continue;
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)masks[i]))
			continue;
		tapdev->csum = true;
		tapdev->tso = masks[i] & TUN_F_TSO4;
		tapdev->uso = masks[i] & TUN_F_USO4;
		break;
	}
}

/* Return: 0 or -NLE_* */
static int fill_change(struct rtnl_link *change, const struct tapdev_request *request)
{
	struct nl_addr *mac;

	if (request->mtu)
		rtnl_link_set_mtu(change, request->mtu);
	/* Not by ioctl(): SIOCSIFTXQLEN wants a capability of the initial user namespace */
	if (request->tx_queue_len)
		rtnl_link_set_txqlen(change, request->tx_queue_len);
	if (!request->mac)
		return 0;
	mac = nl_addr_build(AF_LLC, request->mac, ETH_ALEN);
	if (!mac)
		return -NLE_NOMEM;
	rtnl_link_set_addr(change, mac);
	nl_addr_put(mac);
	return 0;
}

static int change_link(struct nl_sock *sk, const struct tapdev_request *request,
		       const struct tapdev *tapdev, struct err *err)
{
	struct rtnl_link *link = rtnl_link_alloc(), *change = rtnl_link_alloc();
	char mac[32] = "";
	int rc = -NLE_NOMEM;

	if (link && change) {
		rtnl_link_set_ifindex(link, (int)tapdev->ifindex);
		rc = fill_change(change, request);
		if (!rc)
			rc = rtnl_link_change(sk, link, change, 0);
	}
	rtnl_link_put(link);
	rtnl_link_put(change);
	if (!rc)
		return 0;
	if (request->mac)
		snprintf(mac, sizeof(mac), ", MAC %02x:%02x:%02x:%02x:%02x:%02x", request->mac[0],
			 request->mac[1], request->mac[2], request->mac[3], request->mac[4],
			 request->mac[5]);
	return err_set(err, -EINVAL, "cannot configure interface '%s' (MTU %u, queue of %u%s): %s",
		       request->ifname, request->mtu, request->tx_queue_len, mac, nl_geterror(rc));
}

/* Works with the default one too, if worse: no reason to fail */
static void take_qdisc_away(struct nl_sock *sk, const struct tapdev *tapdev)
{
	struct rtnl_qdisc *qdisc = rtnl_qdisc_alloc();
	int rc = -NLE_NOMEM;

	if (qdisc) {
		rtnl_tc_set_ifindex(TC_CAST(qdisc), (int)tapdev->ifindex);
		rtnl_tc_set_parent(TC_CAST(qdisc), TC_H_ROOT);
		rc = rtnl_tc_set_kind(TC_CAST(qdisc), "noqueue");
		if (!rc)
			rc = rtnl_qdisc_add(sk, qdisc, NLM_F_CREATE | NLM_F_REPLACE);
		rtnl_qdisc_put(qdisc);
	}
	if (rc)
		log_debug("interface '%s' keeps its queueing discipline: %s", tapdev->ifname,
			  nl_geterror(rc));
}

static int read_link(struct nl_sock *sk, struct tapdev *tapdev, struct err *err)
{
	struct rtnl_link *link;
	struct nl_addr *mac;
	int rc = rtnl_link_get_kernel(sk, (int)tapdev->ifindex, NULL, &link);

	if (rc)
		return err_set(err, -EIO, "cannot read the properties of interface '%s': %s",
			       tapdev->ifname, nl_geterror(rc));
	mac = rtnl_link_get_addr(link);
	if (mac && nl_addr_get_len(mac) == ETH_ALEN)
		memcpy(tapdev->mac, nl_addr_get_binary_addr(mac), ETH_ALEN);
	rtnl_link_put(link);
	return 0;
}

static int set_properties(const struct tapdev_request *request, struct tapdev *tapdev,
			  struct err *err)
{
	struct nl_sock *sk;
	int rc = netlink_open(&sk, err);

	if (rc)
		return rc;
	tapdev->ifindex = if_nametoindex(tapdev->ifname);
	if (request->mac || request->mtu || request->tx_queue_len)
		rc = change_link(sk, request, tapdev, err);
	if (!rc)
		rc = read_link(sk, tapdev, err);
	if (!rc)
		take_qdisc_away(sk, tapdev);
	nl_socket_free(sk);
	return rc;
}

int tapdev_open(const struct tapdev_request *request, struct tapdev *ret_tapdev, struct err *err)
{
	struct tapdev tapdev = { .fd = -1 };
	bool multi_queue;
	int rc;

	rc = check_name(request->ifname, err);
	if (rc)
		return rc;
	rc = open_tun(&tapdev.fd, err);
	if (rc)
		return rc;
	rc = attach_first(tapdev.fd, request, &multi_queue, err);
	if (rc)
		goto fail;
	memcpy(tapdev.ifname, request->ifname, strlen(request->ifname) + 1);
	take_offloads(tapdev.fd, request, &tapdev);
	if (request->persist && ioctl(tapdev.fd, TUNSETPERSIST, 1UL))
		log_debug("cannot make interface '%s' persistent: %s", tapdev.ifname,
			  strerror(errno));
	if (multi_queue)
		attach_more(request, &tapdev);
	rc = set_properties(request, &tapdev, err);
	if (rc)
		goto fail;
	*ret_tapdev = tapdev;
	return 0;
fail:
	while (tapdev.more_count)
		close(tapdev.more[--tapdev.more_count]);
	close(tapdev.fd);
	return rc;
}
