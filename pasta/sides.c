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

static const struct diag *side_diag(const struct sides *sides, enum socket_side side)
{
	return side == SOCKET_HOST ? &sides->host : &sides->ns;
}

static int sides_list(void *arg, enum socket_side side, int type, socket_listener_fn fn,
		      void *fn_arg)
{
	const struct diag *diag = side_diag(arg, side);

	return diag->fd < 0 ? -EBADF : diag_listeners(diag, type, fn, fn_arg);
}

static int sides_census(void *arg, enum socket_side side, uint64_t *ret_census)
{
	return diag_census(side_diag(arg, side), ret_census);
}

struct socket_source sides_source(struct sides *sides)
{
	return (struct socket_source){
		.get_ns = ns_sockets_get,
		.arg = &sides->sockets,
		.list = sides_list,
		.census = sides_census,
		.list_arg = sides,
	};
}
