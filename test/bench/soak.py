#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keep one pasta busy with everything at once for a long time, and look at what is left of it.

usage: soak.py --pasta PATH --tools DIR [--secs N]

PostgreSQL, Redis, nginx, bulk transfers, checked streams (through the tap, spliced, with loss, and from
behind a bridge, where two processors reorder), thousands of short connections and datagram flows, ports
that are added, used and removed, and readers that stop for a while, all at the same time, in a host that test/bats/host.sh plays. A program
that fails, a byte that is wrong, a warning of pasta's or an end before its time is a failure. Once
all is quiet again, pasta must have the descriptors and about the memory that it had after the first
rounds, and take no processor. The last line is "N passed, N failed, N skipped".
"""
import argparse
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from bench import Host, R4, R6, family, stop

H4 = "198.51.100.1"
WARM_UP_SECS = 20
AGED_OUT_SECS = 240  # the longest time that a datagram flow stays without traffic, and some more
MORE_MIB = 8
IDLE_PERCENT = 0.5  # under one processor's load of a busy machine: 0.2 by itself

NGINX = """daemon off; worker_processes 1; pid {dir}/nginx-{port}.pid; error_log {dir}/nginx.log;
user root; events {{ worker_connections 4096; }}
http {{ access_log off; server {{ listen {port}; listen [::]:{port}; root {dir}/www; }} }}
"""

# A reader that takes a little, stops for longer than any timer of the sender's, and then takes all
SLOW = """
import socket, sys, time
want, got = int(sys.argv[3]), 0
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
s.settimeout(60)
s.sendall(b"GET /big HTTP/1.0\\r\\n\\r\\n")
while data := s.recv(4096 if got < 200000 else 1 << 20):
    before, got = got, got + len(data)
    if before // 3000000 != got // 3000000:
        time.sleep(1.5)
sys.exit(got < want)
"""

# A second namespace behind a bridge and a masquerade, as containers have it; stays until killed
BRIDGE = """
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link add br0 type bridge
ip address add 10.9.0.1/24 dev br0
ip link set br0 up
unshare --net sh -c 'echo $$ > {dir}/bridged; exec sleep infinity' &
until [ -s {dir}/bridged ]; do sleep 0.05; done
n=$(cat {dir}/bridged)
ip link add b0 type veth peer name e0 netns $n
ip link set b0 master br0 up
nsenter -t $n -n sh -c 'ip link set lo up; ip address add 10.9.0.2/24 dev e0; ip link set e0 up
    ip route add default via 10.9.0.1'
nft 'table ip bridged {{ chain c {{ type nat hook postrouting priority 100; ip saddr 10.9.0.0/24 masquerade; }} }}'
nft 'table inet loss {{
    chain i {{ type filter hook input priority 0; tcp sport 6003 numgen random mod 100 < 1 drop; }}
    chain o {{ type filter hook output priority 0; tcp dport 6003 numgen random mod 100 < 1 drop; }}
}}'
touch {dir}/ready
exec sleep infinity
"""


class Soak:
    """The host, the pasta in it, and what the jobs have done."""

    def __init__(self, pasta, tools, dir_):
        self.host, self.tools, self.dir = Host(), tools, dir_
        self.rounds, self.failures, self.servers = {}, [], []
        self.lock = threading.Lock()
        with open(f"{dir_}/bridge.sh", "w") as f:
            f.write(BRIDGE.format(dir=dir_))
        self.pasta = self.host.popen(
            self.host.host, f"{pasta} --config-net -t 6001,6002,6379,8088 -u none -T none -U none "
            f"-c {dir_}/control.sock -l {dir_}/pasta.log -- sh {dir_}/bridge.sh")
        self.wait_for("ready")
        self.pid = next(p for p in family(self.descendant("pasta")) if self.name(p) == "pasta")
        self.ns = self.command_pid()

    def wait_for(self, name):
        end = time.monotonic() + 30
        while not os.path.exists(f"{self.dir}/{name}"):
            if self.pasta.poll() is not None or time.monotonic() > end:
                sys.exit(f"pasta did not start: {self.pasta.communicate()[1]}")
            time.sleep(0.05)

    @staticmethod
    def name(pid):
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()

    def descendant(self, name):
        return next(p for p in family(str(self.pasta.pid)) if self.name(p).startswith(name))

    def command_pid(self):
        """The first process of the namespace that is no pasta: COMMAND"""
        return next(p for p in family(self.pid) if self.name(p) == "sleep")

    def bridged_pid(self):
        """The sleep behind the bridge: the one whose network is neither the host's nor COMMAND's"""
        def net(pid):
            return os.readlink(f"/proc/{pid}/ns/net")
        return next(p for p in family(self.pid) if self.name(p) == "sleep" and net(p) != net(self.ns))

    def place(self, where):
        return {"host": self.host.host, "remote": self.host.remote, "ns": self.ns,
                "bridged": self.bridged_pid()}[where]

    def serve(self, where, port, command):
        self.servers.append(self.host.popen(self.place(where), command))
        self.host.wait_port(self.place(where), port)

    def run(self, where, command, timeout=60):
        return self.host.run(self.place(where), command, timeout)

    def job(self, name, once, end):
        """A thread that does @once until @end"""
        def loop():
            number = 0
            while time.monotonic() < end:
                try:
                    once(number)
                except Exception as e:  # whatever it is, it belongs into the report
                    with self.lock:
                        self.failures.append(f"{name}, round {number}: {e}")
                    time.sleep(1)
                number += 1
                self.rounds[name] = number
        thread = threading.Thread(target=loop)
        thread.start()
        return thread

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def mib(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024

    def processor_secs(self):
        total = 0
        for path in glob.glob(f"/proc/{self.pid}/task/*/schedstat"):
            with open(path) as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def close(self):
        for server in self.servers:
            stop(server)
        stop(self.pasta)
        self.host.close()


def postgres(soak):
    """A database on the remote, with pgbench's tables. Return: the folder of its programs"""
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin") or ["/usr/bin"])[-1]
    # it refuses to be root, which everybody is in these namespaces
    user = "unshare --user --map-user=1000 --map-group=1000 --"
    data = f"{soak.dir}/pg"
    soak.run("remote", f"{user} {programs}/initdb -D {data} -U bench -A trust")
    with open(f"{data}/pg_hba.conf", "a") as f:
        f.write("host all all 0.0.0.0/0 trust\n")
    soak.serve("remote", 5432, f"{user} {programs}/postgres -D {data} -h 0.0.0.0 -k {soak.dir}")
    soak.run("remote", f"sh -c 'until {user} {programs}/createdb -h {soak.dir} -U bench bench; do sleep 0.2; done'")
    soak.run("remote", f"{user} {programs}/pgbench -h {soak.dir} -U bench -i -s 2 -q bench")
    return programs


def rules(soak):
    """Rules that come and go, and are outlived by flows of datagrams"""
    def ask(request):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f"{soak.dir}/control.sock")
            s.sendall(f"forward {request}\n".encode())
            answer = json.loads(s.makefile().readline())
            if not answer["ok"] or answer["changed"] != 1:
                raise RuntimeError(f"{request}: {answer}")

    def once(number):
        port = 7000 + number % 10
        for option in "tu":
            ask(f"add -{option} {port}:5301")
        soak.run("remote", f"{soak.tools}/load churn {H4} {port} 50 10")
        soak.run("remote", f"{soak.tools}/load udp_flows {H4} {port} 20 < /dev/null")
        for option in "tu":
            ask(f"rm -{option} {port}:5301")
    return once


def jobs(soak):
    """name -> what one round does"""
    tools, run, dir_ = soak.tools, soak.run, soak.dir
    os.makedirs(f"{dir_}/www")
    for name, size in (("small", 1 << 10), ("big", 20 << 20)):
        with open(f"{dir_}/www/{name}", "wb") as f:
            f.write(os.urandom(size))
    for port in (8080, 8088):
        with open(f"{dir_}/nginx-{port}.conf", "w") as f:
            f.write(NGINX.format(dir=dir_, port=port))
    with open(f"{dir_}/slow.py", "w") as f:
        f.write(SLOW)
    programs = postgres(soak)
    soak.serve("remote", 8080, f"nginx -c {dir_}/nginx-8080.conf")
    soak.serve("ns", 8088, f"nginx -c {dir_}/nginx-8088.conf")
    soak.serve("remote", 6399, "redis-server --port 6399 --save '' --protected-mode no")
    soak.serve("ns", 6379, "redis-server --port 6379 --save '' --protected-mode no")
    soak.serve("remote", 5300, f"{tools}/load serve 5300")
    soak.serve("ns", 5301, f"{tools}/load serve 5301")
    soak.serve("remote", 5201, "iperf3 -s -p 5201")

    def streams(server, port, client, addr, count=100, at_once=20, mib=32):
        """Connections with random plans, every byte is checked at both ends"""
        def once(number):
            p = soak.host.popen(soak.place(server), f"{tools}/stress serve :: {port}")
            try:
                soak.host.wait_port(soak.place(server), port)
                run(client, f"{tools}/stress run {addr} {port} {count} {at_once} {mib} {number + 1}", 120)
                if p.wait(30):
                    raise RuntimeError(p.stderr.read().strip())
            finally:
                stop(p)
        return once

    def command(where, text):
        return lambda number: run(where, text.format(v=(R4, f"[{R6}]")[number % 2], n=number))

    return {
        "streams out": streams("remote", 6000, "ns", R4),
        "streams in": streams("ns", 6001, "remote", H4),
        "streams spliced": streams("ns", 6002, "host", "127.0.0.1"),
        "streams with loss": streams("remote", 6003, "ns", R4, 20, 10, 4),
        "streams from behind a bridge": streams("remote", 6004, "bridged", R4),
        "bulk out": command("ns", f"iperf3 -t 3 -p 5201 -c {R4}"),
        "pgbench": command("ns", f"{programs}/pgbench -h {R4} -U bench -S -n -T 3 -c 20 bench"),
        "redis out": command("ns", f"redis-benchmark -h {R4} -p 6399 -t get,set -c 50 -n 20000 --csv"),
        "redis in": command("remote", f"redis-benchmark -h {H4} -p 6379 -t get,set -c 50 -n 20000 --csv"),
        "nginx out": command("ns", "wrk -t 1 -c 50 -d 3 http://{v}:8080/small"),
        "nginx in": command("remote", f"wrk -t 1 -c 50 -d 3 http://{H4}:8088/small"),
        "nginx local": command("host", "wrk -t 1 -c 50 -d 3 http://127.0.0.1:8088/big"),
        "connections": command("ns", f"{tools}/load churn {R4} 5300 1000 50"),
        "datagrams": command("ns", f"{tools}/load udp_flows {R4} 5300 200 < /dev/null"),
        "ports that come and go": rules(soak),
        "slow reader out": command("ns", f"python3 {dir_}/slow.py {R4} 8080 20000000"),
        "slow reader in": command("remote", f"python3 {dir_}/slow.py {H4} 8088 20000000"),
        "slow reader local": command("host", f"python3 {dir_}/slow.py 127.0.0.1 8088 20000000"),
    }


def settled(soak, descriptors):
    """Wait until what has a timer is gone"""
    end = time.monotonic() + AGED_OUT_SECS
    while soak.descriptors() > descriptors and time.monotonic() < end:
        time.sleep(1)
    return soak.descriptors()


def soak_for(soak, secs):
    """Return: what was wrong, one line each, and how many things were looked at"""
    todo = jobs(soak)
    descriptors = soak.descriptors()
    begin = time.monotonic()
    threads = [soak.job(name, once, begin + secs) for name, once in todo.items()]
    time.sleep(min(WARM_UP_SECS, secs / 2))
    mib = soak.mib()
    for thread in threads:
        thread.join()
    for name in todo:
        print(f"{name}: {soak.rounds.get(name, 0)} rounds")
    wrong = list(soak.failures)
    if soak.pasta.poll() is not None:
        return wrong + [f"pasta has ended: {soak.pasta.communicate()[1]}"], len(todo) + 1
    left = settled(soak, descriptors)
    if left > descriptors:
        wrong.append(f"{left - descriptors} descriptors more than before ({left})")
    print(f"descriptors: {descriptors} before, {left} after")
    print(f"memory: {mib:.1f} MiB when busy, {soak.mib():.1f} MiB after")
    if soak.mib() > mib + MORE_MIB:
        wrong.append(f"memory grew from {mib:.1f} to {soak.mib():.1f} MiB")
    before = soak.processor_secs()
    time.sleep(5)
    percent = (soak.processor_secs() - before) / 5 * 100
    print(f"processor when idle: {percent:.2f} %")
    if percent > IDLE_PERCENT:
        wrong.append(f"{percent:.2f} % of a processor with nothing to do")
    with open(f"{soak.dir}/pasta.log") as f:
        wrong += [line.strip() for line in f if re.search(r"warning|error", line, re.I)]
    return wrong, len(todo) + 4


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--pasta", required=True)
    p.add_argument("--tools", required=True)
    p.add_argument("--secs", type=int, default=1800)
    args = p.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    dir_ = tempfile.mkdtemp(prefix="pasta-soak.")
    os.chmod(dir_, 0o755)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("soak: told to end"))
    soak = Soak(args.pasta, args.tools, dir_)
    try:
        wrong, looked_at = soak_for(soak, args.secs)
    finally:
        soak.close()
        shutil.rmtree(dir_, ignore_errors=True)
    for line in wrong:
        print(f"not ok: {line}")
    print(f"{max(looked_at - len(wrong), 0)} passed, {len(wrong)} failed, 0 skipped")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
