# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Fails every allocation of an SMC connection's life once.

For n = 1, 2, ...: a connection is made, bytes go both ways, it is closed, and
in one of these phases the n-th allocation fails that has our modules in its
stack, whatever task makes it: handshakes are run by the kernel's workers. TCP's
own, as we call it, are among them. Each time the bytes are right, whoever
carries them, or somebody gets an error that TCP would give; nobody waits for
ever, nothing is left. What leaks is for the sanitizers to see.

Handshakes hardly differ on the two paths: on the moving one they are for
"smc_allocations.py whole".
"""

import errno
import json
import os
import socket
import struct
import subprocess
import sys
import time

from every_allocation import DEBUGFS, LIMIT, Sweep, set_up, write

IPPROTO_SMC = 256
PHASES = ('connect', 'transfer', 'close')
PATIENCE = 60       # seconds; longer than any time-out of TCP's or of ours
BYTES = bytes(range(251)) * 400
AS_TCP = (errno.ENOMEM, errno.ENOBUFS, errno.ECONNRESET, errno.ECONNABORTED,
          errno.EPIPE, errno.ETIMEDOUT)


class Wrong(Exception):
    """What must not happen, whatever fails."""


class Injector:
    """
    Fails the n-th allocation of all that pass the filter. The kernel counts
    them for its "interval", never from zero: count is where it is.
    """

    def __init__(self, kind):
        self.path = f'{DEBUGFS}{kind}/'
        self.count = self.step = 0

    def set(self, **values):
        for name, value in values.items():
            write(self.path + name, str(value))

    def arm(self, nth):
        """None: as before, to get to what did not come."""
        if nth:
            self.step = nth
            self.set(interval=self.count + nth)
        self.set(times=1, probability=100)

    def fired(self):
        with open(self.path + 'times') as file:
            return int(file.read()) == 0

    def disarm(self):
        """True if it came to the n-th one."""
        self.set(probability=0)
        if not self.fired():
            return False
        # An interval of 1 is not counted.
        if self.count + self.step > 1:
            self.count += self.step
        return True


# --- a connection's life ---------------------------------------------------------

def smc_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SMC)
    limit = struct.pack('ll', PATIENCE, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    return sock


def give(source, target):
    """All bytes arrive, and are right."""
    source.sendall(BYTES)
    got = bytearray()
    while len(got) < len(BYTES):
        piece = target.recv(len(BYTES) - len(got))
        if not piece:
            raise Wrong('the bytes end early')
        got += piece
    if got != BYTES:
        raise Wrong('other bytes arrive')


def as_tcp(error):
    if error.errno not in AS_TCP:
        raise Wrong(os.strerror(error.errno)) from error


def sockets():
    """What "dibs smc list" says; None: it fails itself."""
    try:
        rows = subprocess.check_output(('dibs', '--json', 'smc', 'list'),
                                       stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        return None
    return json.loads(rows)


class Life:
    """One connection; each phase may end in an error that TCP would give."""

    def __init__(self):
        self.listener = smc_socket()
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen()
        self.ends = []

    def connect(self):
        client = smc_socket()
        self.ends.append(client)
        client.connect(self.listener.getsockname())
        server = self.listener.accept()[0]
        limit = struct.pack('ll', PATIENCE, 0)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self.ends.append(server)

    def transfer(self):
        if len(self.ends) == 2:
            give(*self.ends)
            give(*reversed(self.ends))

    def close(self):
        for end in self.ends:
            end.close()
        self.listener.close()
        deadline = time.monotonic() + PATIENCE
        while sockets() != []:
            if time.monotonic() > deadline:
                raise Wrong('a socket is left')


def is_dibs():
    """Where nothing fails it is not TCP that is tested."""
    life = Life()
    life.connect()
    carriers = [row['carrier'] for row in sockets() or []]
    life.transfer()
    life.close()
    if carriers.count('SMC-D') != 2:
        raise Wrong(f'carried by {carriers}')


def live(phase, injector, nth):
    """Did the n-th allocation of the phase fail? And how many calls did?"""
    life, errors = Life(), 0
    came = False
    for each in PHASES:
        if each == phase:
            injector.arm(nth)
        try:
            getattr(life, each)()
        except OSError as error:
            if not came and not injector.fired():
                raise Wrong(f'{each} fails without a fault') from error
            as_tcp(error)
            errors += 1
        finally:
            if each == phase:
                came = injector.disarm()
    return came, errors


def sweep_phase(sweep, phase, injector, text):
    notes, nth, errors = [], 1, 0
    try:
        is_dibs()
        while True:
            came, failed = live(phase, injector, nth)
            errors += failed
            if not came:
                break
            nth += 1
            if nth == LIMIT:
                raise Wrong('there is no end')
        # Where the kernel's count is will be known when it has come to the end.
        while nth > 1 and not live(phase, injector, None)[0]:
            pass
        is_dibs()
    except Wrong as wrong:
        notes.append(f'allocation {nth}: {wrong}')
    sweep.result(not notes, f'{text}: {phase} ({nth - 1} allocations, '
                            f'{errors} errors)', notes)
    return not notes


def main():
    whole = 'whole' in sys.argv
    set_up()
    sweep = Sweep()
    for kind in ('failslab', 'fail_page_alloc'):
        injector = Injector(kind)
        injector.set(probability=0, space=0)
        injector.set(**{'task-filter': 'N'})
        for mapped, path in enumerate(('moving', 'mapped')):
            write('/proc/sys/net/smc/mapped', str(mapped))
            for phase in PHASES:
                if not mapped and phase == 'connect' and not whole:
                    continue
                if not sweep_phase(sweep, phase, injector, f'{kind}, {path}'):
                    break
    print(f'1..{sweep.tests}')
    sys.exit(sweep.failed > 0)


main()
