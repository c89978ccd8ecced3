/* SPDX-License-Identifier: Apache-2.0
 *
 * A front end: messages, each with a memfd or an eventfd if its first byte says so, then what is
 * left of the input as the guest's memory, and frames both ways. Whatever comes of it, every
 * descriptor is closed in the end, and nothing outside of the memory is touched.
 *
 * Each message: a byte of which the lower half says what goes with it, its request, its size, its
 * payload. Byte 0 ends them.
 */
#include "test/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fd_message.h"
#include "common/base/iov.h"
#include "common/base/util.h"
#include "common/link/vhost.h"

#define MEMORY 65536

struct front_end {
	int socket, memory, event;
};

static void on_kick(struct watch *watch, uint32_t events, uint64_t now_ns)
{
	(void)watch;
	(void)events;
	(void)now_ns;
}

/* Return: bytes of @data that were a message, 0 if there was none */
static size_t send_message(const struct front_end *front, const uint8_t *data, size_t size)
{
	uint32_t header[3], count;
	uint8_t out[VHOST_HEADER_BYTES + 256];
	int fds[4];

	if (size < 3 || !data[0] || size - 3 < data[2])
		return 0;
	header[0] = data[1];
	header[1] = data[0] & 0x10 ? 9 : 1;
	header[2] = data[2];
	count = data[0] & 3;
	for (uint32_t i = 0; i < count; i++)
		fds[i] = data[0] & 4 ? front->memory : front->event;
	memcpy(out, header, sizeof(header));
	memcpy(out + sizeof(header), data + 3, data[2]);
	fd_message_send(front->socket, out, sizeof(header) + data[2], fds, count);
	return 3U + data[2];
}

/* A segment whose payload is put where it's sent from, all that was asked for or a part of it */
static void write_in_place(struct vhost *vhost, size_t asked, size_t found)
{
	uint8_t headers[54] = { 0 };
	struct iovec iov[41] = { { headers, sizeof(headers) } }, *pieces = iov + 1;
	const struct link_room room = { sizeof(headers), asked, 1460, false };
	const struct link_offload offload = { .gso = LINK_GSO_NONE };
	const struct virtio_net_hdr header = { .flags = 0 };
	int count = vhost_find_room(vhost, &room, pieces, 40);
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		memset(pieces[i].iov_base, 7, pieces[i].iov_len);
		len += pieces[i].iov_len;
	}
	REQUIRE(!count || len == asked);
	if (!count)
		return;
	iov_narrow(&pieces, &count, 0, found);
	vhost_write(vhost, iov, 1 + count, &header, &offload);
}

static void move_frames(struct vhost *vhost)
{
	static uint8_t frame[VHOST_FRAME_MAX];
	const struct link_offload offload = { .gso = LINK_GSO_NONE };
	const struct iovec iov[] = { { frame, 100 }, { frame, 4000 } };
	struct virtio_net_hdr header = { .flags = 0 };
	struct vhost_rest rest = { .count = 0 };
	size_t len = 0;
	int rc = 0;

	for (int i = 0; i < 20 && rc >= 0; i++) {
		rc = vhost_read(vhost, frame, &header, &len, &rest);
		REQUIRE(rc != 1 || len <= VHOST_FRAME_MAX);
		if (rc == 1)
			iov_gather(rest.pieces, rest.count, frame, len);
	}
	vhost_release(vhost);
	REQUIRE(rc >= 0 || rc == -EAGAIN || (rc == -EPROTO && vhost->device.reason));
	header.flags = 0;
	for (int i = 0; i < 20; i++)
		vhost_write(vhost, iov, ARRAY_SIZE(iov), &header, &offload);
	for (size_t i = 1; i < 20; i++)
		write_in_place(vhost, 997 * i, 3 * i);
	vhost_flush(vhost);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vhost vhost; /* its backlog is large: one for all inputs */
	static struct front_end front;
	static struct loop loop;
	static uint8_t *memory;
	int fds[2], rc = 0;
	size_t n;

	if (!memory) {
		REQUIRE(!vhost_init(&vhost, vhost_device_features(true, true)) &&
			!loop_init(&loop));
		vhost.device.loop = &loop;
		vhost.device.on_kick[0] = vhost.device.on_kick[1] = on_kick;
		front.memory = memfd_create("guest", MFD_ALLOW_SEALING | MFD_CLOEXEC);
		REQUIRE(!ftruncate(front.memory, MEMORY) &&
			!fcntl(front.memory, F_ADD_SEALS, F_SEAL_SHRINK));
		front.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, front.memory, 0);
		REQUIRE(memory != MAP_FAILED);
	}
	REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
	front.socket = fds[1];
	vhost_connect(&vhost, fds[0]);
	memset(memory, 0, MEMORY);
	for (int i = 0; i < 40 && !rc && (n = send_message(&front, data, size)); i++) {
		data += n;
		size -= n;
		memcpy(memory, data, MIN(size, MEMORY));
		rc = vhost_control(&vhost);
	}
	REQUIRE(!rc || rc == -EPROTO);
	move_frames(&vhost);
	vhost_connect(&vhost, -1);
	close(fds[0]);
	close(fds[1]);
	REQUIRE((n = (size_t)dup(front.event)) < 40);
	close((int)n);
	return 0;
}
