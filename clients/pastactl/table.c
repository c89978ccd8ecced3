/* SPDX-License-Identifier: Apache-2.0
 *
 * Characters are counted, not bytes; each is taken to be one column wide.
 */
#include "clients/pastactl/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/util.h"

#define CELLS_AT_ONCE 256
#define GAP 2

void table_init(struct table *table, const char *const *heads)
{
	*table = (struct table){ .heads = heads };
	while (heads[table->columns])
		table->columns++;
}

void table_fini(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}

/* Controls are what a terminal obeys; of those beyond ASCII each is two bytes, C2 80 to C2 9F */
static void make_harmless(char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];

		if (c < ' ' || c == 0x7f)
			*text = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
			text[0] = text[1] = '?';
	}
}

void table_cell(struct table *table, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (table->count == table->size) {
		size_t size = table->size + CELLS_AT_ONCE;
		char **cells = reallocarray(table->cells, size, sizeof(*cells));

		if (!cells)
			return;
		table->cells = cells;
		table->size = size;
	}
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		make_harmless(text);
	table->cells[table->count++] = text;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += !is_continuation(*text);
	return width;
}

/* Bytes of the first @width characters */
static size_t bytes_of(const char *text, size_t width)
{
	const char *at = text;

	while (*at && (width || is_continuation(*at)))
		width -= !is_continuation(*at++);
	return (size_t)(at - text);
}

static size_t line_width(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
		return SIZE_MAX;
	return size.ws_col;
}

static const char *head_of(const struct table *table, size_t column, bool *ret_number)
{
	const char *head = table->heads[column];

	*ret_number = head[0] == '>';
	return head + *ret_number;
}

static void print_row(const struct table *table, const char *const *cells, const size_t *widths,
		      size_t left, FILE *out)
{
	for (size_t i = 0; i < table->columns && left; i++) {
		size_t width = MIN(width_of(cells[i]), left), pad = widths[i] - width_of(cells[i]);
		bool number, last = i + 1 == table->columns;

		head_of(table, i, &number);
		pad = MIN(pad, left - width);
		if (number && (cells[i][0] || !last))
			fprintf(out, "%*s", (int)pad, "");
		fwrite(cells[i], 1, bytes_of(cells[i], width), out);
		left -= width + pad;
		if (last)
			break;
		if (!number)
			fprintf(out, "%*s", (int)pad, "");
		fprintf(out, "%*s", (int)MIN(left, (size_t)GAP), "");
		left -= MIN(left, (size_t)GAP);
	}
	fputc('\n', out);
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX],
		    const char *heads[TABLE_COLUMNS_MAX])
{
	bool number;

	assert(table->columns && table->columns <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < table->columns; i++) {
		heads[i] = head_of(table, i, &number);
		widths[i] = width_of(heads[i]);
	}
	for (size_t i = 0; i < table->count; i++)
		widths[i % table->columns] =
			MAX(widths[i % table->columns], width_of(table->cells[i]));
}

int table_print(const struct table *table, FILE *out)
{
	return table_print_narrow(table, line_width(out), out);
}

int table_print_narrow(const struct table *table, size_t width, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX];
	const char *heads[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < table->count; i++)
		if (!table->cells[i])
			return -ENOMEM;
	measure(table, widths, heads);
	print_row(table, heads, widths, width, out);
	for (size_t i = 0; i < table->count; i += table->columns)
		print_row(table, (const char *const *)&table->cells[i], widths, width, out);
	return 0;
}
