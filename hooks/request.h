/* SPDX-License-Identifier: Apache-2.0
 *
 * What one container gets: ports, options and a log file, put together from the hook's arguments
 * and the configuration, which are an administrator's, and from annotations, which a policy judges.
 *
 *	io.pasta.enable		true or false; false: this container is left alone
 *	io.pasta.publish	ports, separated by blanks or commas
 *	io.pasta.options	options of pasta, as --name or --name=value
 *	io.pasta.policy		a policy that narrows the administrator's, as text
 *	io.pasta.log		path of a log file, to which a dot and the container's ID are added
 */
#ifndef HOOKS_REQUEST_H
#define HOOKS_REQUEST_H

#include <limits.h>

#include "hooks/policy.h"
#include "hooks/words.h"

/* pasta's option for the policy of an annotation */
#define REQUEST_NARROW "--policy-narrow"
#define REQUEST_NARROW_ANNOTATION "io.pasta.policy"

struct request {
	bool disabled;
	struct words tcp; /* specifications of ports, as pasta takes them */
	struct words udp;
	struct words options; /* of the administrator */
	struct words asked_options; /* of the annotations */
	char log[PATH_MAX]; /* "": none */
	const char *narrow; /* policy, in the annotations; NULL: none */
};

void request_init(struct request *request);
void request_fini(struct request *request);

/* request_add_option() - the administrator's. Return: 0 or -errno with @err set */
int request_add_option(struct request *request, const char *text, struct hook_err *err);

/* request_add_publish() - @policy: NULL if the one who asks needs no permission
 *
 * Return: 0 or -errno with @err set
 */
int request_add_publish(struct request *request, const char *text, const struct policy *policy,
			struct hook_err *err);

/* request_add_annotations() - @annotations: of the state, NULL if there are none
 * @id:		the container's, which the log's name ends with: who chooses an annotation doesn't
 *		choose that, and so names nobody else's log
 *
 * Annotations that don't start with io.pasta. are somebody else's; one that does and is not in
 * the list above is an error, so that a slip of the pen doesn't go unnoticed.
 *
 * Return: 0 or -errno with @err set
 */
int request_add_annotations(struct request *request, const json_t *annotations, const char *id,
			    const struct policy *policy, struct hook_err *err);

/* request_command() - the words of pasta's command line
 * @pasta:	the program
 * @netns:	path of the network namespace
 * @userns:	path of the user namespace to join; NULL: none
 * @pid_file:	where pasta writes its process id
 *
 * What annotations ask for comes last: an option without its value finds no other word to take.
 *
 * Return: 0, or as words_add()
 */
int request_command(const struct request *request, const char *pasta, const char *netns,
		    const char *userns, const char *pid_file, struct words *ret_command);

#endif
