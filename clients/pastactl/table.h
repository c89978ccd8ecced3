/* SPDX-License-Identifier: Apache-2.0
 *
 * Text in columns, for people: each as wide as its widest cell, numbers to the right. On a terminal
 * a line is cut where it would be broken. Cells come from programs that are not trusted: what a
 * terminal would obey is replaced.
 */
#ifndef CLIENTS_PASTACTL_TABLE_H
#define CLIENTS_PASTACTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 10

struct table {
	const char *const *heads; /* borrowed; one that starts with '>' is of a column of numbers */
	size_t columns;
	size_t count, size; /* of cells, and what there is room for */
	char **cells; /* row by row; NULL in there: no memory */
};

/* table_init() - @heads: ends with NULL */
void table_init(struct table *table, const char *const *heads);
void table_fini(struct table *table);

/* table_cell() - the next cell, in the order in which one reads */
void table_cell(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* table_print() - the heads, if there is any row, and all rows
 *
 * Return: 0 or -ENOMEM
 */
int table_print(const struct table *table, FILE *out);

/* table_print_narrow() - the same, lines of at most @width characters, whatever @out is */
int table_print_narrow(const struct table *table, size_t width, FILE *out);

#endif
