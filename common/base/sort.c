/* SPDX-License-Identifier: Apache-2.0
 *
 * A heap with the greatest value on top, which is taken off it to the end, again and again: the
 * same time whatever the order was.
 */
#include "common/base/sort.h"

/* All below @at is a heap; let its value sink to where it belongs */
static void sink(uint32_t *values, size_t at, size_t count)
{
	uint32_t value = values[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && values[child + 1] > values[child])
			child++;
		if (values[child] <= value)
			break;
		values[at] = values[child];
		at = child;
	}
	values[at] = value;
}

void sort_u32(uint32_t *values, size_t count)
{
	for (size_t at = count / 2; at; at--)
		sink(values, at - 1, count);
	for (; count > 1; count--) {
		uint32_t greatest = values[0];

		values[0] = values[count - 1];
		values[count - 1] = greatest;
		sink(values, 0, count - 1);
	}
}
