# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Which kernel messages fail a run? (tests/vm/klog.py, kcsan.py)"""

import os
import sys

REPO = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
sys.path.insert(0, os.path.join(REPO, 'tests/vm'))
import klog     # noqa: E402

OURS = ' smc_receive+0x1b/0x20 [dibs_smc]'
LAYER = ' dibs_memory_write_iter+0x8a/0x150 [dibs]'
TCPS = ' tcp_ack+0x10/0x200'
COPY = ' _copy_from_iter+0x20/0x300'
KFREE = ' kfree+0x90/0x100'
MADE = ' dibs_race_on_purpose+0x1b/0x20 [dibs_selftest]'


def name(frame):
    """Returns the function as in the title of a report."""
    function, _, module = frame.strip().partition(' ')
    return ' '.join([function.split('+')[0], module]).strip()


def race(*sides):
    """Returns a report about sides (what, frame...), as the kernel prints
    it."""
    lines = ['=' * 66, 'BUG: KCSAN: data-race in ' +
             ' / '.join(name(side[1]) for side in sides), '']
    for what, *frames in sides:
        lines += [f'{what} to 0xffff8881030c4a40 of 8 bytes by task 123 '
                  'on cpu 0:', *frames, ' do_syscall_64+0x9c/0x180', '']
    lines += ['value changed: 0x1 -> 0x2', '',
              'Reported by Kernel Concurrency Sanitizer on:',
              'CPU: 1 UID: 0 PID: 123 Comm: integrity', '=' * 66]
    return lines


READ, WRITE = 'read', 'write'
MARKED_READ, MARKED_WRITE = 'read (marked)', 'write (marked)'
UNKNOWN = 'race at unknown origin, with read'

CASES = (
    ('two plain accesses of ours are a complaint',
     1, race((WRITE, OURS), (READ, OURS))),
    ('our plain read of a marked write of the kernel is a complaint',
     1, race((MARKED_WRITE, TCPS), (READ, OURS))),
    ('our marked read of a plain write of the kernel is no complaint',
     0, race((WRITE, TCPS), (MARKED_READ, OURS))),
    ('our plain write that is reordered is a complaint',
     1, race(('write (reordered)', OURS), (MARKED_READ, OURS))),
    ('a race of the kernel with itself is no complaint',
     0, race((WRITE, TCPS), (READ, TCPS, OURS))),
    ('a copy that our code makes is a complaint',
     1, race((WRITE, COPY, LAYER), (MARKED_READ, TCPS))),
    ('a copy that the kernel makes for itself is no complaint',
     0, race((WRITE, COPY, TCPS, OURS), (READ, TCPS))),
    ('memory that is freed while our code reads it is a complaint',
     1, race(('assert no accesses', KFREE, TCPS), (MARKED_READ, OURS))),
    ('a change of unknown origin to what our code reads is a complaint',
     1, race((UNKNOWN, OURS))),
    ('a race made on purpose is no complaint',
     0, race((WRITE, MADE), (READ, MADE))),
    ('a report that is not understood is a complaint',
     1, ['BUG: KCSAN: data-race in what / ever', 'gibberish']),
    ('two races in a row are two complaints',
     2, race((WRITE, OURS), (READ, OURS)) + race((WRITE, COPY, LAYER))),
    ('a race of ours after a race of the kernel is found',
     1, race((WRITE, TCPS), (READ, TCPS)) + race((WRITE, OURS))),
    ('a warning after a race of the kernel is found',
     1, race((WRITE, TCPS), (READ, TCPS)) + ['WARNING: CPU: 0 PID: 1']),
)


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    for number, (statement, wanted, lines) in enumerate(CASES, 1):
        log = '\n'.join(f'[{number:5}.123456] {line}' for line in lines)
        right = len(klog.reports(log)) == wanted
        failed += not right
        print('ok' if right else 'not ok', number, '-', statement)
    return failed > 0


sys.exit(main())
