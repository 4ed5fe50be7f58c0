# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Which suites are there, and what do they ask for? See README.md.

Suites are found by their place:

  tests/kernel/run          the kernel's own self-test, in every guest
  tests/system/*.sh         in x86 guests
  tests/faults/*.sh         on the debug kernel
  tests/guests/*.sh         in x86 guests, with another guest to talk to
  build/static-s390x/*      made by tests/static/Makefile, in the s390x guest
  tests/soak/*.sh           only by "run soak", on the debug kernel where
                            the script does not say otherwise
  tests/soak/kcsan/*.sh     only by "run soak", on the kernel that finds data
                            races

The comment at the top of a script for guests may have lines of these forms:

  # runs-on: KERNEL... (WHY)  on these kernels; without it on 6.12 alone
  # in-check:                 belongs to "make check", too
  # cpus: 1                   one processor is enough: two such guests run side
                              by side
  # guests: 2                 vm/run has to start another guest, too
  # soak: KERNEL              by "run soak", too, on that kernel
  # needs: PART...            tests/vm/setup gets these parts first; where it
                              cannot, it is for the suite to skip
  # memory: SIZE              of the guest; only for tests/soak, where runs-on
                              says which kernel it has
  # minutes: NUMBER           it may take so long; only for tests/soak
"""

import dataclasses
import glob
import itertools
import os
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(HERE)

LIMIT = {'debug': 1200, 'soak': 1500, 'kcsan': 1500}    # seconds for a suite
USUAL_LIMIT = 600
PROCESSORS = os.cpu_count()

PATTERNS = {
    's390x': ['tests/kernel/run', 'build/static-s390x/*'],
    'soak': ['tests/soak/*.sh', 'tests/system/*.sh'],
    'kcsan': ['tests/soak/kcsan/*.sh'],
}
OTHER_PATTERNS = ['tests/kernel/run', 'tests/system/*.sh', 'tests/faults/*.sh',
                  'tests/guests/*.sh']

# Suites of the big-endian guest in "make check": they have no head to say so.
IN_CHECK_S390X = ('run', 'vocabulary', 'smc_clc_captured', 'smc_cursor',
                  'conformance-mapped')


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a guest has to be like."""
    kernel: str
    memory: str = ''
    guests: int = 1
    cpus: int = 2
    limit: int = USUAL_LIMIT    # seconds for a suite


def note(path, word):
    """The words after "# WORD:" in the comment at the top of a script, up to a
    parenthesis; None if there is no such line."""
    with open(path, errors='replace') as file:
        for line in itertools.takewhile(lambda line: line[0] == '#', file):
            if line.startswith(f'# {word}:'):
                return line.partition(' (')[0].split()[2:]
    return None


def first(path, word, default):
    return (note(path, word) or [default])[0]


def is_for(path, where):
    if where == 'soak':
        return '/tests/soak/' in path or note(path, 'soak') is not None
    if '/tests/kernel/' in path or '/static-s390x/' in path:
        return True
    if where == 'kcsan':
        return '/tests/soak/' in path
    return where in (note(path, 'runs-on') or ['6.12'])


def is_in_check(path):
    if '/static-s390x/' in path:
        return os.path.basename(path) in IN_CHECK_S390X
    return path.endswith('/tests/kernel/run') or \
        note(path, 'in-check') is not None


def find(where):
    """All suites of a kernel, or of "soak"."""
    if where == 's390x':
        subprocess.run(['make', '-s', 'static-s390x'], cwd=REPO, check=True)
    found = [path for pattern in PATTERNS.get(where, OTHER_PATTERNS)
             for path in sorted(glob.glob(os.path.join(REPO, pattern)))]
    return [path for path in found
            if os.path.isfile(path) and os.access(path, os.X_OK)
            and is_for(path, where)]


def kind(where, path):
    """The guest that a suite needs."""
    limit = LIMIT.get(where, USUAL_LIMIT)
    guests = int(first(path, 'guests', '1'))
    if where == 'soak':
        minutes = note(path, 'minutes')
        return Kind(first(path, 'soak', '') or first(path, 'runs-on', 'debug'),
                    first(path, 'memory', ''), guests, 2,
                    60 * int(minutes[0]) if minutes else limit)
    if where not in LIMIT and first(path, 'cpus', '2') == '1':
        return Kind(where, '', guests, 1, limit)
    return Kind(where, '', guests, 2, limit)


def split(paths, parts):
    """At most so many lists, of which none is empty."""
    return [paths[part::parts] for part in range(min(parts, len(paths)))]


def jobs(where, paths):
    """(Kind, paths) for each guest to start. Guests of one processor get a part
    each, so that all processors have one."""
    kinds = {path: kind(where, path) for path in paths}
    for each in sorted(set(kinds.values()),
                       key=lambda kind: (-kind.cpus, -kind.guests)):
        own = [path for path in paths if kinds[path] == each]
        for part in split(own, PROCESSORS if each.cpus == 1 else 1):
            yield each, part


def set_up(paths):
    parts = {part for path in paths for part in note(path, 'needs') or []}
    if parts:
        subprocess.run([HERE + '/vm/setup', *sorted(parts)], check=False)
