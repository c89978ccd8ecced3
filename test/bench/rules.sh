#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A policy of 10,000 networks and 1,000 names, none of which a measurement goes to: what each flow
# has to be looked up in.
awk 'BEGIN {
	for (i = 0; i < 10000; i++)
		printf "deny 10.%d.%d.0/24\n", i / 256, i % 256
	for (i = 0; i < 1000; i++)
		printf "allow tcp/n%d.example.org:443\n", i
	print "allow any"
}'
