/* SPDX-License-Identifier: Apache-2.0
 *
 * Few regions, and the first one is nearly all of the memory: they are looked through one by one.
 */
#include "common/link/guest_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Whether @fd's pages are there for as long as we have them mapped. The size may be looked at only
 * once it can't shrink any more. Return: 0 or -errno
 */
static int check_file(int fd, const struct guest_region_place *place)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct statfs fs;
	struct stat st;

	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EPERM;
	if (fstatfs(fd, &fs) || fs.f_type != TMPFS_MAGIC || fstat(fd, &st))
		return -EPERM;
	if (place->offset > (uint64_t)st.st_size ||
	    place->bytes > (uint64_t)st.st_size - place->offset)
		return -ERANGE;
	return 0;
}

static bool is_possible(const struct guest_region_place *place)
{
	return place->bytes && place->bytes <= UINT64_MAX - place->guest_addr &&
	       place->bytes <= UINT64_MAX - place->user_addr;
}

int guest_memory_add(struct guest_memory *memory, const struct guest_region_place *place, int fd)
{
	uint64_t before = place->offset % (uint64_t)sysconf(_SC_PAGESIZE);
	struct guest_region *region = &memory->regions[memory->count];
	void *map;
	int rc;

	if (!is_possible(place))
		return -EINVAL;
	if (memory->count == GUEST_MEMORY_REGIONS)
		return -ENOSPC;
	rc = check_file(fd, place);
	if (rc)
		return rc;
	if (place->bytes > SIZE_MAX - before)
		return -ENOMEM;
	map = mmap(NULL, (size_t)(place->bytes + before), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_NORESERVE, fd, (off_t)(place->offset - before));
	if (map == MAP_FAILED)
		return -errno;
	*region = (struct guest_region){
		.place = *place,
		.data = (uint8_t *)map + before,
		.map = map,
		.map_bytes = (size_t)(place->bytes + before),
	};
	memory->count++;
	return 0;
}

static void unmap(const struct guest_region *region)
{
	if (region->map)
		munmap(region->map, region->map_bytes);
}

int guest_memory_remove(struct guest_memory *memory, const struct guest_region_place *place)
{
	for (uint32_t i = 0; i < memory->count; i++) {
		struct guest_region *region = &memory->regions[i];

		if (region->place.guest_addr != place->guest_addr ||
		    region->place.user_addr != place->user_addr ||
		    region->place.bytes != place->bytes)
			continue;
		unmap(region);
		memory->count--;
		memmove(region, region + 1, (memory->count - i) * sizeof(*region));
		return 0;
	}
	return -ENOENT;
}

void guest_memory_clear(struct guest_memory *memory)
{
	while (memory->count)
		unmap(&memory->regions[--memory->count]);
}

uint8_t *guest_memory_at(const struct guest_memory *memory, uint64_t addr, uint64_t bytes,
			 uint64_t *ret_bytes)
{
	for (uint32_t i = 0; i < memory->count; i++) {
		const struct guest_region *region = &memory->regions[i];
		uint64_t at = addr - region->place.guest_addr; /* wraps if it's before that */

		if (at >= region->place.bytes)
			continue;
		*ret_bytes = bytes < region->place.bytes - at ? bytes : region->place.bytes - at;
		return region->data + at;
	}
	return NULL;
}

void *guest_memory_at_user(const struct guest_memory *memory, uint64_t addr, uint64_t bytes)
{
	for (uint32_t i = 0; i < memory->count; i++) {
		const struct guest_region *region = &memory->regions[i];
		uint64_t at = addr - region->place.user_addr;

		if (at < region->place.bytes && bytes <= region->place.bytes - at)
			return region->data + at;
	}
	return NULL;
}

int guest_memory_copy(const struct guest_memory *memory, uint64_t addr, void *out, size_t len)
{
	uint8_t *to = out;
	uint64_t n;

	for (; len; len -= n, addr += n, to += n) {
		const uint8_t *from = guest_memory_at(memory, addr, len, &n);

		if (!from)
			return -EFAULT;
		memcpy(to, from, (size_t)n);
	}
	/* The compiler must not read it again in place of the copy */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 0;
}
