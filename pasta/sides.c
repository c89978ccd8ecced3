/* SPDX-License-Identifier: Apache-2.0
 *
 * Glue between the engine's struct socket_source and netns/.
 */
#include "pasta/sides.h"

#include <errno.h>

void sides_init(struct sides *sides)
{
	*sides = (struct sides){ .host = { -1, -1, -1 }, .ns = { -1, -1, -1 } };
}

static int sides_list(void *arg, enum socket_side side, int type, socket_listener_fn fn,
		      void *fn_arg)
{
	const struct sides *sides = arg;
	const struct diag *diag = side == SOCKET_HOST ? &sides->host : &sides->ns;

	return diag->fd < 0 ? -EBADF : diag_listeners(diag, type, fn, fn_arg);
}

struct socket_source sides_source(struct sides *sides)
{
	return (struct socket_source){
		.get_ns = ns_sockets_get,
		.arg = &sides->sockets,
		.list = sides_list,
		.list_arg = sides,
	};
}
