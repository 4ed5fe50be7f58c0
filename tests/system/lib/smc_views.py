# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""SMC connections for smc-views.sh to look at.

  smc_views.py pair HOST [tcp]   a listener and a connection to it; the client
                                 may be a plain TCP socket
  smc_views.py read              what sock_diag says about DMBs, raw

"pair" prints its ports, the listener's and the client's, then reads commands
from standard input, one per line, and says "done" after each:

  send      the client sends 100 bytes, the server reads them
  shutdown  the client shuts down its direction, and the server sees that
"""

import socket
import struct
import sys

SMC = 256
AF_SMC = 43
CONNINFO, DMBINFO = 1, 4
SMCD = 2


def pair(host, client_protocol):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM, SMC)
    server.bind((host, 0))
    server.listen()
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
    """Yields the fixed part and the attributes of each answer to a dump."""
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
    """Prints a line for each connection over DMBs."""
    for fixed, attrs in answers():
        if fixed[2] != SMCD:
            continue
        values = struct.unpack('=IIQQQQQQ', attrs[DMBINFO])
        print('hole', values[1], 'gids', values[3] == values[2] != 0,
              'tokens', *('none' if not v else 'some' for v in values[4:6]),
              'info', len(attrs[CONNINFO]))


if sys.argv[1] == 'pair':
    pair(sys.argv[2], 0 if 'tcp' in sys.argv[3:] else SMC)
else:
    read()
