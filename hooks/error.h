/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a failure. Whoever finds out what is wrong writes it, whoever called passes it on,
 * and only main() prints it: one line, which a runtime shows to its user.
 */
#ifndef HOOKS_ERROR_H
#define HOOKS_ERROR_H

#define HOOK_ERR_MAX 1024

struct hook_err {
	char text[HOOK_ERR_MAX];
};

/* hook_err_set() - write the text; one that is too long is cut. Return: @rc, to be returned */
int hook_err_set(struct hook_err *err, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* hook_err_one_line() - what isn't printable ASCII, and so might say anything to a terminal, becomes
 * '?'
 */
void hook_err_one_line(struct hook_err *err);

#endif
