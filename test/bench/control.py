#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure the control socket of a pasta whose tap is full of iperf3's packets.

usage: control.py --pasta PATH --tools DIR [--secs N] [--rounds N] [--flows N]

Beside N open connections, in a host that test/bats/host.sh plays: how long requests take to be answered,
one after another, and what iperf3 gets with a client that asks for `flows` ten times a second, against
without one; each round has both, in turn. The last lines are the 99th percentile and the median of the
rounds' ratios, with what is wanted of them; figures of a machine with other work to do are its own.
"""
import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import tempfile
import threading
import time

from bench import R4, Host, gbits, stop

WANTED_P99_MS = 20
WANTED_RATIO = 0.97
POLLS_PER_S = 10
# One after another, in turn: what reads, and a rule that comes and goes
REQUESTS = ("status", "flows", "counters", "forward list", "forward add -t 9090:90", "flows limit 10",
            "forward rm -t 9090:90", "dns", "log")
PAUSE_S = 0.005  # between these, or they would be the load

# Opens as many connections as it is told, and becomes the client, which inherits them
CLIENT = """
import os, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = [socket.create_connection((sys.argv[1], 5300), 10) for _ in range(int(sys.argv[2]))]
for s in held:
    s.set_inheritable(True)
os.execvp("iperf3", ["iperf3"] + sys.argv[3:])
"""


class Asker(threading.Thread):
    """A client that asks until it is told to stop, and knows how long each answer took"""

    def __init__(self, path, requests, every_s):
        super().__init__()
        self.path, self.requests, self.every_s = path, requests, every_s
        self.taken_ms, self.failure, self.stopped = [], None, threading.Event()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + 10
        while True:
            try:
                s.connect(self.path)
                return s
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def ask(self, s, lines, request):
        begin = time.monotonic()
        s.sendall(request.encode() + b"\n")
        answer = lines.readline()
        self.taken_ms.append((time.monotonic() - begin) * 1000)
        if not json.loads(answer)["ok"]:
            raise RuntimeError(f"{request}: {answer}")

    def run(self):
        try:
            with self.connect() as s, s.makefile() as lines:
                self.ask(s, lines, "status")  # answered when pasta is ready
                self.taken_ms.clear()
                number = 0
                while not self.stopped.wait(self.every_s):
                    self.ask(s, lines, self.requests[number % len(self.requests)])
                    number += 1
        except (OSError, RuntimeError, ValueError) as e:
            # pasta's end is that of the measurement
            self.failure = None if self.taken_ms and isinstance(e, (ConnectionError, ValueError)) else e


class Bench:
    def __init__(self, args):
        self.args, self.host, self.dir = args, Host(), tempfile.mkdtemp()
        self.path = os.path.join(self.dir, "control.sock")
        self.server = self.host.popen(self.host.remote, f"{args.tools}/load serve 5300")
        self.host.wait_port(self.host.remote, 5300)

    def close(self):
        stop(self.server)
        self.host.close()
        shutil.rmtree(self.dir)

    def transfer(self, direction, asker=None):
        """Gbit/s of iperf3 in a pasta of its own, with @asker beside it"""
        server = self.host.popen(self.host.remote, f"iperf3 -s -1 -p 5201 -B {R4}")
        try:
            self.host.wait_port(self.host.remote, 5201)
            if asker:
                asker.start()
            out = self.host.run(
                self.host.host, f"{self.args.pasta} --config-net -q -t none -u none -T none -U none "
                f"-c {self.path} -- python3 -c '{CLIENT}' {R4} {self.args.flows} -J -t {self.args.secs} "
                f"-p 5201 -c {R4} {direction}", self.args.secs + 30)
        finally:
            if asker:
                asker.stopped.set()
                asker.join()
            stop(server)
        if asker and asker.failure:
            raise asker.failure
        return gbits(json.loads(out)["end"])

    def round(self, direction, number):
        """Return: how long answers took, in ms, and the ratio of with and without"""
        hurried = Asker(self.path, REQUESTS, PAUSE_S)
        self.transfer(direction, hurried)
        rates = {}
        for polled in (False, True) if number % 2 else (True, False):
            asker = Asker(self.path, ("flows",), 1 / POLLS_PER_S) if polled else None
            rates[polled] = self.transfer(direction, asker)
        return hurried.taken_ms, rates


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--pasta", required=True)
    ap.add_argument("--tools", required=True)
    ap.add_argument("--secs", type=int, default=3)
    ap.add_argument("--rounds", type=int, default=4)
    ap.add_argument("--flows", type=int, default=100)
    args = ap.parse_args()

    os.environ["PATH"] += ":/usr/sbin:/sbin"
    all_ms, ratios = [], []
    with contextlib.closing(Bench(args)) as bench:
        for direction, name in (("", "out"), ("-R", "back")):
            for number in range(args.rounds):
                taken_ms, rates = bench.round(direction, number)
                all_ms += taken_ms
                ratios.append(rates[True] / rates[False])
                print(f"TCP {name}: {rates[False]:.2f} Gbit/s, with polls {rates[True]:.2f}: "
                      f"{ratios[-1]:.3f}; {len(taken_ms)} answers, median {percentile(taken_ms, 0.5):.2f} ms, "
                      f"p99 {percentile(taken_ms, 0.99):.2f}, longest {max(taken_ms):.2f}", flush=True)
    print(f"\nanswers: p99 {percentile(all_ms, 0.99):.2f} ms of {len(all_ms)} (wanted: under {WANTED_P99_MS})")
    print(f"throughput with {POLLS_PER_S} polls a second: {statistics.median(ratios):.3f} of that without "
          f"(wanted: at least {WANTED_RATIO})")


if __name__ == "__main__":
    main()
