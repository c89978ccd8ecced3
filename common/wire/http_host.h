/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's name in an HTTP/1 request (RFC 9112, 3.2): the target's where it has one, else the
 * Host field's. All of the header section is needed, as a second Host may be its last line. Pure.
 */
#ifndef COMMON_WIRE_HTTP_HOST_H
#define COMMON_WIRE_HTTP_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire/first_bytes.h"
#include "common/wire/name.h"

/* http_host_name() - of the first @len bytes that a client sends
 * @ret_name:	see name_canonical(), without a port; only for FIRST_BYTES_NAME
 */
enum first_bytes http_host_name(const uint8_t *data, size_t len, char ret_name[NAME_TEXT_MAX + 1]);

#endif
