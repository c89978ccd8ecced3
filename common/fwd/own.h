/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses are the host's own, and which are not: what the kernel has answered of late (see
 * outbound.h), so that not every flow has to ask. An answer holds for FWD_OWN_MS: an address that
 * the host gets or loses is taken for what it was for that long, unless somebody who knows of the
 * change has all of them forgotten.
 *
 * Bounded: of addresses that share a place, the oldest answer goes. Who opens flows to many only
 * has the kernel asked more often.
 */
#ifndef COMMON_FWD_OWN_H
#define COMMON_FWD_OWN_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/base/siphash.h"

#define FWD_OWN_MS 1000
#define FWD_OWN_SETS 256
#define FWD_OWN_WAYS 4

enum fwd_own_answer {
	FWD_OWN_UNKNOWN,
	FWD_OWN_NO,
	FWD_OWN_YES,
};

struct fwd_own_entry {
	struct in6_addr addr;
	uint32_t scope_id;
	enum fwd_own_answer answer;
	uint64_t until_ns; /* 0: the place is free */
};

struct fwd_own {
	struct fwd_own_entry (*sets)[FWD_OWN_WAYS];
	struct siphash_key secret;
};

/* fwd_own_init() - Return: 0 or -errno */
int fwd_own_init(struct fwd_own *own, const struct siphash_key *secret);
void fwd_own_fini(struct fwd_own *own);

/* fwd_own_find() - what is known of an address; with the interface that it is on, if that matters
 * (scope_id), else 0
 */
enum fwd_own_answer fwd_own_find(const struct fwd_own *own, const struct in6_addr *addr,
				 uint32_t scope_id, uint64_t now_ns);

/* fwd_own_note() - what the kernel has said
 * @answer:	FWD_OWN_UNKNOWN isn't kept
 */
void fwd_own_note(struct fwd_own *own, const struct in6_addr *addr, uint32_t scope_id,
		  enum fwd_own_answer answer, uint64_t now_ns);

/* fwd_own_forget() - the host's addresses have changed */
void fwd_own_forget(struct fwd_own *own);

#endif
