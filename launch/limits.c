/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables are reserved whole and cost what is touched of them, so that only address space is a
 * reason to make them smaller.
 */
#include "launch/limits.h"

#include "common/base/log.h"
#include "common/base/util.h"
#include "launch/features.h"
#include "launch/process.h"

/* Not every flow takes a descriptor */
#define FLOWS_MIN (128U * 1024)
#define FLOWS_MAX (256U * 1024)

static uint32_t usable_fds(uint32_t fd_limit)
{
	return fd_limit > PROCESS_FDS_RESERVED ? fd_limit - PROCESS_FDS_RESERVED : 0;
}

void limits_apply(const struct settings *settings, struct config *config)
{
	uint32_t fd_limit = process_raise_fd_limit();

	config->busy_poll_us = settings->busy_poll_us;
	config->workers_rest = true;
	config->max_fds = usable_fds(fd_limit);
	config->max_flows = MIN(MAX(config->max_fds, FLOWS_MIN), FLOWS_MAX);
	config->tcp_peek_off =
		features_wanted(settings, SETTINGS_DISABLE_PEEK_OFF) && features_tcp_peek_off();
	log_debug("TCP SO_PEEK_OFF: %s, flows: %u at most, polling: %u us at most",
		  config->tcp_peek_off ? "yes" : "no", config->max_flows, config->busy_poll_us);
}
