/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of options, the networks that the host is connected to, and what all of it means.
 */
#include "launch/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/addr.h"
#include "common/base/log.h"
#include "common/base/util.h"
#include "common/policy/rule.h"
#include "common/policy/text.h"
#include "launch/idna.h"
#include "launch/policy_file.h"

/* --- options -------------------------------------------------------------- */

int policy_option_none(struct policy **policy, struct err *err)
{
	if (!*policy)
		*policy = policy_new();
	return *policy ? 0 : err_no_memory(err, "the policy");
}

int policy_option_learn(struct policy **policy, struct err *err)
{
	int rc = policy_option_none(policy, err);

	if (rc || !*policy)
		return rc;
	if ((*policy)->count || (*policy)->otherwise_set)
		return err_set(err, -EINVAL,
			       "--policy-learn lets everything out: there can be no "
			       "--policy, --allow or --deny");
	(*policy)->learning = true;
	return 0;
}

int policy_option_rule(struct policy **policy, enum policy_verdict verdict, const char *text,
		       struct err *err)
{
	const char *option = verdict == POLICY_ALLOW ? "--allow" : "--deny";
	const struct policy_place place = { option, 0 };
	char *ascii = NULL;
	struct err why;
	int rc = policy_option_none(policy, err);

	if (rc)
		return rc;
	rc = idna_rule(text, &ascii, &why);
	if (rc)
		return policy_text_mistake(&place, text, why.text, err);
	rc = policy_text_rule(*policy, verdict, ascii ? ascii : text, &place, err);
	free(ascii);
	return rc;
}

int policy_option_file(struct policy **policy, const char *path, struct err *err)
{
	int rc = policy_option_none(policy, err);

	return rc ? rc : policy_file_read(*policy, path, err);
}

static int add_narrow_line(struct policy *policy, char *line, const struct policy_place *place,
			   struct err *err)
{
	const char *include = NULL;
	char *ascii = NULL;
	int rc = idna_line(line, place->source, place->line, &ascii, err);

	if (!rc)
		rc = policy_text_line(policy, ascii ? ascii : line, place, &include, err);
	if (!rc && include)
		rc = policy_text_mistake(place, include, "no file is read here", err);
	free(ascii);
	return rc;
}

static int add_narrow_lines(struct policy *policy, char *text, struct err *err)
{
	struct policy_place place = { "--policy-narrow", 0 };
	int rc = 0;

	for (char *next; text && !rc; text = next) {
		next = text + strcspn(text, ";\n");
		next = *next ? next : NULL;
		if (next)
			*next++ = '\0';
		place.line++;
		rc = add_narrow_line(policy, text, &place, err);
	}
	return rc;
}

int policy_option_narrow(struct policy **policy, const char *text, struct err *err)
{
	const struct policy_place place = { "--policy-narrow", 0 };
	char *lines;
	int rc;

	if (*policy)
		return policy_text_mistake(&place, text, "there can be only one", err);
	rc = policy_option_none(policy, err);
	if (rc || !*policy)
		return rc;
	lines = strdup(text);
	if (!lines)
		return err_no_memory(err, "the policy");
	rc = add_narrow_lines(*policy, lines, err);
	free(lines);
	if (!rc && !(*policy)->count && !(*policy)->otherwise_set)
		rc = policy_text_mistake(&place, text, "there is no rule in it", err);
	return rc;
}

/* --- the whole ------------------------------------------------------------ */

uint32_t policy_lans(const struct host *host, struct policy_network *ret_lans)
{
	uint32_t count = 0;

	for (size_t i = 0; i < host->own_count; i++) {
		struct policy_network *lan = &ret_lans[count];

		if (host->own[i].loopback)
			continue;
		*lan = (struct policy_network){ host->own[i].network, host->own[i].network_len };
		policy_network_trim(lan);
		count++;
	}
	return count;
}

/* For as long as the process lives. Return: 0 or -ENOMEM */
static int keep_lans(const struct host *host, struct config *config)
{
	struct policy_network *lans = calloc(host->own_count + 1, sizeof(*lans));

	if (!lans)
		return -ENOMEM;
	config->lan_count = policy_lans(host, lans);
	config->lans = lans;
	return 0;
}

int policy_apply(const struct settings *settings, const struct host *host, struct config *config,
		 struct err *err)
{
	struct policy *const policies[] = { settings->policy, settings->policy_narrow };

	config->policy_sni = settings->policy_sni;
	if (keep_lans(host, config)) /* a policy may come later */
		return err_no_memory(err, "the host's addresses");
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (!policies[i])
			continue;
		if (policy_finish(policies[i], config->lans, config->lan_count))
			return err_no_memory(err, "the policy");
		policies[i]->sni = settings->policy_sni;
	}
	config->fwd.policy = settings->policy;
	config->fwd.narrow = settings->policy_narrow;
	return 0;
}

static void summary(const char *what, const struct policy *policy)
{
	if (policy)
		log_info("%s: %u rules, the rest is %s", what, policy->count,
			 policy->otherwise == POLICY_ALLOW ? "allowed" : "denied");
}

void policy_summary(const struct settings *settings)
{
	summary("policy", settings->policy);
	summary("policy that narrows", settings->policy_narrow);
}

static int print(struct policy *policy, const char *rest, FILE *out, struct err *err)
{
	char text[POLICY_RULE_TEXT_MAX];

	if (policy_finish(policy, NULL, 0))
		return err_no_memory(err, "the policy");
	for (uint32_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->line)
			fprintf(out, "%s:%u: ", rule->source, rule->line);
		else
			fprintf(out, "%s: ", rule->source);
		fprintf(out, "%s\n", policy_rule_format(rule, text));
	}
	fprintf(out, "%s: %s\n", rest, policy_verdict_text(policy->otherwise));
	return 0;
}

int policy_print(const struct settings *settings, FILE *out, struct err *err)
{
	int rc = 0;

	if (settings->policy)
		rc = print(settings->policy, "otherwise", out, err);
	else
		fputs("no policy: allow everything\n", out);
	if (!rc && settings->policy_narrow)
		rc = print(settings->policy_narrow, "--policy-narrow: otherwise", out, err);
	return rc;
}
