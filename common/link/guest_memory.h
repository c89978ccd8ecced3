/* SPDX-License-Identifier: Apache-2.0
 *
 * A virtual machine's memory, as a vhost-user front end shares it: regions that it passes a
 * descriptor for, each mapped here. The front end says at which address the guest sees a region
 * (descriptors in rings count from there) and at which one it has it itself (rings are named so).
 *
 * Both write to that memory whenever they like. So every read of it is one copy, by
 * guest_memory_copy() or of a single word, and what is checked is the copy. What must not happen is
 * that pages go away below a mapping, since touching it is SIGBUS then: only memory is taken that
 * the front end has sealed against shrinking (F_SEAL_SHRINK of memfd_create(2)), and none of huge
 * pages, which can run out when they are touched.
 */
#ifndef COMMON_LINK_GUEST_MEMORY_H
#define COMMON_LINK_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many as can be added one by one */
#define GUEST_MEMORY_REGIONS 32

/* Of vhost-user's messages */
struct guest_region_place {
	uint64_t guest_addr;
	uint64_t bytes;
	uint64_t user_addr;
	uint64_t offset; /* in the file */
};

struct guest_region {
	struct guest_region_place place;
	uint8_t *data; /* the first byte */
	void *map; /* what was mapped for it; NULL: not by us */
	size_t map_bytes;
};

struct guest_memory {
	uint32_t count;
	struct guest_region regions[GUEST_MEMORY_REGIONS];
};

/* guest_memory_add() - map one more region
 * @fd:		not owned, and not needed afterwards
 *
 * Return: 0; -EINVAL for addresses that can't be; -ENOSPC if there are too many; -EPERM if its
 *	   pages could go away; -ERANGE if the file is shorter; -errno of mmap(2)
 */
int guest_memory_add(struct guest_memory *memory, const struct guest_region_place *place, int fd);

/* guest_memory_remove() - Return: 0, or -ENOENT if there is no such region */
int guest_memory_remove(struct guest_memory *memory, const struct guest_region_place *place);

/* guest_memory_clear() - remove all */
void guest_memory_clear(struct guest_memory *memory);

/* guest_memory_at() - where the guest's @addr is
 * @bytes:	how many are wanted from there, at least 1
 * @ret_bytes:	how many of them are in one piece
 *
 * Return: NULL if that is no memory
 */
uint8_t *guest_memory_at(const struct guest_memory *memory, uint64_t addr, uint64_t bytes,
			 uint64_t *ret_bytes);

/* guest_memory_at_user() - where the front end's @addr is, with @bytes in one piece
 *
 * Return: NULL if they are not
 */
void *guest_memory_at_user(const struct guest_memory *memory, uint64_t addr, uint64_t bytes);

/* guest_memory_copy() - read from the guest's @addr, each byte once. Return: 0 or -EFAULT */
int guest_memory_copy(const struct guest_memory *memory, uint64_t addr, void *out, size_t len);

#endif
