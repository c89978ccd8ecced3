/* SPDX-License-Identifier: Apache-2.0
 *
 * COMMAND's own resolv.conf, for a host whose resolvers are all on its loopback, where no port of
 * the namespace's loopback leads to them: it names the forwarding address, and keeps whatever else
 * the host's says. Decided here; the init puts it in place. A joined namespace never gets one.
 */
#ifndef LAUNCH_COMMAND_NAMES_H
#define LAUNCH_COMMAND_NAMES_H

#include <stdbool.h>

#include "common/engine/config.h"

/* command_names_wanted() - whether COMMAND could reach none of the resolvers without
 *
 * @config has addresses, rules, and what resolv.conf says.
 */
bool command_names_wanted(const struct config *config);

/* command_names_make() - the file's text, for command_names_wanted(); if the user gave no
 * forwarding address, @config gets one that nothing else has
 *
 * Return: text to be freed, or NULL: there is no family for it, or no memory, or no file to go by
 */
char *command_names_make(struct config *config);

#endif
