/* SPDX-License-Identifier: Apache-2.0
 *
 * guest_vhost: as guest, but by vhost-user: memory that passt maps, with a ring each way.
 *
 *	guest_vhost [-r] [-o OPTIONS] SOCKET|FD IFNAME
 *
 * OPTIONS are letters: p, plain frames, no offloads; m, buffers that can't be merged; e, no event
 * indices; i, indirect descriptors; s, regions of memory one by one. SIGUSR1: the guest reboots, so
 * its rings are stopped and set up anew.
 *
 * The memory is two regions that follow one another, so that some buffer is in both.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "common/base/linux_compat.h"
#include "common/link/vhost_message.h"
#include "test/tools/guest.h"

#define BIT(n) (1ULL << (n))
#define RING 256
#define SLOTS 64 /* frames to passt, or buffers that can't be merged */
#define FRAME_ROOM (68 * 1024)
#define SMALL_ROOM 2000 /* of a buffer that can be merged; not a part of a page */
#define GUEST_BASE 0x40000000ULL
#define SPLIT (256 * 1024) /* bytes of the first region */

struct queue {
	struct vring_desc desc[RING];
	struct vring_desc tables[SLOTS][2];
	_Alignas(4096) struct {
		uint16_t flags, idx, ring[RING], event;
	} avail;
	_Alignas(4096) struct {
		uint16_t flags, idx;
		struct vring_used_elem ring[RING];
		uint16_t event;
	} used;
};

struct memory {
	_Alignas(4096) struct queue queues[2]; /* from passt, to passt */
	_Alignas(4096) uint8_t from[SLOTS * FRAME_ROOM], to[SLOTS][FRAME_ROOM];
};

static struct guest {
	int fd, memory_fd, kick[2], call;
	const char *options;
	uint64_t features, protocol;
	struct memory *memory;
	uint16_t used_seen[2];
	uint16_t free[SLOTS];
	int free_count;
} guest = { .options = "" };

static volatile sig_atomic_t reboot;

static bool has(unsigned int bit)
{
	return guest.features >> bit & 1;
}

static bool merges(void)
{
	return has(VIRTIO_NET_F_MRG_RXBUF);
}

static void request(uint32_t number, bool need_reply, const void *payload, size_t size,
		    const int *fds, size_t count)
{
	const uint32_t header[] = { number, 1 | (need_reply ? 8 : 0), (uint32_t)size };
	struct iovec iov[] = { { (void *)(uintptr_t)header, sizeof(header) },
			       { (void *)(uintptr_t)payload, size } };
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (count) {
		control.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS,
						  .cmsg_len = CMSG_LEN(count * sizeof(int)) };
		memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	if (sendmsg(guest.fd, &msg, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		tool_fail("sendmsg");
}

/* An answer's payload. Return: false if there is none any more */
static bool reply(void *payload, size_t size)
{
	uint8_t bytes[64];

	if (recv(guest.fd, bytes, VHOST_HEADER_BYTES + size, MSG_WAITALL) !=
	    (ssize_t)(VHOST_HEADER_BYTES + size))
		return false;
	memcpy(payload, bytes + VHOST_HEADER_BYTES, size);
	return true;
}

static uint64_t ask(uint32_t number)
{
	uint64_t value = 0;

	request(number, false, NULL, 0, NULL, 0);
	reply(&value, sizeof(value));
	return value;
}

static void set_number(uint32_t number, uint64_t value, int fd)
{
	request(number, false, &value, sizeof(value), &fd, fd >= 0);
}

static void set_state(uint32_t number, uint32_t index, uint32_t value)
{
	const struct vhost_vring_state state = { index, value };

	request(number, false, &state, sizeof(state), NULL, 0);
}

static uint64_t guest_addr(const void *at)
{
	return GUEST_BASE + (uint64_t)((const uint8_t *)at - (const uint8_t *)guest.memory);
}

static void negotiate(void)
{
	uint64_t plain = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_EVENT_IDX) |
			 BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_NET_F_MRG_RXBUF) |
			 BIT(VHOST_FEATURE_PROTOCOL);

	guest.features = ask(VHOST_GET_FEATURES);
	if (strchr(guest.options, 'p'))
		guest.features &= plain;
	if (strchr(guest.options, 'm'))
		guest.features &= ~BIT(VIRTIO_NET_F_MRG_RXBUF);
	if (strchr(guest.options, 'e'))
		guest.features &= ~BIT(VIRTIO_RING_F_EVENT_IDX);
	request(VHOST_SET_OWNER, false, NULL, 0, NULL, 0);
	guest.protocol = ask(VHOST_GET_PROTOCOL_FEATURES);
	if (!strchr(guest.options, 's'))
		guest.protocol &= ~BIT(VHOST_PROTOCOL_CONFIGURE_MEM_SLOTS);
	set_number(VHOST_SET_PROTOCOL_FEATURES, guest.protocol, -1);
	if (ask(VHOST_GET_QUEUE_NUM) != 1) {
		fputs("not one pair of queues\n", stderr);
		exit(1);
	}
	set_number(VHOST_SET_FEATURES, guest.features, -1);
}

static void share_memory(void)
{
	const uint64_t at = (uintptr_t)guest.memory;
	struct {
		uint64_t count;
		struct guest_region_place places[2];
	} table = { 2,
		    { { GUEST_BASE, SPLIT, at, 0 },
		      { GUEST_BASE + SPLIT, sizeof(*guest.memory) - SPLIT, at + SPLIT, SPLIT } } };
	const int fds[] = { guest.memory_fd, guest.memory_fd };
	uint64_t result = 1;

	if (!strchr(guest.options, 's')) {
		request(VHOST_SET_MEM_TABLE, true, &table, sizeof(table), fds, 2);
		if (reply(&result, sizeof(result)) && result)
			tool_fail("memory");
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct {
			uint64_t padding;
			struct guest_region_place place;
		} one = { 0, table.places[i] };

		request(VHOST_ADD_MEM_REG, true, &one, sizeof(one), fds, 1);
		if (reply(&result, sizeof(result)) && result)
			tool_fail("memory");
	}
}

static void offer(int number, uint16_t head)
{
	struct queue *queue = &guest.memory->queues[number];
	uint16_t idx = queue->avail.idx;
	bool wanted;

	queue->avail.ring[idx % RING] = head;
	__atomic_store_n(&queue->avail.idx, idx + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (has(VIRTIO_RING_F_EVENT_IDX))
		wanted = vring_need_event(__atomic_load_n(&queue->used.event, __ATOMIC_RELAXED),
					  idx + 1, idx);
	else
		wanted = !(__atomic_load_n(&queue->used.flags, __ATOMIC_RELAXED) &
			   VRING_USED_F_NO_NOTIFY);
	if (wanted)
		eventfd_write(guest.kick[number], 1);
}

/* Ask to be told when there is more in the used ring. Return: whether there is */
static bool arm(int number, bool wanted)
{
	struct queue *queue = &guest.memory->queues[number];

	if (has(VIRTIO_RING_F_EVENT_IDX))
		__atomic_store_n(&queue->avail.event, (uint16_t)(guest.used_seen[number] - !wanted),
				 __ATOMIC_RELAXED);
	else
		__atomic_store_n(&queue->avail.flags, wanted ? 0 : VRING_AVAIL_F_NO_INTERRUPT,
				 __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&queue->used.idx, __ATOMIC_ACQUIRE) != guest.used_seen[number];
}

/* A frame's header and the rest are two buffers where there is one for each frame */
static void describe(int number, int slot, uint8_t *room)
{
	const size_t header = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	struct queue *queue = &guest.memory->queues[number];
	uint16_t write = number ? 0 : VRING_DESC_F_WRITE;
	bool indirect = strchr(guest.options, 'i');
	struct vring_desc *pair = indirect ? queue->tables[slot] : &queue->desc[2 * slot];

	pair[0] = (struct vring_desc){ guest_addr(room), header, VRING_DESC_F_NEXT | write,
				       (uint16_t)(indirect ? 1 : 2 * slot + 1) };
	pair[1] = (struct vring_desc){ guest_addr(room + header), FRAME_ROOM - header, write, 0 };
	if (indirect)
		queue->desc[2 * slot] = (struct vring_desc){ guest_addr(pair), 2 * sizeof(*pair),
							     VRING_DESC_F_INDIRECT, 0 };
}

static void fill(void)
{
	struct memory *memory = guest.memory;

	for (int i = 0; i < (merges() ? RING : SLOTS); i++) {
		if (merges())
			memory->queues[0].desc[i] =
				(struct vring_desc){ guest_addr(memory->from + i * SMALL_ROOM),
						     SMALL_ROOM, VRING_DESC_F_WRITE, 0 };
		else
			describe(0, i, memory->from + i * FRAME_ROOM);
		offer(0, (uint16_t)(merges() ? i : 2 * i));
	}
	guest.free_count = SLOTS;
	for (int i = 0; i < SLOTS; i++) {
		describe(1, i, memory->to[i]);
		guest.free[i] = (uint16_t)i;
	}
}

static void start_queues(void)
{
	memset(guest.memory->queues, 0, sizeof(guest.memory->queues));
	guest.used_seen[0] = guest.used_seen[1] = 0;
	arm(0, true);
	arm(1, false);
	for (uint32_t i = 0; i < 2; i++) {
		struct queue *queue = &guest.memory->queues[i];
		const struct vhost_vring_addr addr = { i,
						       0,
						       (uintptr_t)queue->desc,
						       (uintptr_t)&queue->used,
						       (uintptr_t)&queue->avail,
						       0 };

		set_state(VHOST_SET_VRING_NUM, i, RING);
		set_state(VHOST_SET_VRING_BASE, i, 0);
		request(VHOST_SET_VRING_ADDR, false, &addr, sizeof(addr), NULL, 0);
		set_number(VHOST_SET_VRING_CALL, i, guest.call);
		set_number(VHOST_SET_VRING_KICK, i, guest.kick[i]);
		set_state(VHOST_SET_VRING_ENABLE, i, 1);
	}
	fill();
}

/* Return: false if passt has gone */
static bool stop_queues(void)
{
	struct vhost_vring_state state;
	bool there = true;

	for (uint32_t i = 0; i < 2 && there; i++) {
		set_state(VHOST_SET_VRING_ENABLE, i, 0);
		set_state(VHOST_GET_VRING_BASE, i, 0);
		there = reply(&state, sizeof(state));
	}
	return there;
}

static void take_back(void)
{
	struct queue *queue = &guest.memory->queues[1];
	uint16_t idx = __atomic_load_n(&queue->used.idx, __ATOMIC_ACQUIRE);

	for (; guest.used_seen[1] != idx; guest.used_seen[1]++)
		guest.free[guest.free_count++] =
			(uint16_t)(queue->used.ring[guest.used_seen[1] % RING].id / 2);
}

static void to_passt(int tap)
{
	for (int i = 0; i < SLOTS; i++) {
		struct queue *queue = &guest.memory->queues[1];
		int slot;
		ssize_t n;

		if (!guest.free_count)
			take_back();
		if (!guest.free_count) {
			if (!arm(1, true))
				return;
			take_back();
		}
		arm(1, false);
		slot = guest.free[guest.free_count - 1];
		n = read(tap, guest.memory->to[slot], FRAME_ROOM);
		if (n <= 0)
			return;
		(strchr(guest.options, 'i') ? queue->tables[slot] : &queue->desc[2 * slot])[1].len =
			(uint32_t)((size_t)n - sizeof(struct virtio_net_hdr_mrg_rxbuf));
		guest.free_count--;
		offer(1, (uint16_t)(2 * slot));
	}
	/* Without a free one, nothing else would wake us for the next frame */
	if (!guest.free_count && arm(1, true))
		take_back();
}

/* One frame, of as many buffers as its header says. Return: their number */
static uint16_t deliver(int tap)
{
	struct queue *queue = &guest.memory->queues[0];
	struct iovec iov[RING];
	uint16_t count = 1, heads[RING];

	for (uint16_t i = 0; i < count; i++) {
		struct vring_used_elem used =
			queue->used.ring[(uint16_t)(guest.used_seen[0] + i) % RING];
		uint8_t *at = merges() ? guest.memory->from + used.id * SMALL_ROOM
				       : guest.memory->from + used.id / 2 * FRAME_ROOM;

		if (!i && merges())
			count = ((const struct virtio_net_hdr_mrg_rxbuf *)at)->num_buffers;
		if (!count || count > RING) {
			fprintf(stderr, "a frame in %u buffers\n", count);
			exit(1);
		}
		iov[i] = (struct iovec){ at, used.len };
		heads[i] = (uint16_t)used.id;
	}
	/* While the interface is down nobody takes it */
	if (writev(tap, iov, count) < 0 && errno != EIO)
		tool_fail("write");
	for (uint16_t i = 0; i < count; i++)
		offer(0, heads[i]);
	return count;
}

static void to_tap(int tap)
{
	const struct queue *queue = &guest.memory->queues[0];

	do
		while (__atomic_load_n(&queue->used.idx, __ATOMIC_ACQUIRE) != guest.used_seen[0])
			guest.used_seen[0] = (uint16_t)(guest.used_seen[0] + deliver(tap));
	while (arm(0, true));
}

/* What the guest's kernel may leave to its network card */
static void set_offloads(int tap)
{
	int size = sizeof(struct virtio_net_hdr_mrg_rxbuf);
	unsigned long flags = (has(VIRTIO_NET_F_CSUM) ? TUN_F_CSUM : 0UL) |
			      (has(VIRTIO_NET_F_HOST_TSO4) ? TUN_F_TSO4 : 0UL) |
			      (has(VIRTIO_NET_F_HOST_TSO6) ? TUN_F_TSO6 : 0UL) |
			      (has(VIRTIO_NET_F_HOST_USO) ? TUN_F_USO4 | TUN_F_USO6 : 0UL);

	if (ioctl(tap, TUNSETVNETHDRSZ, &size) ||
	    (ioctl(tap, TUNSETOFFLOAD, flags) &&
	     ioctl(tap, TUNSETOFFLOAD, flags & ~(unsigned long)(TUN_F_USO4 | TUN_F_USO6))))
		tool_fail("offloads");
}

static void on_signal(int signo)
{
	(void)signo;
	reboot = 1;
}

static void carry(int tap, int fd)
{
	uint64_t count;

	guest.fd = fd;
	negotiate();
	set_offloads(tap);
	share_memory();
	start_queues();
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = guest.fd, .events = POLLIN },
			{ .fd = guest.call, .events = POLLIN },
			{ .fd = guest.free_count ? tap : -1, .events = POLLIN },
		};

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			tool_fail("poll");
		if (reboot) {
			reboot = 0;
			if (!stop_queues())
				break;
			start_queues();
			continue;
		}
		if (fds[0].revents)
			break; /* it says nothing unasked */
		if (fds[1].revents && !eventfd_read(guest.call, &count))
			take_back();
		to_tap(tap);
		to_passt(tap);
	}
	close(fd);
}

static void make_memory(void)
{
	guest.memory_fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (guest.memory_fd < 0 || ftruncate(guest.memory_fd, sizeof(*guest.memory)) ||
	    fcntl(guest.memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		tool_fail("memfd");
	guest.memory = mmap(NULL, sizeof(*guest.memory), PROT_READ | PROT_WRITE, MAP_SHARED,
			    guest.memory_fd, 0);
	guest.call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	guest.kick[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	guest.kick[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (guest.memory == MAP_FAILED || guest.call < 0 || guest.kick[0] < 0 || guest.kick[1] < 0)
		tool_fail("memory");
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	bool again = false;
	int option, tap;

	while ((option = getopt(argc, argv, "ro:")) != -1) {
		if (option == 'r')
			again = true;
		else if (option == 'o')
			guest.options = optarg;
		else
			return 2;
	}
	if (argc - optind != 2) {
		fputs("usage: guest_vhost [-r] [-o OPTIONS] SOCKET|FD IFNAME\n", stderr);
		return 2;
	}
	sigaction(SIGUSR1, &action, NULL);
	make_memory();
	tap = guest_tap(argv[optind + 1], IFF_VNET_HDR);
	if (fcntl(tap, F_SETFL, O_NONBLOCK))
		tool_fail("fcntl");
	guest_run(argv[optind], again, tap, carry);
	return 0;
}
