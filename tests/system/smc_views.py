# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections of SMC sockets for smc-views.sh to look at.

  smc_views.py pair HOST [tcp]   a listener, and a connection to it
  smc_views.py between CLIENT SERVER HOST
                                 the same, from one network namespace to another
  smc_views.py crowd [limited]   three connections that nobody accepts: the mode
                                 of each client, as sock_diag has it
  smc_views.py read              what sock_diag says of DMBs, raw

"pair" and "between" say which ports they have, the listener's and the client's, then obey
one word a line from standard input and say "done" after each:

  send      the client sends 100 bytes, the server reads them
  shutdown  the client will write no more, and the server has seen that
"""

import ctypes
import os
import socket
import struct
import sys

SMC = 256
AF_SMC = 43
CONNINFO, DMBINFO = 1, 4
SMCD = 2
SOL_SMC, SMC_LIMIT_HS = 286, 1


def enter(namespace):
    with open('/run/netns/' + namespace) as file:
        if ctypes.CDLL(None).setns(file.fileno(), 0x40000000):
            sys.exit('no namespace ' + namespace)


def pair(host, client_protocol, names=()):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    if names:
        enter(names[1])
    server = socket.socket(family, socket.SOCK_STREAM, SMC)
    server.bind((host, 0))
    server.listen()
    if names:
        enter(names[0])
    client = socket.socket(family, socket.SOCK_STREAM, client_protocol)
    client.connect(server.getsockname()[:2])
    peer = server.accept()[0]
    for each in client, peer:
        each.settimeout(60)
    print(server.getsockname()[1], client.getsockname()[1], flush=True)
    for line in sys.stdin:
        if line == 'send\n':
            client.sendall(bytes(100))
            if len(peer.recv(100, socket.MSG_WAITALL)) != 100:
                sys.exit('bytes are missing')
        elif line == 'shutdown\n':
            client.shutdown(socket.SHUT_WR)
            if peer.recv(1):
                sys.exit('bytes from nowhere')
        print('done', flush=True)


def answers():
    """Of a dump of AF_SMC: the fixed part and the attributes."""
    nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
    nl.settimeout(60)
    nl.bind((0, 0))
    request = struct.pack('=BxxB48x', AF_SMC,
                          1 << (CONNINFO - 1) | 1 << (DMBINFO - 1))
    nl.send(struct.pack('=IHHII', 16 + len(request), 20, 0x301, 1, 0) +
            request)
    while True:
        data = nl.recv(65536)
        while data:
            length, kind = struct.unpack_from('=IH', data)
            if kind != 20:
                return
            attrs, at = {}, 16 + 64
            while at < length:
                size, number = struct.unpack_from('=HH', data, at)
                attrs[number] = data[at + 4:at + size]
                at += (size + 3) & ~3
            yield data[16:16 + 64], attrs
            data = data[(length + 3) & ~3:]


def read():
    """One line for each connection through DMBs."""
    for fixed, attrs in answers():
        if fixed[2] != SMCD:
            continue
        values = struct.unpack('=IIQQQQQQ', attrs[DMBINFO])
        print('hole', values[1], 'gids', values[3] == values[2] != 0,
              'tokens', *('none' if not v else 'some' for v in values[4:6]),
              'info', len(attrs[CONNINFO]))


def crowd(limited):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)
    if limited:
        server.setsockopt(SOL_SMC, SMC_LIMIT_HS, 1)
        if server.getsockopt(SOL_SMC, SMC_LIMIT_HS) != 1:
            sys.exit('the option is not as it was set')
    server.bind(('127.0.0.1', 0))
    server.listen(8)
    clients = []
    for _ in range(3):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)
        client.settimeout(60)
        client.connect(server.getsockname())
        clients.append(client)
    modes = {struct.unpack_from('=Q', fixed, 56)[0]: fixed[2]
             for fixed, _ in answers()}
    print(*(modes[os.fstat(client.fileno()).st_ino] for client in clients))


if sys.argv[1] == 'between':
    pair(sys.argv[4], SMC, sys.argv[2:4])
elif sys.argv[1] == 'crowd':
    crowd('limited' in sys.argv)
elif sys.argv[1] == 'pair':
    pair(sys.argv[2], 0 if 'tcp' in sys.argv[3:] else SMC)
else:
    read()
