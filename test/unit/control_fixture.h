/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine whose frames would go by a stream, which nobody is at the other end of, for sessions of
 * the control socket to ask. Its rules can be changed, but both families are off, so that no socket
 * is opened: only automatic rules have nothing to open.
 */
#ifndef TEST_UNIT_CONTROL_FIXTURE_H
#define TEST_UNIT_CONTROL_FIXTURE_H

#include <errno.h>
#include <stdlib.h>

#include "common/control/session.h"
#include "common/engine/engine.h"
#include "common/fwd/listeners.h"
#include "common/fwd/rules.h"

struct control_fixture {
	struct config config;
	struct fwd_listeners listeners;
	struct fwd_rules *rules;
	struct addressing addressing;
	struct control_subject subject;
	struct control_session session;
	int quits, quits_now;
};

static inline void control_fixture_quit(void *arg, bool now)
{
	struct control_fixture *f = arg;

	f->quits++;
	f->quits_now += now;
}

static inline int control_fixture_list(void *list_arg, enum socket_side side, int type,
				       socket_listener_fn fn, void *fn_arg)
{
	(void)list_arg;
	(void)side;
	(void)type;
	(void)fn;
	(void)fn_arg;
	return 0;
}

static inline int control_fixture_get(void *arg, int family, int type)
{
	(void)arg;
	(void)family;
	(void)type;
	return -EAFNOSUPPORT;
}

/* Rules for nothing. Return: 0 or -errno */
static inline int control_fixture_rules(struct control_fixture *f)
{
	f->rules = malloc(sizeof(*f->rules));
	if (!f->rules)
		return -ENOMEM;
	fwd_rules_init(f->rules);
	f->config.rules = f->rules;
	f->config.listeners = &f->listeners;
	f->config.fwd.tcp = f->config.fwd.udp = true;
	f->config.max_fds = 64;
	f->config.sockets = (struct socket_source){
		.get_ns = control_fixture_get,
		.list = control_fixture_list,
	};
	return fwd_listeners_init(&f->listeners, &f->config.sockets);
}

/* Return: NULL if there is no memory */
static inline struct control_fixture *control_fixture_new(void)
{
	struct control_fixture *f = calloc(1, sizeof(*f));
	struct err err;

	if (!f)
		return NULL;
	f->config.max_flows = 8;
	f->config.link.kind = LINK_STREAM;
	if (control_fixture_rules(f) || engine_new(&f->config, -1, &f->subject.engine, &err)) {
		fwd_listeners_fini(&f->listeners);
		free(f->rules);
		free(f);
		return NULL;
	}
	f->listeners.ip4 = f->listeners.ip6 = false;
	f->subject.facts.version = "0";
	f->subject.facts.addressing = &f->addressing;
	f->subject.quit = control_fixture_quit;
	f->subject.quit_arg = f;
	control_session_init(&f->session, &f->subject);
	return f;
}

static inline void control_fixture_free(struct control_fixture *f)
{
	control_session_fini(&f->session);
	engine_free(f->subject.engine);
	fwd_listeners_fini(&f->listeners);
	free(f->rules);
	free(f);
}

static inline int control_fixture_setup(void **state)
{
	*state = control_fixture_new();
	return *state ? 0 : -1;
}

static inline int control_fixture_teardown(void **state)
{
	control_fixture_free(*state);
	return 0;
}

#endif
