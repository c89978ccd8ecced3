/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting in place, after lock-in too: libc's qsort() takes memory for what is large, and asks how
 * much the machine has, which is a system call that pasta has no right to any more.
 */
#ifndef COMMON_BASE_SORT_H
#define COMMON_BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sort_u32() - in ascending order */
void sort_u32(uint32_t *values, size_t count);

/* sort_u32_by() - the same, in an order of the caller's
 * @before:	whether @a comes before @b, with @arg
 */
void sort_u32_by(uint32_t *values, size_t count,
		 bool (*before)(uint32_t a, uint32_t b, const void *arg), const void *arg);

#endif
