/* SPDX-License-Identifier: Apache-2.0
 *
 * What createRuntime leaves behind for poststop: one small file a container, in a folder that is
 * ours alone, with the pasta that was started for it.
 */
#ifndef HOOKS_RECORD_H
#define HOOKS_RECORD_H

#include <limits.h>

#include "hooks/process.h"
#include "hooks/state.h"

struct record {
	char path[PATH_MAX];
	char pid_path[PATH_MAX]; /* where pasta writes its number; short-lived, as is what is
				  * written of a record until it's whole
				  */
};

/* record_locate() - where the record of a container is, or would be
 * @folder:	NULL for the default one: below /run for root, below /run/user/UID for others
 *
 * The environment isn't asked: it need not be the same at poststop. The folder is made if need be;
 * it must belong to us and nobody else may write there.
 *
 * Return: 0; or -errno with @err set
 */
int record_locate(const char *folder, const struct state *state, struct record *ret,
		  struct hook_err *err);

/* record_write() - Return: 0; or -errno with @err set */
int record_write(const struct record *record, const struct process *process, struct hook_err *err);

/* record_read() - Return: 0; -ENOENT if there is none; or another -errno with @err set */
int record_read(const struct record *record, struct process *ret, struct hook_err *err);

/* record_sweep() - remove the records, in the folder of @record, of processes that are gone: a
 * runtime that gives a container up may leave out poststop
 */
void record_sweep(const struct record *record);

/* record_remove() - remove the record, and the file with the number */
void record_remove(const struct record *record);

#endif
