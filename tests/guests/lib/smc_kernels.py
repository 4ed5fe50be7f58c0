# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Connections between two guests, for smc-kernels.sh.

  smc_kernels.py serve            listens, says "ready", obeys its clients
  smc_kernels.py talk HOSTS KIND [-]
                                  connects to each address, sends random bytes
                                  with checksums both ways, and says what became
                                  of both ends: one line if that is the same
  smc_kernels.py outlive HOST     connections whose peer dies, see there

KIND has a word for each end, the client's first: "smc-tcp". Servers are "smc",
"tcp", or "slow": SMC whose answers the suite drops. With "-" the program says
"connected" and goes on after it has read a line.

What became of an end is "SMC-D"; or the reason for TCP, followed by a slash
and the peer's reason; or "plain" if it is not an SMC socket.
"""

import errno
import hashlib
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time

SMC = 256
PROTOCOL = {'smc': SMC, 'tcp': 0}
PORTS = {'smc': 7001, 'tcp': 7002, 'slow': 7003}
LENGTH = (1 << 18) + 77
PATIENCE = 120          # seconds, only to end what hangs
DEAD = 3000             # milliseconds without an answer


# --- bytes -------------------------------------------------------------------

def receive(sock, length):
    data = bytearray()
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            sys.exit(f'end after {len(data)} of {length} bytes')
        data += part
    return bytes(data)


def put(sock, data):
    """Sends the length, the checksum, and the bytes."""
    digest = hashlib.sha256(data).digest()
    sock.sendall(struct.pack('!Q', len(data)) + digest + data)


def get(sock):
    length, = struct.unpack('!Q', receive(sock, 8))
    digest = receive(sock, 32)
    data = receive(sock, length)
    if hashlib.sha256(data).digest() != digest:
        sys.exit('the checksum is wrong')
    return data


# --- what became of an end ---------------------------------------------------

def port(name):
    return int(name.rpartition(':')[2])


def fate(sock):
    """Finds the socket by ports: a kernel may show an IPv4 address as IPv6."""
    wanted = sock.getsockname()[1], sock.getpeername()[1]
    said = subprocess.run(['dibs', 'smc', 'list', '--json'], check=True,
                          stdout=subprocess.PIPE).stdout
    rows = [row for row in json.loads(said)
            if (port(row['local']), port(row['peer'])) == wanted]
    if not rows:
        return 'plain'
    if len(rows) > 1 or not rows[0]['carrier']:
        return str(rows)
    peer = rows[0]['peer_reason']
    return (rows[0]['reason'] or 'SMC-D') + ('/' + peer if peer else '')


# --- the server --------------------------------------------------------------

def flow(sock):
    """Sends for ever."""
    data = bytes(10000)
    while True:
        sock.sendall(data)


def serve_one(sock):
    word = receive(sock, 4)
    if word == b'talk':
        data = get(sock)
        put(sock, random.randbytes(len(data)))
        put(sock, fate(sock).encode())
        sock.recv(1)
    elif word == b'flow':
        flow(sock)
    else:
        while sock.recv(65536):
            pass
    sock.close()


def accept_all(server):
    while True:
        threading.Thread(target=serve_one, args=server.accept()[:1]).start()


def serve():
    for kind, number in PORTS.items():
        server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM,
                               PROTOCOL.get(kind, SMC))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(('::', number))
        server.listen(64)
        threading.Thread(target=accept_all, args=(server,)).start()
    print('ready', flush=True)


# --- clients -----------------------------------------------------------------

def connect(host, protocol, number):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    sock.settimeout(PATIENCE)
    sock.connect((host, number))
    return sock


def talk_to(host, kinds, wait):
    client, server = kinds.split('-')
    sock = connect(host, PROTOCOL[client], PORTS[server])
    if wait:
        print('connected', flush=True)
        sys.stdin.readline()
    sock.sendall(b'talk')
    put(sock, random.randbytes(LENGTH))
    if len(get(sock)) != LENGTH:
        sys.exit('another length came back')
    result = f'{fate(sock)} {get(sock).decode()}'
    sock.close()
    return result


def talk(hosts, kinds, wait=None):
    results = [talk_to(host, kinds, wait) for host in hosts.split(',')]
    print(*sorted(set(results)), sep='\n', flush=True)


# --- a peer that dies --------------------------------------------------------

def soon_dead(sock):
    """TCP gives up soon on a peer that does not answer, in either
    direction."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD)


def end_of(action, *args):
    """Returns the error that ends the action."""
    try:
        while action(*args) != b'':
            pass
    except OSError as error:
        return errno.errorcode.get(error.errno, 'none of the kernel')
    return 'end of file'


class Flow(threading.Thread):
    """A connection in the middle of a transfer in one direction."""

    def __init__(self, host, kind, word):
        super().__init__()
        self.name = f'{kind} {word.decode()}'
        self.sock = connect(host, PROTOCOL[kind], PORTS[kind])
        soon_dead(self.sock)
        self.sock.sendall(word)
        if word == b'flow':
            self.action = self.sock.recv, 65536
            receive(self.sock, 100000)
        else:
            self.action = self.sock.sendall, bytes(10000)
            self.sock.sendall(bytes(100000))

    def run(self):
        self.result = end_of(*self.action)


class Handshake(threading.Thread):
    """A connection in the middle of the handshake; the suite stops it
    there."""

    name = 'smc handshake'

    def __init__(self, host):
        super().__init__()
        self.host = host

    def run(self):
        sock = connect(self.host, SMC, PORTS['slow'])
        self.result = fate(sock) + ' '
        soon_dead(sock)
        self.result += end_of(sock.sendall, bytes(10000))


def agreeing():
    """Is there a connection in the middle of the handshake?"""
    said = subprocess.run(['dibs', 'smc', 'list', '--json'], check=True,
                          stdout=subprocess.PIPE).stdout
    return any(port(row['peer']) == PORTS['slow'] and not row['carrier']
               for row in json.loads(said))


def outlive(host):
    """Says "ready" when all connections are busy, and finally how each
    ended."""
    handshake = Handshake(host)
    handshake.start()
    deadline = time.monotonic() + PATIENCE
    while not agreeing():
        if time.monotonic() > deadline:
            sys.exit('no connection in the middle of the handshake')
    ends = [Flow(host, kind, word) for kind in PROTOCOL
            for word in (b'flow', b'sink')]
    for end in ends:
        end.start()
    print('ready', flush=True)
    for end in ends + [handshake]:
        end.join(PATIENCE)
        print(f'{end.name}: {getattr(end, "result", "nothing")}', flush=True)
    os._exit(0)


COMMANDS = {'serve': serve, 'talk': talk, 'outlive': outlive}
COMMANDS[sys.argv[1]](*sys.argv[2:])
