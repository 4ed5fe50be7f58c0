# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Runs test suites on the host and in guests, and counts. Started by "run".

On the host: tests/unit (make check), tests/lint/run, tests/fuzz (make short),
the build for each kernel, tests/install/run. In a guest of its own:
tests/cost/run. In guests: what suites.py finds.

The host's suites run at the lowest priority beside the guests, which seldom
need all processors. Guests of one processor run side by side.
"""

import argparse
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import suites       # noqa: E402
from guest import lines_of, now, run_in_guest, since, start     # noqa: E402
from ktap import Suite      # noqa: E402
from tally import Tally     # noqa: E402

SETUP = HERE + '/vm/setup'
BUILT = ('6.12', '6.1', 's390x', 'arm64')

# Kernels whose suites a target runs; a kernel's name is a target, too.
KERNELS = {
    'check': ['6.12', 's390x'],
    'check-all': ['6.12', '6.1', 's390x', 'debug'],
    'check-debug': ['debug'],
    'soak': ['soak', 'kcsan'],
    'host': [],
}
# What suites see of the target: a short run has one program of each kind.
ENVIRONMENT = {'check': ['DIBS_SHORT=1']}
ELSEWHERE = '''\
not in "make check":
  make check-all  all suites, also on 6.1 and on the debug kernel's sanitizers,
                  the whole big-endian guest, installation, the cost of calls
  make soak       long random work, all allocations failing, data races (KCSAN)
  make fuzz       fuzzing until nothing new is found
  make bench      measurements'''


# --- on the host -------------------------------------------------------------

def run_here(tally, name, command, where='host', tap=True):
    """tap False: its exit status counts."""
    suite = Suite(name)
    process = start(command)
    began = now(process)
    for line in lines_of(process):
        suite.feed(line)
    # Its processor time can be read until it is waited for.
    span = since(began, process)
    status = process.wait()
    if tap and (suite.results or suite.plan):
        suite.end(status)
    elif status:
        suite.fail(f'exited with {status}')
    else:
        suite.passed += 1
    tally.add(suite, where, span)


def host_suites(target):
    """(name, command, parts that are set up before, whether it prints TAP)"""
    make = ['make', '-s']
    yield 'unit', [*make, '-C', 'tests/unit', 'check'], ['unit'], True
    for kernel in BUILT:
        yield (f'build/{kernel}', [*make, 'modules', 'KVER=' + kernel],
               ['host', kernel], False)
    yield 'lint', ['tests/lint/run'], ['host', 'lint'], True
    seconds = 8 if target == 'check' else 15
    yield ('fuzz', [*make, '-C', 'tests/fuzz', 'short', f'SECONDS={seconds}'],
           ['fuzz'], True)
    if target != 'check':
        yield 'install', ['tests/install/run'], ['host', '6.12'], True


def run_host_suites(tally, target, debug_is_there):
    """The debug kernel first: it takes longest where it is not cached."""
    if target == 'check-all':
        subprocess.run(['nice', '-n', '19', SETUP, 'debug'], check=False)
    debug_is_there.set()
    for name, command, parts, tap in host_suites(target):
        if tally.stopped:
            break
        subprocess.run([SETUP, *parts], check=False)
        run_here(tally, name, ['nice', '-n', '19', *command], tap=tap)


# --- in guests ---------------------------------------------------------------

class Job:
    """A guest to start, or the measurement of costs."""

    def __init__(self, cpus, run, after=None):
        self.cpus = cpus
        self.run = run
        self.after = after      # an event to wait for


class Scheduler:
    """Starts jobs in their order, as many at once as there are processors."""

    def __init__(self, tally):
        self.tally = tally
        self.free = suites.PROCESSORS
        self.changed = threading.Condition()

    def _work(self, job):
        try:
            job.run()
        except Exception as error:      # or nobody would hear of it
            self.tally.fail(f'{job.run}: {error!r}')
        finally:
            with self.changed:
                self.free += job.cpus
                self.changed.notify()

    def run(self, jobs):
        threads = []
        for job in jobs:
            if job.after:
                job.after.wait()
            job.cpus = min(job.cpus, suites.PROCESSORS)
            with self.changed:
                self.changed.wait_for(lambda: self.free >= job.cpus)
                self.free -= job.cpus
            threads.append(threading.Thread(target=self._work, args=(job,)))
            threads[-1].start()
        for thread in threads:
            thread.join()


def find_wanted(tally, args, where):
    paths = suites.find(where)
    if args.suite:
        paths = [path for path in paths
                 if any(word in path for word in args.suite)]
    elif args.what == 'check':
        paths = [path for path in paths if suites.is_in_check(path)]
    if not paths:
        print(f'{where}: no suites')
        if not args.suite:
            tally.fail(f'{where}: no suites')
    suites.set_up(paths)
    return paths


def guest_jobs(tally, args, debug_is_there):
    """Those that take all processors first, so that the others have company;
    the debug kernel, which may have to be built, last."""
    whole, parts, late = [], [], []
    environment = ENVIRONMENT.get(args.what, [])
    for where in KERNELS.get(args.what, [args.what]):
        for kind, paths in suites.jobs(where, find_wanted(tally, args, where)):
            def run(where=where, kind=kind, paths=paths):
                run_in_guest(tally, where, kind, paths, environment,
                             args.verbose)
            after = debug_is_there if where == 'debug' else None
            job = Job(suites.PROCESSORS if args.verbose else kind.cpus, run,
                      after)
            (late if after else whole if kind.cpus > 1 else parts).append(job)
    return whole + parts + late


def cost_job(tally):
    return Job(1, lambda: run_here(tally, 'cost', [HERE + '/cost/run'], 'cost'))


def run_all(tally, args):
    debug_is_there = threading.Event()
    host = threading.Thread(target=run_host_suites, daemon=True,
                            args=(tally, args.what, debug_is_there))
    if args.what in ('check', 'check-all', 'host') and not args.suite:
        host.start()
    else:
        debug_is_there.set()
    jobs = guest_jobs(tally, args, debug_is_there)
    if args.what == 'check-all' and not args.suite:
        late = sum(job.after is not None for job in jobs)
        jobs.insert(len(jobs) - late, cost_job(tally))
    Scheduler(tally).run(jobs)
    if host.ident:
        host.join()


# --- all ---------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(
        prog='run', description=__doc__ + suites.__doc__,
        usage='run WHAT [SUITE...]',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=(*KERNELS, '6.12', '6.1', 's390x',
                                         'debug', 'kcsan'),
                        help='all of a target, or of one kernel')
    parser.add_argument('suite', nargs='*',
                        help='only suites with this in their name')
    parser.add_argument('-v', '--verbose', action='store_true',
                        help='show all that the suites print')
    return parser.parse_args()


def main():
    args = arguments()
    tally, began = Tally(), time.monotonic()
    try:
        run_all(tally, args)
    except BaseException:
        tally.stopped = True
        raise
    if not tally.passed and not tally.failed:
        tally.fail('no test was run')
    if not args.suite:
        tally.print_times(time.monotonic() - began)
        tally.print_failures()
    if args.what == 'check' and not args.suite:
        print(ELSEWHERE)
    tally.print_sum()
    sys.exit(tally.failed > 0)


if __name__ == '__main__':
    main()
