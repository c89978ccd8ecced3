/* SPDX-License-Identifier: Apache-2.0
 *
 * What was asked is remembered by a keyed hash, in a table with one place for each: who asks that
 * much that places are taken away learns less, and asks again.
 */
#include "common/fwd/questions.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/map.h"
#include "common/base/siphash.h"
#include "common/fwd/egress.h"

#define OPCODE_QUERY 0

int fwd_questions_init(struct fwd_questions *questions, const struct siphash_key *secret)
{
	void *asked = map_lazily(FWD_QUESTIONS * sizeof(*questions->asked));

	if (!asked)
		return -ENOMEM;
	*questions = (struct fwd_questions){ .asked = asked, .secret = *secret };
	return 0;
}

void fwd_questions_fini(struct fwd_questions *questions)
{
	map_drop(questions->asked, FWD_QUESTIONS * sizeof(*questions->asked));
	questions->asked = NULL;
}

/* Of a question and who asks it; the same for its answer */
static uint64_t hash_of(const struct fwd_questions *questions, const struct flow_key *key,
			const struct dns_question *question)
{
	struct {
		struct in6_addr ns;
		uint16_t ns_port, id, type, class;
		char name[256];
	} asked = { .ns = key->ns };

	static_assert(sizeof(asked) % sizeof(uint64_t) == 0, "hashed as words");
	asked.ns_port = key->ns_port;
	asked.id = question->id;
	asked.type = question->type;
	asked.class = question->class;
	memcpy(asked.name, question->name, strlen(question->name));
	return siphash_words(&questions->secret, (const void *)&asked,
			     sizeof(asked) / sizeof(uint64_t));
}

static struct fwd_question *place_of(const struct fwd_questions *questions, uint64_t hash)
{
	return &questions->asked[hash % FWD_QUESTIONS];
}

enum fwd_question_outcome fwd_questions_ask(struct fwd_questions *questions,
					    const struct fwd_table *fwd, const struct flow_key *key,
					    const struct reader *message, uint64_t now_ns,
					    struct writer *ret_answer)
{
	struct dns_question question;
	const struct policy_pair policies = fwd_policies(fwd);
	struct policy_decision decision;
	enum policy_verdict verdict;
	uint64_t hash;

	if (dns_parse(message->data, message->left, &question) || question.response ||
	    question.opcode != OPCODE_QUERY) {
		questions->malformed++;
		return FWD_QUESTION_DROPPED;
	}
	decision = policy_pair_judge_question(&policies, question.name);
	fwd_egress_note(fwd, key, &decision);
	verdict = policy_decision_answer(&decision)->verdict;
	if (verdict != POLICY_ALLOW) {
		questions->blocked++;
		return verdict == POLICY_DENY &&
				       !dns_block_emit(ret_answer, message->data, &question)
			       ? FWD_QUESTION_ANSWERED
			       : FWD_QUESTION_DROPPED;
	}
	hash = hash_of(questions, key, &question);
	*place_of(questions, hash) = (struct fwd_question){ hash, now_ns };
	return FWD_QUESTION_GOES_ON;
}

static bool was_asked(const struct fwd_questions *questions, uint64_t hash, uint64_t now_ns)
{
	const struct fwd_question *asked = place_of(questions, hash);

	return asked->hash == hash && asked->asked_ns &&
	       now_ns - asked->asked_ns < FWD_QUESTIONS_WAIT_MS * NS_PER_MS;
}

void fwd_questions_answered(struct fwd_questions *questions, const struct fwd_table *fwd,
			    const struct flow_key *key, const struct reader *message,
			    uint64_t now_ns)
{
	const struct policy_pair policies = fwd_policies(fwd);
	struct dns_address addresses[DNS_ADDRESSES_MAX];
	struct dns_question question;
	size_t count;

	if (!policy_pair_reads_names(&policies))
		return;
	if (dns_parse(message->data, message->left, &question) || !question.response ||
	    !was_asked(questions, hash_of(questions, key, &question), now_ns)) {
		questions->unasked++;
		return;
	}
	if (!question.name[0])
		return;
	count = dns_addresses(message->data, message->left, &question, addresses);
	for (size_t i = 0; i < count; i++) {
		if (!policy_pair_may_learn(&policies, &addresses[i].addr)) {
			questions->not_learnt++;
			continue;
		}
		questions->learnt++;
		policy_learnt_add(fwd->learnt, &addresses[i].addr, question.name,
				  addresses[i].ttl_s, now_ns);
	}
}
