/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the rights of whoever calls it; open(2), read(2), write(2).
 *
 * Small files of procfs: one write() or read() each, no stdio, no allocation.
 */
#ifndef NETNS_BASE_PROCFILE_H
#define NETNS_BASE_PROCFILE_H

/* procfile_write() - write @text at once. Return: 0 or -errno */
int procfile_write(const char *path, const char *text);

/* procfile_read_number() - the decimal number that a file starts with
 *
 * Return: 0, or -errno with *ret_number untouched
 */
int procfile_read_number(const char *path, long *ret_number);

#endif
