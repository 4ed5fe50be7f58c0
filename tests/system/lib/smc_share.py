# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections within a network namespace for smc-share.sh.

Reads commands from standard input, one per line, and answers each with one
line; NAMESPACE "host" is the initial one:

  pair NAMESPACE    connect, exchange bytes both ways, close; the answer is what
                    carries the ends, the client's first
  use NAMESPACE     send 20 MB to a reader that keeps up; the answer is how many
                    MiB the DMBs of the namespace have then
  fill NAMESPACE    make connections and send as much as each takes, without
                    reading, until one falls back to TCP; the answer is how many
                    SMC-D carries, and why it does not carry the last
  spin NAMESPACE    for a second, wait for the one that took least of those that
                    SMC-D carries, and send when poll() says so; the answer is
                    how often there was no room
  free NAMESPACE    read and close another one, then wait for that one; the
                    answer is whether it takes more
  open NAMESPACE N  make N connections and keep them
  drain NAMESPACE   read and compare what they sent, and close them
"""

import random
import select
import socket
import time

import smc_ends as ends

MOST = 100      # connections
WORD = random.randbytes(65536)
full = {}       # by namespace: [client, server, bytes]


def enter(namespace):
    if namespace == 'host':
        with open('/proc/1/ns/net') as file:
            if ends.libc.setns(file.fileno(), ends.CLONE_NEWNET):
                raise OSError('setns')
    else:
        ends.enter(namespace)


def connect(namespace):
    enter(namespace)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, ends.SMC) as server:
        server.bind(('127.0.0.1', 0))
        server.listen()
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, ends.SMC)
        client.connect(server.getsockname())
        return client, server.accept()[0]


def carrier(namespace, sock):
    """Returns what carries an end: "SMC-D", or the reason for TCP."""
    enter(namespace)
    own = ends.name(sock.getsockname())
    rows = [row for row in ends.run_dibs('smc', 'list')
            if row['local'] == own and row['peer'] != '-' and
            row['peer'] == ends.name(sock.getpeername())]
    return rows[0]['peer_reason'] or rows[0]['reason'] or rows[0]['carrier']


def pair(namespace):
    socks = connect(namespace)
    ends.exchange(*socks)
    answer = ' '.join(carrier(namespace, sock) for sock in socks)
    for sock in socks:
        sock.close()
    return answer


def use(namespace):
    client, server = connect(namespace)
    for _ in range(320):
        client.sendall(WORD)
        ends.expect(server, WORD)
    enter(namespace)
    used = sum(row['memory'] for row in ends.run_dibs('dmb', 'list'))
    client.close()
    server.close()
    return str(used >> 20)


def pour(client):
    """Sends as much as the socket takes at once; returns how many bytes."""
    client.setblocking(False)
    sent = 0
    try:
        while True:
            sent += client.send(WORD[sent % len(WORD):])
    except BlockingIOError:
        pass
    client.setblocking(True)
    return sent


def fill(namespace):
    rows = full.setdefault(namespace, [])
    for count in range(MOST):
        client, server = connect(namespace)
        rows.append([client, server, pour(client)])
        carried = carrier(namespace, client)
        if carried != 'SMC-D':
            return f'{count} SMC-D, then {carried}'
    return f'all {MOST} by SMC-D'


def starved(namespace):
    """The connection that got least memory; the last one is TCP's."""
    return min(full[namespace][:-1], key=lambda row: row[2])


def send_polled(row, seconds):
    """Returns the bytes that the socket took, 0 if it had no room, or None if
    poll() did not report any."""
    client, _, sent = row
    poller = select.poll()
    poller.register(client, select.POLLOUT)
    if not poller.poll(seconds * 1000):
        return None
    try:
        row[2] += client.send(WORD[sent % len(WORD):], socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass
    return row[2] - sent


def spin(namespace):
    row = starved(namespace)
    end = time.monotonic() + 1
    vain = 0
    while time.monotonic() < end:
        vain += send_polled(row, 1) == 0
    return str(vain)


def free(namespace):
    row = starved(namespace)
    other = full[namespace].pop(0 if row is not full[namespace][0] else 1)
    read_all(*other)
    for _ in range(10):
        if send_polled(row, 20):
            return 'more'
    return 'no more'


def read_all(client, server, sent):
    for at in range(0, sent, len(WORD)):
        ends.expect(server, WORD[:min(sent - at, len(WORD))])
    client.close()
    server.close()


def open_many(namespace, count):
    rows = full.setdefault(namespace, [])
    for _ in range(int(count)):
        rows.append([*connect(namespace), 0])
    return ' '.join(sorted({carrier(namespace, row[0]) for row in rows}))


def drain(namespace):
    for row in full.pop(namespace):
        read_all(*row)
    return 'arrived'


ends.obey({'pair': pair, 'use': use, 'fill': fill, 'spin': spin, 'free': free,
           'open': open_many, 'drain': drain})
