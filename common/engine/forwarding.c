/* SPDX-License-Identifier: Apache-2.0
 *
 * One timer, set to the end of the pause that ends first.
 */
#include "common/engine/forwarding.h"

#include "common/base/clock.h"
#include "common/base/util.h"

struct fwd_table *forwarding_edit(struct forwarding *forwarding)
{
	struct fwd_table *next = &forwarding->tables[!forwarding->current];

	*next = *forwarding_table(forwarding);
	return next;
}

void forwarding_replace(struct forwarding *forwarding)
{
	forwarding->current = !forwarding->current;
	forwarding->replaced(forwarding);
}

static void resume_set(struct forwarding *forwarding, uint64_t now_ns)
{
	uint64_t next_ns = fwd_resolvers_next_ns(&forwarding->resolvers.plain);
	uint64_t tls_ns = fwd_resolvers_next_ns(&forwarding->resolvers.tls);

	if (!next_ns || (tls_ns && tls_ns < next_ns))
		next_ns = tls_ns;
	if (next_ns)
		timer_set(forwarding->timers, &forwarding->resume, now_ns,
			  next_ns > now_ns ? (next_ns - now_ns) / NS_PER_MS + 1 : 0);
	else
		timer_cancel(forwarding->timers, &forwarding->resume);
}

/* A change in what is known of the resolvers */
static void resolvers_changed(struct forwarding *forwarding, uint64_t now_ns)
{
	if (dns_choose(&forwarding->resolvers, forwarding_edit(forwarding)))
		forwarding_replace(forwarding);
	resume_set(forwarding, now_ns);
}

static void resume_fire(struct timer *timer, uint64_t now_ns)
{
	struct forwarding *forwarding = container_of(timer, struct forwarding, resume);
	bool any = fwd_resolvers_resume(&forwarding->resolvers.plain, now_ns);

	any |= fwd_resolvers_resume(&forwarding->resolvers.tls, now_ns);
	if (any)
		resolvers_changed(forwarding, now_ns);
	else
		resume_set(forwarding, now_ns);
}

void forwarding_init(struct forwarding *forwarding, const struct config *config,
		     struct timer_wheel *timers, void (*replaced)(struct forwarding *forwarding))
{
	*forwarding = (struct forwarding){
		.dns = &config->dns,
		.timers = timers,
		.resume.fn = resume_fire,
		.replaced = replaced,
	};
	forwarding->tables[0] = config->fwd;
	dns_apply(&config->dns, &config->resolv, &forwarding->tables[0], &forwarding->resolvers,
		  &forwarding->announce);
}

void forwarding_learn(struct forwarding *forwarding, struct policy_learnt *learnt,
		      struct fwd_own *own)
{
	forwarding->tables[0].own = forwarding->tables[1].own = own;
	forwarding->tables[0].learnt = forwarding->tables[1].learnt = learnt;
}

void forwarding_replace_with(struct forwarding *forwarding, const struct resolv *resolv)
{
	struct fwd_table *next = &forwarding->tables[!forwarding->current];

	next->resolv_changes++;
	dns_apply(forwarding->dns, resolv, next, &forwarding->resolvers, &forwarding->announce);
	forwarding_replace(forwarding);
}

void forwarding_resolv(struct forwarding *forwarding, const struct resolv *resolv)
{
	forwarding_edit(forwarding);
	forwarding_replace_with(forwarding, resolv);
	log_debug("resolv.conf has changed: %u resolvers", resolv->server_count);
}

void forwarding_retry_resolvers(struct forwarding *forwarding, uint64_t now_ns)
{
	bool any = fwd_resolvers_resume(&forwarding->resolvers.plain, UINT64_MAX);

	any |= fwd_resolvers_resume(&forwarding->resolvers.tls, UINT64_MAX);
	if (any)
		resolvers_changed(forwarding, now_ns);
}

void forwarding_resolver_result(struct forwarding *forwarding, const struct in6_addr *resolver,
				uint16_t port, uint64_t asked_ns, uint64_t now_ns)
{
	struct fwd_resolvers *resolvers = dns_resolvers_on(&forwarding->resolvers, port);
	char text[ADDR_TEXT_MAX];
	uint64_t more;
	bool news;

	if (!asked_ns)
		news = fwd_resolvers_answered(resolvers, resolver, now_ns);
	else
		news = fwd_resolvers_failed(resolvers, resolver, asked_ns, now_ns);
	if (!news)
		return;
	if (log_limit_pass(&forwarding->failed_limit, now_ns, &more))
		log_info("resolver %s port %u %s%s", addr_format(resolver, text), port,
			 asked_ns ? "does not answer, others are asked first" : "answers again",
			 log_limit_more(more).text);
	resolvers_changed(forwarding, now_ns);
}
