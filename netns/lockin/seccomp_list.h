/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs nothing; it is the list of calls that are left.
 *
 * The system calls of a locked-in pasta: what the engine does, what libc does behind its back
 * (seldom: memory for a locale in strerror(), clocks without a vDSO, time64 on 32 bits, abort()),
 * and the end. Calls whose arguments matter are not here but in syscall_filter.c.
 */
#ifndef NETNS_LOCKIN_SECCOMP_LIST_H
#define NETNS_LOCKIN_SECCOMP_LIST_H

#include <stddef.h>

/* Numbers of libseccomp: negative ones are calls that this architecture lacks */
extern const int seccomp_list[];
extern const size_t seccomp_list_count;

/* Beside them, of a passt that maps a guest's memory */
extern const int seccomp_list_guest[];
extern const size_t seccomp_list_guest_count;

/* Of the process that watches resolv.conf: resolv_watch.c */
extern const int seccomp_list_resolv[];
extern const size_t seccomp_list_resolv_count;

/* Of the process that watches the host's network: host_watch.c */
extern const int seccomp_list_host[];
extern const size_t seccomp_list_host_count;

/* Of the process that configures the namespace: mirror.c */
extern const int seccomp_list_mirror[];
extern const size_t seccomp_list_mirror_count;

/* Of the process that looks who is in a namespace: member_watch.c */
extern const int seccomp_list_members[];
extern const size_t seccomp_list_members_count;

/* Of the process that removes files: made_files.c */
extern const int seccomp_list_made_files[];
extern const size_t seccomp_list_made_files_count;

/* Of pasta-portd, whose clients are programs on the host; and of the process that connects for it:
 * clients/portd
 */
extern const int seccomp_list_portd[];
extern const size_t seccomp_list_portd_count;
extern const int seccomp_list_connector[];
extern const size_t seccomp_list_connector_count;

#endif
