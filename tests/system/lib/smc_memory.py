# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Clients of a server that has too little memory, for smc-memory.sh.

  smc_memory.py GROUP smc|tcp

The server joins the cgroup GROUP when it is ready, so that only its
connections are charged there. All clients connect, then send as fast as they
can. The server does not read until nothing moves any more; then it reads
everything and compares it. Over SMC it first allocates some memory itself, and
is killed if there is none. (Over TCP that would depend on luck.)

Prints JSON: how many streams were right ("right"), how many connections SMC-D
carried ("dibs"), and the bytes charged when nothing moved ("charged").
"""

import gc
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

SMC = 256
CONNECTIONS = 16
LENGTH = 2 << 20            # of a stream; a ring has 4 MiB
MORE = 2 << 20              # what the server allocates itself, late
PIECE = 65536
PATIENCE = 100
QUIET = 100                 # passes without a byte make a standstill
# The period is prime, so that a piece fits at one position only.
PATTERN = memoryview(bytes(range(251)) * 800)


def bytes_at(position, length):
    start = position % 251
    return PATTERN[start:start + length]


def new_socket(protocol):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    limit = struct.pack('ll', PATIENCE, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    return sock


# --- the server --------------------------------------------------------------

class Reader:
    """Reads all connections into one buffer."""

    def __init__(self):
        self.buffer = memoryview(bytearray(PIECE))
        self.epoll = select.epoll()
        self.positions = {}
        self.right = 0

    def step(self, connection, position):
        """Returns the new position, or None at the end."""
        got = connection.recv_into(self.buffer)
        if got and self.buffer[:got] == bytes_at(position, got):
            return position + got
        self.right += not got and position == LENGTH
        self.epoll.unregister(connection)
        connection.close()
        return None

    def add(self, connection):
        connection.setblocking(False)
        self.epoll.register(connection, 0)
        self.positions[connection.fileno()] = connection, 0

    def read(self):
        """Returns how many streams were right to the end."""
        self.right = 0
        for fd in self.positions:
            self.epoll.modify(fd, select.EPOLLIN)
        while self.positions:
            for fd, _ in self.epoll.poll(PATIENCE, 4) or sys.exit('silence'):
                connection, position = self.positions[fd]
                position = self.step(connection, position)
                if position is None:
                    del self.positions[fd]
                else:
                    self.positions[fd] = connection, position
        return self.right


def rehearse(reader):
    """Does everything once, so that nothing is allocated for it later."""
    a, b = socket.socketpair()
    reader.add(b)
    for i in range(LENGTH // 4096):
        reader.epoll.modify(b, select.EPOLLIN)
        a.send(bytes_at(i * 4096, 4096))
        reader.epoll.poll(PATIENCE, 4)
        reader.step(b, i * 4096)
    a.close()
    reader.read()


def tell(number):
    os.write(1, struct.pack('H', number))


def serve(group, protocol):
    """Runs as a program: pages shared after fork() would be copied in the
    group."""
    reader = Reader()
    rehearse(reader)
    gc.disable()
    with open(f'{group}/cgroup.procs', 'w') as file:
        file.write(str(os.getpid()))
    listener = new_socket(protocol)
    listener.bind(('127.0.0.1', 0))
    listener.listen(CONNECTIONS)
    tell(listener.getsockname()[1])
    for _ in range(CONNECTIONS):
        reader.add(listener.accept()[0])
    os.read(0, 1)
    more = b'x' * MORE if protocol else None
    tell(reader.read())
    del more


# --- the clients -------------------------------------------------------------

def send_some(connection, position):
    """Returns how many bytes were sent."""
    try:
        return connection.send(bytes_at(position, min(PIECE,
                                                      LENGTH - position)))
    except BlockingIOError:
        return 0


def send_all(connections, on_standstill):
    sent = [0] * len(connections)
    moved = time.monotonic()
    quiet = 0
    while any(each < LENGTH for each in sent):
        before = sum(sent)
        for i, connection in enumerate(connections):
            if sent[i] < LENGTH:
                sent[i] += send_some(connection, sent[i])
        # Count passes, too: time also passes while this process does not run.
        quiet += 1
        if sum(sent) != before:
            moved = time.monotonic()
            quiet = 0
        elif (on_standstill and quiet > QUIET and
              time.monotonic() > moved + 1):
            on_standstill()
            on_standstill = None
        elif time.monotonic() > moved + PATIENCE:
            sys.exit('no progress')
    # TCP's send buffers may have had room for everything.
    if on_standstill:
        on_standstill()
    for connection in connections:
        connection.shutdown(socket.SHUT_WR)


def carried():
    rows = subprocess.check_output(('dibs', '--json', 'smc', 'list'))
    return sum(row['carrier'] == 'SMC-D' for row in json.loads(rows)) // 2


def charged(group):
    with open(f'{group}/memory.current', encoding='ascii') as file:
        return int(file.read())


def heard(server):
    """Returns what the server says; 0 if it is gone."""
    told = os.read(server.stdout.fileno(), 2)
    return struct.unpack('H', told)[0] if told else 0


def main():
    group, kind = sys.argv[1:3]
    protocol = SMC if kind == 'smc' else 0
    if sys.argv[3:] == ['serve']:
        serve(group, protocol)
        return
    server = subprocess.Popen((sys.executable, '-B', *sys.argv, 'serve'),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = heard(server)
    connections = [new_socket(protocol) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.connect(('127.0.0.1', port))
        connection.setblocking(False)
    dibs = carried()
    then = []

    def at_standstill():
        then.append(charged(group))
        os.write(server.stdin.fileno(), b'x')

    send_all(connections, at_standstill)
    print(json.dumps({'right': heard(server), 'dibs': dibs,
                      'charged': then[0], 'status': server.wait()}))


main()
