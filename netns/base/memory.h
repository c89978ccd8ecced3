/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs in any process, under the lock-in too, without a right; madvise(2) only.
 *
 * Memory that only a start needs. A namespace runs for weeks, and there may be hundreds of them.
 */
#ifndef NETNS_BASE_MEMORY_H
#define NETNS_BASE_MEMORY_H

/* memory_trim() - give heap that is free back to the kernel */
void memory_trim(void);

/* memory_trim_stack() - give back what calls that have returned have used of the main thread's stack
 *
 * Only there: below another thread's there is other memory.
 */
void memory_trim_stack(void);

/* memory_one_heap() - threads get no heaps of their own, which would stay for good */
void memory_one_heap(void);

/* memory_give_back() - free heap, and pages of code and constants, to the kernel
 *
 * What is still needed comes back by itself, from the page cache. Works under the lock-in.
 */
void memory_give_back(void);

#endif
