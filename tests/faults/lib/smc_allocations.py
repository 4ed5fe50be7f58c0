# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Makes every allocation in the life of an SMC connection fail once.

For n = 1, 2, ...: a connection is made, bytes go both ways, it is closed, and
in one of these phases the n-th allocation fails that has our modules in its
stack, in any task, as handshakes run in kernel workers. Those that TCP makes on
our behalf are among them. Each time the bytes are right, whatever carries them,
or an end gets an error that TCP would give; nobody waits for ever, and nothing
is left. Sanitizers detect leaks.

Handshakes hardly differ between the two paths: "smc_allocations.py whole" tests
those of the moving path, too.
"""

import errno
import json
import os
import socket
import struct
import subprocess
import sys
import time

from sweep import DEBUGFS, LIMIT, Sweep, set_up, write

IPPROTO_SMC = 256
PHASES = ('connect', 'transfer', 'close')
PATIENCE = 60       # seconds; longer than any time-out of TCP's or of ours
BYTES = bytes(range(251)) * 400
AS_TCP = (errno.ENOMEM, errno.ENOBUFS, errno.ECONNRESET, errno.ECONNABORTED,
          errno.EPIPE, errno.ETIMEDOUT)


class Wrong(Exception):
    """Something happened that must not happen, whatever fails."""


class Injector:
    """Makes the n-th allocation that passes the filter fail. The kernel counts
    them for its "interval" and never resets: count is where it is."""

    def __init__(self, kind):
        self.path = f'{DEBUGFS}{kind}/'
        self.count = self.step = 0

    def set(self, **values):
        for name, value in values.items():
            write(self.path + name, str(value))

    def arm(self, nth):
        """nth None: keeps the last one, to reach what was not reached."""
        if nth:
            self.step = nth
            self.set(interval=self.count + nth)
        self.set(times=1, probability=100)

    def fired(self):
        with open(self.path + 'times') as file:
            return int(file.read()) == 0

    def disarm(self):
        """Returns whether the n-th allocation was reached."""
        self.set(probability=0)
        if not self.fired():
            return False
        # The kernel does not count with an interval of 1.
        if self.count + self.step > 1:
            self.count += self.step
        return True


# --- a connection's life -----------------------------------------------------

def smc_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_SMC)
    limit = struct.pack('ll', PATIENCE, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    return sock


def give(source, target):
    """Sends bytes, all of which have to arrive unchanged."""
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
    """Returns the rows of "dibs smc list", or None if it fails itself."""
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
    """Without faults, SMC-D has to carry a connection."""
    life = Life()
    life.connect()
    carriers = [row['carrier'] for row in sockets() or []]
    life.transfer()
    life.close()
    if carriers.count('SMC-D') != 2:
        raise Wrong(f'carried by {carriers}')


def live(phase, injector, nth):
    """Returns whether the n-th allocation of the phase was reached, and how
    many calls failed."""
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
        # The kernel's count is known again once it has reached the interval.
        while nth > 1 and not live(phase, injector, None)[0]:
            pass
        is_dibs()
    except Wrong as wrong:
        notes.append(f'allocation {nth}: {wrong}')
    sweep.result(not notes, f'{text}: any failed allocation during {phase} is '
                 f'survived ({nth - 1} allocations, {errors} errors)', notes)
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
