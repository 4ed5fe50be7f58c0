# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Which suites run where, and how many at once? (tests/suites.py, collect.py)"""

import os
import sys
import tempfile
import threading

REPO = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../..')
sys.path.insert(0, os.path.join(REPO, 'tests'))
import suites       # noqa: E402
from collect import Job, Scheduler      # noqa: E402
from tally import Span, Tally       # noqa: E402

HEAD = '#!/bin/bash\n# A suite.\n#\n'
results = []


def ok(statement, holds):
    results.append(holds)
    print(f'{"" if holds else "not "}ok {len(results)} - {statement}')


def script(folder, name, *notes, body='true\n'):
    path = os.path.join(folder, name)
    with open(path, 'w') as file:
        file.write(HEAD + ''.join(f'# {note}\n' for note in notes) + '\n' +
                   body)
    return path


def test_notes(folder):
    plain = script(folder, 'plain.sh', body='# runs-on: debug\n')
    noted = script(folder, 'noted.sh', 'runs-on: 6.12 debug (not s390x)',
                   'in-check:',
                   'cpus: 1')
    ok('a note below the head of a script does not count',
       suites.note(plain, 'runs-on') is None)
    ok('a suite without a note runs on 6.12 alone',
       suites.is_for(plain, '6.12') and not suites.is_for(plain, 'debug'))
    ok('a suite with a note runs on the kernels it names alone',
       suites.is_for(noted, '6.12') and suites.is_for(noted, 'debug') and
       not suites.is_for(noted, '6.1') and not suites.is_for(noted, 's390x'))
    ok('a note without words is a note',
       suites.is_in_check(noted) and not suites.is_in_check(plain))
    ok('a suite that needs one processor gets a guest with one',
       suites.kind('6.12', noted).cpus == 1 and
       suites.kind('6.12', plain).cpus == 2)
    ok('every guest of the debug kernel has two processors',
       suites.kind('debug', noted).cpus == 2)


def test_jobs(folder):
    paths = [script(folder, f'{number}.sh',
                    *(['cpus: 1'] if number % 2 else []))
             for number in range(9)]
    made = list(suites.jobs('6.12', paths))
    ok('no suite is lost or runs twice when they are dealt out to guests',
       sorted(path for _, part in made for path in part) == sorted(paths))
    ok('guests of two processors come before those of one',
       [kind.cpus for kind, _ in made] ==
       sorted((kind.cpus for kind, _ in made), reverse=True))


def test_scheduler():
    tally, lock = Tally(), threading.Lock()
    busy, most, done = [0], [0], []

    def work(cpus):
        def run():
            with lock:
                busy[0] += cpus
                most[0] = max(most[0], busy[0])
            threading.Event().wait(0.01)
            with lock:
                busy[0] -= cpus
                done.append(cpus)
        return Job(cpus, run)

    def fail():
        raise RuntimeError

    Scheduler(tally).run([work(1 + number % 2) for number in range(12)])
    ok('guests never have more processors than there are',
       most[0] <= max(2, suites.PROCESSORS) and len(done) == 12)
    failing = Scheduler(tally)
    sys.stdout.flush()
    saved, sys.stdout = sys.stdout, open(os.devnull, 'w')
    failing.run([Job(1, fail), work(2)])
    sys.stdout = saved
    ok('an error of the runner is a failure, and the rest goes on',
       tally.failed == 1 and len(done) == 13)


def test_span():
    ok('a span says how many processors were busy',
       str(Span(10, 15)) == '10 s, 1.5 CPUs' and str(Span(3)) == '3 s')


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_notes(folder)
        test_jobs(folder)
    test_scheduler()
    test_span()
    print(f'1..{len(results)}')
    sys.exit(not all(results))


main()
