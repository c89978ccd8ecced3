/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorting in place, after lock-in too: libc's qsort() takes memory for what is large, and asks how
 * much the machine has, which is a system call that pasta has no right to any more.
 */
#ifndef COMMON_BASE_SORT_H
#define COMMON_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/* sort_u32() - in ascending order */
void sort_u32(uint32_t *values, size_t count);

#endif
