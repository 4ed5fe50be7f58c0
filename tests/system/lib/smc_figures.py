# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""How SMC connections change the statistics of their namespaces.

For smc_tools.py, which has the statement of each case. A case makes a
connection, does one thing, and compares all figures of both namespaces with
what they were before: those that it names have changed by that much, and no
others.
"""

import contextlib
import ctypes
import os
import select
import socket
import tempfile
import threading
import time

import smc_netlink as netlink

SMC = 256
CLONE_NEWNET = 0x40000000
TCP_CORK = 3
CDC = 32

libc = ctypes.CDLL(None, use_errno=True)
entered = []        # the namespace that this process is in


def enter(namespace):
    if entered == [namespace]:      # setns() needs capabilities
        return
    with open('/run/netns/' + namespace) as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns ' + namespace)
    entered[:] = [namespace]


def flat(values, prefix=''):
    """Flattens nested dictionaries; names get dots."""
    figures = {}
    for name, value in values.items():
        if isinstance(value, dict):
            figures.update(flat(value, f'{prefix}{name}.'))
        else:
            figures[prefix + name] = value
    return figures


class Wrong(Exception):
    """Something is not as it should be."""


class Pair:
    """Makes connections from one namespace to another, and closes all."""

    def __init__(self, client, server, address, ring):
        self.names = {'client': client, 'server': server}
        self.ring = ring
        self.address = address
        self.before = None
        self.listener = self.client = self.server = None

    def __enter__(self):
        self.rings = self.ring_bytes()
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self, protocol=SMC):
        enter(self.names['server'])
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SMC)
        self.listener.bind((self.address, 0))
        self.listener.listen()
        enter(self.names['client'])
        self.client = socket.socket(socket.AF_INET, socket.SOCK_STREAM,
                                    protocol)
        self.client.settimeout(60)
        self.client.connect(self.listener.getsockname())
        self.server = self.listener.accept()[0]
        self.server.settimeout(60)

    def close(self):
        """Returns once no ring of the connection is left."""
        for each in self.client, self.server, self.listener:
            if each:
                each.close()
        deadline = time.monotonic() + 60
        while self.ring_bytes() != self.rings:
            if time.monotonic() > deadline:
                raise Wrong('rings of closed sockets are left')
            time.sleep(0.01)

    def ring_bytes(self):
        return [self.figures(role)[f'smcd.{way}_usage']
                for role in self.names for way in ('tx', 'rx')]

    def figures(self, role):
        enter(self.names[role])
        return flat(netlink.dump('stats')[0])

    def remember(self):
        self.before = {role: self.figures(role) for role in self.names}

    def changed(self, **expected):
        """Checks figures of SMC-D; by role: {name: by how much}."""
        for role in self.names:
            now, before = self.figures(role), self.before[role]
            delta = {name: now[name] - before[name] for name in now
                     if now[name] != before[name]}
            wanted = {name if '_errors' in name else 'smcd.' + name: by
                      for name, by in expected.get(role, {}).items()}
            if delta != wanted:
                raise Wrong(f'{role}: {delta}, not {wanted}')


def size_of(length):
    """Returns the name of a size in the figures."""
    for i in range(8):
        if length <= 8192 << i:
            return f'{8 << i}K'
    return 'more'


def calls(way, *lengths):
    """Figures of calls that sent ("tx") or received ("rx") that much each."""
    figures = {f'{way}_bytes': sum(lengths), f'{way}_count': len(lengths)}
    for length in lengths:
        name = f'{way}_calls.{size_of(length)}'
        figures[name] = figures.get(name, 0) + 1
    return figures


def receive(sock, length):
    data = sock.recv(length, socket.MSG_WAITALL)
    if len(data) != length:
        raise Wrong(f'{len(data)} of {length} bytes')


# --- cases -------------------------------------------------------------------

def case_connection(pair):
    pair.remember()
    pair.connect()
    bytes_ = pair.ring - CDC
    rings = {f'tx_rings.{size_of(bytes_)}': 1, f'rx_rings.{size_of(bytes_)}': 1,
             'rx_ring.made': 1}
    usage = {'tx_usage': bytes_, 'rx_usage': bytes_}
    pair.changed(client={**rings, **usage, 'client_v2': 1},
                 server={**rings, **usage, 'server_v2': 1})
    pair.close()
    pair.changed(client={**rings, 'client_v2': 1},
                 server={**rings, 'server_v2': 1})


def case_sizes(pair):
    lengths = [1, 8192, 8193, 16384, 16385]
    while lengths[-1] * 2 < pair.ring:
        lengths.append((lengths[-1] - 1) * 2 + 1)
    pair.connect()
    pair.remember()
    for length in lengths:
        if pair.client.send(bytes(length)) != length:
            raise Wrong('not all was sent')
        receive(pair.server, length)
    pair.changed(client=calls('tx', *lengths), server=calls('rx', *lengths))


def case_peek(pair):
    pair.connect()
    pair.client.send(bytes(100))
    pair.remember()
    if len(pair.server.recv(100, socket.MSG_PEEK)) != 100:
        raise Wrong('nothing to be seen')
    pair.changed()


def case_full(pair):
    size = pair.ring - CDC
    pair.connect()
    pair.remember()
    if pair.client.send(bytes(size + 1), socket.MSG_DONTWAIT) != size:
        raise Wrong('the ring was not filled')
    if len(pair.server.recv(size + 1)) != size:
        raise Wrong('the ring was not read')
    pair.changed(client={**calls('tx', size), 'tx_ring.peer_full': 1,
                         'tx_ring.peer_small': 1},
                 server={**calls('rx', size), 'rx_ring.full': 1,
                         'rx_ring.small': 1})


def case_large(pair):
    length = (1 << 20) + 1
    pair.connect()
    pair.remember()
    sender = threading.Thread(target=pair.client.sendall,
                              args=(bytes(length),))
    # One call each, since the sockets block.
    pair.client.settimeout(None)
    pair.server.settimeout(None)
    sender.start()
    receive(pair.server, length)
    sender.join()
    name = 'smcd.tx_calls.more', 'smcd.rx_calls.more'
    for role, figure in zip(('client', 'server'), name):
        if pair.figures(role)[figure] != pair.before[role][figure] + 1:
            raise Wrong(f'{role}: {figure} is as before')


def case_options(pair):
    pair.connect()
    pair.remember()
    for value in 1, 0:
        pair.client.setsockopt(socket.IPPROTO_TCP, TCP_CORK, value)
    for value in 1, 0, 1:
        pair.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, value)
    pair.changed(client={'cork': 1}, server={'nodelay': 2})


def case_urgent(pair):
    pair.connect()
    pair.remember()
    pair.client.send(b'!', socket.MSG_OOB)
    poll = select.poll()
    poll.register(pair.server, select.POLLPRI)
    # With a timeout, Python would wait for bytes that are not urgent.
    pair.server.settimeout(None)
    if not poll.poll(60000) or pair.server.recv(1, socket.MSG_OOB) != b'!':
        raise Wrong('no urgent byte')
    pair.changed(client={**calls('tx', 1), 'urgent': 1},
                 server={**calls('rx', 1), 'urgent': 1})


def case_sendfile(pair):
    pair.connect()
    with tempfile.TemporaryFile() as file:
        file.write(bytes(4096))
        file.flush()
        pair.remember()
        if os.sendfile(pair.client.fileno(), file.fileno(), 0, 4096) != 4096:
            raise Wrong('not all was sent')
    receive(pair.server, 4096)
    pair.changed(client={**calls('tx', 4096), 'sendpage': 1},
                 server=calls('rx', 4096))


def case_splice(pair):
    pair.connect()
    pair.remember()
    pair.client.send(bytes(1000))
    with contextlib.ExitStack() as pipe:
        _, into = [pipe.enter_context(open(end, mode)).fileno()
                   for end, mode in zip(os.pipe(), ('rb', 'wb'))]
        if os.splice(pair.server.fileno(), into, 1000) != 1000:
            raise Wrong('not all was spliced')
    pair.changed(client=calls('tx', 1000),
                 server={**calls('rx', 1000), 'splice': 1})


def case_shrunk(pair):
    pair.remember()
    pair.connect()
    for role in pair.names:
        now, before = pair.figures(role), pair.before[role]
        for name, by in ('made', 1), ('shrunk', 1):
            name = 'smcd.rx_ring.' + name
            if now[name] - before[name] != by:
                raise Wrong(f'{role}: {name} by {now[name] - before[name]}')
        if now['smcd.rx_usage'] - before['smcd.rx_usage'] != pair.ring - CDC:
            raise Wrong(f'{role}: a ring of another size')


def case_fallback(pair):
    pair.remember()
    pair.connect(0)
    pair.client.send(bytes(100))
    receive(pair.server, 100)
    pair.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pair.changed()


def run(case, client, server, address, ring):
    with Pair(client, server, address, ring) as pair:
        globals()['case_' + case](pair)
