/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine without a tap, for sessions of the control socket to ask.
 */
#ifndef TEST_UNIT_CONTROL_FIXTURE_H
#define TEST_UNIT_CONTROL_FIXTURE_H

#include <stdlib.h>

#include "common/control/session.h"
#include "common/engine/engine.h"

struct control_fixture {
	struct config config;
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

/* Return: NULL if there is no memory */
static inline struct control_fixture *control_fixture_new(void)
{
	struct control_fixture *f = calloc(1, sizeof(*f));
	struct err err;

	if (!f)
		return NULL;
	f->config.max_flows = 8;
	if (engine_new(&f->config, -1, &f->subject.engine, &err)) {
		free(f);
		return NULL;
	}
	f->subject.facts.version = "0";
	f->subject.facts.addressing = &f->addressing;
	f->subject.quit = control_fixture_quit;
	f->subject.quit_arg = f;
	control_session_init(&f->session, &f->subject);
	return f;
}

static inline void control_fixture_free(struct control_fixture *f)
{
	engine_free(f->subject.engine);
	free(f);
}

#endif
