/* SPDX-License-Identifier: Apache-2.0
 *
 * By a keyed hash, so that nobody in the namespace can choose which addresses share a place.
 */
#include "common/fwd/own.h"

#include <errno.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/clock.h"
#include "common/base/map.h"

#define BYTES (FWD_OWN_SETS * sizeof(struct fwd_own_entry[FWD_OWN_WAYS]))

int fwd_own_init(struct fwd_own *own, const struct siphash_key *secret)
{
	*own = (struct fwd_own){ .sets = map_lazily(BYTES), .secret = *secret };
	return own->sets ? 0 : -ENOMEM;
}

void fwd_own_fini(struct fwd_own *own)
{
	map_drop(own->sets, BYTES);
	own->sets = NULL;
}

static struct fwd_own_entry *set_of(const struct fwd_own *own, const struct in6_addr *addr,
				    uint32_t scope_id)
{
	uint64_t words[3] = { 0, 0, scope_id };

	memcpy(words, addr, sizeof(*addr));
	return own->sets[siphash_words(&own->secret, words, 3) % FWD_OWN_SETS];
}

static bool is_of(const struct fwd_own_entry *entry, const struct in6_addr *addr, uint32_t scope_id)
{
	return entry->until_ns && entry->scope_id == scope_id && addr_equal(&entry->addr, addr);
}

enum fwd_own_answer fwd_own_find(const struct fwd_own *own, const struct in6_addr *addr,
				 uint32_t scope_id, uint64_t now_ns)
{
	const struct fwd_own_entry *set = set_of(own, addr, scope_id);

	for (int i = 0; i < FWD_OWN_WAYS; i++)
		if (is_of(&set[i], addr, scope_id) && set[i].until_ns > now_ns)
			return set[i].answer;
	return FWD_OWN_UNKNOWN;
}

void fwd_own_note(struct fwd_own *own, const struct in6_addr *addr, uint32_t scope_id,
		  enum fwd_own_answer answer, uint64_t now_ns)
{
	struct fwd_own_entry *set = set_of(own, addr, scope_id), *place = set;

	if (answer == FWD_OWN_UNKNOWN)
		return;
	for (int i = 0; i < FWD_OWN_WAYS; i++) {
		if (is_of(&set[i], addr, scope_id)) {
			place = &set[i];
			break;
		}
		if (set[i].until_ns < place->until_ns)
			place = &set[i];
	}
	*place = (struct fwd_own_entry){
		.addr = *addr,
		.scope_id = scope_id,
		.answer = answer,
		.until_ns = now_ns + FWD_OWN_MS * NS_PER_MS,
	};
}

void fwd_own_forget(struct fwd_own *own)
{
	memset(own->sets, 0, BYTES);
}
