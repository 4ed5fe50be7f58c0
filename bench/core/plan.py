# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""What is measured, what it is compared with, and the goals."""

from collections import namedtuple

KIB, MIB = 1024, 1024 * 1024
SIZES = (64, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB)
RING_SIZES = (4 * KIB, 64 * KIB, MIB)
BUFFERS = (64 * KIB, MIB)
ANY = 1  # of cases without a size

# Attach + detach is measured with so many other DMBs on the device.
OTHER_DMBS = (10, 1000, 100000)
# So many DMBs that are never touched may take IDLE_MAX bytes of memory.
IDLE_DMBS, IDLE_LEN, IDLE_MAX = 20000, MIB, 200 * 1000 * 1000

# A row of the table: a case and its yardstick. The target is an upper limit of
# the ratio case / yardstick.
Row = namedtuple('Row', 'section case yardstick size cpus target')


def rows(section, case, yardstick, sizes, cpus=(1, 2), targets=None):
    return [Row(section, case, yardstick, size, n,
                (targets or {}).get((size, n)))
            for size in sizes for n in cpus]


# 'syscall' is an empty system call, measured by the program getppid.
ROWS = (
    rows('move', 'move', 'copy_exact', SIZES)
    + rows('move', 'move_signal', 'copy_exact', SIZES)
    + rows('move', 'move_user', 'copy_user_exact', SIZES)
    + rows('signal', 'move_signal', 'syscall', (64,), (1,), {(64, 1): 2.0})
    + rows('signal', 'signal', 'syscall', (ANY,))
    + rows('signal', 'signal_latency', 'clock', (ANY,))
    + rows('lifetime', 'register', 'alloc_pages', BUFFERS, (1, 2),
           {(64 * KIB, 1): 1.5, (64 * KIB, 2): 1.5})
    + rows('lifetime', 'register_touched', 'alloc_pages', BUFFERS, (1, 2),
           {(64 * KIB, 1): 1.5, (64 * KIB, 2): 1.5})
    + rows('lifetime', 'attach', 'syscall', (ANY,))
    + sum([rows('memory', 'copy_' + kind, 'copy_exact', RING_SIZES)
           for kind in ('vmalloc', 'pages', 'runs')], [])
    + sum([rows('memory', 'copy_user_' + kind, 'copy_user_exact', RING_SIZES)
           for kind in ('vmalloc', 'pages', 'runs')], [])
    + sum([rows('memory', 'alloc_' + kind, 'alloc_pages', BUFFERS)
           for kind in ('vmalloc', 'exact', 'runs', 'folios')], [])
)

# Moves on two CPUs at once reach at least this part of two memcpy loops' speed.
SCALING_SIZE, SCALING_MIN = 4 * KIB, 0.9


def yardstick_of(row):
    """The sample that a row is compared with."""
    if row.yardstick == 'syscall':
        return 'syscall', ANY, 1
    size = ANY if row.yardstick == 'clock' else row.size
    return row.yardstick, size, row.cpus


def samples():
    """Each (case, size, cpus) once, a case next to its yardstick."""
    found = {}
    for row in ROWS:
        found.setdefault((row.case, row.size, row.cpus))
        found.setdefault(yardstick_of(row))
    return list(found)
