# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""A sender fills the ring of a peer that does not read. Then the peer says in
shared memory that it has closed, without a signal. For smc-scribble.sh.

  smc_closed.py PARAMETERS

PARAMETERS is the scribbler's folder of module parameters. The sender must
neither block nor spin: as with TCP, it can send bytes to a peer that has
closed, and then gets an error.
"""

import socket
import struct
import sys
import time

SMC = 256
WAIT = 10       # seconds that a send may take


def connection():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC) as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(1)
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)
        client.connect(listener.getsockname())
        return client, listener.accept()[0]


def fill(sender):
    sender.setblocking(False)
    try:
        while True:
            sender.send(bytes(4096))
    except BlockingIOError:
        sender.setblocking(True)


def lie(folder):
    with open(folder + '/told', encoding='ascii') as file:
        before = int(file.read())
    for name in ('closed', 'none'):
        with open(folder + '/lie', 'w', encoding='ascii') as file:
            file.write(name)
        told = before
        while name == 'closed' and told < before + 100:
            with open(folder + '/told', encoding='ascii') as file:
                told = int(file.read())


def main():
    client, server = connection()
    fill(client)
    lie(sys.argv[1])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                      struct.pack('ll', WAIT, 0))
    began = time.monotonic()
    try:
        print('sent', client.send(bytes(100000)))
        client.send(b'x')
        return 'no error'
    except BlockingIOError:
        return 'the sender blocked'
    except (BrokenPipeError, ConnectionError) as error:
        print(error, f'after {time.monotonic() - began:.1f} s')
        return time.monotonic() - began > WAIT / 2
    finally:
        server.close()


sys.exit(main())
