/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to "status": what this instance is, what it was set up as, what it can use.
 */
#ifndef COMMON_CONTROL_STATUS_H
#define COMMON_CONTROL_STATUS_H

#include <stdint.h>

#include "common/base/json.h"
#include "common/control/subject.h"

/* control_status() - its members, into the object that is open */
void control_status(const struct control_subject *subject, uint64_t now_ns, struct json *json);

/* control_resolvers() - the answer to "dns": the host's resolvers, likewise */
void control_resolvers(const struct control_subject *subject, struct json *json);

/* control_log_level() - the level that is in force */
enum log_level control_log_level(void);

#endif
