/* SPDX-License-Identifier: Apache-2.0
 *
 * One client's conversation, without I/O: bytes in, bytes out, and in between requests that are
 * carried out one after another, in order, as far as there is room for answers. Whatever a client
 * sends, or doesn't read, takes no more than the two buffers, and one for a transaction.
 */
#ifndef COMMON_CONTROL_SESSION_H
#define COMMON_CONTROL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/control/answer.h"
#include "common/control/forward.h"
#include "common/control/request.h"
#include "common/control/subject.h"

/* Answers that wait to be sent; at least one piece */
#define CONTROL_OUT_BYTES (2 * CONTROL_PIECE_MAX)

struct control_session {
	struct control_answer answer;
	struct control_capture capture;
	struct control_attached_fd attached;
	bool answering; /* @answer has more */
	bool ended; /* no more will come in */
	bool broken; /* what came in can't be read as lines any more */
	size_t in_len, out_at, out_len;
	char in[CONTROL_LINE_MAX];
	char out[CONTROL_OUT_BYTES];
	struct control_transaction transaction;
};

void control_session_init(struct control_session *session, const struct control_subject *subject);

/* control_session_fini() - the client is gone, and with it a capture that it has begun */
void control_session_fini(struct control_session *session);

/* control_session_room() - where to put what comes in
 *
 * Return: how much there is room for; 0: nothing is to be read now
 */
size_t control_session_room(struct control_session *session, char **ret_buf);

/* control_session_got() - @len bytes are there now */
void control_session_got(struct control_session *session, size_t len);

/* control_session_got_fd() - a descriptor has come with the next @len bytes, which are to be told
 * of after it; owned from here on. It is for a request that these are of, and closed if none takes
 * it
 */
void control_session_got_fd(struct control_session *session, int fd, size_t len);

/* control_session_end() - the client will send no more: half a line is none */
void control_session_end(struct control_session *session);

/* control_session_work() - carry out some of what has been asked for, a bounded amount, as far as
 * there is room for answers
 */
void control_session_work(struct control_session *session, uint64_t now_ns);

/* control_session_is_busy() - whether something that was asked for is still to be carried out */
bool control_session_is_busy(const struct control_session *session);

/* control_session_output() - what is to be sent; control_session_sent() says how much was */
const char *control_session_output(const struct control_session *session, size_t *ret_len);
void control_session_sent(struct control_session *session, size_t len);

/* control_session_is_over() - nothing is left to be sent or to come */
bool control_session_is_over(const struct control_session *session);

/* control_session_captures() - whether a capture runs that ends with the session */
bool control_session_captures(const struct control_session *session);

/* control_session_owes() - whether the client has begun something and not ended it: half a line, a
 * transaction, or answers that it does not read
 */
bool control_session_owes(const struct control_session *session);

#endif
