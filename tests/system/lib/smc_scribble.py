# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections whose peers lie, for smc-scribble.sh.

  smc_scribble.py RING WORKERS SECONDS

WORKERS processes connect to as many others, over and over, and all do whatever
can be done to a socket, for SECONDS. Then each has to end within half a
minute, whatever it waits for. Prints JSON: the number of connections, of bytes
received, of calls that blocked ("silent", which a peer can always cause), the
errors that ended connections, and what must not happen: other errors ("odd"),
more bytes to read than the ring can hold ("long"), processes that did not end
("stuck").
"""

import collections
import errno
import fcntl
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import termios
import time

SMC = 256
SIOCATMARK = 0x8905
F_SETPIPE_SZ = 1031
# Errors that end TCP connections.
ENDS = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ENOTCONN,
        errno.ECONNREFUSED, errno.ETIMEDOUT}
# Errors that do not: nothing to read, no urgent byte, a full pipe.
NONE = {errno.EAGAIN, errno.EINVAL, errno.EINPROGRESS}
SENDING = (0, 0, 0, socket.MSG_OOB, socket.MSG_MORE, socket.MSG_DONTWAIT)
RECEIVING = (0, 0, 0, socket.MSG_OOB, socket.MSG_PEEK, socket.MSG_DONTWAIT,
             socket.MSG_TRUNC, socket.MSG_WAITALL)
STEPS = 30
PATIENCE = 30
# A call that takes longer is interrupted: on a slow kernel, some are just late.
SOON = 2 if os.environ.get('DIBS_DEBUG') else 0.5


class Silent(Exception):
    """A call took so long that it was interrupted."""


class Worker:
    """One end of one connection after the other."""

    def __init__(self, ring):
        self.ring = ring
        self.seen = collections.Counter()
        self.busy = False
        self.pipe = os.pipe2(os.O_NONBLOCK)

    def send(self, sock):
        size = random.choice((1, 100, 5000, 40000))
        sock.send(bytes(size), random.choice(SENDING) | socket.MSG_NOSIGNAL)

    def receive(self, sock):
        size = random.choice((1, 100, 5000, 40000))
        got = len(sock.recv(size, random.choice(RECEIVING)))
        self.seen['bytes'] += got

    def splice(self, sock):
        got = os.splice(sock.fileno(), self.pipe[1], 20000)
        while got > 0:
            got -= len(os.read(self.pipe[0], got))

    def wait(self, sock):
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLOUT | select.POLLPRI)
        poll.poll(5)

    def ask(self, sock):
        answer = fcntl.ioctl(sock, termios.FIONREAD, bytes(4))
        if not 0 <= struct.unpack('i', answer)[0] <= self.ring:
            self.seen['long'] += 1
        fcntl.ioctl(sock, SIOCATMARK, bytes(4))

    def work(self, sock):
        if random.randrange(8):
            # Not settimeout(), with which Python waits instead of the kernel.
            timeout = struct.pack('ll', 0, 50000)
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                sock.setsockopt(socket.SOL_SOCKET, option, timeout)
        if random.randrange(2):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        do = (self.send, self.send, self.receive, self.receive, self.splice,
              self.wait, self.ask)
        for _ in range(STEPS):
            try:
                random.choice(do)(sock)
            except OSError as error:
                if error.errno not in NONE:
                    raise
        if random.randrange(2):
            sock.shutdown(random.randrange(3))

    def on_alarm(self, *_):
        """Once per connection, and only where Silent is caught."""
        if self.busy:
            self.busy = False
            raise Silent

    def connection(self, make):
        signal.setitimer(signal.ITIMER_REAL, SOON)
        try:
            self.busy = True
            with make() as sock:
                self.work(sock)
            self.busy = False
            self.seen['done'] += 1
        except OSError as error:
            self.busy = False
            name = errno.errorcode[error.errno]
            self.seen[name] += 1
            if error.errno not in ENDS:
                self.seen['odd'] += 1

    def run(self, make, report):
        """Runs until it is killed."""
        signal.signal(signal.SIGALRM, self.on_alarm)
        while True:
            try:
                self.connection(make)
            except Silent:
                self.seen['silent'] += 1
            self.seen['connections'] += 1
            os.write(report, json.dumps(self.seen).encode() + b'\n')
            self.seen.clear()


def new_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)


def start(workers, ring):
    """Starts pairs of processes; returns their ids and the pipe they report
    to."""
    server = new_socket()
    server.bind(('127.0.0.1', 0))
    server.listen(64)
    address = server.getsockname()

    def connect():
        sock = new_socket()
        try:
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        return sock

    incoming, report = os.pipe()
    # The pipe is not read before the end.
    fcntl.fcntl(report, F_SETPIPE_SZ, 1 << 20)
    children = []
    for make in (lambda: server.accept()[0], connect) * workers:
        child = os.fork()
        if not child:
            os.close(incoming)
            Worker(ring).run(make, report)
        children.append(child)
    os.close(report)
    return children, incoming


def end_all(children):
    """Returns how many do not end."""
    for child in children:
        os.kill(child, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    left = set(children)
    while left and time.monotonic() < deadline:
        ended = {child for child in left if os.waitpid(child, os.WNOHANG)[0]}
        left -= ended
        if not ended:
            select.select((), (), (), 0.05)
    for child in left:
        os.kill(child, signal.SIGKILL)
    return len(left)


def main():
    ring, workers, seconds = (int(word) for word in sys.argv[1:])
    children, incoming = start(workers, ring)
    time.sleep(seconds)
    total = collections.Counter(stuck=end_all(children))
    with os.fdopen(incoming) as reports:
        for line in reports:
            total.update(json.loads(line))
    print(json.dumps(total))


main()
