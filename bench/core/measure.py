# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures the layer in a virtual machine. Started by bench/run.

All figures come from one boot. Each round measures every case once, next to
its yardstick; ratios are taken within a round. A sample is the median of
batches of 0.2 ms, so that preemption by a busy host does not distort it. The
table shows the median of the rounds; the spread is half the interquartile
range.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict

import report

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(REPO, 'build', 'bench')


def arguments():
    parser = argparse.ArgumentParser(
        prog='run core', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kernel', default='6.12',
                        help='as for tests/vm/run; default %(default)s')
    parser.add_argument('--rounds', type=int, default=9,
                        help='default %(default)d')
    parser.add_argument('--msecs', type=int, default=15,
                        help='per sample; default %(default)d')
    parser.add_argument('--json', metavar='FILE',
                        default=os.path.join(OUT, 'core.json'),
                        help='default build/bench/core.json')
    return parser.parse_args()


class Results:
    """What the guest reported."""

    def __init__(self):
        self.machine = {}
        self.samples = defaultdict(list)   # (name, size, cpus): ns ...
        self.lookups = defaultdict(list)   # other DMBs: ns ...
        self.fills = []                    # (ns, bytes) ...
        self.rounds = 0

    def take(self, line):
        """False if the line is something else, such as a message."""
        word, *rest = line.split() or ['']
        if word == 'sample':
            name, size, cpus, ns = rest
            self.samples[name, int(size), int(cpus)].append(float(ns))
        elif word == 'lookup':
            self.lookups[int(rest[0])].append(float(rest[1]))
        elif word == 'fill':
            self.fills.append((float(rest[2]), int(rest[3])))
        elif word == 'machine':
            self.machine = dict(zip(('kernel', 'arch', 'cpus'), rest))
        elif word == 'round':
            self.rounds += 1
            print(f'round {rest[0]} done', file=sys.stderr)
        else:
            return False
        return True


def measure(args):
    results = Results()
    command = [os.path.join(REPO, 'tests', 'vm', 'run'),
               '--kernel', args.kernel, '--timeout', '1800', '--',
               'python3', '-B', os.path.join(HERE, 'guest.py'),
               str(args.rounds), str(args.msecs),
               os.path.join(OUT, 'getppid')]
    with subprocess.Popen(command, text=True,
                          stdout=subprocess.PIPE) as guest:
        for line in guest.stdout:
            if not results.take(line):
                print(line, end='')
    if guest.returncode:
        sys.exit(guest.returncode)
    return results


def main():
    args = arguments()
    found = report.analyse(measure(args))
    report.show(found)
    os.makedirs(os.path.dirname(os.path.abspath(args.json)), exist_ok=True)
    with open(args.json, 'w', encoding='ascii') as file:
        json.dump(found, file, indent=1)
        file.write('\n')
    print(f'\nwritten: {os.path.relpath(args.json)}')


if __name__ == '__main__':
    main()
