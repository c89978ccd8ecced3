/* SPDX-License-Identifier: Apache-2.0
 *
 * Flows as they are now, again and again, with rates, on a terminal: what is on it before is there
 * again afterwards, however that comes about.
 */
#ifndef CLIENTS_PASTACTL_WATCH_H
#define CLIENTS_PASTACTL_WATCH_H

#include "common/base/err.h"

/* watch_flows() - until somebody wants no more
 * @request:	which flows, in the protocol's words
 * @socket:	of the instance
 *
 * Return: 0, or -errno with @err set
 */
int watch_flows(const char *request, const char *socket, struct err *err);

#endif
