# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Unit tests of bench/sockets/report.py and plot.py: table, JSON and pictures
made from samples."""

import contextlib
import io
import json
import os
import sys
import xml.etree.ElementTree as ET

REPO = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
sys.path.insert(0, os.path.join(REPO, 'bench/sockets'))
import measure      # noqa: E402
import plan         # noqa: E402
import plot         # noqa: E402
import report       # noqa: E402

SETTINGS = {'commit': 'abc123', 'rounds': 2, 'msecs': 400, 'icount': False,
            'host_load': [0.1, 0.2]}
# Median in ns; the second round is twice as slow for all.
TRIPS = {'mapped': 10000, 'moving': 12000, 'tcp': 40000, 'unix': 20000,
         'in-tree': 30000}
CURVES = 5      # four transports and the limit


def guest_lines():
    yield 'machine 6.12.1 x86_64 2'
    for number in (1, 2):
        for transport, ns in TRIPS.items():
            for size in (1, 65536):
                yield (f'sample trip {size} {transport} rate=1 '
                       f'cpu={ns * number * 1.5} mean={ns} '
                       f'p50={ns * number} p99={ns * 2} p999={ns * 3}')
                yield f'histogram trip {size} {transport} 8192:{number} 10240:3'
        for transport, ns in {**TRIPS, 'sink': 5000}.items():
            for size in (64, 65536):
                yield (f'sample stream {size} {transport} '
                       f'rate={1e12 / ns} cpu=1.5')
        yield f'carried ours yes round {number}'
        yield f'round {number}'


def found():
    results = measure.Results()
    with contextlib.redirect_stderr(io.StringIO()):
        for line in guest_lines():
            assert results.take(line), line
    known = report.analyse(results)
    known['settings'] = SETTINGS
    return json.loads(json.dumps(known))


FOUND = found()
CELL = next(row['cells']['mapped'] for row in FOUND['rows']
            if (row['case'], row['size']) == ('trip', 1))


def shown():
    with contextlib.redirect_stdout(io.StringIO()) as out:
        report.show(FOUND)
    return out.getvalue()


def row_shown(title):
    return [line.split() for line in
            shown().partition(title)[2].split('\n\n')[0].splitlines()[1:]]


def drawn():
    """The number of curves in each picture, and its text."""
    for chart in plot.CHARTS:
        root = ET.fromstring(plot.draw(FOUND, chart))
        kinds = [each.tag.rpartition('}')[2] for each in root.iter()]
        yield (kinds.count('polyline'),
               ' '.join(each.text for each in root.iter() if each.text))


CASES = (
    ('the value of a row is the median of the rounds',
     lambda: CELL['value']['median'] == 15000),
    ('ratios are taken within a round',
     lambda: CELL['to unix']['values'] == [0.5, 0.5]),
    ('rows have the ratio of CPU time to TCP',
     lambda: CELL['cpu to tcp']['median'] == 0.25),
    ('histograms add up all rounds',
     lambda: CELL['histogram'] == {'8192': 3, '10240': 6}),
    ('the table has percentiles for each transport of a round trip',
     lambda: len(row_shown('round trip 64 KiB')) == len(TRIPS) and all(
         'p99' in row and 'p999' in row for row in
         row_shown('round trip 64 KiB'))),
    ('the table has the ratio of CPU time to TCP',
     lambda: ' '.join(row_shown('round trip 1 B')[2]).count(
         '0.25 +-0.00') == 2),
    ('each picture has four transports and the limit',
     lambda: all(curves == CURVES for curves, _ in drawn())),
    ('each picture names kernel, commit, rounds and sample length',
     lambda: all('6.12.1' in words and 'abc123' in words
                 and '2 rounds of 400 ms' in words for _, words in drawn())),
    ('the page shows the pictures and their figures',
     lambda: all(f'({chart.case}.svg)' in '\n'.join(plot.page(FOUND))
                 for chart in plot.CHARTS)
     and '15.0 / 20.0 / 30.0' in '\n'.join(plot.page(FOUND))),
    ('each case but idle has a goal for CPU time',
     lambda: {goal.mine[:2] for goal in plan.GOALS if goal.mine[3] == 'cpu'}
     == {case for case in plan.CASES if case[0] != 'idle'}),
)


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    for number, (statement, holds) in enumerate(CASES, 1):
        right = holds()
        failed += not right
        print('ok' if right else 'not ok', number, '-', statement)
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
