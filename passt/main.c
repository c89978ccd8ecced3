/* SPDX-License-Identifier: Apache-2.0
 *
 * The passt command. main() reads top to bottom as the story of a start: parse, look at the host,
 * listen on its ports and for the guest, become nobody in a user namespace of our own, make the
 * engine, lock the process in, go to the background, translate for one guest after the other, or
 * for the only one. Only here does anything exit; a failure before all is ready is one line on
 * stderr, status 1 and nothing left behind. What is the same for pasta is in launch/launch.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/util.h"
#include "common/engine/engine.h"
#include "launch/features.h"
#include "launch/launch.h"
#include "launch/runas.h"
#include "netns/start/space.h"
#include "passt/guest.h"

/* One start of passt, from the command line to the end */
struct instance {
	struct launch launch;
	struct guest guest;
};

/* What the caller may open, before we become anybody else */
static int open_files(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = launch_open_files(launch, err);

	if (!rc)
		rc = guest_open(&self->guest, &launch->settings, &launch->made_files, err);
	if (!rc)
		made_files_start(&launch->made_files);
	return rc;
}

/* The host's ports are bound, and nobody needs to be who the caller is any more */
static int leave_user(struct launch *launch, struct err *err)
{
	int rc = runas_apply(launch->settings.runas, false, err);

	if (rc)
		return rc;
	names_start(&launch->names, &launch->settings, &launch->config);
	follow_start(&launch->follow, &launch->settings, &launch->host, &launch->addressing);
	return space_enter_user(err);
}

/* What a kernel does for a tap, segments and checksums, is done here for a stream, and for a guest
 * whose network card does not
 */
static int make_engine(struct launch *launch, struct err *err)
{
	const struct settings *settings = &launch->settings;
	struct config *config = &launch->config;
	sigset_t signals;
	int rc;

	process_end_signals(&launch->ignored, &signals);
	launch_limit(launch);
	config->sockets = (struct socket_source){ 0 }; /* a guest has none for us */
	config->link.kind = settings->vhost_user ? LINK_VHOST : LINK_STREAM;
	if (settings->vhost_user)
		config->max_fds -= MIN(VHOST_FDS, config->max_fds);
	config->link.tso = features_wanted(settings, SETTINGS_DISABLE_TSO);
	config->link.uso = features_wanted(settings, SETTINGS_DISABLE_USO);
	rc = launch_make_engine(launch, -1, &signals, err);
	return rc ? rc : launch_start_control(launch, "", 0, err);
}

static int lock_in(struct launch *launch, struct err *err)
{
	const struct lockin_request request = {
		.landlock = features_wanted(&launch->settings, SETTINGS_DISABLE_LANDLOCK),
		.maps_guest = launch->settings.vhost_user,
	};
	int rc = launch_leave_root(launch, err);

	return rc ? rc : launch_lock_in(launch, &request, err);
}

/* All works: the caller may know */
static int be_ready(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = launch_write_files(launch, err);

	if (rc)
		return rc;
	rc = guest_start(&self->guest, launch->engine);
	if (rc)
		return err_set(err, rc, "cannot watch the guest's socket: %s", strerror(-rc));
	rc = launch_ready(launch, err);
	if (!rc)
		made_files_ready(&launch->made_files);
	return rc;
}

/* Until a signal says that it's over, or the only guest has gone */
static int translate(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;

	for (;;) {
		int rc = engine_run(launch->engine);

		if (launch->ended)
			return 0;
		if (rc == -EPROTO)
			log_warning("the guest's connection ends: %s",
				    engine_reason(launch->engine));
		if (launch->settings.one_off)
			return 0;
		rc = guest_gone(&self->guest);
		if (rc)
			return err_set(err, rc, "cannot wait for the next guest: %s",
				       strerror(-rc));
	}
}

static int run(struct instance *self, struct err *err)
{
	struct launch *launch = &self->launch;
	int rc = launch_look(launch, err);

	if (!rc)
		rc = open_files(self, err);
	if (!rc)
		rc = launch_listen(launch, err);
	if (rc)
		return rc;
	rc = leave_user(launch, err);
	launch_leave_caller(launch);
	if (!rc)
		rc = make_engine(launch, err);
	if (rc)
		return rc;
	launch_summary(launch);
	rc = lock_in(launch, err);
	if (!rc)
		rc = be_ready(self, err);
	return rc ? rc : translate(self, err);
}

int main(int argc, char **argv)
{
	struct instance self;
	struct launch *launch = &self.launch;
	struct err err;
	int status = EXIT_FAILURE, rc;

	launch_init(launch);
	guest_init(&self.guest);
	if (!launch_parse(launch, SETTINGS_PASST, argc, argv, &status) ||
	    !launch_fork(launch, !launch->settings.foreground, &status))
		return status;
	rc = run(&self, &err);
	launch_stop(launch);
	launch_finish(launch);
	return rc ? launch_fail(launch, &err) : EXIT_SUCCESS;
}
