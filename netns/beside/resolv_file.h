/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs with the caller's rights, at start and in a side process; open(2), readlink(2), inotify(7).
 *
 * The host's resolv.conf: read, and watched for changes through whatever symbolic links lead to it.
 */
#ifndef NETNS_BESIDE_RESOLV_FILE_H
#define NETNS_BESIDE_RESOLV_FILE_H

#include <stddef.h>

#include "common/base/resolv.h"

#define RESOLV_FILE_PATH "/etc/resolv.conf"

/* resolv_file_read() - Return: 0, or -errno with *ret_resolv untouched */
int resolv_file_read(struct resolv *ret_resolv);

/* resolv_file_read_text() - the same as it is, up to @size bytes. Return: 0 or -errno */
int resolv_file_read_text(char *text, size_t size, size_t *ret_len);

/* resolv_file_watch() - make an inotify descriptor readable when another read may give another
 * result: each directory that has a link of the chain is watched, or, while that doesn't exist,
 * the closest one above it that does; and the file itself, for writes in place
 *
 * A file system mounted over any of it goes unnoticed: inotify has no event for that.
 *
 * Return: 0, or -errno if not all of that could be done
 */
int resolv_file_watch(int inotify_fd);

#endif
