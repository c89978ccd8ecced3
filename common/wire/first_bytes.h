/* SPDX-License-Identifier: Apache-2.0
 *
 * What the first bytes of a TCP connection say about the name that it is meant for, whatever
 * protocol they are of: tls_hello.h, http_host.h. Those bytes are a client's who may want to be
 * taken for somebody else's by one reader and not by the other. So what is not plainly well-formed,
 * but could be understood by a tolerant server, is broken, and never another protocol.
 *
 * What was said stays: with more bytes after these, every outcome but the first one is the same.
 */
#ifndef COMMON_WIRE_FIRST_BYTES_H
#define COMMON_WIRE_FIRST_BYTES_H

/* So many are looked at; what has not said its name by then is broken */
#define FIRST_BYTES_MAX (16 * 1024)

enum first_bytes {
	FIRST_BYTES_MORE, /* too few to tell */
	FIRST_BYTES_NAME, /* there is one, and only one */
	FIRST_BYTES_NO_NAME, /* the client asks for whatever is at that address */
	FIRST_BYTES_BROKEN, /* malformed, ambiguous or too long */
	FIRST_BYTES_HTTP2, /* without TLS: names come later, in frames of its own */
	FIRST_BYTES_OTHER, /* another protocol */
};

#endif
