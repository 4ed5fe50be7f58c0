# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) The DIBS authors
"""Measures sockets in a virtual machine. Started by bench/run.

All figures come from one boot. Each round measures every case once, one
transport after the other; ratios are taken within a round. The table shows the
median of the rounds; the spread is half the interquartile range. On a busy host
compare ratios, never absolute figures of different runs.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict

import plan
import report

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(REPO, 'build', 'bench')


def arguments():
    parser = argparse.ArgumentParser(
        prog='run sockets', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kernel', default='6.12',
                        help='as for tests/vm/run; default %(default)s')
    parser.add_argument('--rounds', type=int, default=5,
                        help='default %(default)d')
    parser.add_argument('--msecs', type=int, default=400,
                        help='per sample; default %(default)d')
    parser.add_argument('--cpus', type=int, default=2,
                        help='CPUs of the guest; default %(default)d')
    parser.add_argument('--only', metavar='WORD,...',
                        help='only cases that begin with one of these words, '
                        'for example streams64,redis')
    parser.add_argument('--sizes', action='store_true',
                        help='only streams and round trips, of many sizes: '
                        'what the pictures show')
    parser.add_argument('--icount', action='store_true',
                        help='one CPU whose clock counts instructions, '
                        'unaffected by host load; programs only if named '
                        'by --only')
    parser.add_argument('--no-baseline', action='store_true',
                        help='without the in-tree smc module')
    parser.add_argument('-v', '--verbose', action='store_true',
                        help='print each sample when it is taken')
    parser.add_argument('--json', metavar='FILE',
                        default=os.path.join(OUT, 'sockets.json'),
                        help='default build/bench/sockets.json')
    return parser.parse_args()


class Results:
    """What the guest reported."""

    def __init__(self):
        self.machine = {}
        self.rounds = []    # {(case, size, transport): {name: value}} ...
        self.current = {}   # the round so far
        self.histograms = defaultdict(Counter)      # {ns: number}
        self.carried = defaultdict(list)
        self.distances = []     # ns, see guest.py

    def take(self, line):
        """False if the line is something else, such as a message."""
        word, *rest = line.split() or ['']
        if word == 'sample':
            case, size, transport, *values = rest
            self.current[case, int(size), transport] = {
                name: float(value) for name, value in
                (each.split('=') for each in values)}
        elif word == 'histogram':
            case, size, transport, *buckets = rest
            self.histograms[case, int(size), transport].update(
                {int(ns): int(number) for ns, number in
                 (each.split(':') for each in buckets)})
        elif word == 'carried':
            self.carried[rest[0]].append((rest[1] == 'yes',
                                          ' '.join(rest[2:])))
        elif word == 'distance':
            self.distances.append(float(rest[0]))
        elif word == 'machine':
            self.machine = dict(zip(('kernel', 'arch', 'cpus'), rest))
        elif word == 'round':
            self.rounds.append(self.current)
            self.current = {}   # the round so far
            print(f'round {rest[0]} done', file=sys.stderr)
        else:
            return False
        return True


def baseline(kernel):
    """Path of the in-tree smc.ko; empty for kernels whose smc has no loopback,
    and then the table goes without it."""
    done = subprocess.run([os.path.join(HERE, 'baseline'), kernel],
                          check=False, text=True, stdout=subprocess.PIPE)
    return done.stdout.strip() if done.returncode == 0 else ''


def wanted(args):
    cases = plan.PLOT_CASES if args.sizes else plan.CASES
    if not args.only:
        return cases
    words = tuple(args.only.split(','))
    return [case for case in cases if case[0].startswith(words)]


def commit():
    """What was measured; with "-dirty" if there were uncommitted changes."""
    done = subprocess.run(['git', 'describe', '--always', '--dirty'],
                          check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, cwd=REPO)
    return done.stdout.strip() or 'unknown'


def measure(args):
    results = Results()
    task = {'rounds': args.rounds, 'msecs': args.msecs,
            'worker': os.path.join(OUT, 'worker'), 'cases': wanted(args),
            'programs': not args.icount or bool(args.only),
            'baseline': '' if args.no_baseline else baseline(args.kernel)}
    command = [os.path.join(REPO, 'tests', 'vm', 'run'),
               '--kernel', args.kernel, '--cpus', str(args.cpus),
               '--icount' if args.icount else '--pin', '--timeout', '9000',
               '--', 'python3', '-B', os.path.join(HERE, 'guest.py'),
               json.dumps(task)]
    with subprocess.Popen(command, text=True,
                          stdout=subprocess.PIPE) as guest:
        for line in guest.stdout:
            if not results.take(line) or args.verbose:
                print(line, end='', flush=True)
    if guest.returncode and not results.rounds:
        sys.exit(guest.returncode)
    return results, guest.returncode


def main():
    args = arguments()
    load = os.getloadavg()[0]
    results, status = measure(args)
    found = report.analyse(results)
    found['settings'] = {
        'commit': commit(), 'rounds': args.rounds, 'msecs': args.msecs,
        'icount': args.icount, 'host_load': [load, os.getloadavg()[0]]}
    report.show(found)
    os.makedirs(os.path.dirname(os.path.abspath(args.json)), exist_ok=True)
    with open(args.json, 'w', encoding='ascii') as file:
        json.dump(found, file, indent=1)
        file.write('\n')
    print(f'\nwritten: {os.path.relpath(args.json)}')
    if status or not all(entry['ok'] for entry in found['carried'].values()):
        sys.exit(status or 1)


if __name__ == '__main__':
    main()
