# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Reads what test programs print: TAP, or the kernel's KTAP with subtests."""

import re

STAMP = r'^(?:\[ *\d+\.\d+\](?:\[ *\w+\])? ?)?'
RESULT = re.compile(STAMP + r'(?P<indent>\s*)(?P<bad>not )?ok\b ?(?P<rest>.*)')
PLAN = re.compile(STAMP + r'(?P<indent>\s*)1\.\.(?P<count>\d+)(?P<rest>.*)')
SKIP = re.compile(r'#\s*SKIP\b:?\s*(.*)', re.IGNORECASE)
NUMBER = re.compile(r'^\d+\s*(?:-\s*)?')
KSFT_SKIP = 4       # exit status by which kernel selftests say "skipped"
CONTEXT = 15        # lines before a failure; after it, twice as many


class Suite:
    """The results of one suite. Feed it lines, then end it."""

    def __init__(self, name):
        self.name = name
        self.passed = 0
        self.failures = []      # (name, lines around it)
        self.skips = []         # (name, reason)
        self.lines = []
        self.plan = None        # (depth, count)
        self.results = []       # depths of results, in order
        self.bad_depths = []    # likewise, of failed ones
        self.bailed_out = False

    def feed(self, line):
        self.lines.append(line)
        if 'Bail out!' in line:
            self.bailed_out = True
        plan = PLAN.match(line)
        if plan:
            self._take_plan(plan)
        result = RESULT.match(line)
        if result:
            self._take_result(result)

    def _take_plan(self, plan):
        depth, count = len(plan['indent']), int(plan['count'])
        skip = SKIP.search(plan['rest'])
        if count == 0:
            self.skips.append((self.name, skip[1] if skip else ''))
        if not self.plan or depth < self.plan[0]:
            self.plan = (depth, count)
        elif depth == self.plan[0]:     # one program after the other
            self.plan = (depth, self.plan[1] + count)

    def _is_parent(self, depth):
        return bool(self.results) and self.results[-1] > depth

    def _children(self, depths, depth):
        """Those at the end of a list of depths that are deeper."""
        count = 0
        for each in reversed(depths):
            if each <= depth:
                break
            count += 1
        return count

    def _take_result(self, result):
        depth = len(result['indent'])
        name = NUMBER.sub('', result['rest'])
        skip = SKIP.search(name)
        parent = self._is_parent(depth)
        children_failed = parent and self.bad_depths and \
            self.bad_depths[-1] > depth
        self._forget_children(depth)
        self.results.append(depth)
        if skip:
            if not parent:
                self.skips.append((name[:skip.start()].strip(), skip[1]))
        elif result['bad']:
            self.bad_depths.append(depth)
            if not children_failed:
                self.failures.append((name, len(self.lines) - 1))
        elif not parent:
            self.passed += 1

    def _forget_children(self, depth):
        for depths in (self.results, self.bad_depths):
            while depths and depths[-1] > depth:
                depths.pop()

    def fail(self, why, line=None):
        """line: number of the one that shows it; default the last."""
        if line is None:
            line = max(0, len(self.lines) - 1)
        self.failures.append((why, line))

    def died(self, mark):
        """It never ended. Lines from one that begins with mark tell why."""
        for number, line in enumerate(self.lines):
            if line.startswith(mark):
                return self.fail('did not come to its end', number)
        return self.fail('did not come to its end')

    def end(self, status):
        """status: its exit status."""
        if self.bailed_out:
            self.fail('bailed out')
        elif status == KSFT_SKIP and not self.results:
            self.skips.append((self.name, self._last_words()))
        elif not self.plan:
            self.fail('printed no plan (1..N)')
        elif self._top_level() != self.plan[1]:
            self.fail(f'planned {self.plan[1]} tests, ran {self._top_level()}')
        elif status and not self.failures:
            self.fail(f'exited with {status}')

    def _top_level(self):
        return sum(depth == self.plan[0] for depth in self.results)

    def _last_words(self):
        return self.lines[-1].lstrip('# ') if self.lines else ''

    def context(self, number):
        """What was said about the result in that line: the lines since the
        result before it, and the comments after it."""
        first = number
        while first > max(0, number - CONTEXT) and \
                not RESULT.match(self.lines[first - 1]):
            first -= 1
        last = number + 1
        while last < min(len(self.lines), number + 2 * CONTEXT) and \
                not RESULT.match(self.lines[last]):
            last += 1
        return self.lines[first:last]
