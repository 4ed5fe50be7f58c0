# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Counts results and prints them, at once and what matters at the end again."""

import dataclasses
import os
import sys
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
LOGS = os.path.join(os.path.dirname(HERE), 'build/check')
FAILURES_AGAIN = 20     # at the end, each with some lines
LINES_AGAIN = 5         # before it, and from it on
SLOWEST = 10


@dataclasses.dataclass
class Span:
    """How long a suite took, and the processor time of all its processes."""
    seconds: float
    cpu: float = 0

    def __str__(self):
        if not self.cpu or self.seconds < 1:
            return f'{self.seconds:.0f} s'
        return f'{self.seconds:.0f} s, {self.cpu / self.seconds:.1f} CPUs'


def nearest(lines):
    """Of a result's context the lines next to the result."""
    result = next((number for number, line in enumerate(lines)
                   if line.lstrip().startswith('not ok')), len(lines))
    return lines[max(0, result - LINES_AGAIN):result + LINES_AGAIN]


def keep(suite, where):
    os.makedirs(LOGS, exist_ok=True)
    name = f'{where}-{suite.name}'.replace('/', '-') + '.log'
    with open(os.path.join(LOGS, name), 'w') as file:
        file.write('\n'.join(suite.lines) + '\n')


class Tally:
    """Everything that was counted. Used by several threads."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.again = 0          # suites and guests run again: emulator's fault
        self.stopped = False    # by the user
        self.failures = []      # lists of lines, to be printed at the end, too
        self.spans = []         # (Span, name)
        self.lock = threading.Lock()

    def add(self, suite, where, span):
        with self.lock:
            self._add(suite, where, span)

    def fail(self, line):
        with self.lock:
            self.failed += 1
            self.failures.append(['FAILED: ' + line])
            print('FAILED: ' + line, flush=True)

    def _add(self, suite, where, span):
        self.passed += suite.passed
        self.failed += len(suite.failures)
        self.skipped += len(suite.skips)
        self.spans.append((span, f'{where} {suite.name}'))
        counts = f'{suite.passed} passed, {len(suite.failures)} failed'
        if suite.skips:
            counts += f', {len(suite.skips)} skipped'
        print(f'{where:6} {suite.name}: {counts} ({span})')
        for name, reason in suite.skips:
            print(f'    skipped: {name}: {reason}')
        for name, line in suite.failures:
            print(f'    FAILED: {name}')
            lines = ['        ' + each for each in suite.context(line)]
            for each in lines:
                print(each)
            self.failures.append([f'FAILED: {where} {suite.name}: {name}'] +
                                 nearest(lines))
        keep(suite, where)
        sys.stdout.flush()

    def print_times(self, elapsed):
        print(f'{SLOWEST} slowest suites:')
        self.spans.sort(key=lambda pair: -pair[0].seconds)
        for span, name in self.spans[:SLOWEST]:
            print(f'{span.seconds:6.0f} s  {name} ({span})')
        total = sum(span.seconds for span, _ in self.spans)
        print(f'{total:6.0f} s  sum of {len(self.spans)} suites; '
              f'{elapsed:.0f} s elapsed')

    def print_failures(self):
        """Once more, as what failed early is far up by now."""
        for lines in self.failures[:FAILURES_AGAIN]:
            print(*lines, sep='\n')
        if self.failures[FAILURES_AGAIN:]:
            print(f'FAILED: {len(self.failures) - FAILURES_AGAIN} more, '
                  'see above')

    def print_sum(self):
        if self.skipped:
            print(f'{self.skipped} skipped')
        if self.again:
            print(f'{self.again} run once more, see above')
        print(f'{self.passed} passed, {self.failed} failed')
