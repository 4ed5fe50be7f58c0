# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""An adapter refuses each move of a connection in turn, for smc-refused.sh.

  smc_refused.py ADAPTER [inline]

The namespaces red and blue have an adapter each. Connections are made between
them, one after the other: ADAPTER refuses the first move of the first, the
second of the second, and so on, until a connection ends before its move is
refused. A move may carry bytes, CDC fields about them, a flag, or a signal:
whatever it is, each end reads everything that the other one wrote and then the
end of the stream, or gets an error. It never reads less and then the end, and
it never waits for bytes that do not come. One byte is urgent: in the stream
("inline"), or out of it, where it must not take another byte along.

Prints JSON: how many connections there were ("rounds"), how many of them
transferred everything nevertheless ("whole"), whether the last one did, of
which no move was refused ("last"), and what must not happen ("wrong").
"""

import ctypes
import errno
import json
import os
import select
import socket
import struct
import sys
import threading

SMC = 256
PATIENCE = 120
ADDRESS = '10.1.0.2'
NEWNET = 0x40000000
LENGTH = 60000                  # four rings of 16 KiB
PATTERN = bytes(range(251)) * (LENGTH // 251 + 1)
ASKED = b'question!' + PATTERN[:LENGTH]
ANSWERED = b'answer' + PATTERN[:LENGTH]
# What the server reads from the stream.
INLINE = sys.argv[2:] == ['inline']
READ = ASKED if INLINE else ASKED[:8] + ASKED[9:]
# After that many rounds in a row without a refused move, the end is reached.
ENOUGH = 3
RESETS = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)

libc = ctypes.CDLL(None, use_errno=True)


class Wrong(Exception):
    """An end did what TCP would never do."""


def enter(namespace):
    with open(f'/run/netns/{namespace}', 'rb') as file:
        if libc.setns(file.fileno(), NEWNET):
            raise OSError(ctypes.get_errno(), 'setns')


def new_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)
    limit = struct.pack('ll', PATIENCE, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, INLINE)
    return sock


def read(sock, count, wanted, before=b''):
    """Reads up to count bytes or the end of the stream, and compares."""
    got = bytearray(before)
    while len(got) < count:
        more = sock.recv(count - len(got))
        if not more:
            break
        got += more
    if bytes(got) != wanted[:len(got)]:
        raise Wrong('other bytes')
    if len(got) < min(count, len(wanted)):
        raise Wrong(f'an end after {len(got)} bytes')
    return bytes(got)


def ask(sock):
    sock.sendall(ASKED[:8])
    sock.send(ASKED[8:9], socket.MSG_OOB)
    first = read(sock, 6, ANSWERED)
    sock.sendall(ASKED[9:])
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError as error:
        # That is what TCP answers after a reset.
        if error.errno != errno.ENOTCONN:
            raise
        raise ConnectionResetError(errno.ECONNRESET, 'shutdown') from error
    read(sock, len(ANSWERED) + 1, ANSWERED, first)


def answer(sock):
    first = read(sock, 8, READ)
    sock.sendall(ANSWERED[:6])
    read(sock, len(READ) + 1, READ, first)
    sock.sendall(ANSWERED[6:])


class Round:
    """One connection."""

    def __init__(self):
        self.port = None
        self.done = []
        self.wrong = []
        self.listening = threading.Event()
        self.over = os.eventfd(0)

    def guard(self, who, work, sock):
        try:
            work(sock)
            self.done.append(who)
        except Wrong as error:
            self.wrong.append(f'{who}: {error}')
        except OSError as error:
            if error.errno not in RESETS:
                self.wrong.append(f'{who}: {error}')

    def connect(self, sock):
        sock.connect((ADDRESS, self.port))
        ask(sock)

    def client(self):
        enter('red')
        self.listening.wait()
        with new_socket() as sock:
            self.guard('client', self.connect, sock)
        os.eventfd_write(self.over, 1)

    def accept(self, listener):
        """Returns the connection, or None if there was none when the client
        ended."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(self.over, select.POLLIN)
        ready = [fd for fd, _ in poll.poll()]
        try:
            return listener.accept()[0] if listener.fileno() in ready else None
        except OSError:
            return None     # reset in the accept queue

    def server(self):
        enter('blue')
        with new_socket() as listener:
            listener.bind((ADDRESS, 0))
            listener.listen(1)
            self.port = listener.getsockname()[1]
            self.listening.set()
            sock = self.accept(listener)
            if sock:
                with sock:
                    self.guard('server', answer, sock)

    def run(self):
        threads = [threading.Thread(target=end, daemon=True)
                   for end in (self.server, self.client)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(3 * PATIENCE)
            if thread.is_alive():
                self.wrong.append('hangs')
        os.close(self.over)


def main():
    file = f'/sys/bus/ism_sim/devices/{sys.argv[1]}/fail_moves'
    rounds = whole = 0
    wrong = []
    left = 0
    while left < ENOUGH and len(wrong) < 10:
        with open(file, 'w', encoding='ascii') as fault:
            fault.write(f'1 {rounds}')
        this = Round()
        this.run()
        wrong += [f'move {rounds}: {what}' for what in this.wrong]
        whole += len(this.done) == 2
        with open(file, encoding='ascii') as fault:
            left = left + 1 if int(fault.read().split()[0]) else 0
        rounds += 1
    with open(file, 'w', encoding='ascii') as fault:
        fault.write('0')
    print(json.dumps({'rounds': rounds, 'whole': whole,
                      'last': len(this.done) == 2, 'wrong': wrong}))


if __name__ == '__main__':
    main()
