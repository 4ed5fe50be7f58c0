# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Busy SMC sockets, for smc-life.sh, which pulls the rug from under them.

  smc_traffic.py hold KIND     keeps a socket, listener or connection open
  smc_traffic.py load          connects, sends, checks and closes for ever
  smc_traffic.py once          makes a few such connections, then ends
"""

import os
import random
import signal
import socket
import sys

SMC = 256
FAMILIES = ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'))


def listen(family, host):
    server = socket.socket(family, socket.SOCK_STREAM, SMC)
    server.bind((host, 0))
    server.listen(64)
    return server


def connect(server):
    client = socket.socket(server.family, socket.SOCK_STREAM, SMC)
    client.connect(server.getsockname()[:2])
    return client


def hold(kind):
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)]
    if kind != 'socket':
        held.append(listen(*FAMILIES[0]))
    if kind == 'connection':
        held.append(connect(held[1]))
        held.append(held[1].accept()[0])
        held.pop(1).close()
        held.pop(0).close()
    elif kind == 'listener':
        held.pop(0).close()
    print('held', flush=True)
    signal.pause()


def serve(server):
    """Echoes, one connection after the other."""
    while True:
        peer = server.accept()[0]
        try:
            while data := peer.recv(65536):
                peer.sendall(data)
        except OSError:
            pass
        peer.close()


def exchange(server):
    client = connect(server)
    data = random.randbytes(random.randrange(1, 50000))
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)
    got = b''
    while part := client.recv(65536):
        got += part
    client.close()
    if got != data:
        sys.exit('wrong bytes')


def load(rounds):
    """For each address family a server and two clients, each a child."""
    children = []
    for family in FAMILIES:
        server = listen(*family)
        child = os.fork()
        if not child:
            serve(server)
        children.append(child)
        for _ in range(2):
            child = os.fork()
            if not child:
                done = 0
                while done != rounds:
                    exchange(server)
                    done += 1
                os._exit(0)
            children.append(child)
    print('busy', flush=True)
    for number in (1, 2, 4, 5):
        if os.waitpid(children[number], 0)[1]:
            sys.exit('a client failed')
    for number in (0, 3):
        os.kill(children[number], signal.SIGKILL)
        os.waitpid(children[number], 0)


if sys.argv[1] == 'hold':
    hold(sys.argv[2])
else:
    load(5 if sys.argv[1] == 'once' else -1)
