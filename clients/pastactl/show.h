/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of an instance as text for people. Nothing is asked or owned here.
 */
#ifndef CLIENTS_PASTACTL_SHOW_H
#define CLIENTS_PASTACTL_SHOW_H

#include <jansson.h>
#include <stdio.h>

/* show_json() - as it came, in one line, for programs. Return: 0 or -ENOMEM, as all of these */
int show_json(const json_t *answer, FILE *out);

/* show_instances() - a line for each status in an array, with its "out_rate", "in_rate" and
 * "local_rate"
 */
int show_instances(const json_t *statuses, FILE *out);

int show_status(const json_t *answer, FILE *out);
int show_flows(const json_t *answer, FILE *out);

/* show_live_flows() - the first @rows lines of flows with "out_rate" and "in_rate", @width wide */
int show_live_flows(const json_t *flows, size_t rows, size_t width, FILE *out);

int show_forwards(const json_t *answer, FILE *out);

/* show_policy() - the rules, or what one of them says of a flow */
int show_policy(const json_t *answer, FILE *out);
int show_resolvers(const json_t *answer, FILE *out);

/* show_counters() - those that are not zero */
int show_counters(const json_t *answer, FILE *out);

int show_log(const json_t *answer, FILE *out);
int show_nothing(const json_t *answer, FILE *out);

#endif
