/* SPDX-License-Identifier: Apache-2.0
 *
 * A request carried out on the engine: one line of JSON, written piece by piece as there is room,
 * so that a list of any length takes no memory of its own and never holds up the engine. Between
 * two pieces flows come and go: a list shows each that was there all the time once. A piece has at
 * most CONTROL_PIECE_MAX bytes.
 */
#ifndef COMMON_CONTROL_ANSWER_H
#define COMMON_CONTROL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/control/capture.h"
#include "common/control/forward.h"
#include "common/control/request.h"
#include "common/control/subject.h"

#define CONTROL_PIECE_MAX 12288

/* Of requests and answers: man/pasta-control.7 */
#define CONTROL_PROTOCOL 1

/* What requests are carried out on */
struct control_answer {
	const struct control_subject *subject;
	struct control_transaction *transaction; /* the client's; borrowed */
	struct control_capture *capture; /* the client's; borrowed */
	struct control_attached_fd *attached; /* likewise */
	struct control_request request;
	bool comma; /* of the JSON so far */
	uint32_t next; /* the list goes on there */
	uint32_t left; /* entries that it may still have */
};

/* control_answer_begin() - the first piece
 * @answer:	has a subject, and a transaction and the capture of its client
 * @line:	the request, without its newline
 * @buf:	has room for CONTROL_PIECE_MAX bytes
 * @ret_len:	what was written there
 *
 * Return: whether there is more: control_answer_more() has it
 */
bool control_answer_begin(struct control_answer *answer, const char *line, uint64_t now_ns,
			  char *buf, size_t *ret_len);

/* control_answer_more() - the next piece, likewise; it may be empty, and others follow */
bool control_answer_more(struct control_answer *answer, uint64_t now_ns, char *buf,
			 size_t *ret_len);

/* control_answer_error() - a whole answer that says what is wrong. Return: its length */
size_t control_answer_error(const char *text, char *buf);

#endif
