# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs test suites, on the host and in guests, and counts. Started by "run".

Suites are found by their place:

  tests/unit/Makefile       make check, on the host
  tests/lint/run            on the host
  tests/fuzz/Makefile       make short, on the host
  tests/install/run         on the host
  tests/cost/run            make check; boots a guest of its own
  tests/kernel/run          the kernel's own selftest, in every guest
  tests/system/*.sh         in x86 guests
  tests/faults/*.sh         likewise
  build/static-s390x/*      made by tests/static/Makefile, in the s390x guest
  tests/guests/*.sh         likewise, with another guest to talk to
  tests/soak/*.sh           only by "run soak", on the debug kernel where
                            the script does not say otherwise
  tests/soak/kcsan/*.sh     only by "run soak", on the kernel that finds data races

The comment at the top of a script for guests may have lines of these forms:

  # runs-on: KERNEL...        not on other kernels
  # guests: 2                 vm/run has to start another guest, too
  # soak: KERNEL              by "run soak", too, on that kernel
  # needs: PART...            tests/vm/setup gets these parts first; where it
                              cannot, it is for the suite to skip
  # memory: SIZE              of the guest; only for tests/soak, where runs-on
                              says which kernel it has
  # minutes: NUMBER           it may take so long; only for tests/soak

Each prints TAP or KTAP. All suites of a kernel share a guest; when one brings
it down, the rest get a new one. Where the host has processors for several guests,
of two each, up to four run at once, if it is not for "soak", and suites are dealt
out to more of them.
"""

import argparse
import concurrent.futures
import contextlib
import glob
import itertools
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(HERE, 'vm'))
import klog     # noqa: E402
from ktap import Suite      # noqa: E402

LOGS = os.path.join(REPO, 'build/check')
REPORT = 121            # see vm/boot.py
LIMIT = {'debug': 1200, 'soak': 1500, 'kcsan': 1500}    # seconds for a suite
USUAL_LIMIT = 300
SHARED_BY = 6           # suites, a guest, where there are several at once
GUESTS = 4              # at most at once
FAILURES_AGAIN = 20     # at the end, each with some lines
LINES_AGAIN = 5         # before it, and from it on
# Debian's kernels empty all memory that they allocate: nothing would leak.
FLAGS = 'init_on_alloc=0'


class Tally:
    """Everything that was counted."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.again = 0          # suites and guests, by the emulator's fault
        self.stopped = False    # by whoever runs this
        self.failures = []      # lists of lines, to be seen at the end, too
        self.lock = threading.Lock()

    def add(self, suite, where, seconds):
        with self.lock:
            self._add(suite, where, seconds)

    def _add(self, suite, where, seconds):
        self.passed += suite.passed
        self.failed += len(suite.failures)
        self.skipped += len(suite.skips)
        counts = f'{suite.passed} passed, {len(suite.failures)} failed'
        if suite.skips:
            counts += f', {len(suite.skips)} skipped'
        print(f'{where:6} {suite.name}: {counts} ({seconds:.0f} s)')
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

    def print_failures(self):
        """Once more, as what failed early is far up by now."""
        for lines in self.failures[:FAILURES_AGAIN]:
            print(*lines, sep='\n')
        if self.failures[FAILURES_AGAIN:]:
            print(f'FAILED: {len(self.failures) - FAILURES_AGAIN} more, '
                  'see above')


def nearest(lines):
    """Of a result's context what is next to the result."""
    result = next((number for number, line in enumerate(lines)
                   if line.lstrip().startswith('not ok')), len(lines))
    return lines[max(0, result - LINES_AGAIN):result + LINES_AGAIN]


def keep(suite, where):
    os.makedirs(LOGS, exist_ok=True)
    name = f'{where}-{suite.name}'.replace('/', '-') + '.log'
    with open(os.path.join(LOGS, name), 'w') as file:
        file.write('\n'.join(suite.lines) + '\n')


def lines_of(process):
    for line in process.stdout:
        yield line.decode(errors='replace').rstrip('\r\n')


def start(command):
    return subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


# --- on the host -----------------------------------------------------------------

def run_here(tally, name, command, tap=True):
    """tap False: what counts is its exit status."""
    suite, began = Suite(name), time.monotonic()
    process = start(command)
    for line in lines_of(process):
        suite.feed(line)
    status = process.wait()
    if tap and (suite.results or suite.plan):
        suite.end(status)
    elif status:
        suite.fail(f'exited with {status}')
    else:
        suite.passed += 1
    tally.add(suite, 'host', time.monotonic() - began)


def run_host_suites(tally):
    if os.path.exists(HERE + '/unit/Makefile'):
        run_here(tally, 'unit', ['make', '-s', '-C', 'tests/unit', 'check'])
    if os.path.exists(HERE + '/lint/run'):
        subprocess.run([HERE + '/vm/setup', 'host', 'lint'], check=True)
        run_here(tally, 'lint', ['tests/lint/run'])
    if os.path.exists(HERE + '/fuzz/Makefile'):
        subprocess.run([HERE + '/vm/setup', 'fuzz'], check=True)
        run_here(tally, 'fuzz', ['make', '-s', '-C', 'tests/fuzz', 'short'])
    subprocess.run([HERE + '/vm/setup', 'host', '6.12', '6.1', 's390x',
                    'arm64'], check=True)
    for kernel in ('6.12', '6.1', 's390x', 'arm64'):
        run_here(tally, f'build/{kernel}',
                 ['make', '-s', 'modules', 'KVER=' + kernel],
                 tap=False)
    run_here(tally, 'install', ['tests/install/run'])


# --- in guests -----------------------------------------------------------------------

def guest_arguments(kernel):
    if kernel == 's390x':
        return ['--arch', 's390x']
    return ['--kernel', kernel]


def note(path, word):
    """The words after "# WORD:" in the comment at the top of a script."""
    with open(path, errors='replace') as file:
        for line in itertools.takewhile(lambda line: line[0] == '#', file):
            if line.startswith(f'# {word}:'):
                return line.split()[2:]
    return []


def find_suites(kernel):
    patterns = {
        's390x': ['tests/kernel/run', 'build/static-s390x/*'],
        'soak': ['tests/soak/*.sh', 'tests/system/*.sh'],
        'kcsan': ['tests/soak/kcsan/*.sh'],
    }.get(kernel, ['tests/kernel/run', 'tests/system/*.sh',
                   'tests/faults/*.sh', 'tests/guests/*.sh'])
    if kernel == 's390x':
        subprocess.run(['make', '-s', 'static-s390x'], cwd=REPO, check=True)
    found = [path for pattern in patterns
             for path in sorted(glob.glob(os.path.join(REPO, pattern)))]
    return [path for path in found
            if os.path.isfile(path) and os.access(path, os.X_OK)
            and is_for(path, kernel)]


def is_for(path, kernel):
    if kernel == 'soak':
        return '/tests/soak/' in path or note(path, 'soak')
    return kernel in (note(path, 'runs-on') or [kernel])


def machine(where, path):
    """The kernel, the memory, the number of guests and the seconds for a
    suite."""
    limit = LIMIT.get(where, USUAL_LIMIT)
    guests = (note(path, 'guests') or ['1'])[0]
    if where != 'soak':
        return where, '', guests, limit
    minutes = note(path, 'minutes')
    return ((note(path, 'soak') or note(path, 'runs-on') or ['debug'])[0],
            (note(path, 'memory') or [''])[0], guests,
            60 * int(minutes[0]) if minutes else limit)


def set_up_for(paths):
    parts = {part for path in paths for part in note(path, 'needs')}
    if parts:
        subprocess.run([HERE + '/vm/setup', *sorted(parts)])


class Boot:
    """One guest working off a list of suites."""

    repeated = set()
    numbers = itertools.count(1)

    def __init__(self, tally, where, kind, verbose):
        self.tally = tally
        self.where = where
        self.verbose = verbose
        kernel, memory, guests, self.limit = kind
        self.guest = guest_arguments(kernel) + ['--guests', guests]
        if memory:
            self.guest += ['--mem', memory]
        self.log = os.path.join(
            LOGS, f'{where}-kernel{next(Boot.numbers)}.log')
        self.ended = []         # (suite, path, seconds)
        self.running = None
        self.began = 0
        self.outside = []       # what no suite said

    def _take(self, line):
        if self.verbose:
            print(line, flush=True)
        word, _, rest = line.partition(' ')
        if word == '@begin':
            self.running = (Suite(os.path.relpath(rest, REPO)), rest)
            self.began = time.monotonic()
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
        self.ended.append((suite, path, time.monotonic() - self.began))
        self.running = None

    def run(self, paths):
        """Returns the suites that it did not come to."""
        os.makedirs(LOGS, exist_ok=True)
        if os.path.exists(self.log):
            os.remove(self.log)
        limit = 120 + self.limit * len(paths)
        process = start([
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
        for suite, _, seconds in self.ended:
            self.tally.add(suite, self.where, seconds)
        return {path for _, path, _ in self.ended}

    def _emulator_erred(self):
        """Is it QEMU's fault that the guest died? No guest can crash QEMU. And the
        kernel patches its instructions while they run, by way of a breakpoint.
        Emulated, a processor may run the breakpoint when it is no longer
        there, and then the kernel does not know whose it is; if it was on the
        way to saying that, it ends in a triple fault. So can a kernel whose
        memory somebody else wrote to, which is for the debug kernel to find.
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
        suites = {path: suite for suite, path, _ in self.ended}
        with open(self.log, errors='replace') as file:
            blamed = klog.reports_after(file.read(), 'dibs-vm: suite ')
        for path, report in blamed:
            suite = suites.get(path, self.ended[-1][0])
            suite.fail('kernel: ' + klog.message(report[0]),
                       len(suite.lines))
            suite.lines += [klog.message(line) for line in report]

    def _no_guest(self, status):
        suite = Suite('guest')
        suite.lines = self.outside
        suite.fail(f'no suite ran (vm/run: {status})')
        self.tally.add(suite, self.where, 0)


def run_in_guest(tally, where, kind, paths, verbose):
    """All of them, in another guest when one died."""
    while paths and not tally.stopped:
        paths = Boot(tally, where, kind, verbose).run(paths)


def shares(kernel, paths, most):
    """(kind, paths) for guests, those first that take two; so many paths each,
    at most."""
    for kind in sorted({machine(kernel, path) for path in paths},
                       key=lambda kind: kind[2], reverse=True):
        left = [path for path in paths if machine(kernel, path) == kind]
        while left:
            yield kind, left[:most]
            left = left[most:]


def find_wanted(tally, kernel, wanted):
    paths = [path for path in find_suites(kernel)
             if not wanted or any(word in path for word in wanted)]
    if not paths:
        print(f'{kernel}: no suites')
        tally.failed += not wanted
    set_up_for(paths)
    return paths


def run_in_guests(tally, kernels, wanted, verbose):
    alone = verbose or set(kernels) & {'soak', 'kcsan'}
    guests = 1 if alone else max(1, min(GUESTS, os.cpu_count() // 2))
    jobs = []
    for kernel in kernels:
        paths = find_wanted(tally, kernel, wanted)
        most = SHARED_BY if guests > 1 else max(1, len(paths))
        jobs += [(kernel, *share) for share in shares(kernel, paths, most)]
    with concurrent.futures.ThreadPoolExecutor(guests) as pool:
        running = [pool.submit(run_in_guest, tally, *job, verbose)
                   for job in jobs]
        try:
            for each in running:
                each.result()
        except BaseException:
            tally.stopped = True
            raise


# --- all -----------------------------------------------------------------------------

KERNELS = {'check': ['6.12', '6.1', 's390x'], 'check-debug': ['debug'],
           'soak': ['soak', 'kcsan']}


def arguments():
    parser = argparse.ArgumentParser(
        prog='run', description=__doc__, usage='run WHAT [SUITE...]',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=(*KERNELS, 'host', '6.12', '6.1',
                                         's390x', 'debug', 'kcsan'),
                        help='all of a target, or of one kernel')
    parser.add_argument('suite', nargs='*',
                        help='only suites with this in their name')
    parser.add_argument('-v', '--verbose', action='store_true',
                        help='show all that the suites print')
    return parser.parse_args()


def main():
    args = arguments()
    tally = Tally()
    if args.what in ('check', 'host') and not args.suite:
        run_host_suites(tally)
    if args.what != 'host':
        run_in_guests(tally, KERNELS.get(args.what, [args.what]), args.suite,
                      args.verbose)
    if args.what == 'check' and not args.suite:
        run_here(tally, 'cost', [HERE + '/cost/run'])
    if not tally.passed and not tally.failed:
        print('no test was run')
        tally.failed = 1
    if not args.suite:
        tally.print_failures()
    if tally.skipped:
        print(f'{tally.skipped} skipped')
    if tally.again:
        print(f'{tally.again} run once more, see above')
    print(f'{tally.passed} passed, {tally.failed} failed')
    sys.exit(tally.failed > 0)


if __name__ == '__main__':
    main()
