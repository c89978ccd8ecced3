# SPDX-License-Identifier: Apache-2.0
"""A vhost-user front end for tests of passt: it says what it is told to, sense or not."""
import array
import fcntl
import mmap
import os
import socket
import struct
import time

(GET_FEATURES, SET_FEATURES, SET_OWNER, SET_MEM_TABLE, SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE,
 GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL) = 1, 2, 3, 5, 8, 9, 10, 11, 12, 13
SET_PROTOCOL_FEATURES, SET_VRING_ENABLE, ADD_MEM_REG, REM_MEM_REG, POSTCOPY_ADVISE = 16, 18, 37, 38, 28

VERSION_1, MRG_RXBUF, PROTOCOL = 1 << 32, 1 << 15, 1 << 30
NEXT, WRITE, INDIRECT = 1, 2, 4

SIZE, GUEST, USER = 1 << 20, 0x40000000, 0x7000000000
NUM = 16
# Where things are in memory: two rings, then buffers
DESC, AVAIL, USED, STEP, BUFFERS = 0, 0x400, 0x800, 0x1000, 0x4000


class FrontEnd:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.file = self.unsealed()
        fcntl.fcntl(self.file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        self.memory = mmap.mmap(self.file, SIZE)

    def unsealed(self):
        """Memory that could be taken away."""
        file = os.memfd_create("guest", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(file, SIZE)
        return file

    def send(self, request, payload=b"", fds=(), flags=1):
        data = struct.pack("III", request, flags, len(payload)) + payload
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self.socket.sendmsg([data], rights)
        except (BrokenPipeError, ConnectionResetError):
            pass  # what comes next will find that it was ended

    def number(self, request, value, fds=()):
        self.send(request, struct.pack("Q", value), fds)

    def state(self, request, index, value):
        self.send(request, struct.pack("II", index, value))

    def ask(self, request, payload=b"", form="Q"):
        self.send(request, payload)
        return struct.unpack(form, self.receive(12 + struct.calcsize(form))[12:])

    def receive(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionResetError:
                more = b""
            assert more, "the connection was ended"
            data += more
        return data

    def is_ended(self):
        """Waits until the other side has closed."""
        try:
            while self.socket.recv(4096):
                pass
        except ConnectionResetError:
            pass

    def negotiate(self, features=VERSION_1 | MRG_RXBUF | PROTOCOL):
        offered, = self.ask(GET_FEATURES)
        assert features & ~offered == 0, hex(offered)
        self.send(SET_OWNER)
        self.number(SET_FEATURES, features)

    def share(self, guest=GUEST, size=SIZE, user=USER, offset=0):
        self.send(SET_MEM_TABLE, struct.pack("IIQQQQ", 1, 0, guest, size, user, offset), [self.file])

    def ring(self, index, num=NUM, base=0, desc=USER + DESC, avail=USER + AVAIL, used=USER + USED):
        step = index * STEP
        self.state(SET_VRING_NUM, index, num)
        self.state(SET_VRING_BASE, index, base)
        self.send(SET_VRING_ADDR, struct.pack("IIQQQQ", index, 0, desc + step, used + step, avail + step, 0))
        self.call = os.eventfd(0, os.EFD_NONBLOCK)
        self.kick = os.eventfd(0, os.EFD_NONBLOCK)
        self.number(SET_VRING_CALL, index, [self.call])
        self.number(SET_VRING_KICK, index, [self.kick])
        self.state(SET_VRING_ENABLE, index, 1)

    def start(self, index=1):
        self.negotiate()
        self.share()
        self.ring(index)

    def block(self):
        """Has the next one wait that writes to the last ring's eventfd, which the other side knows by now."""
        self.ask(GET_FEATURES)
        for count in (1 << 64) - 2, (1 << 64) - 3, 1:  # as much as there is room for
            try:
                os.eventfd_write(self.call, count)
            except BlockingIOError:
                pass
        os.set_blocking(self.call, True)

    def descriptor(self, at, addr, size, flags=0, following=0, ring=1):
        struct.pack_into("QIHH", self.memory, ring * STEP + DESC + 16 * at, addr, size, flags, following)

    def offer(self, *heads, ring=1):
        """Makes chains available, after those from the start on, and kicks."""
        at = ring * STEP + AVAIL
        idx, = struct.unpack_from("H", self.memory, at + 2)
        for i, head in enumerate(heads):
            struct.pack_into("H", self.memory, at + 4 + 2 * ((idx + i) % NUM), head)
        struct.pack_into("H", self.memory, at + 2, (idx + len(heads)) & 0xffff)
        os.eventfd_write(self.kick, 1)

    def used(self, ring=1):
        return struct.unpack_from("H", self.memory, ring * STEP + USED + 2)[0]

    def wait_used(self, count):
        """Waits until so many chains were returned."""
        end = time.monotonic() + 60
        while self.used() != count:
            assert time.monotonic() < end, f"{self.used()} returned, not {count}"
            time.sleep(0.001)


def each_ended(path, log, *cases):
    """Each case is two: the words that a line of passt's has to say, and what f, a front end, does before
    it is ended. There is one such line for each."""
    for words, does in zip(cases[::2], cases[1::2]):
        f = FrontEnd(path)
        scope = {**globals(), "f": f}
        exec(does, scope)
        scope["f"].is_ended()
        with open(log, encoding="utf-8", errors="replace") as lines:
            said = [line for line in lines if "connection ends" in line]
        assert words in said[-1], (does, said[-1])
        assert len(said) == 1 + each_ended.count, (does, said)
        each_ended.count += 1


each_ended.count = 0
