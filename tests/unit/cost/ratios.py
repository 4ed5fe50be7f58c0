# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""When does tests/cost fail? (tests/cost/compare.py)"""

import contextlib
import io
import json
import os
import sys

REPO = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
COST = os.path.join(REPO, 'tests/cost')
sys.path.insert(0, COST)
import compare      # noqa: E402

NAMES = ('stream of 64 B', 'stream of 64 KiB', 'round trip of 1 B')
NS = {'mapped': 30, 'moving': 60, 'tcp': 100, 'unix': 50}
PAIRS = len(NAMES) * len(compare.OURS) * len(compare.OTHERS)


def measured(ns=None, fallen=0, names=NAMES):
    """Returns what the guest says; ns differs from NS for the last name."""
    found = compare.Measured()
    for name in names:
        values = {**NS, **(ns or {})} if name == names[-1] else NS
        for carrier, value in values.items():
            found.take(f'cost {carrier} {value} {value} {value} {name}')
    found.take('kernel 6.12.1')
    if fallen is not None:
        found.take(f'fallen {fallen}')
    return found


def known(kernel='6.12.1'):
    return {'kernel': kernel, 'ratios': measured().ratios()}


def bad(found, beside=None):
    return compare.judge(found, beside or known())


def complete():
    """Do the figures in the repository cover everything that is measured?"""
    with open(os.path.join(COST, 'ratios.json'), encoding='ascii') as file:
        pairs = [ratio for ratios in json.load(file)['ratios'].values()
                 for ratio in ratios.values()]
    return len(pairs) == PAIRS and all(ratio > 0 for ratio in pairs)


CASES = (
    ('figures that are unchanged pass', lambda: bad(measured()) == 0),
    ('figures that are 9 % worse pass',
     lambda: bad(measured({'mapped': 32.7})) == 0),
    ('figures that are 11 % worse fail beside TCP and beside AF_UNIX',
     lambda: bad(measured({'mapped': 33.3})) == 2),
    ('figures of the moving path are judged, too',
     lambda: bad(measured({'moving': 67})) == 2),
    ('figures that are better pass',
     lambda: bad(measured({'mapped': 10})) == 0),
    ('figures that all double, as with another emulator, pass',
     lambda: bad(measured({c: 2 * ns for c, ns in NS.items()})) == 0),
    ('a connection that fell back fails', lambda: bad(measured(fallen=1)) == 1),
    ('a missing count of fallbacks fails',
     lambda: bad(measured(fallen=None)) == 1),
    ('a missing measurement fails',
     lambda: bad(measured(names=NAMES[:-1])) == 4),
    ('a guest that says nothing fails',
     lambda: bad(compare.Measured()) == PAIRS + 1),
    ('figures of another kernel are compared, too',
     lambda: bad(measured({'mapped': 40}), known('6.12.2')) == 2),
    ('the figures in the repository are complete', complete),
)


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    for number, (statement, holds) in enumerate(CASES, 1):
        # The functions print TAP of their own.
        with contextlib.redirect_stdout(io.StringIO()):
            right = holds()
        failed += not right
        print('ok' if right else 'not ok', number, '-', statement)
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
