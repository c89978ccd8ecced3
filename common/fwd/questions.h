/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to the host's resolvers under a policy with names: each is judged by the name that it
 * is for. One that no rule can allow goes no further: there is no such name, and why is said with
 * it. What the resolver answers to the others teaches the policy which addresses those names have.
 * An answer to nothing that was asked teaches nothing. Who asks by which protocol is the same here;
 * a worker has one struct fwd_questions.
 */
#ifndef COMMON_FWD_QUESTIONS_H
#define COMMON_FWD_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "common/flow/flow.h"
#include "common/fwd/fwd.h"
#include "common/wire/cursor.h"
#include "common/wire/dns.h"

/* Questions that are remembered: a newer one may take an older one's place */
#define FWD_QUESTIONS 8192
/* How long: no client waits so long */
#define FWD_QUESTIONS_WAIT_MS 30000

struct fwd_question {
	uint64_t hash; /* of who asks what */
	uint64_t asked_ns; /* 0: the place is free */
};

struct fwd_questions {
	struct fwd_question *asked; /* FWD_QUESTIONS; only touched ones cost memory */
	struct siphash_key secret;
	uint64_t blocked; /* questions */
	uint64_t malformed; /* likewise */
	uint64_t unasked; /* answers to nothing */
	uint64_t learnt; /* addresses */
	uint64_t not_learnt; /* where an answer may not lead */
};

/* fwd_questions_init() - Return: 0 or -errno */
int fwd_questions_init(struct fwd_questions *questions, const struct siphash_key *secret);
void fwd_questions_fini(struct fwd_questions *questions);

enum fwd_question_outcome {
	FWD_QUESTION_GOES_ON,
	FWD_QUESTION_ANSWERED, /* by us */
	FWD_QUESTION_DROPPED,
};

/* fwd_questions_ask() - a message of the namespace's for a resolver
 * @key:	the flow's ends
 * @ret_answer:	has room for DNS_BLOCK_MAX; written to for FWD_QUESTION_ANSWERED alone
 */
enum fwd_question_outcome fwd_questions_ask(struct fwd_questions *questions,
					    const struct fwd_table *fwd, const struct flow_key *key,
					    const struct reader *message, uint64_t now_ns,
					    struct writer *ret_answer);

/* fwd_questions_answered() - a message of the resolver's on the same flow */
void fwd_questions_answered(struct fwd_questions *questions, const struct fwd_table *fwd,
			    const struct flow_key *key, const struct reader *message,
			    uint64_t now_ns);

#endif
