# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs a list of suites in a guest, and in another one when it dies."""

import contextlib
import itertools
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(HERE, 'vm'))
import klog     # noqa: E402
from ktap import Suite      # noqa: E402
from tally import LOGS, Span     # noqa: E402

REPORT = 121            # see vm/boot.py
# Debian's kernels clear all memory that they allocate: nothing would leak.
FLAGS = 'init_on_alloc=0'


def lines_of(process):
    for line in process.stdout:
        yield line.decode(errors='replace').rstrip('\r\n')


def start(command):
    return subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def cpu_time(pid):
    """Processor seconds of a process and all that it started."""
    ticks, children = {}, {}
    for stat in os.listdir('/proc'):
        if not stat.isdigit():
            continue
        with contextlib.suppress(OSError), open(f'/proc/{stat}/stat') as file:
            words = file.read().rpartition(')')[2].split()
            ticks[int(stat)] = sum(int(word) for word in words[11:15])
            children.setdefault(int(words[1]), []).append(int(stat))
    total, todo = 0, [pid]
    while todo:
        each = todo.pop()
        total += ticks.get(each, 0)
        todo += children.get(each, [])
    return total / os.sysconf('SC_CLK_TCK')


def now(process):
    return Span(time.monotonic(), cpu_time(process.pid))


def since(began, process):
    ended = now(process)
    return Span(ended.seconds - began.seconds, max(0, ended.cpu - began.cpu))


def guest_arguments(kind):
    """What vm/run is told about it."""
    if kind.kernel == 's390x':
        return ['--arch', 's390x']
    found = ['--kernel', kind.kernel, '--guests', str(kind.guests)]
    if kind.cpus == 1:
        found += ['--cpus', '1']
    if kind.memory:
        found += ['--mem', kind.memory]
    return found


class Boot:
    """One guest working off a list of suites."""

    repeated = set()
    numbers = itertools.count(1)

    def __init__(self, tally, where, kind, environment, verbose):
        self.tally = tally
        self.where = where
        self.verbose = verbose
        self.limit = kind.limit
        self.guest = guest_arguments(kind)
        for variable in environment:
            self.guest += ['--env', variable]
        self.log = os.path.join(
            LOGS, f'{where}-kernel{next(Boot.numbers)}.log')
        self.process = None
        self.ended = []         # (suite, path, Span)
        self.running = None
        self.began = Span(0)
        self.outside = []       # what no suite said

    def _take(self, line):
        if self.verbose:
            print(line, flush=True)
        word, _, rest = line.partition(' ')
        if word == '@begin':
            self.running = (Suite(os.path.relpath(rest, REPO)), rest)
            self.began = now(self.process)
            self._show_progress()
        elif word == '@end' and self.running:
            self._end(int(rest.split()[0]))
        elif self.running:
            self.running[0].feed(line)
        else:
            self.outside.append(line)

    def _show_progress(self):
        """What was counted comes when the guest ends; until then, a terminal
        gets a line that goes again."""
        if sys.stderr.isatty() and not self.verbose:
            print(f'{self.where:6} {self.running[0].name} ...\033[K',
                  end='\r', file=sys.stderr, flush=True)

    def _end(self, status):
        """status None: the guest died."""
        suite, path = self.running
        if status is None:
            suite.died('vm: ')
        else:
            suite.end(status)
        self.ended.append((suite, path, since(self.began, self.process)))
        self.running = None

    def run(self, paths):
        """Returns the suites that it did not come to."""
        os.makedirs(LOGS, exist_ok=True)
        if os.path.exists(self.log):
            os.remove(self.log)
        limit = 120 + self.limit * len(paths)
        self.process = process = start([
            HERE + '/vm/run', *self.guest, '--log', self.log,
            '--append', FLAGS, '--timeout', str(limit), '--',
            HERE + '/vm/guest/suites', str(self.limit), *paths])
        for line in lines_of(process):
            self._take(line)
        status = process.wait()
        if (self.running or not self.ended) and self._emulator_erred():
            done = self._count()
            return [path for path in paths if path not in done]
        if self.running:
            self._end(None)
        if status == REPORT:
            self._blame()
        done = self._count()
        if not done:
            self._no_guest(status)
            return []
        return [path for path in paths if path not in done]

    def _count(self):
        """The suites that came to an end."""
        for suite, _, span in self.ended:
            self.tally.add(suite, self.where, span)
        return {path for _, path, _ in self.ended}

    def _emulator_erred(self):
        """Is it QEMU's fault that the guest died? No guest can crash QEMU. The
        kernel patches its instructions while they run, by way of a breakpoint.
        An emulated processor may run the breakpoint after it is gone, and then
        the kernel cannot tell whose it was; if that happens while it reports,
        it ends in a triple fault. So may a kernel whose memory was overwritten,
        which is for the debug kernel to find.
        Such a suite, or guest, is run once more, and counted as such."""
        name = self.running[0].name if self.running else 'boot'
        reason = self._emulator_error()
        if (self.where, name) in Boot.repeated or not reason:
            return False
        Boot.repeated.add((self.where, name))
        self.tally.again += 1
        print(f'{self.where:6} {name}: the emulator erred ({reason}); once '
              'more', flush=True)
        return True

    def _emulator_error(self):
        """Its name; none: ''."""
        said = self.running[0].lines if self.running else self.outside
        for line in said:
            death = line.partition('vm: the guest died: ')[2]
            if death.startswith('QEMU was ended by'):
                return death
            if death == 'triple fault' and self.where != 'debug':
                return death
        with contextlib.suppress(FileNotFoundError):
            with open(self.log, errors='replace') as file:
                if 'Oops: int3' in file.read():
                    return 'Oops: int3, an instruction that was patched'
        return ''

    def _blame(self):
        """The kernel complained: the suite that ran then has failed."""
        known = {path: suite for suite, path, _ in self.ended}
        with open(self.log, errors='replace') as file:
            blamed = klog.reports_after(file.read(), 'dibs-vm: suite ')
        for path, report in blamed:
            suite = known.get(path, self.ended[-1][0])
            suite.fail('kernel: ' + klog.message(report[0]),
                       len(suite.lines))
            suite.lines += [klog.message(line) for line in report]

    def _no_guest(self, status):
        suite = Suite('guest')
        suite.lines = self.outside
        suite.fail(f'no suite ran (vm/run: {status})')
        self.tally.add(suite, self.where, Span(0))


def run_in_guest(tally, where, kind, paths, environment, verbose):
    """All of them, in another guest when one died."""
    while paths and not tally.stopped:
        paths = Boot(tally, where, kind, environment, verbose).run(paths)
