# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Fails every allocation of an operation once, one after the other.

For n = 1, 2, ...: the n-th allocation that this project's modules make in the
operation fails (fail-nth, restricted to stacks with a module in them), until
the operation ends without having come to an n-th one. Each time the operation
succeeds or says that memory ran out, and can be undone or done again; whether
something leaked or was freed twice is for the sanitizers to see.
"""

import ctypes
import errno
import os
import socket
import struct
import subprocess
import sys

DEBUGFS = '/sys/kernel/debug/'
MODULES_START, MODULES_END = 0xffffffffa0000000, 0xffffffffff000000
FAIL_NTH = '/proc/thread-self/fail-nth'
SELFTEST = '/sys/module/dibs_selftest/parameters/do'
LIMIT = 1000        # allocations of one operation: far more than there are
LIBC = ctypes.CDLL(None, use_errno=True)
FINIT_MODULE, DELETE_MODULE, CLONE_NEWNET = 313, 176, 0x40000000
OUT_OF_MEMORY = (errno.ENOMEM, errno.ENOBUFS)


def set_up():
    # Whatever else can fail shall not count.
    for kind in os.listdir(DEBUGFS):
        if os.path.exists(f'{DEBUGFS}{kind}/require-start'):
            write(f'{DEBUGFS}{kind}/require-start', '1')
            write(f'{DEBUGFS}{kind}/require-end', '1')
    for kind in ('failslab', 'fail_page_alloc'):
        for name, value in (('require-start', hex(MODULES_START)),
                            ('require-end', hex(MODULES_END)),
                            ('stacktrace-depth', '32'),
                            ('ignore-gfp-wait', 'N'),
                            ('verbose', '0')):
            write(DEBUGFS + kind + '/' + name, value)
    write(DEBUGFS + 'fail_page_alloc/min-order', '0')
    write(DEBUGFS + 'fail_page_alloc/ignore-gfp-highmem', 'N')


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def check(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


# --- operations ------------------------------------------------------------------

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
    """In a process of its own, which ends with it."""
    child = os.fork()
    if not child:
        os._exit(LIBC.unshare(CLONE_NEWNET) and ctypes.get_errno())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(status, os.strerror(status))


class Netlink:
    """Just enough of generic netlink; the numbers are of linux/dibs.h."""

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
        """The first reply's attributes; with dump all that comes is read."""
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


# --- sweeping --------------------------------------------------------------------

class Sweep:
    """Counts what came of an operation."""

    def __init__(self):
        self.tests = self.failed = 0

    def result(self, good, text, notes=()):
        self.tests += 1
        self.failed += not good
        for note in notes:
            print('# ' + note)
        print(f'{"ok" if good else "not ok"} {self.tests} - {text}',
              flush=True)

    @staticmethod
    def once(operation, nth):
        """(error number, whether it came to the n-th allocation)"""
        error = 0
        fd = os.open(FAIL_NTH, os.O_RDWR)
        os.write(fd, str(nth).encode())
        try:
            operation()
        except OSError as failure:
            error = failure.errno
        left = int(os.pread(fd, 20, 0).split(b'\0')[0])
        os.pwrite(fd, b'0', 0)
        os.close(fd)
        return error, not left

    def run(self, text, operation, before=(), undo=(), never_fails=False,
            allocates=True, errors_wanted=OUT_OF_MEMORY):
        """undo: done after each success; before: each time, first."""
        notes, errors, nth = [], 0, 0
        while nth < LIMIT:
            nth += 1
            for each in before:
                each()
            error, came = self.once(operation, nth)
            errors += bool(error)
            if error and (never_fails or error not in errors_wanted):
                notes.append(f'allocation {nth}: {os.strerror(error)}')
            if error and not came:
                notes.append(f'fails without a fault: {os.strerror(error)}')
                break
            if not error:
                for each in undo:
                    each()
            elif before:
                self.give_up(operation, undo)
            if not came:
                break
        if allocates and nth == 1:
            notes.append('it allocates nothing')
        self.result(not notes and nth < LIMIT,
                    f'{text} ({nth - 1} allocations, {errors} errors)', notes)

    @staticmethod
    def give_up(operation, undo):
        """Without a fault it succeeds now, and all can be undone."""
        operation()
        for each in undo:
            each()


def sweep_modules(sweep):
    sweep.run('dibs is loaded', load('dibs'), undo=[unload('dibs')])
    load('dibs')()
    sweep.run('dibs_loopback is loaded', load('dibs_loopback'),
              undo=[unload('dibs_loopback')])
    load('dibs_loopback')()
    sweep.run('a client registers', load('dibs_selftest', b'run='),
              undo=[unload('dibs_selftest')])
    load('dibs_selftest', b'run=')()
    sweep.run('a namespace is made', new_namespace, allocates=False)


def sweep_devices(sweep, netlink):
    add, delete = netlink.add('faulty'), netlink.delete('faulty')
    on, off = netlink.enable('faulty', 1), netlink.enable('faulty', 0)
    sweep.run('a device is added', add, undo=[delete])
    sweep.run('a device is deleted', delete, before=[add], never_fails=True,
              allocates=False)
    add()
    sweep.run('a device is disabled', off, undo=[on], never_fails=True,
              allocates=False)
    off()
    sweep.run('a device is enabled', on, undo=[off])
    for text, command in (('devices', netlink.DEV_GET),
                          ('clients', netlink.CLIENT_GET),
                          ('DMBs', netlink.DMB_GET),
                          ('counters', netlink.STATS_GET)):
        sweep.run(f'{text} are listed', netlink.call(command, dump=True),
                  allocates=False)
    delete()


def sweep_dmbs(sweep):
    register = tell('register lo 200000')
    attach, populate, move = tell('attach'), tell('populate'), tell('move')
    detach, unregister = tell('detach'), tell('unregister')
    sweep.run('a DMB is registered', register, undo=[unregister])
    sweep.run('a DMB is unregistered', unregister, before=[register],
              never_fails=True, allocates=False)
    sweep.run('a DMB is attached', attach, before=[register],
              undo=[detach, unregister])
    sweep.run('a DMB gets memory', populate, before=[register, attach],
              undo=[detach, unregister])
    sweep.run('a DMB is written', move, before=[register, attach],
              undo=[detach, unregister])
    sweep.run('a DMB is detached', detach, before=[register, attach],
              undo=[unregister], never_fails=True, allocates=False)
    tell('use lo')()
    sweep.run('a DMB with its peer is made for a program', open_file)
    sweep.run('clients start to work', tell('load 2'), undo=[tell('stop')])


def sweep_ism(sweep):
    """What the adapter has no memory for, the driver hears of as an error."""
    bus = '/sys/bus/ism_sim/'
    load('ism')()
    load('ism_sim', b'none=1')()
    new = lambda: write(bus + 'new_device', 'ism0 15a0000000000001 0100')
    delete = lambda: write(bus + 'del_device', 'ism0')
    sweep.run('an ISM adapter is made', new, undo=[delete])
    new()
    register, unregister = tell('register ism0 200000'), tell('unregister')
    attach, detach = tell('attach'), tell('detach')
    sweep.run('a DMB of an ISM adapter is registered', register,
              undo=[unregister], errors_wanted=(*OUT_OF_MEMORY, errno.EREMOTEIO))
    sweep.run('and unregistered', unregister, before=[register],
              never_fails=True, allocates=False)
    sweep.run('and attached', attach, before=[register],
              undo=[detach, unregister])
    sweep.run('and written', tell('move'), before=[register, attach],
              undo=[detach, unregister], allocates=False)
    with open(bus + 'devices/ism0/stats/refusals') as file:
        counts = dict(line.split() for line in file)
    sweep.result(counts['no_memory'] != '0',
                 f"the adapter said {counts['no_memory']} times that it had none")
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


if __name__ == '__main__':
    main()
