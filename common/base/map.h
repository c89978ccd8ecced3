/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of their full size from the start on, of which only the pages that are touched cost
 * memory.
 */
#ifndef COMMON_BASE_MAP_H
#define COMMON_BASE_MAP_H

#include <stddef.h>
#include <sys/mman.h>

/* map_lazily() - zeroed memory. Return: NULL: there's no room in the address space */
static inline void *map_lazily(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* map_drop() - give it back; NULL is fine */
static inline void map_drop(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

#endif
