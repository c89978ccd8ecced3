/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of ours have no business with signals: these are for the one that reads them, by
 * descriptor.
 */
#ifndef COMMON_BASE_THREAD_H
#define COMMON_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* thread_start() - a thread with all signals blocked, to be joined or detached
 *
 * Return: 0 or -errno
 */
int thread_start(pthread_t *ret_thread, size_t stack_bytes, void *(*fn)(void *arg), void *arg);

#endif
