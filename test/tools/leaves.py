#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""leaves.py IFACE: print a line for each IP packet that leaves by the interface, until killed:
protocol, destination and its port. tcpdump wants to become another user, which a namespace of the tests
does not have. Neighbours are left out: asking for them is the kernel's business.
"""

import socket
import sys

ETH_P_ALL = 3
PACKET_OUTGOING = 4
NEIGHBOURS = range(133, 138)  # types of ICMPv6: RFC 4861, 4.1 to 4.5
NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


def line_of(frame):
    """What is printed; None: nothing of interest"""
    kind, packet = frame[12:14], frame[14:]
    if kind == b"\x08\x00":
        protocol, dest = packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20])
        payload = packet[(packet[0] & 15) * 4:]
    elif kind == b"\x86\xdd":
        protocol, dest = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40])
        payload = packet[40:]
        # Of multicast listeners: the kernel's, too (RFC 3810: behind a hop-by-hop option)
        if protocol == 0 or (protocol == 58 and payload[0] in NEIGHBOURS):
            return None
    else:
        return None
    port = int.from_bytes(payload[2:4], "big") if protocol in (6, 17) else 0
    return f"{NAMES.get(protocol, protocol)} {dest} {port}"


def main():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((sys.argv[1], 0))
    print("ready", flush=True)
    while True:
        frame, addr = sock.recvfrom(65536)
        line = line_of(frame) if addr[2] == PACKET_OUTGOING else None
        if line:
            print(line, flush=True)


main()
