/* SPDX-License-Identifier: Apache-2.0
 *
 * Every direction is listed, so that the compiler finds what a new one would need.
 */
#include "common/fwd/direction.h"

enum fwd_direction fwd_direction_opposite(enum fwd_direction direction)
{
	switch (direction) {
	case FWD_TCP_TO_NS:
		return FWD_TCP_TO_HOST;
	case FWD_UDP_TO_NS:
		return FWD_UDP_TO_HOST;
	case FWD_TCP_TO_HOST:
		return FWD_TCP_TO_NS;
	case FWD_UDP_TO_HOST:
		break;
	}
	return FWD_UDP_TO_NS;
}

const char *fwd_direction_text(enum fwd_direction direction)
{
	switch (direction) {
	case FWD_TCP_TO_NS:
		return "tcp to namespace";
	case FWD_UDP_TO_NS:
		return "udp to namespace";
	case FWD_TCP_TO_HOST:
		return "tcp to host";
	case FWD_UDP_TO_HOST:
		return "udp to host";
	}
	return "unknown direction";
}

const char *fwd_direction_option(enum fwd_direction direction)
{
	switch (direction) {
	case FWD_TCP_TO_NS:
		return "--tcp-ports";
	case FWD_UDP_TO_NS:
		return "--udp-ports";
	case FWD_TCP_TO_HOST:
		return "--tcp-ns";
	case FWD_UDP_TO_HOST:
		break;
	}
	return "--udp-ns";
}
