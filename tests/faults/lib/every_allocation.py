# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Makes every allocation of an operation fail once, one after the other.

For n = 1, 2, ...: the n-th allocation of this project's modules in the
operation fails (fail-nth, restricted to stacks with a module in them), until
the operation ends without an n-th allocation. Each time the operation either
succeeds or reports that memory ran out, and can be undone or repeated.
Sanitizers detect leaks and double frees.
"""

import ctypes
import errno
import os
import socket
import struct
import subprocess
import sys

from sweep import OUT_OF_MEMORY, Sweep, set_up, write

SELFTEST = '/sys/module/dibs_selftest/parameters/do'
LIBC = ctypes.CDLL(None, use_errno=True)
FINIT_MODULE, DELETE_MODULE, CLONE_NEWNET = 313, 176, 0x40000000


def check(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


# --- operations --------------------------------------------------------------

def load(name, args=b''):
    path = subprocess.check_output(['modinfo', '-n', name], text=True).strip()

    def operation():
        fd = os.open(path, os.O_RDONLY)
        try:
            check(LIBC.syscall(FINIT_MODULE, fd, args, 0))
        finally:
            os.close(fd)
    return operation


def unload(name):
    return lambda: check(LIBC.syscall(DELETE_MODULE, name.encode(), 0))


def tell(words):
    """A command of tests/kernel/control.c."""
    return lambda: write(SELFTEST, words)


def open_file():
    os.close(os.open('/dev/dibs_selftest', os.O_RDWR))


def new_namespace():
    """Runs in a process of its own, whose end is that of the namespace."""
    child = os.fork()
    if not child:
        os._exit(LIBC.unshare(CLONE_NEWNET) and ctypes.get_errno())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(status, os.strerror(status))


class Netlink:
    """Just enough of generic netlink, with the numbers of <linux/dibs.h>."""

    GETFAMILY, FAMILY_ID, FAMILY_NAME = 3, 1, 2
    DEV_GET, DEV_ADD, DEV_DEL, DEV_SET = 1, 2, 3, 4
    CLIENT_GET, DMB_GET, STATS_GET = 9, 10, 11
    NAME, KIND, ENABLED = 2, 3, 6

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.bind((0, 0))
        reply = self.ask(16, self.GETFAMILY,
                         self.text(self.FAMILY_NAME, 'dibs'))
        self.family = struct.unpack('=H', self.find(reply, self.FAMILY_ID))[0]

    @staticmethod
    def attribute(number, value):
        header = struct.pack('=HH', 4 + len(value), number)
        return header + value + bytes(-len(value) % 4)

    def text(self, number, value):
        return self.attribute(number, value.encode() + b'\0')

    @staticmethod
    def find(attributes, wanted):
        while attributes:
            size, number = struct.unpack('=HH', attributes[:4])
            if number == wanted:
                return attributes[4:size]
            attributes = attributes[(size + 3) & ~3:]
        raise KeyError(wanted)

    def ask(self, family, command, attributes=b'', dump=False):
        """Returns the first reply's attributes; a dump is read to its end."""
        flags = 1 | (0x300 if dump else 4)      # REQUEST, DUMP or ACK
        self.socket.send(struct.pack('=IHHIIBBH', 20 + len(attributes),
                                     family, flags, 1, 0, command, 1, 0) +
                         attributes)
        reply = b''
        while True:
            data = self.socket.recv(65536)
            while data:
                size, kind = struct.unpack('=IH', data[:6])
                if kind in (2, 3):              # ERROR, DONE
                    error = struct.unpack('=i', data[16:20])[0]
                    if error:
                        raise OSError(-error, os.strerror(-error))
                    return reply
                reply = reply or data[20:size]
                data = data[(size + 3) & ~3:]

    def call(self, command, name=None, more=b'', dump=False):
        attributes = (self.text(self.NAME, name) if name else b'') + more
        return lambda: self.ask(self.family, command, attributes, dump)

    def add(self, name):
        return self.call(self.DEV_ADD, name,
                         self.text(self.KIND, 'loopback'))

    def delete(self, name):
        return self.call(self.DEV_DEL, name)

    def enable(self, name, on):
        return self.call(self.DEV_SET, name,
                         self.attribute(self.ENABLED, bytes([on])))


def sweep_modules(sweep):
    sweep.run('loading dibs survives any failed allocation', load('dibs'),
              undo=[unload('dibs')])
    load('dibs')()
    sweep.run('loading dibs_loopback survives any failed allocation',
              load('dibs_loopback'), undo=[unload('dibs_loopback')])
    load('dibs_loopback')()
    sweep.run('registering a client survives any failed allocation',
              load('dibs_selftest', b'run='), undo=[unload('dibs_selftest')])
    load('dibs_selftest', b'run=')()
    sweep.run('creating a namespace survives any failed allocation',
              new_namespace, allocates=False)


def sweep_devices(sweep, netlink):
    add, delete = netlink.add('faulty'), netlink.delete('faulty')
    on, off = netlink.enable('faulty', 1), netlink.enable('faulty', 0)
    sweep.run('adding a device survives any failed allocation', add,
              undo=[delete])
    sweep.run('deleting a device never fails', delete, before=[add],
              never_fails=True, allocates=False)
    add()
    sweep.run('disabling a device never fails', off, undo=[on],
              never_fails=True, allocates=False)
    off()
    sweep.run('enabling a device survives any failed allocation', on,
              undo=[off])
    for objects, command in (('devices', netlink.DEV_GET),
                             ('clients', netlink.CLIENT_GET),
                             ('DMBs', netlink.DMB_GET),
                             ('counters', netlink.STATS_GET)):
        sweep.run(f'listing {objects} survives any failed allocation',
                  netlink.call(command, dump=True), allocates=False)
    delete()


def sweep_dmbs(sweep):
    register = tell('register lo 200000')
    attach, populate, move = tell('attach'), tell('populate'), tell('move')
    detach, unregister = tell('detach'), tell('unregister')
    sweep.run('registering a DMB survives any failed allocation', register,
              undo=[unregister])
    sweep.run('unregistering a DMB never fails', unregister,
              before=[register], never_fails=True, allocates=False)
    sweep.run('attaching a DMB survives any failed allocation', attach,
              before=[register], undo=[detach, unregister])
    sweep.run('populating a DMB survives any failed allocation', populate,
              before=[register, attach], undo=[detach, unregister])
    sweep.run('writing to a DMB survives any failed allocation', move,
              before=[register, attach], undo=[detach, unregister])
    sweep.run('detaching a DMB never fails', detach,
              before=[register, attach], undo=[unregister],
              never_fails=True, allocates=False)
    tell('use lo')()
    sweep.run('opening a DMB and its peer for a program survives any failed '
              'allocation', open_file)
    sweep.run('starting clients survives any failed allocation',
              tell('load 2'), undo=[tell('stop')])


def sweep_ism(sweep):
    """The driver gets an error for what the adapter has no memory for."""
    bus = '/sys/bus/ism_sim/'
    load('ism')()
    load('ism_sim', b'none=1')()
    new = lambda: write(bus + 'new_device', 'ism0 15a0000000000001 0100')
    delete = lambda: write(bus + 'del_device', 'ism0')
    sweep.run('adding an ISM adapter survives any failed allocation', new,
              undo=[delete])
    new()
    register, unregister = tell('register ism0 200000'), tell('unregister')
    attach, detach = tell('attach'), tell('detach')
    sweep.run('registering a DMB of an ISM adapter survives any failed '
              'allocation', register, undo=[unregister],
              errors_wanted=(*OUT_OF_MEMORY, errno.EREMOTEIO))
    sweep.run('unregistering a DMB of an ISM adapter never fails', unregister,
              before=[register], never_fails=True, allocates=False)
    sweep.run('attaching a DMB of an ISM adapter survives any failed '
              'allocation', attach, before=[register],
              undo=[detach, unregister])
    sweep.run('writing to a DMB of an ISM adapter survives any failed '
              'allocation', tell('move'), before=[register, attach],
              undo=[detach, unregister], allocates=False)
    with open(bus + 'devices/ism0/stats/refusals') as file:
        counts = dict(line.split() for line in file)
    sweep.result(counts['no_memory'] != '0',
                 'the adapter refused something for lack of memory '
                 f'({counts["no_memory"]} times)')
    unload('ism_sim')()
    unload('ism')()


def main():
    set_up()
    sweep = Sweep()
    sweep_modules(sweep)
    sweep_devices(sweep, Netlink())
    sweep_dmbs(sweep)
    sweep_ism(sweep)
    for name in ('dibs_selftest', 'dibs_loopback', 'dibs'):
        unload(name)()
    sweep.result(not os.path.exists('/sys/module/dibs'),
                 'all modules can be unloaded')
    print(f'1..{sweep.tests}')
    sys.exit(sweep.failed > 0)


main()
