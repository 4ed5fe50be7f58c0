# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Makes one allocation after the other fail, and reports what follows.

For every_allocation.py and smc_allocations.py.
"""

import errno
import os

DEBUGFS = '/sys/kernel/debug/'
MODULES_START, MODULES_END = 0xffffffffa0000000, 0xffffffffff000000
FAIL_NTH = '/proc/thread-self/fail-nth'
LIMIT = 1000        # allocations of one operation: far more than there are
OUT_OF_MEMORY = (errno.ENOMEM, errno.ENOBUFS)


def set_up():
    # Other kinds of fault injection must not interfere.
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


class Sweep:
    """Runs operations with faults, and prints results."""

    def __init__(self):
        self.tests = self.failed = 0

    def result(self, good, statement, notes=()):
        self.tests += 1
        self.failed += not good
        for note in notes:
            print('# ' + note)
        print(f'{"ok" if good else "not ok"} {self.tests} - {statement}',
              flush=True)

    @staticmethod
    def once(operation, nth):
        """Returns (errno, whether the n-th allocation was reached)."""
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

    def run(self, statement, operation, before=(), undo=(), never_fails=False,
            allocates=True, errors_wanted=OUT_OF_MEMORY):
        """before: called before each operation; undo: after each success."""
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
            notes.append('the operation allocates nothing')
        self.result(not notes and nth < LIMIT,
                    f'{statement} ({nth - 1} allocations, {errors} errors)',
                    notes)

    @staticmethod
    def give_up(operation, undo):
        """Without a fault the operation succeeds, and can be undone."""
        operation()
        for each in undo:
            each()
