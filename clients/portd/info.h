/* SPDX-License-Identifier: Apache-2.0
 *
 * What clients are told of the namespace and of what can be forwarded, out of pasta's status. Pure.
 */
#ifndef CLIENTS_PORTD_INFO_H
#define CLIENTS_PORTD_INFO_H

#include <jansson.h>

#include "clients/portd/port_spec.h"

/* Of rootlesskit's API */
#define INFO_API_VERSION "1.1.1"

/* info_home() - the namespace's addresses
 * @status:	pasta's answer to that request
 */
void info_home(const json_t *status, struct port_home *ret_home);

/* info_to_json() - the answer to GET /v1/info
 * @state_dir:	as given
 *
 * Return: for json_decref(); NULL if there is no memory
 */
json_t *info_to_json(const json_t *status, const char *state_dir);

#endif
