/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in rules that people write in their own script, as DNS has them: xn--..., by IDNA2008 with
 * the mapping of UTS #46 (non-transitional), which libidn2 does. The engine knows ASCII alone, and
 * whoever reads rules for it converts them before.
 *
 * Knows nothing of rules but where in them a name can stand, and changes nothing that is ASCII.
 */
#ifndef LAUNCH_IDNA_H
#define LAUNCH_IDNA_H

#include <stdint.h>

#include "common/base/err.h"

/* idna_rule() - a rule's text, its name converted
 * @ret_rule:	to be freed; NULL: there is nothing to convert
 *
 * Return: 0, or -errno with @err set, which begins with the word that is wrong
 */
int idna_rule(const char *rule, char **ret_rule, struct err *err);

/* idna_line() - the same for a line of a file of rules, if it has a rule
 * @file, @number:	where it stands, for @err
 */
int idna_line(const char *line, const char *file, uint32_t number, char **ret_line,
	      struct err *err);

#endif
