# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""What is measured, against what, and what it should come to."""

from collections import namedtuple

KIB, MIB = 1024, 1024 * 1024
SIZES = (64, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB)
RING_SIZES = (4 * KIB, 64 * KIB, MIB)
BUFFERS = (64 * KIB, MIB)
ANY = 1  # where the size means nothing

LOOK_UPS = (10, 1000, 100000)
CROWD, CROWD_LEN, CROWD_MAX = 20000, MIB, 200 * 1000 * 1000

# A row of the table: a case beside its yardstick. Below, ratio is case over
# yardstick; a target is what the ratio must stay under.
Row = namedtuple('Row', 'section case yardstick size cpus target')


def rows(section, case, yardstick, sizes, cpus=(1, 2), targets=None):
    return [Row(section, case, yardstick, size, n,
                (targets or {}).get((size, n)))
            for size in sizes for n in cpus]


# The getppid program stands for 'syscall': one empty system call.
ROWS = (
    rows('move', 'move', 'copy_exact', SIZES)
    + rows('move', 'move_signal', 'copy_exact', SIZES)
    + rows('move', 'move_user', 'copy_user_exact', SIZES)
    + rows('signal', 'move_signal', 'syscall', (64,), (1,), {(64, 1): 2.0})
    + rows('signal', 'signal', 'syscall', (ANY,))
    + rows('signal', 'signal_latency', 'clock', (ANY,))
    + rows('life', 'register', 'alloc_pages', BUFFERS, (1, 2),
           {(64 * KIB, 1): 1.5, (64 * KIB, 2): 1.5})
    + rows('life', 'register_touched', 'alloc_pages', BUFFERS, (1, 2),
           {(64 * KIB, 1): 1.5, (64 * KIB, 2): 1.5})
    + rows('life', 'attach', 'syscall', (ANY,))
    + sum([rows('memory', 'copy_' + kind, 'copy_exact', RING_SIZES)
           for kind in ('vmalloc', 'pages', 'runs')], [])
    + sum([rows('memory', 'copy_user_' + kind, 'copy_user_exact', RING_SIZES)
           for kind in ('vmalloc', 'pages', 'runs')], [])
    + sum([rows('memory', 'alloc_' + kind, 'alloc_pages', BUFFERS)
           for kind in ('vmalloc', 'exact', 'runs', 'folios')], [])
)

# Two CPUs at once move at least this part of what two memcpy loops do.
SCALING_SIZE, SCALING_MIN = 4 * KIB, 0.9


def yardstick_of(row):
    """The sample a row is compared with."""
    if row.yardstick == 'syscall':
        return 'syscall', ANY, 1
    size = ANY if row.yardstick == 'clock' else row.size
    return row.yardstick, size, row.cpus


def samples():
    """Every (case, size, cpus) once; those of one row side by side."""
    found = {}
    for row in ROWS:
        found.setdefault((row.case, row.size, row.cpus))
        found.setdefault(yardstick_of(row))
    return list(found)
