/* SPDX-License-Identifier: Apache-2.0
 *
 * What an instance has counted, as metrics for Prometheus and others: text by OpenMetrics 1.0.
 * Names and labels are a table's, so that there are as many time series for a day as for a year: no
 * address, port or flow is a label. Pure: answers in, text out.
 */
#ifndef CLIENTS_OPENMETRICS_H
#define CLIENTS_OPENMETRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* What it is, for HTTP */
#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* openmetrics_print() - the whole text, its end included
 * @status, @counters:	the answers to these requests; what they lack is left out
 */
void openmetrics_print(const json_t *status, const json_t *counters, FILE *out);

/* openmetrics_has_counter() - whether there is a metric for the counter of this name */
bool openmetrics_has_counter(const char *name);

#endif
