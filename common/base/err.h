/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a failure on its way up to the one place that prints it. Fixed size, no allocation,
 * so it works where memory has run out and can cross a pipe from a child to its parent.
 * Wording: what failed 'subject': why (remedy); lower case, one line, no trailing newline.
 */
#ifndef COMMON_BASE_ERR_H
#define COMMON_BASE_ERR_H

struct err {
	char text[480];
};

/* err_set() - replace the text
 *
 * Return: @code, so that callers can write: return err_set(err, -EINVAL, "...")
 */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* err_remedy() - put what would help behind the text already there: "text (REMEDY)"
 * @remedy:	NULL: nothing is known to help
 *
 * Return: @code
 */
int err_remedy(struct err *err, int code, const char *remedy);

/* err_no_memory() - the text, with what helps, for a start that finds no room for @what
 *
 * Return: -ENOMEM
 */
int err_no_memory(struct err *err, const char *what);

#endif
