# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Asks namespaces about SMC, and checks statements about the answers.

For smc_tools.py and smc_changes.py. Connections go from namespace "green" to
ADDRESS in namespace "red".
"""

import errno
import os
import subprocess
import traceback

import smc_figures as figures
import smc_netlink as netlink

ADDRESS = '10.3.0.2'
CDC = 32
RING = 65536
SIZE = RING - CDC
SMC = 256

# Modes and states of <linux/smc_diag.h> and of sockets.
TCP, SMCD = 1, 2
ACTIVE, LISTEN, PEERCLOSEWAIT1, APPCLOSEWAIT1 = 1, 10, 20, 22
# Reasons
CONFIGURED, NO_DEVICE, PEER_HAS_NONE = 0x03000000, 0x03030000, 0x03010000
UNSAID = object()       # only newer kernels name it at the end of a dump


class Tap:
    """Counts statements and prints them."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def result(self, statement, wrong=''):
        self.count += 1
        self.failed += bool(wrong)
        for line in wrong.splitlines():
            print('# ' + line)
        print(f'{"not " if wrong else ""}ok {self.count} - {statement}',
              flush=True)

    def same(self, statement, wanted, ask, *args, **named):
        """Asking has to return what is wanted."""
        try:
            got = ask(*args, **named)
            self.result(statement, '' if got == wanted else
                        f'got {got!r},\nwanted {wanted!r}')
        except Exception:
            self.result(statement, traceback.format_exc())

    def has(self, statement, wanted, ask, *args):
        """Asking has to return a dictionary that has all that is wanted."""
        self.same(statement, wanted, lambda: {
            name: value for name, value in ask(*args).items()
            if name in wanted})

    def done(self, statement, ask, *args, **named):
        """Asking has to succeed, and returns nothing."""
        self.same(statement, None, ask, *args, **named)

    def refused(self, statement, code, words, attr, ask, *args, **named):
        """Asking has to fail with that errno, with a message that has the
        words, and about that attribute, unless that is UNSAID."""
        try:
            self.result(statement, f'not refused: {ask(*args, **named)}')
        except netlink.Refused as error:
            self.same(statement, (code, words, attr), lambda:
                      (errno.errorcode[error.args[0]],
                       words if words in error.args[1] else error.args[1],
                       attr if attr is UNSAID else error.args[2]))
        except Exception:
            self.result(statement, traceback.format_exc())

    def end(self):
        print(f'1..{self.count}')
        return self.failed > 0


# --- asking in a namespace ---------------------------------------------------

def dump(namespace, name):
    figures.enter(namespace)
    return netlink.dump(name)


def sockets(namespace, *exts):
    figures.enter(namespace)
    return netlink.diag(exts)


def pnetids(namespace, *args):
    figures.enter(namespace)
    return netlink.pnetids(*args)


def change(namespace, name, **attrs):
    """A keyword is a letter and the number of an attribute."""
    figures.enter(namespace)
    netlink.change(name, [(int(key[1:]), value if isinstance(value, bytes)
                           else value.encode() + b'\0')
                          for key, value in attrs.items()])


def one(namespace, by, port, *exts):
    """Returns the socket with that port."""
    row, = [row for row in sockets(namespace, *exts) if row[by] == port]
    return row


def part(name, *args):
    """Returns one extension of one socket."""
    return one(*args, name)[name]


def sysctl(namespace, name, value=None):
    figures.enter(namespace)
    with open('/proc/sys/net/smc/' + name, 'r+' if value else 'r') as file:
        if value is None:
            return file.read().strip()
        file.write(value)
    return None


def set_both(name, value):
    for namespace in 'green', 'red':
        sysctl(namespace, name, str(value))


def dibs(*args):
    figures.enter('green')
    subprocess.run(('dibs',) + args, check=True)


class Ends:
    """How to find the ends of a connection."""

    def __init__(self, pair):
        port = pair.client.getsockname()[1]
        self.client = ('green', 'sport', port)
        self.server = ('red', 'dport', port)
        self.port = port
        self.listener = pair.server.getsockname()[1]
        self.inode = os.fstat(pair.client.fileno()).st_ino
