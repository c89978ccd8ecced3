/* SPDX-License-Identifier: Apache-2.0
 *
 * Dropping the pages of a private file mapping is safe as long as none was ever written to:
 * segments that the program headers call writable are left alone, relocated read-only data among
 * them.
 */
#include "netns/base/memory.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_BYTES (1U << 20) /* more than any call of a start takes */
#define STACK_SPARED_PAGES 4 /* for this call */

static int drop_object(struct dl_phdr_info *info, size_t size, void *page_size)
{
	uintptr_t mask = *(const uintptr_t *)page_size - 1;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = (info->dlpi_addr + ph->p_vaddr) & ~mask;
		uintptr_t end = (info->dlpi_addr + ph->p_vaddr + ph->p_memsz + mask) & ~mask;

		if (ph->p_type == PT_LOAD && !(ph->p_flags & PF_W))
			madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

/* Of glibc's: other C libraries keep little, and have one heap for all threads */
void memory_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

/* The kernel leaves more than this below the stack. madvise(2) says ENOMEM where there was less of
 * it, and has given back that
 */
void memory_trim_stack(void)
{
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = (uintptr_t)__builtin_frame_address(0) / page_size * page_size -
			STACK_SPARED_PAGES * page_size;

	madvise((void *)(end - STACK_BYTES), STACK_BYTES, MADV_DONTNEED);
}

void memory_one_heap(void)
{
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
#endif
}

void memory_give_back(void)
{
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);

	memory_trim();
	dl_iterate_phdr(drop_object, &page_size);
}
