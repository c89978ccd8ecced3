/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's name in a TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), wherever records and
 * segments cut it. With an encrypted one inside (RFC 9849) the outer name is what counts: nobody
 * else than the server named there can read the other. Pure.
 */
#ifndef COMMON_WIRE_TLS_HELLO_H
#define COMMON_WIRE_TLS_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire/first_bytes.h"
#include "common/wire/name.h"

/* tls_hello_name() - of the first @len bytes that a client sends
 * @ret_name:	see name_canonical(); only for FIRST_BYTES_NAME
 */
enum first_bytes tls_hello_name(const uint8_t *data, size_t len, char ret_name[NAME_TEXT_MAX + 1]);

#endif
