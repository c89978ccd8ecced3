/* SPDX-License-Identifier: Apache-2.0
 *
 * The few macros that C lacks. Nothing else belongs here.
 */
#ifndef COMMON_BASE_UTIL_H
#define COMMON_BASE_UTIL_H

#include <stddef.h>

#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
