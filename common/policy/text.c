/* SPDX-License-Identifier: Apache-2.0
 *
 * A line is two words; the second one may have blanks.
 */
#include "common/policy/text.h"

#include <errno.h>
#include <string.h>

#include "common/base/quote.h"
#include "common/policy/rule.h"

#define BLANKS " \t\r"

int policy_text_mistake(const struct policy_place *place, const char *word, const char *why,
			struct err *err)
{
	const struct quote quote = quote_make(word, strlen(word));

	if (!place->line)
		return err_set(err, -EINVAL, "%s '%s': %s", place->source, quote.text, why);
	return err_set(err, -EINVAL, "%.200s:%u: '%s': %s", place->source, place->line, quote.text,
		       why);
}

int policy_text_rule(struct policy *policy, enum policy_verdict verdict, const char *text,
		     const struct policy_place *place, struct err *err)
{
	const char *kept = policy_keep(policy, text);
	struct policy_rule rule;
	struct err why;
	int rc;

	if (!kept)
		return err_no_memory(err, "the policy");
	rc = policy_rule_parse(kept, verdict, &rule, &why);
	if (rc && place->line)
		return err_set(err, rc, "%.200s:%u: %s", place->source, place->line, why.text);
	if (rc)
		return policy_text_mistake(place, text, why.text, err);
	rule.source = place->source;
	rule.line = place->line;
	rc = policy_add(policy, &rule);
	if (rc == -E2BIG)
		return err_set(err, rc, "there are more than %d rules", POLICY_RULES_MAX);
	return rc ? err_no_memory(err, "the policy") : 0;
}

static int set_default(struct policy *policy, const char *word, const struct policy_place *place,
		       struct err *err)
{
	bool allow = !strcmp(word, "allow");

	if (!allow && strcmp(word, "deny") != 0)
		return policy_text_mistake(place, word, "the default is 'allow' or 'deny'", err);
	if (policy_default(policy, allow ? POLICY_ALLOW : POLICY_DENY))
		return policy_text_mistake(place, word, "there is a default already", err);
	return 0;
}

/* Cut off a comment, and blanks at both ends. Return: what is left */
static char *trim(char *line)
{
	char *text = line + strspn(line, BLANKS), *comment = text, *end;

	while ((comment = strchr(comment, '#')) && comment > text && !strchr(BLANKS, comment[-1]))
		comment++;
	if (comment)
		*comment = '\0';
	for (end = text + strlen(text); end > text && strchr(BLANKS, end[-1]);)
		*--end = '\0';
	return text;
}

int policy_text_line(struct policy *policy, char *line, const struct policy_place *place,
		     const char **ret_include, struct err *err)
{
	char *word = trim(line), *value = word + strcspn(word, BLANKS);

	*ret_include = NULL;
	if (!*word)
		return 0;
	if (!*value)
		return policy_text_mistake(place, word, "something must follow", err);
	*value++ = '\0';
	value += strspn(value, BLANKS);
	if (!strcmp(word, "include")) {
		*ret_include = value;
		return 0;
	}
	if (!strcmp(word, "default"))
		return set_default(policy, value, place, err);
	for (int verdict = POLICY_ALLOW; verdict <= POLICY_DROP; verdict++)
		if (!strcmp(word, policy_verdict_text((enum policy_verdict)verdict)))
			return policy_text_rule(policy, (enum policy_verdict)verdict, value, place,
						err);
	return policy_text_mistake(place, word,
				   "lines begin with allow, deny, drop, default or include", err);
}
