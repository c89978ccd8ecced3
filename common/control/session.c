/* SPDX-License-Identifier: Apache-2.0
 *
 * A request stays in front of the input buffer until its answer has begun.
 */
#include "common/control/session.h"

#include <stdio.h>
#include <string.h>

/* Pieces of answers in one go, before packets get their turn */
#define SESSION_PIECES 4

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

void control_session_init(struct control_session *s, const struct control_subject *subject)
{
	s->answering = s->ended = s->broken = false;
	s->in_len = s->out_at = s->out_len = 0;
	s->answer.subject = subject;
	s->answer.transaction = &s->transaction;
	control_transaction_init(&s->transaction);
	s->answer.capture = &s->capture;
	control_capture_init(&s->capture);
	s->answer.attached = &s->attached;
	control_attached_fd_init(&s->attached);
}

void control_session_fini(struct control_session *s)
{
	control_attached_fd_fini(&s->attached);
	control_capture_fini(&s->capture, s->answer.subject->engine);
}

size_t control_session_room(struct control_session *s, char **ret_buf)
{
	if (s->ended || s->broken)
		return 0;
	*ret_buf = s->in + s->in_len;
	return sizeof(s->in) - s->in_len;
}

void control_session_got(struct control_session *s, size_t len)
{
	s->in_len += len;
}

void control_session_got_fd(struct control_session *s, int fd, size_t len)
{
	control_attached_fd_offer(&s->attached, fd, s->in_len, s->in_len + len);
}

void control_session_end(struct control_session *s)
{
	s->ended = true;
}

/* Room for a piece at the end of the output. Return: NULL if there is none */
static char *piece_room(struct control_session *s)
{
	if (s->out_at) {
		memmove(s->out, s->out + s->out_at, s->out_len);
		s->out_at = 0;
	}
	return sizeof(s->out) - s->out_len >= CONTROL_PIECE_MAX ? s->out + s->out_len : NULL;
}

/* Of the first line of the input; NULL if none is whole */
static char *line_end(struct control_session *s)
{
	return memchr(s->in, '\n', s->in_len);
}

static void answer_error(struct control_session *s, const char *text, char *room)
{
	s->out_len += control_answer_error(text, room);
}

/* Begin to answer the first line, up to @end */
static void answer_line(struct control_session *s, char *end, char *room, uint64_t now_ns)
{
	size_t len = (size_t)(end - s->in), piece;

	*end = '\0';
	control_attached_fd_line(&s->attached, len + 1);
	if (strlen(s->in) != len) {
		answer_error(s, "request: no word has a NUL byte", room);
	} else {
		s->answering = control_answer_begin(&s->answer, s->in, now_ns, room, &piece);
		s->out_len += piece;
	}
	control_attached_fd_line_end(&s->attached);
	s->in_len -= len + 1;
	memmove(s->in, end + 1, s->in_len);
}

/* Return: whether anything was done */
static bool work_once(struct control_session *s, uint64_t now_ns)
{
	char *room = piece_room(s), *end = line_end(s);
	size_t piece;

	if (!room || s->broken)
		return false;
	if (s->answering) {
		s->answering = control_answer_more(&s->answer, now_ns, room, &piece);
		s->out_len += piece;
		return true;
	}
	if (end) {
		answer_line(s, end, room, now_ns);
		return true;
	}
	if (s->in_len < sizeof(s->in))
		return false;
	answer_error(s, "request: longer than " TEXT(CONTROL_LINE_MAX) " bytes", room);
	s->broken = true;
	return false;
}

void control_session_work(struct control_session *s, uint64_t now_ns)
{
	for (int i = 0; i < SESSION_PIECES; i++)
		if (!work_once(s, now_ns))
			return;
}

bool control_session_is_busy(const struct control_session *s)
{
	return !s->broken && (s->answering || memchr(s->in, '\n', s->in_len));
}

const char *control_session_output(const struct control_session *s, size_t *ret_len)
{
	*ret_len = s->out_len;
	return s->out + s->out_at;
}

void control_session_sent(struct control_session *s, size_t len)
{
	s->out_at += len;
	s->out_len -= len;
}

bool control_session_is_over(const struct control_session *s)
{
	return !s->out_len && (s->broken || s->ended) && !control_session_is_busy(s);
}

bool control_session_captures(const struct control_session *s)
{
	return control_capture_is_running(&s->capture, s->answer.subject->engine);
}

bool control_session_owes(const struct control_session *s)
{
	return s->out_len || s->in_len || s->transaction.open;
}
