/* SPDX-License-Identifier: Apache-2.0
 *
 * All instances of the user's. Each is looked at twice, a moment apart: what went through it in
 * between is its rates.
 */
#ifndef CLIENTS_PASTACTL_LIST_H
#define CLIENTS_PASTACTL_LIST_H

#include <stdbool.h>
#include <stdio.h>

#include "common/base/err.h"

/* list_instances() - as a table, or their statuses with the rates as JSON
 *
 * Return: 0, or -errno with @err set
 */
int list_instances(bool json, FILE *out, struct err *err);

#endif
