# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections for smc-fallback.sh, and what became of them.

Obeys one command a line from standard input and answers with one line:

  pair CLIENT SERVER   connects, exchanges bytes both ways, closes
  hold CLIENT SERVER   the same, but the connection stays
  drop                 until then
  idle CLIENT SERVER   fills the server's ring, reads it, waits until it has no
                       more memory than when it was empty
  greet CLIENT SERVER  a few times: connects, the server sends two small pieces;
                       tells how many acknowledgements of the client's were late
  counts               compares "dibs smc fallbacks" with all answers so far
  lie ROLE CASE        see smc_peer.py
  mute, late           likewise
  crowd, stragglers    likewise
  cut ROLE             likewise

CLIENT and SERVER are NAMESPACE[:KIND], KIND is "tcp" for a plain TCP socket or
"fastopen". The answer to the first two has a word for each end, the client's
first: "SMC-D"; or the reason for TCP, and behind a slash the peer's reason if
there is one; "plain" if the end is no SMC socket. Bytes that do not arrive, or
a fall back that is not counted, are an answer of their own.
"""

import collections
import ctypes
import json
import random
import signal
import socket
import subprocess
import sys
import time

SMC = 256
CLONE_NEWNET = 0x40000000
TCP_FASTOPEN_CONNECT = 30
PATIENCE = 120      # seconds for a command, only to end what hangs
IDLE = 20           # seconds until an idle ring has to be without memory
ADDRESS = {'red': '10.1.0.1', 'blue': '10.1.0.2'}

libc = ctypes.CDLL(None, use_errno=True)
held = []
expected = collections.Counter()


class Wrong(Exception):
    """What an end saw and should not have."""


def enter(namespace):
    """Sockets made from now on belong to it."""
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
    """What carries this end. It is to be counted."""
    row = row_of(namespace, sock)
    if not row:
        return 'plain'
    expected[namespace, role, row['carrier'], row['reason']] += 1
    if not row['reason']:
        return row['carrier'] or 'undecided'
    peer = row['peer_reason']
    return row['reason'] + ('/' + peer if peer else '')


def counts():
    """Has each connection been counted once, and nothing else?"""
    got = {(namespace, row['role'], row['carrier'], row['reason']): row['count']
           for namespace in ADDRESS
           for row in dibs(namespace, 'smc', 'fallbacks') if row['count']}
    wrong = [f'{got.get(key)} of {count} {key}'
             for key, count in expected.items() if got.get(key) != count]
    wrong += [f'{key}' for key in got if key not in expected]
    if wrong:
        raise Wrong(', '.join(wrong))
    return 'right'


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


def hold(client_end, server_end):
    ends = client_end.partition(':')[0], server_end.partition(':')[0]
    socks = connect(client_end, server_end)
    held.extend(socks)
    exchange(*socks)
    return ' '.join(map(fate, ends, ('client', 'server'), socks))


def drop():
    while held:
        held.pop().close()
    return 'dropped'


def pair(client_end, server_end):
    answer = hold(client_end, server_end)
    held.pop().close()
    held.pop().close()
    return answer


def late_acks(namespace):
    enter(namespace)
    with open('/proc/net/netstat') as file:
        names, values = [line.split() for line in file][:2]
    return int(values[names.index('DelayedACKs')])


def greet_some(client_end, server_end):
    """How many were late."""
    ends = client_end.partition(':')[0], server_end.partition(':')[0]
    before = late_acks(ends[0])
    for _ in range(5):
        client, peer = connect(client_end, server_end)
        peer.send(b'a')
        # Held back by Nagle's algorithm until that is acknowledged.
        peer.send(b'b')
        expect(client, b'ab')
        fate(ends[0], 'client', client)
        fate(ends[1], 'server', peer)
        client.close()
        peer.close()
    return late_acks(ends[0]) - before


def greet(*ends):
    # A processor that was away makes them late once.
    for _ in range(3):
        late = greet_some(*ends)
        if not late:
            break
    return f'{late} late'


def memory(namespace):
    return sum(row['memory'] for row in dibs(namespace, 'dmb', 'list'))


def idle(client_end, server_end):
    client, peer = connect(client_end, server_end)
    fate(client_end, 'client', client)
    fate(server_end, 'server', peer)
    empty = memory(server_end)
    client.setblocking(False)
    sent = 0
    try:
        while True:
            sent += client.send(bytes(65536))
    except BlockingIOError:
        pass
    full = memory(server_end)
    receive(peer, sent)
    deadline = time.monotonic() + IDLE
    while (now := memory(server_end)) != empty:
        if time.monotonic() > deadline:
            raise Wrong(f'{empty} bytes, {full} when full, then {now}')
        time.sleep(0.2)
    if not 0 < empty < sent <= full:
        raise Wrong(f'{empty} bytes, {full} when full of {sent}')
    client.setblocking(True)
    exchange(client, peer)
    client.close()
    peer.close()
    return 'as before'


def too_long(*_):
    raise Wrong('nothing happens any more')


def obey(commands):
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


if __name__ == '__main__':
    # Its cases use what is here.
    sys.modules['smc_fallback'] = sys.modules['__main__']
    import smc_peer
    obey({'pair': pair, 'hold': hold, 'drop': drop, 'idle': idle,
          'greet': greet, 'counts': counts, **smc_peer.COMMANDS})
