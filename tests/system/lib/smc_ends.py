# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""SMC connections between network namespaces, and what carries them.

For smc_fallback.py, smc_peer.py, smc_filter.py and smc_share.py. An end is
NAMESPACE[:KIND]; KIND is "tcp" for a plain TCP socket, or "fastopen".
"""

import collections
import ctypes
import json
import random
import signal
import socket
import subprocess
import sys

SMC = 256
CLONE_NEWNET = 0x40000000
TCP_FASTOPEN_CONNECT = 30
PATIENCE = 120      # seconds a command may take, only to end what hangs
ADDRESS = {'red': '10.1.0.1', 'blue': '10.1.0.2'}

libc = ctypes.CDLL(None, use_errno=True)
expected = collections.Counter()    # what "dibs smc fallbacks" has to count


class Wrong(Exception):
    """An end saw what it should not have seen."""


def enter(namespace):
    """Sockets that are made from now on belong to the namespace."""
    with open('/run/netns/' + namespace) as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns ' + namespace)


def call_libc(name, *args):
    if getattr(libc, name)(*args) < 0:
        code = ctypes.get_errno()
        raise OSError(code, name)


def make(end):
    namespace, _, kind = end.partition(':')
    enter(namespace)
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM,
                         0 if kind == 'tcp' else SMC)


def listen(end, address=''):
    server = make(end)
    server.bind((address, 0))
    if end.endswith(':fastopen'):
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    server.listen(64)
    return server


def receive(sock, length):
    data = b''
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            raise Wrong(f'end after {len(data)} of {length} bytes')
        data += part
    return data


def expect(sock, data):
    got = receive(sock, len(data))
    if got != data:
        raise Wrong(f'{got[:40].hex()} in place of {data[:40].hex()}')


def exchange(one, other):
    for sender, receiver in (one, other), (other, one):
        data = random.randbytes(5000)
        sender.sendall(data)
        expect(receiver, data)


def run_dibs(*command):
    return json.loads(subprocess.run(['dibs', *command, '--json'], check=True,
                                     stdout=subprocess.PIPE).stdout)


def dibs(namespace, *command):
    enter(namespace)
    return run_dibs(*command)


def name(address):
    return '%s:%d' % address


def row_of(namespace, sock):
    rows = [row for row in dibs(namespace, 'smc', 'list')
            if row['local'] == name(sock.getsockname()) and
            row['peer'] == name(sock.getpeername())]
    if len(rows) > 1:
        raise Wrong('listed twice')
    return rows[0] if rows else None


def fate(namespace, role, sock):
    """Returns what carries this end, and expects it to be counted."""
    row = row_of(namespace, sock)
    if not row:
        return 'plain'
    expected[namespace, role, row['carrier'], row['reason']] += 1
    if not row['reason']:
        return row['carrier'] or 'undecided'
    peer = row['peer_reason']
    return row['reason'] + ('/' + peer if peer else '')


def connect(client_end, server_end):
    server = listen(server_end)
    client = make(client_end)
    if client_end.endswith(':fastopen'):
        client.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    client.connect((ADDRESS[server_end.partition(':')[0]],
                    server.getsockname()[1]))
    peer = server.accept()[0]
    server.close()
    return client, peer


def too_long(*_):
    raise Wrong(f'no answer within {PATIENCE} s')


def obey(commands):
    """Reads a command per line from standard input, answers with a line."""
    signal.signal(signal.SIGALRM, too_long)
    for line in sys.stdin:
        command, *words = line.split()
        signal.alarm(PATIENCE)
        try:
            answer = commands[command](*words)
        except (Wrong, OSError) as error:
            answer = f'{type(error).__name__}: {error}'
        signal.alarm(0)
        print(answer, flush=True)
