#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure pasta beside what else is installed, in one run.

usage: bench.py --pasta PATH --tools DIR --out DIR [--peer NAME=COMMAND]... [--passt NAME=COMMAND]...
                [--cases REGEX] [--secs N] [--rounds N]

The peers are "direct" (no tool at all: the kernel's own limit), another `pasta` and
`slirp4netns` if they are in $PATH, and what --peer adds (a pasta-compatible command). --passt adds
one that serves virtual machines, twice: with a guest of test/tools by a stream of frames, and by
vhost-user; cases of IPv4 and TCP are what it can be measured with. All of it
happens in a host that test/bats/host.sh plays: nothing of the machine's network is touched, and
no root is needed. In each round every case is measured with every tool in turn; what counts is
the median. Writes DIR/results.md, DIR/results.svg and DIR/results.json.
"""
import argparse
import glob
import html
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
R4, R6 = "198.51.100.3", "2001:db8:1::3"
COLORS = {"pasta": "#2166ac", "direct": "#bbbbbb"}
CROWD = 50  # containers at once
OTHER_COLORS = ["#d6604d", "#f4a582", "#92c5de", "#4d9221"]


class Host:
    """The namespaces, and commands in them."""

    def __init__(self):
        self.dir = tempfile.mkdtemp()
        self.job = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--ipc", "--uts",
             "--fork", "--kill-child", "--propagation", "private", "bash",
             os.path.join(HERE, "..", "bats", "host.sh"), self.dir],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        pids = os.path.join(self.dir, "pids")
        while not os.path.exists(pids):
            if self.job.poll() is not None:
                sys.exit("this system does not let us make namespaces")
            time.sleep(0.01)
        with open(pids) as f:
            self.host, self.remote, _ = f.read().split()

    def popen(self, where, command):
        return subprocess.Popen(
            ["nsenter", "-t", where, "--user", "--preserve-credentials", "--net", "--mount",
             "--pid", "--ipc", "--uts", "--", "bash", "-c", "exec " + command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)

    def run(self, where, command, timeout):
        p = self.popen(where, command)
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            stop(p)
            raise RuntimeError("timeout") from None
        if p.returncode:
            raise RuntimeError(err.strip() or f"exit status {p.returncode}")
        return out

    def wait_port(self, where, port):
        end = time.monotonic() + 5
        while not self.run(where, f"ss -Htuln 'sport = :{port}'", 5):
            if time.monotonic() > end:
                raise RuntimeError("the server does not start")

    def close(self):
        self.job.kill()
        self.job.wait()
        shutil.rmtree(self.dir)


def stop(p):
    try:
        os.killpg(p.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    p.wait()


class Tool:
    """One way to get a command onto the network."""

    def __init__(self, name, kind, command=""):
        self.name, self.kind, self.command = name, kind, command

    def wrap(self, command, mtu):
        if self.kind == "direct":
            return command
        return f"{self.command} --config-net -q -m {mtu} -- {command}"


class Slirp(Tool):
    """slirp4netns joins a namespace from outside: a holder, the tool, then nsenter."""

    def __init__(self, command):
        super().__init__("slirp4netns", "slirp4netns", command)

    def wrap(self, command, mtu):
        return (f"bash -c 'unshare -rn sleep 1000 & ns=$!; "
                f"until [ \"$(readlink /proc/$ns/ns/net)\" != \"$(readlink /proc/$$/ns/net)\" ]; do :; done; "
                f"{self.command} --configure --mtu={mtu} --enable-ipv6 $ns tap0 >/dev/null 2>&1 & slirp=$!; "
                f"until [ -n \"$(nsenter -t $ns -U -n --preserve-credentials ip -4 route show default)\" ]; do :; done; "
                f"nsenter -t $ns -U -n --preserve-credentials -- {command}; "
                f"rc=$?; kill $slirp $ns; exit $rc'")


class Guest(Tool):
    """passt, with a guest of our own: the same for all commands, so that what differs is theirs."""

    def __init__(self, name, command, tools, vhost):
        super().__init__(name + (", vhost-user" if vhost else ", stream"), "passt", command)
        self.guest = os.path.join(os.path.abspath(tools), "guest_vhost" if vhost else "guest_bulk")
        if vhost:
            self.command += " --vhost-user"

    def wrap(self, command, mtu):
        script = os.path.join(HERE, "in-guest.sh")
        return f"{script} '{self.command}' {self.guest} {mtu} {command}"


def iperf(host, tool, secs, mtu, ip, args, pick):
    server = host.popen(host.remote, f"iperf3 -s -1 -p 5201 -B {ip}")
    try:
        host.wait_port(host.remote, 5201)
        out = host.run(host.host, tool.wrap(f"iperf3 -J -t {secs} -p 5201 -c {ip} {args}", mtu),
                       secs + 20)
    finally:
        stop(server)
    return pick(json.loads(out)["end"])


def gbits(end):
    return (end.get("sum_received") or end["sum"])["bits_per_second"] / 1e9


def retransmits(end):
    return end["sum_sent"]["retransmits"]


def blast(host, tool, secs, tools):
    """UDP by segment offload: what arrives at the other end's socket, read there or not"""
    def arrived():
        out = host.run(host.remote, "nstat -asz UdpInDatagrams UdpRcvbufErrors", 5)
        return sum(int(n) for n in re.findall(r"^Udp\S+ +(\d+)", out, re.M))
    server = host.popen(host.remote, "socat -u -b 65536 UDP-RECV:5301 OPEN:/dev/null")
    try:
        host.wait_port(host.remote, 5301)
        before = arrived()
        host.run(host.host, tool.wrap(f"{tools}/blast {R4} 5301 1400 {secs}s 40", 65520), secs + 20)
        return (arrived() - before) * 1400 * 8 / secs / 1e9
    finally:
        stop(server)


def congestion_controls():
    """Those of the usual three that this kernel has"""
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as f:
        return [cc for cc in f.read().split() if cc in ("cubic", "reno", "bbr")]


def load(host, tool, secs, mode, flows, tools):
    server = host.popen(host.remote, f"{tools}/load serve 5300")
    try:
        host.wait_port(host.remote, 5300)
        out = host.run(host.host, tool.wrap(f"{tools}/load {mode} {R4} 5300 {secs} {flows}", 65520),
                       secs + 20)
    finally:
        stop(server)
    return float(re.search(r"rate=(\d+)", out).group(1))


def starts(host, tool):
    if tool.kind != "pasta":
        return None
    n, begin = 20, time.monotonic()
    host.run(host.host, f"bash -c 'for i in {{1..{n}}}; do {tool.wrap('true', 65520)} || exit; done'", 60)
    return n / (time.monotonic() - begin)


def family(pid):
    """A process and all its descendants"""
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            children = f.read().split()
    except OSError:
        return
    for child in children:
        yield from family(child)


def is_pasta(pid):
    with open(f"/proc/{pid}/comm") as f:
        return "pasta" in f.read()


def pss(pid):
    """Memory in KiB, with its share of what processes have in common"""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))


def crowd(host, tool, what):
    """Memory in MiB, or number, of the tool's processes for many commands at once"""
    if tool.kind != "pasta":
        return None
    started = [host.popen(host.host, tool.wrap("sleep 100", 65520)) for _ in range(CROWD)]
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            pids = [d for p in started for d in family(str(p.pid))]
            own = [d for d in pids if is_pasta(d)]
            asleep = sum(open(f"/proc/{d}/comm").read() == "sleep\n" for d in pids)
            if asleep == CROWD:
                break
            time.sleep(0.2)
        time.sleep(1)
        return len(own) if what == "processes" else sum(map(pss, own)) / 1024
    finally:
        for p in started:
            stop(p)


def idle(host, tool, what):
    """Memory in MiB or CPU in percent of the tool's processes while its command sleeps"""
    if tool.kind != "pasta":
        return None
    p = host.popen(host.host, tool.wrap("sleep 100", 65520))
    try:
        time.sleep(1)
        pids = [d for d in family(str(p.pid)) if is_pasta(d)]
        if not pids:
            raise RuntimeError("none of its processes is named pasta")
        if what == "memory":
            return sum(int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{d}/status").read()).group(1))
                       for d in pids) / 1024
        def spent_ns():  # a tick of /proc/PID/stat is more than it takes in a second
            return sum(int(open(f"{thread}/schedstat").read().split()[0])
                       for d in pids for thread in glob.glob(f"/proc/{d}/task/*"))
        before = spent_ns()
        time.sleep(5)
        return (spent_ns() - before) / 5e9 * 100
    finally:
        stop(p)


def cases(host, secs, tools):
    """name, unit, whether more is better, how to measure it"""
    for mtu in (65520, 9000, 1500):
        for v, ip in (("IPv4", R4), ("IPv6", R6)):
            if mtu == 9000 and v == "IPv6":
                continue
            for name, unit, args, pick in (
                    ("out", "Gbit/s", "", gbits), ("back", "Gbit/s", "-R", gbits),
                    ("out, 8 flows", "Gbit/s", "-P 8", gbits)):
                if v == "IPv6" and "8" in name:
                    continue
                yield (f"TCP {v} {name}, MTU {mtu}", unit, True,
                       lambda t, m=mtu, i=ip, a=args, p=pick: iperf(host, t, secs, m, i, a, p))
        yield (f"TCP retransmissions, MTU {mtu}", "segments", False,
               lambda t, m=mtu: iperf(host, t, secs, m, R4, "", retransmits))
    for cc in congestion_controls():
        for name, args in (("out", ""), ("back", "-R")):
            yield (f"TCP {name}, {cc}, MTU 1500", "Gbit/s", True,
                   lambda t, a=args, c=cc: iperf(host, t, secs, 1500, R4, f"{a} -C {c}", gbits))
    for size in (1400, 8000):
        yield (f"UDP out, {size} bytes", "Gbit/s", True,
               lambda t, s=size: iperf(host, t, secs, 65520, R4, f"-u -b 0 -l {s}", gbits))
    yield ("UDP out, 40 x 1400 bytes by UDP_SEGMENT", "Gbit/s", True,
           lambda t: blast(host, t, secs, tools))
    for mode, text in (("tcp_rr", "TCP request/response"), ("udp_rr", "UDP request/response"),
                       ("tcp_crr", "TCP connect/request/response")):
        for flows in (1, 100):
            yield (f"{text}, {flows} flow{'s' * (flows > 1)}", "1/s", True,
                   lambda t, m=mode, n=flows: load(host, t, secs, m, n, tools))
    yield "start, configure, exit", "1/s", True, lambda t: starts(host, t)
    yield "idle memory", "MiB", False, lambda t: idle(host, t, "memory")
    yield (f"idle memory of {CROWD} at once", "MiB", False, lambda t: crowd(host, t, "memory"))
    yield (f"processes of {CROWD} at once", "processes", False,
           lambda t: crowd(host, t, "processes"))
    yield "idle CPU", "%", False, lambda t: idle(host, t, "cpu")


def text(x):
    if x is None:
        return "-"
    return f"{x:,.0f}" if x >= 100 or x == int(x) else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def markdown(results, names):
    lines = [f"| case | unit | {' | '.join(names)} |", "| --- | --- |" + " ---: |" * len(names)]
    for case, unit, more, medians in results:
        note = "" if more else " (less is better)"
        lines.append(f"| {case}{note} | {unit} | {' | '.join(text(medians[n]) for n in names)} |")
    return "\n".join(lines) + "\n"


def svg(results, names):
    """Horizontal bars, each case scaled to its largest value"""
    colors, others = {}, list(OTHER_COLORS)
    for n in names:
        colors[n] = COLORS.get(n) or others.pop(0)
    bar, gap, left, width = 14, 16, 300, 420
    parts, y = [], 40
    for i, n in enumerate(names):
        x = left + i * 130
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{colors[n]}"/>'
                     f'<text x="{x + 18}" y="23">{html.escape(n)}</text>')
    for case, unit, more, medians in results:
        top = max((v for v in medians.values() if v), default=0) or 1
        label = f"{case}, {unit}" + ("" if more else " (less is better)")
        parts.append(f'<text x="{left - 10}" y="{y + bar * len(names) / 2 + 4}" text-anchor="end">'
                     f"{html.escape(label)}</text>")
        for n in names:
            v = medians[n]
            if v is not None:
                parts.append(f'<rect x="{left}" y="{y}" width="{max(v / top * width, 1):.1f}" '
                             f'height="{bar - 2}" fill="{colors[n]}"/>')
            parts.append(f'<text x="{left + (v or 0) / top * width + 6:.1f}" y="{y + bar - 4}" '
                         f'font-size="11">{text(v)}</text>')
            y += bar
        y += gap
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{y}" '
            f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
            + "\n".join(parts) + "</svg>\n")


def peers(args):
    tools = [Tool("pasta", "pasta", args.pasta), Tool("direct", "direct")]
    other = shutil.which("pasta")
    if other and os.path.realpath(other) != os.path.realpath(args.pasta):
        tools.append(Tool("installed pasta", "pasta", other))
    if shutil.which("slirp4netns"):
        tools.append(Slirp(shutil.which("slirp4netns")))
    for peer in args.peer:
        name, _, command = peer.partition("=")
        tools.append(Tool(name, "pasta", command))
    for passt in args.passt:
        name, _, command = passt.partition("=")
        tools += [Guest(name, command, args.tools, False), Guest(name, command, args.tools, True)]
    return tools


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--pasta", required=True)
    ap.add_argument("--tools", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--peer", action="append", default=[])
    ap.add_argument("--passt", action="append", default=[])
    ap.add_argument("--cases", default=".")
    ap.add_argument("--secs", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=1)
    args = ap.parse_args()

    args.pasta = os.path.abspath(args.pasta)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    host, tools = Host(), peers(args)
    names, results = [t.name for t in tools], []
    os.makedirs(args.out, exist_ok=True)
    print(f"{'':44}" + "".join(f"{n:>18}" for n in names), flush=True)
    try:
        for case, unit, more, measure in cases(host, args.secs, args.tools):
            if not re.search(args.cases, case):
                continue
            values = {n: [] for n in names}
            for _ in range(args.rounds):
                for t in tools:
                    try:
                        values[t.name].append(measure(t))
                    except (RuntimeError, KeyError, ValueError, OSError) as e:
                        print(f"{case}, {t.name}: {e}", file=sys.stderr)
            medians = {n: median(v) for n, v in values.items()}
            results.append((case, unit, more, medians))
            print(f"{case + ', ' + unit:44}" + "".join(f"{text(medians[n]):>18}" for n in names),
                  flush=True)
    finally:
        host.close()
    for name, content in (("results.md", markdown(results, names)),
                          ("results.svg", svg(results, names)),
                          ("results.json", json.dumps(results, indent=1))):
        with open(os.path.join(args.out, name), "w") as f:
            f.write(content)
    print(f"\nwritten: {args.out}/results.md, results.svg, results.json")


if __name__ == "__main__":
    main()
