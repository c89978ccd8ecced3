/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs before the lock-in, without a right; reads files below /proc, but for remedy_inotify().
 *
 * Why the kernel refused, and what would help: texts for the failures of set-up that people really
 * meet. Each looks at the settings that could be the cause and names the one that is. Constant
 * strings, nothing to free.
 */
#ifndef NETNS_BASE_REMEDY_H
#define NETNS_BASE_REMEDY_H

/* Each: @code is -errno. Return: the remedy, for err_remedy(); NULL if none is known */
const char *remedy_user_namespace(int code);
const char *remedy_id_map(int code);
const char *remedy_other_namespaces(int code);
const char *remedy_join(int code);
const char *remedy_command(int code, const char *name);
const char *remedy_thread(int code);
const char *remedy_inotify(int code);
const char *remedy_file(int code); /* of made_files.h */

#endif
