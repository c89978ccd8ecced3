/* SPDX-License-Identifier: Apache-2.0
 *
 * A heap with the last value on top, which is taken off it to the end, again and again: the same
 * time whatever the order was.
 */
#include "common/base/sort.h"

struct order {
	bool (*before)(uint32_t a, uint32_t b, const void *arg);
	const void *arg;
};

/* All below @at is a heap; let its value sink to where it belongs */
static void sink(const struct order *order, uint32_t *values, size_t at, size_t count)
{
	uint32_t value = values[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count &&
		    order->before(values[child], values[child + 1], order->arg))
			child++;
		if (!order->before(value, values[child], order->arg))
			break;
		values[at] = values[child];
		at = child;
	}
	values[at] = value;
}

void sort_u32_by(uint32_t *values, size_t count,
		 bool (*before)(uint32_t a, uint32_t b, const void *arg), const void *arg)
{
	const struct order order = { before, arg };

	for (size_t at = count / 2; at; at--)
		sink(&order, values, at - 1, count);
	for (; count > 1; count--) {
		uint32_t last = values[0];

		values[0] = values[count - 1];
		values[count - 1] = last;
		sink(&order, values, 0, count - 1);
	}
}

static bool is_less(uint32_t a, uint32_t b, const void *arg)
{
	(void)arg;
	return a < b;
}

void sort_u32(uint32_t *values, size_t count)
{
	sort_u32_by(values, count, is_less, NULL);
}
