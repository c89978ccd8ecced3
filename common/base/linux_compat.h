/* SPDX-License-Identifier: Apache-2.0
 *
 * Constants of the kernel's interface that are newer than the headers we may be built with, each
 * with the version that added it. Nothing else belongs here.
 */
#ifndef COMMON_BASE_LINUX_COMPAT_H
#define COMMON_BASE_LINUX_COMPAT_H

/* linux/netlink.h, Linux 4.20: the kernel filters a dump, for example by routing table */
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

/* linux/if_tun.h, Linux 6.2: UDP segmentation offload of a tap */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#endif
#ifndef TUN_F_USO6
#define TUN_F_USO6 0x40
#endif

/* linux/virtio_net.h, Linux 6.2 */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* likewise: UDP segmentation of virtual machines' network cards */
#ifndef VIRTIO_NET_F_GUEST_USO4
#define VIRTIO_NET_F_GUEST_USO4 54
#endif
#ifndef VIRTIO_NET_F_GUEST_USO6
#define VIRTIO_NET_F_GUEST_USO6 55
#endif
#ifndef VIRTIO_NET_F_HOST_USO
#define VIRTIO_NET_F_HOST_USO 56
#endif

/* linux/landlock.h: file system rights, Linux 6.2 and 6.10; scopes, Linux 6.12 */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#endif

#endif
