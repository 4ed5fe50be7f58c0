# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections within a network namespace for smc-share.sh.

Obeys one command a line from standard input and answers with one line; NAMESPACE
"host" is the initial one:

  pair NAMESPACE    connects, exchanges bytes both ways, closes: what carries
                    the ends, the client's first
  fill NAMESPACE    makes connections, sends as much as each takes, nobody reads;
                    until one is TCP's: how many are SMC-D's, and why that is not
  drain NAMESPACE   reads what they sent, which must be right, and closes them
"""

import random
import socket

import smc_fallback as ends

MOST = 100      # connections
WORD = random.randbytes(65536)
full = {}       # by namespace: client, server, bytes


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
    """Of one end: "SMC-D", or the reason for TCP."""
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


def pour(client):
    """As much as it takes at once: how many bytes."""
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
        rows.append((client, server, pour(client)))
        carried = carrier(namespace, client)
        if carried != 'SMC-D':
            return f'{count} SMC-D, then {carried}'
    return f'all {MOST} by SMC-D'


def drain(namespace):
    for client, server, sent in full.pop(namespace):
        for at in range(0, sent, len(WORD)):
            ends.expect(server, WORD[:min(sent - at, len(WORD))])
        client.close()
        server.close()
    return 'arrived'


ends.obey({'pair': pair, 'fill': fill, 'drain': drain})
