#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh JOBS FILE...: clang-tidy with the checks of .clang-tidy, several files at a time.

set -u
jobs=$1
shift
flags="-I. -D_GNU_SOURCE -std=gnu11 -Wall -Wextra $(pkg-config --cflags libnl-route-3.0)"
export flags
# clang-tidy counts on stderr the warnings that it doesn't show
printf '%s\n' "$@" | xargs -P "$jobs" -n 4 sh -c \
	'clang-tidy --quiet "$@" -- -DPASTA_VERSION="\"0\"" -DWORKERS_AUTO=0 $flags 2>&1 | grep -v "warnings* generated\.$\|warnings treated as errors$" | grep . && exit 1 || exit 0' tidy
